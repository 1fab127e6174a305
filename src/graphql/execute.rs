//! Running a plan: root fields at once, each level as the plan says, then one pass of writing.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, join_all};

use super::{
    arguments,
    error::{Code, GraphqlError},
    faults::{fault, unavailable},
    guard::{Verdict, forbidden, readable},
    plain::{ArgMap, Plain},
    plan::{Out, OutKind, Plan, Resolved, RouteWhat, Target},
    resolve::Resolving,
    status::{self, SourceStatus},
};
use crate::{
    auth::rights::{Reach, Right},
    catalog::{
        Run,
        cursor::read_node_id,
        levels::{self, Args, Level, Pages},
        lookup::{Found, PathKind},
        slug::{ARTICLE_PATH, DEPARTMENT_PATH},
    },
    federation::{
        batch::Batch,
        engine::{Fault, Strategy},
        planner::Scope,
        provenance::FieldProvenance,
        shape::{Shape, Want},
    },
    sources::journal::within,
};

/// What a root field's sources said.
pub enum RootData {
    /// Nothing to read.
    Ready,
    /// A record, or none.
    Record(Option<(Level, u32)>),
    /// Records of several types: level per target, then target and record per id.
    Nodes(Vec<Option<Level>>, Vec<Result<Option<(usize, u32)>, GraphqlError>>),
    /// Departments.
    Many(Level, Vec<u32>),
    /// A page.
    Page(Level, Pages),
    /// What a path leads to.
    Route(Option<RouteData>),
    /// Provenance.
    Explained(Option<Vec<FieldProvenance>>),
    /// How the sources are.
    Sources(Vec<SourceStatus>),
    /// Who asks, and the records that it speaks of.
    Viewer(Vec<Spoken>),
    /// What code answered, and the records of the catalogue that it speaks of.
    Resolved(Plain<'static>, Vec<Spoken>),
    /// The field failed.
    Failed(GraphqlError),
}

/// A record that an answer speaks of.
pub type Spoken = Result<Option<(Level, u32)>, GraphqlError>;

/// What a path leads to.
pub struct RouteData {
    /// What it is.
    pub kind: &'static str,
    /// Where it is now, when it moved.
    pub redirect: Option<String>,
    /// The level of each target of the selection, by position in the selection.
    pub targets: Vec<Option<(Level, u32)>>,
}

/// The coerced arguments of every slot.
pub type Slots = Vec<Result<ArgMap, GraphqlError>>;

/// What is run: a plan, and what its viewer's rights make of its needs.
#[derive(Clone, Copy)]
pub struct Judged<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// A verdict on each of its needs.
    pub verdicts: &'a [Verdict],
}

/// Reads what every root field needs, all at the same time.
pub async fn run(
    run: &Run<'_>,
    judged: Judged<'_>,
    slots: &Slots,
    resolving: Resolving<'_>,
) -> Vec<RootData> {
    join_all(judged.plan.roots.iter().map(|out| one(run, out, judged, slots, resolving))).await
}

/// Reads what one root field needs.
pub async fn one(
    run: &Run<'_>,
    out: &Out,
    judged: Judged<'_>,
    slots: &Slots,
    resolving: Resolving<'_>,
) -> RootData {
    let journal = run.ask.moment.journal.as_ref();
    let data = async {
        // What a viewer's rayons are is known before anything is read that they narrow.
        match run.prepare().await {
            Err(f) if found_by(out).is_some() => RootData::Failed(fault(&f)),
            _ => noted(run, out, judged, slots, resolving).await,
        }
    };
    within(journal, &out.key, data).await
}

/// A root field, and what is told of it where somebody wants to know.
async fn noted(
    run: &Run<'_>,
    out: &Out,
    judged: Judged<'_>,
    slots: &Slots,
    resolving: Resolving<'_>,
) -> RootData {
    let data = root(run, out, judged, slots, resolving).await;
    run.ask.moment.tally.returned(data.count());
    if let Some(journal) = &run.ask.moment.journal
        && let Some((strategy, because)) = found_by(out)
    {
        journal.here(|level| {
            level.returned = data.count();
            if level.strategy.is_empty() {
                (level.strategy, level.because) = (strategy, because.to_owned());
            }
        });
    }
    data
}

