//! The answer, written once in selection order into one buffer, with the specification's error
//! paths and null propagation. No JSON tree in between.

use std::sync::Arc;

use super::{
    arguments,
    error::{GraphqlError, Location, PathPart},
    execute::{RootData, Slots, doubled, fault, unavailable},
    objects::{Medium, OptionAxis, OptionPair, Provenance, Seo, Shop, file_url},
    plain::{ArgMap, Plain, PlainObject},
    plan::{ConnectionKind, ConnectionOut, EdgeKind, EdgeOut, Leaf, Out, OutKind, PlainOut, Plan, RouteWhat},
};
use crate::{
    catalog::{
        Run,
        cursor::node_id,
        levels::{Level, LinkData, Pages},
        slug::{ARTICLE_PATH, DEPARTMENT_PATH},
    },
    config::ShopConfig,
    federation::{
        batch::{Batch, NONE},
        lists::MergedList,
    },
    value::{Value, rfc3339},
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
    /// Who asks may see provenance and reasons.
    insider: bool,
    empty: ArgMap,
}

impl<'a> Writer<'a> {
    /// A writer for one answer.
    pub fn new(
        run: &'a Run<'a>,
        slots: &'a Slots,
        shop: &'a ShopConfig,
        introspection: &'a dyn Fn(&str, &ArgMap) -> Plain<'a>,
        insider: bool,
    ) -> Self {
        Self {
            buf: Vec::with_capacity(4096),
            errors: Vec::new(),
            path: Vec::new(),
            run,
            slots,
            shop,
            introspection,
            insider,
            empty: ArgMap::default(),
        }
    }

