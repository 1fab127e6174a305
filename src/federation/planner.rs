//! How a list is read, and why: the choice between a page of the deciding source, a merge of sorted streams and
//! gathering, in words that `plan` and `extensions.plan` show; and what of a filter is told to the sources.
//! Which answer a list has never depends on it.

pub mod blame;

use super::{
    engine::{Ask, Engine, Strategy},
    filter::{Filter, Test},
    gather::ListAsk,
    merge_scan::Scannable,
    model::{EntityId, FieldId, Model, SourceId},
    order::{By, Order},
    pushdown::{LONGEST, Must, condition::never},
    shape::snake,
    windows::CodeStream,
};
use crate::{connectors::map::EntityMap, sources::journal::LevelNotes};

/// A reason, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    words: &'static str,
    source: Option<SourceId>,
}

impl Why {
    /// A reason that no source is answerable for.
    pub const fn of(words: &'static str) -> Self {
        Self { words, source: None }
    }

    /// A reason that lies in a source: what it does or has.
    pub const fn by(words: &'static str, source: SourceId) -> Self {
        Self { words, source: Some(source) }
    }

    /// In words.
    pub fn words(self, model: &Model) -> String {
        match self.source.and_then(|source| model.sources.get(source)) {
            Some(source) => format!("`{}` {}", source.name, self.words),
            None => self.words.to_owned(),
        }
    }
}

/// Of what a list is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All records.
    All,
    /// The records under each of some parents.
    Parents,
    /// The records placed in each of some departments.
    Departments,
}

/// How a list is read.
#[derive(Clone, Debug)]
pub enum Way {
    /// The deciding source pages it.
    Page,
    /// Sorted streams of the sources are merged.
    MergeScan(Box<Scannable>),
    /// All that pass are read, and sorted here.
    Gather,
}

/// The choice for a list.
#[derive(Clone, Debug)]
pub struct ListPlan {
    /// How it is read.
    pub way: Way,
    reason: Reason,
}

/// Why a list is read so.
#[derive(Clone, Copy, Debug)]
enum Reason {
    Asked,
    Code(Scope),
    Streams,
    NoStreams(Why),
    Under,
}

impl ListPlan {
    fn new(way: Way, reason: Reason) -> Self {
        Self { way, reason }
    }

    /// The strategy as a stable word.
    pub fn strategy(&self) -> &'static str {
        match self.way {
            Way::Page => "PUSH_DOWN_PAGE",
            Way::MergeScan(_) => "MERGE_SCAN",
            Way::Gather => "GATHER",
        }
    }

    /// Why, for people.
    pub fn because(&self, engine: &Engine, entity: EntityId, order: &Order) -> String {
        let model = &engine.model;
        let e = &model.entities[entity];
        let decider = model.sources.get(e.decides).map_or("", |s| s.name.as_str());
        let most = engine.limits.gather;
        let by = sort_words(order, model, entity).unwrap_or_else(|| "CODE".into());
        match self.reason {
            Reason::Asked => {
                "the request asks for `gather`: everything is read, filtered and sorted here".into()
            }
            Reason::Code(Scope::All) => format!("in CODE order, which `{decider}` pages by its key"),
            Reason::Code(Scope::Parents) => {
                format!(
                    "in CODE order, so that one windowed statement of `{decider}` gives each parent's page"
                )
            }
            Reason::Code(Scope::Departments) => format!(
                "in CODE order, so that candidates are read page by page: `{decider}`'s placements in one windowed \
                 statement, and the other sources'"
            ),
            Reason::Streams => format!(
                "each source that holds what {by} sorts by gives its rows in the order of its own cells; they are merged"
            ),
            Reason::NoStreams(why) => format!(
                "no source can page by {by}: {}. All that pass are read, at most {most} (limits.gather), and sorted here",
                why.words(model)
            ),
            Reason::Under => format!(
                "sorted by {by} under several parents at once: all that pass are read, at most {most} of each \
                 (limits.gather), and sorted here"
            ),
        }
    }

    /// Writes the choice down.
    pub fn note(&self, engine: &Engine, entity: EntityId, order: &Order, level: &mut LevelNotes) {
        level.strategy = self.strategy();
        level.because = self.because(engine, entity, order);
    }
}