/// How the records of a root field are found that is no list: a stable word, and why, for people. `None`
/// where nothing is read.
fn found_by(out: &Out) -> Option<(&'static str, &'static str)> {
    Some(match &out.kind {
        OutKind::Lookup(_) => ("BY_CODE", "a look-up: by code, or by what the code is found by"),
        OutKind::Nodes(..) => ("BY_CODE", "an id names its record's code"),
        OutKind::Route(_) => ("BY_CODE", "a path ends with a slug, and a slug with a code"),
        OutKind::Explain(_) => ("BY_CODE", "one record, with all that its sources say"),
        OutKind::Departments(_) => ("TREE", "from the departments, which are read once per request"),
        OutKind::Viewer(_, records) if !records.is_empty() => ("BY_CODE", "the token names the customer"),
        OutKind::Page(..) => ("", ""),
        _ => return None,
    })
}

impl RootData {
    /// How many records stand at the root field.
    fn count(&self) -> usize {
        match self {
            Self::Record(found) => usize::from(found.is_some()),
            Self::Nodes(_, found) => found.iter().filter(|found| matches!(found, Ok(Some(_)))).count(),
            Self::Many(_, records) => records.len(),
            Self::Page(_, pages) => pages.page.records.len(),
            Self::Route(route) => usize::from(route.is_some()),
            Self::Explained(found) => usize::from(found.is_some()),
            Self::Resolved(_, spoken) | Self::Viewer(spoken) => {
                spoken.iter().filter(|found| matches!(found, Ok(Some(_)))).count()
            }
            Self::Ready | Self::Sources(_) | Self::Failed(_) => 0,
        }
    }
}

fn root<'a>(
    run: &'a Run<'a>,
    out: &'a Out,
    judged: Judged<'a>,
    slots: &'a Slots,
    resolving: Resolving<'a>,
) -> BoxFuture<'a, RootData> {
    async move {
        if let Some(Verdict::Closed(error)) = out.need.and_then(|need| judged.verdicts.get(need)) {
            return RootData::Failed(error.clone());
        }
        let empty = ArgMap::default();
        let args = match out.slot.and_then(|s| slots.get(s)) {
            Some(Ok(args)) => args,
            Some(Err(error)) => return RootData::Failed(error.clone()),
            None => &empty,
        };
        let data = match &out.kind {
            OutKind::Lookup(target) => lookup(run, target, args).await,
            OutKind::Nodes(targets, several) => nodes(run, targets, *several, args).await,
            OutKind::Departments(target) => departments(run, target, args).await,
            OutKind::Page(..) => page(run, out).await,
            OutKind::Route(outs) => {
                let targets: Vec<Option<&Target>> = outs
                    .iter()
                    .map(|o| match &o.what {
                        RouteWhat::Target(t) => Some(t),
                        _ => None,
                    })
                    .collect();
                route(run, &targets, args).await
            }
            OutKind::Explain(_) => explain(run, args, judged).await,
            OutKind::Viewer(_, records) => viewer(run, records).await,
            OutKind::NoCustomers => Err(no_customers()),
            OutKind::Sources(_) => Ok(RootData::Sources(status::ask(&run.catalog.engine).await)),
            OutKind::Resolved(resolved) => self::resolved(run, resolved, args, resolving).await,
            _ => Ok(RootData::Ready),
        };
        data.unwrap_or_else(RootData::Failed)
    }
    .boxed()
}

