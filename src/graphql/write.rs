//! The answer, written once in selection order into one buffer, with the specification's error
//! paths and null propagation. No JSON tree in between.

mod connection;
mod customers;
mod plain;
mod rules;
mod scalar;
mod trade;

use std::sync::Arc;

use self::plain::options;
pub use self::scalar::write_text;
use super::{
    arguments,
    error::{Code, GraphqlError, Location, PathPart},
    execute::{Judged, RootData, Slots, doubled, explained, no_such_field, refused},
    faults::{fault, site_unavailable, unavailable},
    objects::{OptionPair, Provenance, Seo, Shop, ViewerObject},
    plain::{ArgMap, Plain},
    plan::{Leaf, Out, OutKind, RouteWhat},
};
use crate::{
    auth::{people::Kept, viewer::Viewer},
    catalog::{
        Run,
        cursor::node_id,
        levels::{Level, LinkData},
        people,
        slug::{ARTICLE_PATH, DEPARTMENT_PATH},
    },
    config::{Display, ShopConfig},
    federation::batch::NONE,
};

/// A failed non-null field: its parent becomes null.
pub struct Bubble;

type Written = Result<(), Bubble>;

/// Writes one answer.
pub struct Writer<'a> {
    /// The bytes so far.
    pub buf: Vec<u8>,
    /// The errors so far.
    pub errors: Vec<GraphqlError>,
    path: Vec<PathPart>,
    run: &'a Run<'a>,
    slots: &'a Slots,
    shop: &'a ShopConfig,
    introspection: &'a dyn Fn(&str, &ArgMap) -> Plain<'a>,
    /// Who asks.
    viewer: &'a Viewer,
    judged: Judged<'a>,
}

impl<'a> Writer<'a> {
    /// A writer for one answer.
    pub fn new(
        run: &'a Run<'a>,
        slots: &'a Slots,
        shop: &'a ShopConfig,
        introspection: &'a dyn Fn(&str, &ArgMap) -> Plain<'a>,
        (viewer, judged): (&'a Viewer, Judged<'a>),
    ) -> Self {
        Self {
            buf: Vec::with_capacity(4096),
            errors: Vec::new(),
            path: Vec::new(),
            run,
            slots,
            shop,
            introspection,
            viewer,
            judged,
        }
    }

    /// A writer that goes on with an answer.
    #[must_use]
    pub fn resume(mut self, (buf, errors): (Vec<u8>, Vec<GraphqlError>)) -> Self {
        (self.buf, self.errors) = (buf, errors);
        self
    }

    /// Writes `data`: an object, or `null` when a non-null root field failed.
    pub fn data(&mut self, roots: &[RootData]) {
        let start = self.buf.len();
        self.buf.push(b'{');
        for (i, (out, data)) in self.judged.plan.roots.iter().zip(roots).enumerate() {
            if self.root_field(i, out, data).is_err() {
                self.buf.truncate(start);
                self.null();
                return;
            }
        }
        self.buf.push(b'}');
    }

    /// Writes one root field, the `index`-th; an error when it takes `data` with it.
    pub fn root_field(&mut self, index: usize, out: &Out, data: &RootData) -> Result<(), Bubble> {
        self.key(index, &out.json);
        self.field(out.non_null, &out.key, |w| w.root(out, data))
    }

    fn key(&mut self, index: usize, json: &str) {
        if index > 0 {
            self.buf.push(b',');
        }
        self.buf.extend_from_slice(json.as_bytes());
    }

    fn null(&mut self) {
        self.buf.extend_from_slice(b"null");
    }

    /// Writes a field's value; a failure below becomes null here, or bubbles when it may not.
    fn field(&mut self, non_null: bool, key: &Arc<str>, write: impl FnOnce(&mut Self) -> Written) -> Written {
        let start = self.buf.len();
        self.path.push(PathPart::Key(key.clone()));
        let written = write(self);
        self.path.pop();
        if written.is_err() {
            self.buf.truncate(start);
            if non_null {
                return Err(Bubble);
            }
            self.null();
        }
        Ok(())
    }

    /// Notes an error at the current path; the field fails.
    fn fail(&mut self, place: Location, mut error: GraphqlError) -> Written {
        error.path = Some(self.path.clone());
        if error.locations.is_empty() {
            error.locations.push(place);
        }
        self.errors.push(error);
        Err(Bubble)
    }

    /// A null where the type says non-null is a fault of the data.
    fn absent(&mut self, place: Location, non_null: bool) -> Written {
        if !non_null {
            self.null();
            return Ok(());
        }
        self.fail(
            place,
            GraphqlError::new(Code::BadValue, "There is no value for a field that must have one."),
        )
    }