/// What of a filter is told to the sources and what is decided here, for people.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The conditions that sources are given.
    pub pushed: Vec<String>,
    /// The conditions that are decided on merged values, pushed ones included.
    pub rechecked: Vec<String>,
}

impl Engine {
    /// How a list is read.
    pub async fn plan(&self, ask: &Ask, entity: EntityId, list: &ListAsk<'_>, scope: Scope) -> ListPlan {
        if ask.strategy == Strategy::Gather {
            return ListPlan::new(Way::Gather, Reason::Asked);
        }
        if list.keyset() {
            return ListPlan::new(Way::Page, Reason::Code(scope));
        }
        if scope != Scope::All {
            return ListPlan::new(Way::Gather, Reason::Under);
        }
        match self.scannable(entity, list.order).await {
            Ok(can) => ListPlan::new(Way::MergeScan(Box::new(can)), Reason::Streams),
            Err(why) => ListPlan::new(Way::Gather, Reason::NoStreams(why)),
        }
    }

    /// What of a filter is told to the sources, by what [`Engine::must`] found.
    pub fn told(&self, ask: &Ask, entity: EntityId, filter: &Filter, must: &Must) -> Told {
        let mut told = Told::default();
        if ask.shopper(entity) {
            self.tell_visible(entity, &mut told);
        }
        Teller { engine: self, entity }.tell(filter, must, &mut told);
        told
    }

    /// What decides whether a record is on the web.
    fn tell_visible(&self, entity: EntityId, told: &mut Told) {
        let e = &self.model.entities[entity];
        let name = |source: &SourceId| self.model.sources.get(*source).map_or("", |s| s.name.as_str());
        let decider = e.maps.get(e.decides).and_then(Option::as_ref);
        if decider.is_some_and(|map| map.rows.iter().any(|row| !self.on_the_web(entity, row).is_empty())) {
            told.pushed.push(format!("on the web, as `{}` says", name(&e.decides)));
        }
        let holds = |source: &&SourceId| {
            let map = e.maps.get(**source).and_then(Option::as_ref);
            **source != e.decides && map.is_some_and(|map| map_has(map, "published"))
        };
        let published = e.fields.get("published").map_or(&[][..], |f| &f.sources);
        let others: Vec<String> = published.iter().filter(holds).map(|s| format!("`{}`", name(s))).collect();
        if !others.is_empty() {
            told.rechecked.push(format!("on the web, as {} says", others.join(" and ")));
        }
        if let Some(parent) = e.inherits {
            let parent = &self.model.entities[parent].name;
            told.rechecked.push(format!("its {parent} is on the web"));
        }
    }
}

fn map_has(map: &EntityMap, field: &str) -> bool {
    map.rows.iter().any(|row| row.fields.contains_key(field))
}

/// The sort keys as clients write them; none in plain CODE order.
pub fn sort_words(order: &Order, model: &Model, entity: EntityId) -> Option<String> {
    let fields = &model.entities[entity].fields;
    let key = |key: &super::order::SortKey| {
        let name = match key.by {
            By::Code => "CODE".into(),
            By::Placement => "POSITION".into(),
            By::Computed(computed) => computed.sort().into(),
            By::Field(field) => {
                fields.get_index(field).map_or_else(String::new, |(name, _)| snake(name).to_ascii_uppercase())
            }
        };
        if key.descending { format!("{name} DESC") } else { name }
    };
    let keys: Vec<String> = order.0.iter().map(key).collect();
    (!keys.is_empty()).then(|| keys.join(", "))
}