async fn found(run: &Run<'_>, target: &Target, found: Found) -> Result<Option<(Level, u32)>, GraphqlError> {
    match found {
        Found::One(batch, record) => {
            let level = run.follow(&target.node, batch, &[record]).await;
            Ok(Some((level, record)))
        }
        Found::Nothing => Ok(None),
        Found::Doubled(code) => Err(fault(&run.doubled(target.node.entity, &code)).with("key", code)),
        Found::Several(codes) => Err(GraphqlError::new(
            Code::AmbiguousBarcode,
            format!("This barcode is on {} references: {}. Ask by code.", codes.len(), codes.join(", ")),
        )
        .with("codes", codes)),
    }
}

/// The customer that the viewer is or acts for; `None` where it is none, or may not read it.
async fn viewer(run: &Run<'_>, records: &[Target]) -> Result<RootData, GraphqlError> {
    let mut spoken = Vec::with_capacity(records.len());
    for target in records {
        let own = run.sight.own().filter(|_| readable(run.catalog, &run.sight, target.node.entity));
        spoken.push(match own {
            None => Ok(None),
            Some(code) => match run.by_code(&target.node.shape, code).await {
                Ok(hit) => found(run, target, hit).await,
                Err(f) => Err(fault(&f)),
            },
        });
    }
    Ok(RootData::Viewer(spoken))
}

fn no_customers() -> GraphqlError {
    let message = "No source of this shop holds customers: its connector maps have no [entity.Customer].";
    GraphqlError::new(Code::NoCustomers, message)
}

async fn customer(run: &Run<'_>, target: &Target, args: &ArgMap) -> Result<RootData, GraphqlError> {
    let code = match (arguments::text(args, "code"), run.sight.own()) {
        (Some(code), _) => code,
        (None, Some(own)) => own.to_owned(),
        (None, None) => {
            let message = "Give the `code`: you are no customer, whose own it could be.";
            return Err(GraphqlError::new(Code::BadArgument, message));
        }
    };
    let hit = run.by_code(&target.node.shape, &code).await.map_err(|f| fault(&f))?;
    Ok(RootData::Record(found(run, target, hit).await?))
}

async fn lookup(run: &Run<'_>, target: &Target, args: &ArgMap) -> Result<RootData, GraphqlError> {
    if run.catalog.customer == Some(target.node.entity) {
        return customer(run, target, args).await;
    }
    let second = if target.node.entity == run.catalog.reference { "barcode" } else { "slug" };
    let (by, key) = arguments::one_of(args, ["code", second])?;
    let shape = &target.node.shape;
    if by == "code" && target.node.entity == run.catalog.reference {
        return reference(run, target, &key).await;
    }
    let hit = match by {
        "code" => run.by_code(shape, &key).await,
        "slug" => run.by_slug(shape, &key).await,
        _ => run.by_barcode(shape, &key).await,
    };
    Ok(RootData::Record(found(run, target, hit.map_err(|f| fault(&f))?).await?))
}

/// A reference by its code; failing that, by the code that the viewer's customer has for it.
async fn reference(run: &Run<'_>, target: &Target, code: &str) -> Result<RootData, GraphqlError> {
    let shape = &target.node.shape;
    let mut hit = run.by_code(shape, code).await.map_err(|f| fault(&f))?;
    if matches!(hit, Found::Nothing) {
        hit = run.by_customer_code(shape, code).await.map_err(|f| fault(&f))?;
        if let Found::Several(codes) = &hit {
            let message = format!(
                "Your code `{code}` stands for {} references: {}. Ask by their codes.",
                codes.len(),
                codes.join(", ")
            );
            return Err(GraphqlError::new(Code::AmbiguousCode, message).with("codes", codes.clone()));
        }
    }
    Ok(RootData::Record(found(run, target, hit).await?))
}