    fn args(&self, slot: Option<usize>) -> &'a ArgMap {
        static EMPTY: std::sync::OnceLock<ArgMap> = std::sync::OnceLock::new();
        match slot.and_then(|s| self.slots.get(s)) {
            Some(Ok(args)) => args,
            _ => EMPTY.get_or_init(ArgMap::default),
        }
    }

    fn root(&mut self, out: &Out, data: &RootData) -> Written {
        match (&out.kind, data) {
            (_, RootData::Failed(error)) => self.fail(out.place, error.clone()),
            (OutKind::Typename(name), _) => {
                self.text(name);
                Ok(())
            }
            (OutKind::Introspection(plain), _) => {
                let args = self.args(out.slot);
                let what = if args.get("name").is_some() { "__type" } else { "__schema" };
                let node = (self.introspection)(what, args);
                self.plain(&node, Some(plain), &[out.non_null], out.place)
            }
            (OutKind::Shop(plain), _) => {
                let limits = self.run.catalog.engine.limits;
                let gross = self.run.catalog.trade.pricing.public.display == Display::Gross;
                let shop = Shop { config: self.shop, limits: &limits, gross };
                self.plain_object(&shop, plain)
            }
            (OutKind::Explain(plain), RootData::Explained(found)) => match found {
                None => self.absent(out.place, false),
                Some(fields) => {
                    let items = fields.iter().map(|f| Plain::object(Provenance(f.clone()))).collect();
                    self.plain(&Plain::List(items), Some(plain), &[false, true], out.place)
                }
            },
            (OutKind::Sources(plain), RootData::Sources(found)) => {
                let items = found.iter().map(|s| Plain::object(s.clone())).collect();
                self.plain(&Plain::List(items), Some(plain), &[false, true], out.place)
            }
            (OutKind::Viewer(plain, records), RootData::Viewer(spoken)) => {
                let viewer = ViewerObject { viewer: self.viewer, rights: self.run.sight.rights() };
                self.payload(&viewer, plain, records, spoken)
            }
            (OutKind::Rules(plain), _) => {
                let rules = self.rules();
                let items = rules.into_iter().map(Plain::object).collect();
                self.plain(&Plain::List(items), Some(plain), &[false, true], out.place)
            }
            (OutKind::Resolved(of), RootData::Resolved(Plain::Object(payload), spoken)) => {
                self.payload(payload.as_ref(), &of.plain, &of.records, spoken)
            }
            (OutKind::Resolved(of), RootData::Resolved(plain, _)) => {
                self.plain(plain, Some(&of.plain), &of.non_null, out.place)
            }
            (OutKind::Lookup(_), RootData::Record(None)) => self.absent(out.place, out.non_null),
            (OutKind::Lookup(target), RootData::Record(Some((level, record)))) => {
                self.record(&target.outs, level, *record, out.place)
            }
            (OutKind::Nodes(targets, several), RootData::Nodes(levels, answers)) => {
                let one = |w: &mut Self, answer: &Result<Option<(usize, u32)>, GraphqlError>| match answer {
                    Err(error) => w.fail(out.place, error.clone()),
                    Ok(None) => w.absent(out.place, false),
                    Ok(Some((t, record))) => match levels.get(*t).and_then(Option::as_ref) {
                        Some(level) => w.record(&targets[*t].outs, level, *record, out.place),
                        None => w.absent(out.place, false),
                    },
                };
                if *several {
                    self.list(answers.iter(), false, one)
                } else {
                    answers.first().map_or_else(|| Err(Bubble), |a| one(self, a))
                }
            }
            (OutKind::Departments(target), RootData::Many(level, records)) => {
                self.list(records.iter(), true, |w, r| w.record(&target.outs, level, *r, out.place))
            }
            (OutKind::Page(_, outs, _), RootData::Page(level, pages)) => {
                self.connection(outs, level, pages, out.slot)
            }
            (OutKind::Route(_), RootData::Route(None)) => self.absent(out.place, out.non_null),
            (OutKind::Route(outs), RootData::Route(Some(route))) => {
                self.buf.push(b'{');
                for (i, (o, target)) in outs.iter().zip(&route.targets).enumerate() {
                    self.key(i, &o.out.json);
                    self.field(o.out.non_null, &o.out.key, |w| match &o.what {
                        RouteWhat::Typename => {
                            w.text("Route");
                            Ok(())
                        }
                        RouteWhat::Kind => {
                            w.text(route.kind);
                            Ok(())
                        }
                        RouteWhat::RedirectTo => {
                            w.text_or_null(route.redirect.as_deref());
                            Ok(())
                        }
                        RouteWhat::Target(t) => match target {
                            Some((level, record)) => w.record(&t.outs, level, *record, o.out.place),
                            None => w.absent(o.out.place, false),
                        },
                    })?;
                }
                self.buf.push(b'}');
                Ok(())
            }
            _ => self.fail(out.place, GraphqlError::new(Code::Internal, "This field was not read.")),
        }
    }

    /// A list; a failing item becomes null, or takes the list with it when it may not.
    fn list<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        non_null: bool,
        mut write: impl FnMut(&mut Self, T) -> Written,
    ) -> Written {
        self.buf.push(b'[');
        for (i, item) in items.enumerate() {
            if i > 0 {
                self.buf.push(b',');
            }
            let start = self.buf.len();
            self.path.push(PathPart::Index(i));
            let written = write(self, item);
            self.path.pop();
            if written.is_err() {
                self.buf.truncate(start);
                if non_null {
                    return Err(Bubble);
                }
                self.null();
            }
        }
        self.buf.push(b']');
        Ok(())
    }

    /// A record; one that two rows claim is an error.
    fn record(&mut self, outs: &[Out], level: &Level, record: u32, place: Location) -> Written {
        if let Some(error) = doubled(self.run, &level.batch, record) {
            return self.fail(place, error);
        }
        self.object(outs, level, record)
    }

    fn object(&mut self, outs: &[Out], level: &Level, record: u32) -> Written {
        self.buf.push(b'{');
        for (i, out) in outs.iter().enumerate() {
            self.key(i, &out.json);
            // The common case without the detour of a path entry.
            if let OutKind::Cell(field, leaf) = &out.kind
                && out.need.is_none()
                && let Ok(merged) = level.batch.merged(&self.run.catalog.engine.model, *field, record)
            {
                let one = !matches!(leaf, Leaf::List(..));
                if one && merged.value.is_null() && !out.non_null {
                    self.null();
                    continue;
                }
                if *leaf == Leaf::Any && !merged.value.is_null() {
                    self.scalar(merged.value);
                    continue;
                }
            }
            self.field(out.non_null, &out.key, |w| w.of_record(out, level, record))?;
        }
        self.buf.push(b'}');
        Ok(())
    }

    fn of_record(&mut self, out: &Out, level: &Level, record: u32) -> Written {
        if let Some(error) =
            out.need.and_then(|need| refused(self.run, self.judged.verdicts, need, &level.batch, record))
        {
            return self.fail(out.place, error);
        }
        if let Some(Err(error)) = out.slot.and_then(|s| self.slots.get(s)) {
            return self.fail(out.place, error.clone());
        }
        let batch = &level.batch;
        let engine = &self.run.catalog.engine;
        let model = &engine.model;
        match &out.kind {
            OutKind::Typename(name) => self.text(name),
            OutKind::Id => {
                let id = node_id(&model.entities[batch.shape.entity].name, batch.code(record));
                self.text(&id);
            }
            OutKind::Cell(field, leaf) => match batch.merged(model, *field, record) {
                Err(cause) => return self.fail(out.place, unavailable(&cause)),
                Ok(merged) if merged.value.is_null() => {
                    // A list that is empty on purpose is empty; one of which nobody spoke is null.
                    if matches!(leaf, Leaf::List(..)) && merged.winner.is_some() {
                        self.buf.extend_from_slice(b"[]");
                        return Ok(());
                    }
                    return self.absent(out.place, out.non_null);
                }
                Ok(merged) => return self.leaf(merged.value, leaf, out.place),
            },
            OutKind::Slug => {
                let slug = self.run.slug(batch, record);
                self.text(&slug);
            }
            OutKind::Published => match self.run.on_the_web(batch, record, self.run.tree_now()) {
                Ok(shown) => self.bool(shown),
                Err(cause) => return self.fail(out.place, unavailable(&cause)),
            },
            OutKind::HiddenReason => {
                let reason = self.run.hidden_reason(batch, record, self.run.tree_now());
                self.text_or_null(reason.as_deref());
            }
            OutKind::Level => {
                let depth = self.run.tree_now().map_or(1, |t| t.path(record).len());
                self.buf.extend_from_slice(depth.to_string().as_bytes());
            }
            OutKind::Seo(plain) => {
                let text = |name: &str| {
                    let field = model.entities[batch.shape.entity].fields.get_index_of(name)?;
                    batch.merged(model, field, record).ok()?.value.as_str().map(str::to_owned)
                };
                let head = if batch.shape.entity == self.run.catalog.article {
                    ARTICLE_PATH
                } else {
                    DEPARTMENT_PATH
                };
                let seo = Seo {
                    title: text("seoTitle"),
                    description: text("seoDescription"),
                    keywords: text("seoKeywords"),
                    path: format!("{head}{}", self.run.slug(batch, record)),
                };
                return self.plain_object(&seo, plain);
            }
            OutKind::Media(list, images, single, plain) => match batch.list(model, *list, record) {
                Err(cause) => return self.fail(out.place, unavailable(&cause)),
                Ok(merged) => return self.media(out, batch, *list, &merged, *images, *single, plain),
            },
            OutKind::Options(list, plain) => match batch.list(model, *list, record) {
                Err(cause) => return self.fail(out.place, unavailable(&cause)),
                Ok(merged) => {
                    let axes = options(model, batch, *list, &merged);
                    return self.list(axes.iter(), true, |w, axis| w.plain_object(axis, plain));
                }
            },
            OutKind::OptionValues(plain) => {
                let values = self.run.option_values(batch, record);
                return self
                    .list(values.into_iter(), true, |w, (n, v)| w.plain_object(&OptionPair(n, v), plain));
            }
            OutKind::BillingAddress(plain) => {
                return match people::billing(model, batch, record) {
                    Err(cause) => self.fail(out.place, unavailable(&cause)),
                    Ok(None) => self.absent(out.place, out.non_null),
                    Ok(Some(address)) => self.plain_object(&address, plain),
                };
            }
            OutKind::People(addresses, plain) => {
                let none = Kept::default();
                let kept = match &level.kept {
                    Some(Ok(kept)) => kept.get(&record).unwrap_or(&none),
                    _ => return self.fail(out.place, site_unavailable()),
                };
                if *addresses {
                    return match people::addresses(model, batch, record).map(|all| kept.addresses(all)) {
                        Err(cause) => self.fail(out.place, unavailable(&cause)),
                        Ok(all) => self.list(all.iter(), true, |w, one| w.plain_object(one, plain)),
                    };
                }
                return match people::contacts(model, batch, record).map(|all| kept.contacts(all)) {
                    Err(cause) => self.fail(out.place, unavailable(&cause)),
                    Ok(all) => self.list(all.iter(), true, |w, one| w.plain_object(one, plain)),
                };
            }
            OutKind::CustomerCode => match &level.codes {
                Some(Ok(codes)) => self.text_or_null(codes.get(&record).map(String::as_str)),
                Some(Err(f)) => return self.fail(out.place, fault(f)),
                None => return self.absent(out.place, out.non_null),
            },
            OutKind::Provenance(plain) => {
                let fields = arguments::texts(self.args(out.slot), "fields");
                let unknown = fields.as_deref().and_then(|f| self.run.unknown_field(batch.shape.entity, f));
                if let Some(name) = unknown {
                    return self.fail(out.place, no_such_field(name));
                }
                let names = match explained(self.run, self.judged, (batch, record), fields) {
                    Ok(names) => names,
                    Err(error) => return self.fail(out.place, error),
                };
                let found = self.run.provenance(batch, record, Some(&names), self.run.tree_now());
                return self.list(found.into_iter(), true, |w, f| w.plain_object(&Provenance(f), plain));
            }
            OutKind::One(link, outs) => match level.links.get(*link) {
                Some(LinkData::Failed(f)) => return self.fail(out.place, fault(f)),
                Some(LinkData::One(of, next)) => match of.get(record as usize).copied() {
                    Some(target) if target != NONE => return self.record(outs, next, target, out.place),
                    _ => return self.absent(out.place, out.non_null),
                },
                _ => return self.absent(out.place, out.non_null),
            },
            OutKind::Many(link, outs) => match level.links.get(*link) {
                Some(LinkData::Failed(f)) => return self.fail(out.place, fault(f)),
                Some(LinkData::Many(of, next)) => {
                    let records = of.get(record as usize).map_or(&[][..], Vec::as_slice);
                    return self.list(records.iter(), true, |w, r| w.record(outs, next, *r, out.place));
                }
                _ => return self.absent(out.place, out.non_null),
            },
            OutKind::Pages(link, outs) => match level.links.get(*link) {
                Some(LinkData::Failed(f)) => return self.fail(out.place, fault(f)),
                Some(LinkData::Pages(of, next)) => match of.get(record as usize) {
                    Some(pages) => {
                        return self.connection(outs, next, pages, out.slot);
                    }
                    None => return self.absent(out.place, out.non_null),
                },
                _ => return self.absent(out.place, out.non_null),
            },
            OutKind::Price(_) | OutKind::Prices(_) | OutKind::PriceRange(_) | OutKind::NotOrderable(_) => {
                return self.price(out, level, record);
            }
            OutKind::Stock(plain) => return self.stock(out, level, record, plain),
            _ => {
                return self.fail(out.place, GraphqlError::new(Code::Internal, "This field was not read."));
            }
        }
        Ok(())
    }
}