    /// Writes `data`: an object, or `null` when a non-null root field failed.
    pub fn data(&mut self, plan: &Plan, roots: &[RootData]) {
        let start = self.buf.len();
        self.buf.push(b'{');
        for (i, (out, data)) in plan.roots.iter().zip(roots).enumerate() {
            self.key(i, &out.json);
            if self.field(out.non_null, &out.key, |w| w.root(out, data)).is_err() {
                self.buf.truncate(start);
                self.null();
                return;
            }
        }
        self.buf.push(b'}');
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
            GraphqlError::new(
                super::error::Code::BadValue,
                "There is no value for a field that must have one.",
            ),
        )
    }

    fn args(&self, slot: Option<usize>) -> &'a ArgMap
    where
        'a: 'a,
    {
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
                let what = if plain_is_type(&out.kind, self.slots, out.slot) { "__type" } else { "__schema" };
                let node = (self.introspection)(what, args);
                self.plain(&node, Some(plain), &[out.non_null], out.place)
            }
            (OutKind::Shop(plain), _) => {
                let limits = self.run.catalog.engine.limits;
                let shop = Shop { config: self.shop, limits: &limits };
                self.plain_object(&shop, plain)
            }
            (OutKind::Explain(plain), RootData::Explained(found)) => {
                if !self.insider {
                    return self.forbidden(out.place);
                }
                match found {
                    None => self.absent(out.place, false),
                    Some(fields) => {
                        let items = fields.iter().map(|f| Plain::object(Provenance(f.clone()))).collect();
                        self.plain(&Plain::List(items), Some(plain), &[false, true], out.place)
                    }
                }
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
            (OutKind::Page(node, outs, _), RootData::Page(level, pages)) => {
                self.connection(outs, level, pages, node.entity, out.slot)
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
            _ => self
                .fail(out.place, GraphqlError::new(super::error::Code::Internal, "This field was not read.")),
        }
    }

    fn forbidden(&mut self, place: Location) -> Written {
        let error = GraphqlError::new(
            super::error::Code::Forbidden,
            "This is for staff: it tells what sources say, also of what is off the web.",
        );
        self.fail(place, error)
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
        if let Some(error) = doubled(&level.batch, record) {
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
                && let Ok(merged) = level.batch.merged(&self.run.catalog.engine.model, *field, record)
                && *leaf == Leaf::Any
                && !merged.value.is_null()
            {
                self.scalar(merged.value);
                continue;
            }
            self.field(out.non_null, &out.key, |w| w.of_record(out, level, record))?;
        }
        self.buf.push(b'}');
        Ok(())
    }

    fn of_record(&mut self, out: &Out, level: &Level, record: u32) -> Written {
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
                Ok(merged) if merged.value.is_null() => return self.absent(out.place, out.non_null),
                Ok(merged) => return self.leaf(merged.value, leaf, out.place),
            },
            OutKind::Slug => {
                let slug = self.run.slug(batch, record);
                self.text(&slug);
            }
            OutKind::Published => match engine.visible(batch, record) {
                Ok(shown) => {
                    let shown = shown && self.shown_in_tree(batch, record);
                    self.buf.extend_from_slice(if shown { b"true" } else { b"false" });
                }
                Err(cause) => return self.fail(out.place, unavailable(&cause)),
            },
            OutKind::HiddenReason(field) => {
                if !self.insider {
                    return self.forbidden(out.place);
                }
                let reason = self.hidden_reason(batch, record, *field);
                self.text_or_null(reason.as_deref());
            }
            OutKind::UpdatedAt => self.scalar(batch.updated_at(record)),
            OutKind::Level => {
                let depth = self.run.tree_now().map_or(0, |t| t.path(record).len().saturating_sub(1));
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
            OutKind::Provenance(plain) => {
                if !self.insider {
                    return self.forbidden(out.place);
                }
                let fields = arguments::texts(self.args(out.slot), "fields");
                let found = self.run.provenance(batch, record, fields.as_deref());
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
                        let entity = next.batch.shape.entity;
                        return self.connection(outs, next, pages, entity, out.slot);
                    }
                    None => return self.absent(out.place, out.non_null),
                },
                _ => return self.absent(out.place, out.non_null),
            },
            _ => {
                return self.fail(
                    out.place,
                    GraphqlError::new(super::error::Code::Internal, "This field was not read."),
                );
            }
        }
        Ok(())
    }

    /// A department also needs all departments above it.
    fn shown_in_tree(&self, batch: &Batch, record: u32) -> bool {
        if batch.shape.entity != self.run.catalog.department {
            return true;
        }
        self.run.tree_now().is_none_or(|t| t.shown.get(record as usize).copied().unwrap_or(true))
    }

    /// Why a record is off the web: what the ERP says, else who hides it.
    fn hidden_reason(&self, batch: &Batch, record: u32, field: usize) -> Option<String> {
        let engine = &self.run.catalog.engine;
        let visible = engine.visible(batch, record).unwrap_or(true);
        if visible && self.shown_in_tree(batch, record) {
            return None;
        }
        let said =
            batch.merged(&engine.model, field, record).ok().and_then(|m| m.value.as_str().map(str::to_owned));
        said.or_else(|| engine.hidden_by(batch, record))
            .or_else(|| Some("the department above is hidden".into()))
    }

    #[allow(clippy::too_many_arguments)]
    fn media(
        &mut self,
        out: &Out,
        batch: &Batch,
        list: usize,
        merged: &MergedList<'_>,
        images: bool,
        single: bool,
        plain: &PlainOut,
    ) -> Written {
        let catalog = self.run.catalog;
        let columns = &catalog.engine.model.entities[batch.shape.entity].lists[list].columns;
        let column = |name: &str| columns.get_index_of(name);
        let (file, title, usage, position, language) =
            (column("file"), column("title"), column("usage"), column("position"), column("language"));
        let wanted = arguments::text(self.args(out.slot), "usage");
        let asked =
            batch.shape.language.as_deref().or(catalog.engine.model.languages.first().map(String::as_str));
        let mut found: Vec<Medium<'_>> = merged
            .items
            .iter()
            .filter_map(|item| {
                let text = |c: Option<usize>| c.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
                let path = text(file)?;
                let medium = Medium {
                    file: path,
                    url: String::new(),
                    title: text(title),
                    usage: text(usage).unwrap_or("gallery"),
                    position: match position.and_then(|c| item.fields.get(c)) {
                        Some(Value::Int(n)) => *n,
                        _ => 1,
                    },
                    language: text(language),
                };
                let fits = Medium::is_image(path) == images
                    && wanted.as_deref().is_none_or(|w| w == medium.usage)
                    && (!images || medium.language.is_none_or(|l| Some(l) == asked));
                fits.then_some(medium)
            })
            .collect();
        found.sort_by_key(|m| (m.usage != "principal", m.position));
        if single {
            let principal = found.into_iter().find(|m| m.usage == "principal");
            return match principal {
                Some(mut medium) => {
                    medium.url = file_url(&catalog.media_base, medium.file);
                    self.plain_object(&medium, plain)
                }
                None => self.absent(out.place, out.non_null),
            };
        }
        self.list(found.into_iter(), true, |w, mut medium| {
            medium.url = file_url(&catalog.media_base, medium.file);
            w.plain_object(&medium, plain)
        })
    }

    fn connection(
        &mut self,
        outs: &[ConnectionOut],
        level: &Level,
        pages: &Pages,
        entity: usize,
        slot: Option<usize>,
    ) -> Written {
        self.buf.push(b'{');
        let records = &pages.page.records;
        for (i, out) in outs.iter().enumerate() {
            self.key(i, &out.json);
            match &out.kind {
                ConnectionKind::Typename(name) => self.text(name),
                ConnectionKind::TotalCount => self.field(false, &out.key, |w| match &pages.total {
                    Some(Ok(n)) => {
                        w.buf.extend_from_slice(n.to_string().as_bytes());
                        Ok(())
                    }
                    Some(Err(f)) => w.fail(out.place, fault(f)),
                    None => w.absent(out.place, false),
                })?,
                ConnectionKind::Nodes(outs) => self.field(true, &out.key, |w| {
                    w.list(records.iter(), false, |w, r| w.record(outs, level, *r, out.place))
                })?,
                ConnectionKind::Edges(edges) => self.field(true, &out.key, |w| {
                    w.list(records.iter(), true, |w, r| w.edge(edges, level, *r, entity, out.place))
                })?,
                ConnectionKind::PageInfo(fields) => {
                    let after = self
                        .args(slot)
                        .get("after")
                        .is_some_and(|v| *v != async_graphql_value::ConstValue::Null);
                    self.buf.push(b'{');
                    for (i, f) in fields.iter().enumerate() {
                        self.key(i, &f.json);
                        match &f.kind {
                            EdgeKind::Typename(name) => self.text(name),
                            EdgeKind::HasNext => self.bool(pages.page.more),
                            EdgeKind::HasPrevious => self.bool(after),
                            EdgeKind::Start => self.cursor(level, records.first().copied(), entity),
                            EdgeKind::End => self.cursor(level, records.last().copied(), entity),
                            EdgeKind::Cursor | EdgeKind::Node(_) => self.null(),
                        }
                    }
                    self.buf.push(b'}');
                }
            }
        }
        self.buf.push(b'}');
        Ok(())
    }

    fn edge(
        &mut self,
        outs: &[EdgeOut],
        level: &Level,
        record: u32,
        entity: usize,
        place: Location,
    ) -> Written {
        self.buf.push(b'{');
        for (i, out) in outs.iter().enumerate() {
            self.key(i, &out.json);
            match &out.kind {
                EdgeKind::Typename(name) => self.text(name),
                EdgeKind::Cursor => self.cursor(level, Some(record), entity),
                EdgeKind::Node(outs) => {
                    self.field(false, &out.key, |w| w.record(outs, level, record, place))?
                }
                _ => self.null(),
            }
        }
        self.buf.push(b'}');
        Ok(())
    }

    fn cursor(&mut self, level: &Level, record: Option<u32>, entity: usize) {
        let catalog = self.run.catalog;
        let position = record.and_then(|r| catalog.engine.position(&level.batch, r));
        let cursor = position.map(|p| catalog.sealer.seal(&arguments::list_name(catalog, entity), &p));
        self.text_or_null(cursor.as_deref());
    }

    fn leaf(&mut self, value: &Value, leaf: &Leaf, place: Location) -> Written {
        match (leaf, value) {
            (Leaf::Int, Value::Int(n)) if i32::try_from(*n).is_err() => {
                let message = format!("{n} does not fit the 32 bits of Int.");
                self.fail(place, GraphqlError::new(super::error::Code::BadValue, message))
            }
            (Leaf::List(inner, non_null), Value::List(items)) => {
                self.list(items.iter(), *non_null, |w, item| w.leaf(item, inner, place))
            }
            _ => {
                self.scalar(value);
                Ok(())
            }
        }
    }

    fn scalar(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bad(_) => self.null(),
            Value::Bool(b) => self.bool(*b),
            Value::Int(n) => {
                let mut digits = itoa::Buffer::new();
                self.buf.extend_from_slice(digits.format(*n).as_bytes());
            }
            Value::Decimal(d) => {
                use std::io::Write as _;
                self.buf.push(b'"');
                let _ = write!(self.buf, "{}", d.normalize());
                self.buf.push(b'"');
            }
            Value::Text(text) => self.text(text),
            Value::Date(date) => self.text(&date.to_string()),
            Value::DateTime(at) => self.text(&rfc3339(at)),
            Value::List(items) => {
                self.buf.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.buf.push(b',');
                    }
                    self.scalar(item);
                }
                self.buf.push(b']');
            }
        }
    }

    fn bool(&mut self, value: bool) {
        self.buf.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn text_or_null(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    fn text(&mut self, text: &str) {
        write_text(&mut self.buf, text);
    }

    fn plain_object(&mut self, object: &dyn PlainObject, plain: &PlainOut) -> Written {
        self.buf.push(b'{');
        for (i, f) in plain.fields.iter().enumerate() {
            self.key(i, &f.json);
            if let Some(name) = &f.typename {
                self.text(name);
                continue;
            }
            if let Some(Err(error)) = f.slot.and_then(|s| self.slots.get(s)) {
                let error = error.clone();
                self.field(f.non_null.first() == Some(&true), &f.key, |w| w.fail(f.place, error))?;
                continue;
            }
            let value = object.field(&f.name, self.args(f.slot));
            let non_null = f.non_null.first() == Some(&true);
            self.field(non_null, &f.key, |w| w.plain(&value, f.sub.as_ref(), &f.non_null, f.place))?;
        }
        self.buf.push(b'}');
        Ok(())
    }

    fn plain(
        &mut self,
        value: &Plain<'_>,
        sub: Option<&PlainOut>,
        non_null: &[bool],
        place: Location,
    ) -> Written {
        match value {
            Plain::Null => return self.absent(place, non_null.first() == Some(&true)),
            Plain::Bool(b) => self.bool(*b),
            Plain::Int(n) => self.scalar(&Value::Int(*n)),
            Plain::Text(text) => self.text(text),
            Plain::Json(json) => {
                let _ = serde_json::to_writer(&mut self.buf, json);
            }
            Plain::List(items) => {
                let inner = non_null.get(1..).unwrap_or(&[]);
                let items_non_null = inner.first() == Some(&true);
                return self.list(items.iter(), items_non_null, |w, item| w.plain(item, sub, inner, place));
            }
            Plain::Object(object) => match sub {
                Some(sub) => return self.plain_object(object.as_ref(), sub),
                None => self.null(),
            },
        }
        Ok(())
    }
}

fn plain_is_type(_: &OutKind, slots: &Slots, slot: Option<usize>) -> bool {
    slot.and_then(|s| slots.get(s)).is_some_and(|args| args.as_ref().is_ok_and(|a| a.get("name").is_some()))
}

/// The option axes of an article: values grouped by name, in order.
fn options(
    model: &crate::federation::model::Model,
    batch: &Batch,
    list: usize,
    merged: &MergedList<'_>,
) -> Vec<OptionAxis> {
    let columns = &model.entities[batch.shape.entity].lists[list].columns;
    let (name, value) = (columns.get_index_of("name"), columns.get_index_of("value"));
    let mut axes: Vec<OptionAxis> = Vec::new();
    for item in &merged.items {
        let text = |c: Option<usize>| c.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
        let (name, Some(value)) = (text(name).unwrap_or(""), text(value)) else { continue };
        match axes.iter_mut().find(|a| a.name == name) {
            Some(axis) if axis.values.iter().any(|v| v == value) => {}
            Some(axis) => axis.values.push(value.to_owned()),
            None => axes.push(OptionAxis { name: name.to_owned(), values: vec![value.to_owned()] }),
        }
    }
    axes
}

/// Writes a JSON string.
pub fn write_text(buf: &mut Vec<u8>, text: &str) {
    buf.push(b'"');
    let bytes = text.as_bytes();
    let mut start = 0;
    for (i, b) in bytes.iter().enumerate() {
        let escape: Option<&[u8]> = match b {
            b'"' => Some(b"\\\""),
            b'\\' => Some(b"\\\\"),
            b'\n' => Some(b"\\n"),
            b'\r' => Some(b"\\r"),
            b'\t' => Some(b"\\t"),
            0..=0x1f => None,
            _ => continue,
        };
        buf.extend_from_slice(&bytes[start..i]);
        match escape {
            Some(escape) => buf.extend_from_slice(escape),
            None => buf.extend_from_slice(format!("\\u{b:04x}").as_bytes()),
        }
        start = i + 1;
    }
    buf.extend_from_slice(&bytes[start..]);
    buf.push(b'"');
}