/// What code answers, and then the records that its answer speaks of, as they are from then on.
async fn resolved(
    run: &Run<'_>,
    resolved: &Resolved,
    args: &ArgMap,
    resolving: Resolving<'_>,
) -> Result<RootData, GraphqlError> {
    let plain = resolving.resolve(&resolved.ty, &resolved.field, args, &resolved.plain).await?;
    let mut codes: Vec<Option<String>> = vec![None; resolved.records.len()];
    if let Plain::Object(payload) = &plain {
        for field in &resolved.plain.fields {
            let Some(at) = field.record else { continue };
            if let Plain::Record(code) = payload.field(&field.name, &ArgMap::default()) {
                codes[at] = Some(code);
            }
        }
    }
    let mut spoken = Vec::with_capacity(codes.len());
    for (target, code) in resolved.records.iter().zip(codes) {
        spoken.push(match code {
            None => Ok(None),
            Some(code) => match run.by_code(&target.node.shape, &code).await {
                Ok(hit) => found(run, target, hit).await,
                Err(f) => Err(fault(&f)),
            },
        });
    }
    Ok(RootData::Resolved(plain, spoken))
}

async fn nodes(
    run: &Run<'_>,
    targets: &[Target],
    several: bool,
    args: &ArgMap,
) -> Result<RootData, GraphqlError> {
    let ids = if several {
        arguments::texts(args, "ids").unwrap_or_default()
    } else {
        arguments::text(args, "id").into_iter().collect()
    };
    let named: Vec<Option<(usize, String)>> = ids
        .iter()
        .map(|id| {
            let (ty, code) = read_node_id(id)?;
            let target = targets.iter().position(|t| *t.ty == ty)?;
            Some((target, code))
        })
        .collect();
    if targets.iter().all(|target| !readable(run.catalog, &run.sight, target.node.entity)) {
        return Err(forbidden(Right::Read, None));
    }
    let mut levels: Vec<Option<Level>> = Vec::with_capacity(targets.len());
    let mut answers: Vec<Result<Option<(usize, u32)>, GraphqlError>> = vec![Ok(None); ids.len()];
    for (t, target) in targets.iter().enumerate() {
        let wanted: Vec<(usize, &str)> = named
            .iter()
            .enumerate()
            .filter_map(|(i, n)| {
                n.as_ref().filter(|(target, _)| *target == t).map(|(_, code)| (i, code.as_str()))
            })
            .collect();
        let closed = !readable(run.catalog, &run.sight, target.node.entity);
        if wanted.is_empty() || closed {
            for (i, _) in wanted {
                answers[i] = Err(forbidden(Right::reading(&target.ty), None));
            }
            levels.push(None);
            continue;
        }
        let codes: Vec<&str> = wanted.iter().map(|(_, c)| *c).collect();
        match run.by_codes(&target.node.shape, &codes).await {
            Ok((batch, of)) => {
                let mut used: Vec<u32> = Vec::new();
                for ((i, code), hit) in wanted.iter().zip(of) {
                    answers[*i] = match hit {
                        Ok(Some(record)) => {
                            used.push(record);
                            Ok(Some((t, record)))
                        }
                        Ok(None) => Ok(None),
                        Err(f) => Err(fault(&f).with("key", *code)),
                    };
                }
                used.sort_unstable();
                used.dedup();
                levels.push(Some(run.follow(&target.node, batch, &used).await));
            }
            Err(f) => {
                for (i, _) in wanted {
                    answers[i] = Err(fault(&f));
                }
                levels.push(None);
            }
        }
    }
    Ok(RootData::Nodes(levels, answers))
}

async fn departments(run: &Run<'_>, target: &Target, args: &ArgMap) -> Result<RootData, GraphqlError> {
    let tree = run.tree().await.map_err(|f| fault(&f))?;
    let shown = |r: &u32| tree.sees(*r);
    let records: Vec<u32> = match arguments::text(args, "parentCode") {
        None => tree.tops(),
        Some(code) => match tree.find(&code).filter(shown) {
            None if let Some(cause) = run.unknown_department(&tree, &code) => {
                return Err(unavailable(&cause));
            }
            Some(parent) => tree.children[parent as usize].iter().copied().filter(shown).collect(),
            None => Vec::new(),
        },
    };
    let level = run.follow(&target.node, tree.batch.clone(), &records).await;
    Ok(RootData::Many(level, records))
}