/// The word that clients write for a test.
fn op(test: &Test) -> &'static str {
    match test {
        Test::In(values) if values.len() == 1 => "eq",
        Test::In(_) => "in",
        Test::NotIn(values) if values.len() == 1 => "ne",
        Test::NotIn(_) => "notIn",
        Test::Gt(_) => "gt",
        Test::Gte(_) => "gte",
        Test::Lt(_) => "lt",
        Test::Lte(_) => "lte",
        Test::IsNull(true) => "isNull",
        Test::IsNull(false) => "is not null",
        Test::Matches(_) => "matches",
        Test::Contains(_) => "contains",
        Test::StartsWith(_) => "startsWith",
        Test::EndsWith(_) => "endsWith",
    }
}

/// Puts a filter and what is told of it into words. Values are not shown: they may be personal.
struct Teller<'a> {
    engine: &'a Engine,
    entity: EntityId,
}

impl Teller<'_> {
    fn tell(&self, filter: &Filter, must: &Must, told: &mut Told) {
        match (filter, must) {
            (filter, _) if filter.is_all() => {}
            (Filter::And(all), Must::And(parts)) => {
                let sent = all.iter().take(LONGEST).filter(|f| !f.is_all());
                for (filter, must) in sent.zip(parts) {
                    self.tell(filter, must, told);
                }
                for filter in all.iter().skip(LONGEST) {
                    told.rechecked
                        .push(format!("{}: an `and` sends its first {LONGEST}", self.words(filter)));
                }
            }
            (filter, must) => {
                let words = self.words(filter);
                if let Some(why) = untold(must) {
                    told.rechecked.push(format!("{words}: {}", why.words(&self.engine.model)));
                    return;
                }
                if !must.is_any() {
                    told.pushed.push(self.sent(filter, must));
                }
                told.rechecked.push(words);
            }
        }
    }

    /// A filter in words, without its values.
    fn words(&self, filter: &Filter) -> String {
        let joined = |all: &[Filter], with: &str| {
            let all: Vec<String> = all.iter().map(|f| self.words(f)).collect();
            if all.len() == 1 { all.concat() } else { format!("({})", all.join(with)) }
        };
        match filter {
            Filter::And(all) if all.is_empty() => "anything".into(),
            Filter::Or(all) if all.is_empty() => "nothing".into(),
            Filter::And(all) => joined(all, " and "),
            Filter::Or(all) => joined(all, " or "),
            Filter::Not(inner) => format!("not {}", self.words(inner)),
            Filter::Field(field, test) => format!("`{}` {}", self.name(*field), op(test)),
            Filter::Code(test) => format!("`code` {}", op(test)),
            Filter::Under(_) => "`department` under".into(),
            Filter::OnTheWeb => "on the web".into(),
            Filter::Computed(by) => {
                let test = by.test.as_ref().map_or("is reckoned, to sort by it", op);
                format!("`{}` {test}", by.what.name())
            }
            Filter::Inherited(inner) => {
                let parent = self.engine.model.entities[self.entity].inherits.unwrap_or(self.entity);
                let inner = Self { engine: self.engine, entity: parent }.words(inner);
                format!("its {} with {inner}", self.engine.model.entities[parent].name)
            }
            Filter::Related(related) => {
                let e = &self.engine.model.entities[related.entity];
                let inner = Self { engine: self.engine, entity: related.entity };
                format!("some {} with {}", e.name, inner.words(&related.filter))
            }
            Filter::Media(media) => {
                let lists = &self.engine.model.entities[self.entity].lists;
                let list = lists.get_index(media.list).map_or("", |(name, _)| name.as_str());
                let list = if media.images { "images" } else { list };
                format!("`{list}` isEmpty")
            }
        }
    }

    /// A condition and what its sources are given.
    fn sent(&self, filter: &Filter, must: &Must) -> String {
        let joined = |all: &[Filter], parts: &[Must], with: &str| {
            let each = all.iter().zip(parts).filter(|(_, must)| !must.is_any());
            let each: Vec<String> = each.map(|(f, m)| self.sent(f, m)).collect();
            format!("({})", each.join(with))
        };
        match (filter, must) {
            (Filter::Or(all), Must::Or(parts)) => joined(all, parts, "; or "),
            (Filter::And(all), Must::And(parts)) => {
                let all: Vec<Filter> = all.iter().filter(|f| !f.is_all()).cloned().collect();
                joined(&all, parts, "; and ")
            }
            (Filter::Field(field, _), _) => {
                format!("{}: {}", self.words(filter), self.given(must, Some(*field)))
            }
            _ => format!("{}: {}", self.words(filter), self.given(must, None)),
        }
    }

    /// What the sources are given of one condition (on a field).
    fn given(&self, must: &Must, of: Option<FieldId>) -> String {
        let each = |parts: &[Must], with: &str| {
            let parts: Vec<String> = parts.iter().map(|must| self.given(must, of)).collect();
            parts.join(with)
        };
        let e = &self.engine.model.entities[self.entity];
        let decider = self.source(e.decides);
        match must {
            Must::Any | Must::Untold(_) => "nothing".into(),
            Must::And(parts) => each(parts, ", and "),
            Must::Or(parts) => each(parts, ", or "),
            Must::Codes(codes) => format!("{decider}'s key is {}", counted(codes.len())),
            Must::Sorted { .. } => "the cells by which each source's rows are sorted".into(),
            Must::Parents(codes) => format!("what it belongs to has {}", counted(codes.len())),
            // What stands in where no source has a value.
            Must::Cell { field, .. } if of.is_some_and(|of| of != *field) => {
                format!("{decider}'s own `{}`, which stands in", self.name(*field))
            }
            Must::Cell { field, own, codes, streams } => {
                let some = own.iter().any(Option::is_none);
                let cells = own.iter().flatten().any(|predicate| *predicate != never());
                let mut said: Vec<String> = Vec::new();
                if cells {
                    let part = if some { ", in some of its tables" } else { "" };
                    said.push(format!("{decider}'s own cell{part}"));
                }
                if !codes.is_empty() || (!cells && streams.is_empty()) {
                    let others = self.others(*field, streams);
                    said.push(format!("{} by {others}", counted(codes.len())));
                }
                if !streams.is_empty() {
                    let names: Vec<String> = streams.iter().map(|s| self.source(s.source)).collect();
                    said.push(format!("codes by {}, a window at a time", names.join(" and ")));
                }
                said.join(", or ")
            }
        }
    }

    /// The sources beside the deciding one that may hold a field, but those that give streams of codes.
    fn others(&self, field: FieldId, streams: &[CodeStream]) -> String {
        let e = &self.engine.model.entities[self.entity];
        let f = &e.fields[field];
        let holds = |source: &&SourceId| {
            let map = e.maps.get(**source).and_then(Option::as_ref);
            let streams = streams.iter().any(|stream| stream.source == **source);
            **source != e.decides && !streams && map.is_some_and(|map| map_has(map, &f.name))
        };
        let mut names: Vec<String> = f.sources.iter().filter(holds).map(|s| self.source(*s)).collect();
        if f.lock.is_none() && self.engine.overrides.is_some() {
            names.push("the back office".into());
        }
        if names.is_empty() { "no source".into() } else { names.join(" and ") }
    }

    fn source(&self, source: SourceId) -> String {
        self.engine.model.sources.get(source).map_or_else(String::new, |s| format!("`{}`", s.name))
    }

    fn name(&self, field: FieldId) -> &str {
        let fields = &self.engine.model.entities[self.entity].fields;
        fields.get_index(field).map_or("", |(name, _)| name.as_str())
    }
}

fn counted(codes: usize) -> String {
    match codes {
        0 => "no code".into(),
        1 => "1 code".into(),
        n => format!("one of {n} codes"),
    }
}

/// Why nothing is told, when nothing is.
fn untold(must: &Must) -> Option<Why> {
    match must {
        Must::Untold(why) => Some(*why),
        Must::Or(parts) => parts.iter().find_map(untold),
        // One part that is told is enough.
        Must::And(parts) if must.is_any() => parts.iter().find_map(untold),
        _ => None,
    }
}