async fn page(run: &Run<'_>, out: &Out) -> Result<RootData, GraphqlError> {
    let OutKind::Page(node, _, total) = &out.kind else { return Ok(RootData::Ready) };
    let Some(Args::Page(args)) = out.slot.and_then(|s| run.args.get(s)) else {
        return Err(GraphqlError::new(Code::Internal, "a connection without arguments"));
    };
    let engine = &run.catalog.engine;
    run.settle(&args.filter).await.map_err(|f| fault(&f))?;
    let list = args.ask();
    let shape = &run.sight.shape(run.catalog, &node.shape);
    let blame = async |total: bool, fault: Fault| {
        let scope = (Scope::All, total);
        engine.blame(&run.ask, shape.entity, &list, scope, shape.language.as_deref(), fault).await
    };
    let counted = async || {
        let counts = engine.count(&run.ask, shape, None, &args.filter);
        match levels::counted(run.ask.moment.journal.as_ref(), counts).await {
            Ok(counts) => Ok(counts),
            Err(fault) => Err(blame(true, fault).await),
        }
    };
    let count = async {
        // What is read whole to be sorted is counted with it.
        let apart = *total && list.keyset() && run.ask.strategy == Strategy::Planned;
        if apart { Some(counted().await) } else { None }
    };
    let (read, count) = futures::join!(engine.list(&run.ask, shape, None, &list, None), count);
    let (batch, pages) = match read {
        Ok(read) => read,
        Err(refused) => return Err(fault(&blame(false, refused).await)),
    };
    let page = pages.into_iter().next().unwrap_or_default();
    let records = page.records.clone();
    let level = run.follow(node, Arc::new(batch), &records).await;
    let mut count = count;
    if *total && count.is_none() && page.total.is_none() {
        count = Some(counted().await);
    }
    let counted = count.map(|c| c.map(|c| c.first().copied().unwrap_or(0)));
    let total = counted.or(page.total.map(Ok));
    Ok(RootData::Page(level, Pages { page, total }))
}

async fn route(run: &Run<'_>, targets: &[Option<&Target>], args: &ArgMap) -> Result<RootData, GraphqlError> {
    let path = arguments::text(args, "path").unwrap_or_default();
    let Some((kind, slug)) = Run::read_path(&path) else { return Ok(RootData::Route(None)) };
    let entity = if kind == PathKind::Article { run.catalog.article } else { run.catalog.department };
    if !readable(run.catalog, &run.sight, entity) {
        return Err(forbidden(Right::Read, None));
    }
    // The path alone needs the slug; each target of the selection brings its own shape.
    let own = {
        let e = &run.catalog.engine.model.entities[entity];
        let mut want = Want::default();
        want.fields.extend(["slug", "title"].iter().filter_map(|n| e.fields.get_index_of(*n)));
        Arc::new(Shape::new(&run.catalog.engine, entity, want, None))
    };
    let hit = run.by_slug(&own, slug).await.map_err(|f| fault(&f))?;
    let (batch, record) = match hit {
        Found::One(batch, record) => (batch, record),
        Found::Nothing | Found::Several(_) => return Ok(RootData::Route(None)),
        Found::Doubled(code) => {
            return Err(fault(&run.doubled(entity, &code)).with("key", code));
        }
    };
    let (head, name) = match kind {
        PathKind::Article => (ARTICLE_PATH, "ARTICLE"),
        PathKind::Department => (DEPARTMENT_PATH, "DEPARTMENT"),
    };
    let canonical = format!("{head}{}", run.slug(&batch, record));
    let moved = format!("/{}", path.split(['?', '#']).next().unwrap_or("").trim_matches('/')) != canonical;
    let code = batch.code(record).to_owned();
    let mut levels = Vec::with_capacity(targets.len());
    for target in targets {
        levels.push(match target {
            Some(t) if t.node.entity == entity && !moved => {
                let hit = run.by_code(&t.node.shape, &code).await.map_err(|f| fault(&f))?;
                found(run, t, hit).await?
            }
            _ => None,
        });
    }
    let kind = if moved { "REDIRECT" } else { name };
    Ok(RootData::Route(Some(RouteData { kind, redirect: moved.then_some(canonical), targets: levels })))
}

async fn explain(run: &Run<'_>, args: &ArgMap, judged: Judged<'_>) -> Result<RootData, GraphqlError> {
    let entity = match arguments::text(args, "type").as_deref() {
        Some("DEPARTMENT") => run.catalog.department,
        Some("REFERENCE") => run.catalog.reference,
        Some("CUSTOMER") => run.catalog.customer.ok_or_else(no_customers)?,
        _ => run.catalog.article,
    };
    let code = arguments::text(args, "code").unwrap_or_default();
    let fields = arguments::texts(args, "fields");
    let name = &run.catalog.engine.model.entities[entity].name;
    if !readable(run.catalog, &run.sight, entity) {
        return Err(forbidden(Right::reading(name), None));
    }
    if run.sight.rights().reach(Right::Provenance, name, None) == Reach::Nowhere {
        return Err(forbidden(Right::Provenance, None));
    }
    if let Some(name) = fields.as_deref().and_then(|f| run.unknown_field(entity, f)) {
        return Err(no_such_field(name));
    }
    let Some((batch, record, tree)) = run.record(entity, &code).await.map_err(|f| fault(&f))? else {
        return Ok(RootData::Explained(None));
    };
    let names = explained(run, judged, (&batch, record), fields)?;
    let found = run.provenance(&batch, record, Some(&names), tree.as_deref());
    Ok(RootData::Explained(Some(found)))
}

/// The fields of a record that are explained: those that were named, or all of which the viewer may see what their
/// sources say.
///
/// # Errors
/// One that was named is not for the viewer.
pub fn explained(
    run: &Run<'_>,
    judged: Judged<'_>,
    (batch, record): (&Batch, u32),
    fields: Option<Vec<String>>,
) -> Result<Vec<String>, GraphqlError> {
    let entity = batch.shape.entity;
    let refused = |name: &str| match judged.plan.told.get(&(entity, name.to_owned())) {
        Some(need) => refused(run, judged.verdicts, *need, batch, record),
        // Whatever is not told of is for nobody.
        None => Some(forbidden(Right::Provenance, None)),
    };
    let Some(names) = fields else {
        let e = &run.catalog.engine.model.entities[entity];
        let all = e.fields.keys().chain(e.lists.keys());
        return Ok(all.filter(|name| refused(name).is_none()).cloned().collect());
    };
    match names.iter().find_map(|name| refused(name)) {
        Some(error) => Err(error),
        None => Ok(names),
    }
}

/// Why a viewer does not get what has a need, of a record.
pub fn refused(
    run: &Run<'_>,
    verdicts: &[Verdict],
    need: usize,
    batch: &Batch,
    record: u32,
) -> Option<GraphqlError> {
    match verdicts.get(need) {
        Some(Verdict::Open) => None,
        Some(Verdict::Closed(error)) => Some(error.clone()),
        Some(Verdict::Within(all)) => {
            all.iter().find_map(|(filter, error)| match filter.passes(&run.catalog.engine, batch, record) {
                Ok(true) => None,
                Ok(false) => Some(error.clone()),
                Err(cause) => Some(unavailable(&cause)),
            })
        }
        None => Some(GraphqlError::new(Code::Internal, "This field was not judged.")),
    }
}

/// A name in `fields` that is none.
pub fn no_such_field(name: &str) -> GraphqlError {
    let message = format!("`{name}` is no field with a provenance here; leave `fields` out to see all.");
    GraphqlError::new(Code::BadArgument, message).with("field", name)
}

/// A batch's records that two rows claim are errors of whoever names them.
pub fn doubled(run: &Run<'_>, batch: &Batch, record: u32) -> Option<GraphqlError> {
    batch.doubled.contains(&record).then(|| {
        let code = batch.code(record);
        fault(&run.doubled(batch.shape.entity, code)).with("key", code)
    })
}
