//! What one level asks of each source: from the fields that are wanted, the columns, statements and
//! child lists per source. Built once per operation; holds no data.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{
    children::{self, ChildShape},
    engine::Engine,
    model::{Entity, EntityId, FieldId, Model, Rule, SourceId},
};
use crate::{
    connectors::map::{EntityMap, FieldMap, Format, RowSource},
    sources::{
        Expr, Keys, Select, Statement,
        expr::{CastType, CompareOp},
        select::{Branch, Decode, Item, Missing, OrderBy, Output, Predicate, Table, Window},
    },
    value::{Type, Value},
};

/// What a selection needs of an entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Want {
    /// Fields by id.
    pub fields: BTreeSet<FieldId>,
    /// Lists by index.
    pub lists: BTreeSet<usize>,
    /// The change columns (`updatedAt`).
    pub changes: bool,
    /// What is wanted of the inherited entity, beside what inheritance itself needs.
    pub inherited: Option<Box<Want>>,
}

impl Want {
    /// Adds another want to this one.
    pub fn merge(&mut self, other: &Self) {
        self.fields.extend(&other.fields);
        self.lists.extend(&other.lists);
        self.changes |= other.changes;
        if let Some(theirs) = &other.inherited {
            self.inherited.get_or_insert_with(Box::default).merge(theirs);
        }
    }

    /// Everything an entity has.
    pub fn all(model: &Model, entity: EntityId) -> Self {
        let e = &model.entities[entity];
        let mut want = Self {
            fields: (0..e.fields.len()).collect(),
            lists: (0..e.lists.len()).collect(),
            changes: true,
            inherited: None,
        };
        want.close(model, entity);
        want
    }

    /// Adds what the wanted fields lean on: fields of defaults, group leaders, visibility, and what
    /// is inherited.
    pub fn close(&mut self, model: &Model, entity: EntityId) {
        let e = &model.entities[entity];
        if let Some(published) = e.fields.get_index_of("published") {
            self.fields.insert(published);
        }
        let mut todo: Vec<FieldId> = self.fields.iter().copied().collect();
        while let Some(id) = todo.pop() {
            let field = &e.fields[id];
            let group = field.group.as_ref().map(|g| g.leader);
            let default = match field.default {
                Some(super::model::Default_::Field(other)) => Some(other),
                _ => None,
            };
            for other in group.into_iter().chain(default) {
                if self.fields.insert(other) {
                    todo.push(other);
                }
            }
        }
        if let Some(parent) = e.inherits {
            let inherited = self.inherited.get_or_insert_with(Box::default);
            for id in &self.fields {
                if let Some(theirs) = e.fields[*id].inherit {
                    inherited.fields.insert(theirs);
                }
            }
            for id in &self.lists {
                if e.lists[*id].inherit
                    && let Some(theirs) =
                        model.entities[parent].lists.get_index_of(e.lists[*id].name.as_str())
                {
                    inherited.lists.insert(theirs);
                }
            }
            inherited.close(model, parent);
        }
    }
}

/// Where a source's row select keeps things.
#[derive(Debug, Default)]
pub struct Columns {
    /// Native key columns start at 1 (0 is the row source's index); this many.
    pub keys: usize,
    /// The row's own code.
    pub own: usize,
    /// The generated native code that an overlay row names (`erp_key`).
    pub native: Option<usize>,
    /// The parent's code.
    pub parent: Option<usize>,
    /// Visible and closed, when the source says something of the web.
    pub flags: Option<(usize, usize)>,
    /// The change column.
    pub change: Option<usize>,
    /// Fields in the default language: by field id.
    pub fields: Vec<Option<usize>>,
    /// Fields in the operation's language: by field id.
    pub translated: Vec<Option<usize>>,
    /// Fields whose text is made of child rows: field → index in `children`.
    pub joined: HashMap<FieldId, usize>,
    /// HTML columns and what their text is, converted once after reading.
    pub html: Vec<(usize, Format)>,
    /// Enum columns: raw texts become names once after reading, unlisted ones nothing.
    pub enums: Vec<(usize, FieldId)>,
}

/// What one source is asked on a level.
#[derive(Debug)]
pub struct SourceShape {
    /// Which source.
    pub source: SourceId,
    /// Its map of the entity.
    pub map: Arc<EntityMap>,
    /// Where the columns are.
    pub columns: Columns,
    /// Whether its rows are read at all; otherwise only texts, markers or children are.
    pub rows: bool,
    outputs: Vec<Output>,
    /// Items per row source, in the order of `outputs`.
    items: Vec<Vec<Item>>,
    /// Rows by code: one statement. See [`SourceShape::code_params`].
    pub by_code: Arc<Statement>,
    /// Every row that has one of some codes, keys and own codes only: what tells a code that several
    /// rows have. Only where rows have codes of their own.
    pub doubles: Option<Arc<Statement>>,
    /// Translations, when the operation's language is not the default: the statement and the
    /// spelling of each wanted field.
    pub texts: Option<Attributes>,
    /// Markers likewise.
    pub markers: Option<Attributes>,
    /// Child fetches, for lists and joined texts.
    pub children: Vec<ChildShape>,
    kept: Kept,
}

/// Statements made at first use and kept, so that their text is rendered once and not per request.
#[derive(Debug, Default)]
struct Kept {
    all: OnceLock<Arc<Statement>>,
    pages: Mutex<Vec<(PageKey, Arc<Statement>)>>,
}

/// What tells the statements of unfiltered pages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageKey {
    /// Records off the web are left out.
    pub shopper: bool,
    /// A page under each parent.
    pub windowed: bool,
    /// Which row source it continues in, after a key.
    pub after: Option<usize>,
}

/// Rows of (code, field, value): texts or markers.
#[derive(Debug)]
pub struct Attributes {
    /// Codes in slot 0, field spellings in slot 1, for texts the language in slot 2.
    pub statement: Arc<Statement>,
    /// What each spelling names.
    pub names: HashMap<String, Attribute>,
    /// The spellings, as slot 1 takes them.
    pub spellings: Keys,
}

impl Attributes {
    fn new(statement: Arc<Statement>, names: HashMap<String, Attribute>) -> Self {
        let spellings = names.keys().map(|n| Box::from([Value::text(n.as_str())])).collect();
        Self { statement, names, spellings }
    }
}

/// What a text or marker row speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attribute {
    /// A field.
    Field(FieldId),
    /// A list.
    List(usize),
}

/// What a level asks of all sources.
#[derive(Debug)]
pub struct Shape {
    /// Which entity.
    pub entity: EntityId,
    /// What was wanted, closed.
    pub want: Want,
    /// Per source; `None`: it cannot contribute and is not contacted.
    pub sources: Vec<Option<SourceShape>>,
    /// What is asked of the inherited entity.
    pub inherited: Option<Arc<Shape>>,
    /// The operation's language, when it is not the default.
    pub language: Option<String>,
    /// The field that takes records off the web: every record is asked for it.
    pub published: Option<FieldId>,
}

impl Shape {
    /// The shape of a want (closed here), in a language (`None`: the default).
    pub fn new(engine: &Engine, entity: EntityId, mut want: Want, language: Option<&str>) -> Self {
        let model = &engine.model;
        want.close(model, entity);
        let e = &model.entities[entity];
        let sources = e
            .maps
            .iter()
            .enumerate()
            .map(|(source, map)| source_shape(engine, entity, &want, source, map.as_ref()?, language))
            .collect();
        let inherited = e.inherits.map(|parent| {
            let theirs = want.inherited.as_deref().cloned().unwrap_or_default();
            Arc::new(Self::new(engine, parent, theirs, language))
        });
        let published = e.fields.get_index_of("published");
        Self { entity, want, sources, inherited, language: language.map(Into::into), published }
    }

    /// This shape, or one that also fetches what a filter needs to be decided.
    pub fn with_filter(self: &Arc<Self>, engine: &Engine, filter: &super::filter::Filter) -> Arc<Self> {
        let mut want = Want::default();
        filter.want(&mut want);
        if want.fields.is_subset(&self.want.fields) {
            return self.clone();
        }
        want.merge(&self.want);
        Arc::new(Self::new(engine, self.entity, want, self.language.as_deref()))
    }

    /// What the source that decides existence is asked.
    pub fn decider(&self, model: &Model) -> Option<&SourceShape> {
        self.sources.get(model.entities[self.entity].decides)?.as_ref()
    }
}

fn source_shape(
    engine: &Engine,
    entity: EntityId,
    want: &Want,
    source: SourceId,
    map: &Arc<EntityMap>,
    language: Option<&str>,
) -> Option<SourceShape> {
    let model = &engine.model;
    let e = &model.entities[entity];
    let decides = e.decides == source;
    let keys = map.rows.iter().map(|r| r.key.len()).max().unwrap_or(0);

    let listed: Vec<FieldId> = want
        .fields
        .iter()
        .copied()
        .filter(|f| e.fields[*f].name != "code" && e.fields[*f].sources.contains(&source))
        .collect();
    let fields: Vec<FieldId> = listed
        .iter()
        .copied()
        .filter(|f| map.rows.iter().any(|r| r.fields.contains_key(e.fields[*f].name.as_str())))
        .collect();
    let listed_lists: Vec<usize> =
        want.lists.iter().copied().filter(|l| e.lists[*l].sources.contains(&source)).collect();
    let texts = language.and(map.texts.as_ref()).and_then(|t| {
        let names = spellings(e, listed.iter().filter(|f| e.fields[**f].localized), [].iter());
        (!names.is_empty()).then(|| {
            let items = [&t.code, &t.field, &t.value];
            let statement = attribute_statement(&t.table, t.filter.as_ref(), items, Some(&t.language));
            Attributes::new(statement, names)
        })
    });
    let markers = map.markers.as_ref().and_then(|m| {
        let names =
            spellings(e, listed.iter().filter(|f| e.fields[**f].name != "published"), listed_lists.iter());
        (!names.is_empty()).then(|| {
            let items = [&m.code, &m.field, &m.language];
            let statement = attribute_statement(&m.table, m.filter.as_ref(), items, None);
            Attributes::new(statement, names)
        })
    });

    let mut build = Build::new(&map.rows);
    build.column("row", Decode::of(Type::Int), |i, _| Item::from(Expr::Number(i.to_string())));
    for k in 0..keys {
        let ty = map.rows.iter().find_map(|r| r.key.get(k)).map_or(CastType::Text(0), |c| c.ty);
        // Beside the first, a key column may be blank, and that is a value of its own.
        let decode = Decode { blank_absent: k == 0, ..Decode::of(key_type(ty)) };
        build.column("key", decode, |_, r| or_null(r.key.get(k).map(|c| &c.expr)));
    }
    let own = build.column("code", Decode::of(Type::Text), |_, r| or_null(r.code.own.as_ref()));
    let mut columns = Columns {
        keys,
        own,
        fields: vec![None; e.fields.len()],
        translated: vec![None; e.fields.len()],
        ..Columns::default()
    };
    if map.rows.iter().any(|r| r.native.is_some()) {
        columns.native =
            Some(build.column("native", Decode::of(Type::Text), |_, r| or_null(r.native.as_ref())));
    }
    if e.inherits.is_some() && map.rows.iter().any(|r| r.parent.is_some()) {
        columns.parent =
            Some(build.column("parent", Decode::of(Type::Text), |_, r| or_null(r.parent.as_ref())));
    }
    if map.exists && map.rows.iter().any(|r| r.visible.is_some() || r.closed.is_some()) {
        let flag = |e: Option<&Expr>, or: bool| Item::from(e.cloned().unwrap_or(Expr::Bool(or)));
        let visible =
            build.column("visible", Decode::of(Type::Boolean), |_, r| flag(r.visible.as_ref(), true));
        let closed = build.column("closed", Decode::of(Type::Boolean), |_, r| flag(r.closed.as_ref(), false));
        columns.flags = Some((visible, closed));
    }
    let recent = fields.iter().any(|f| e.fields[*f].rule == Rule::Recent);
    let change = map.rows.iter().find_map(|r| r.change.as_ref());
    if let Some(change) = change.filter(|_| want.changes || recent) {
        let decode = Decode { zone: change.zone, ..Decode::of(Type::DateTime) };
        columns.change =
            Some(build.column("change", decode, |_, r| or_null(r.change.as_ref().map(|c| &c.expr))));
    }
    let mut children = Vec::new();
    for id in &fields {
        let name = e.fields[*id].name.as_str();
        let Some(first) = map.rows.iter().find_map(|r| r.fields.get(name)) else { continue };
        if let Some(child) = &first.child {
            if let Some(shape) = children::joined(map, child, first.format, language, engine.zone(source)) {
                columns.joined.insert(*id, children.len());
                children.push(shape);
            }
            continue;
        }
        let decode = decode_of(&e.fields[*id], first, engine.zone(source));
        let column = build.column(name, decode.clone(), |_, r| field_item(r.fields.get(name)));
        columns.fields[*id] = Some(column);
        if e.fields[*id].ty == Type::Html {
            columns.html.push((column, first.format));
        }
        if !e.fields[*id].enumeration.is_empty() {
            columns.enums.push((column, *id));
        }
        let Some(language) = language else { continue };
        if map.rows.iter().any(|r| r.fields.get(name).is_some_and(|f| f.languages.contains_key(language))) {
            let column = build.column(name, decode, |_, r| {
                or_null(r.fields.get(name).and_then(|f| f.languages.get(language)))
            });
            columns.translated[*id] = Some(column);
            if e.fields[*id].ty == Type::Html {
                columns.html.push((column, first.format));
            }
        }
    }
    for id in &listed_lists {
        if let Some(shape) = children::list(map, &e.lists[*id], *id, engine.zone(source)) {
            // Images and documents may be rows of one table: asked once.
            match children.iter_mut().find(|c| c.reads_like(&shape)) {
                Some(known) => known.lists.push(*id),
                None => children.push(shape),
            }
        }
    }
    let rows = decides
        || map.exists
        || columns.fields.iter().any(Option::is_some)
        || (want.changes && columns.change.is_some());
    if !rows && children.is_empty() && texts.is_none() && markers.is_none() {
        return None;
    }
    let Build { outputs, items, .. } = build;
    let mut shape = SourceShape {
        source,
        map: map.clone(),
        columns,
        rows,
        outputs,
        items,
        by_code: Arc::new(Statement::new(Select::default())),
        doubles: None,
        texts,
        markers,
        children,
        kept: Kept::default(),
    };
    shape.by_code = Arc::new(Statement::new(shape.select(|i, row| Some(vec![shape.code_predicate(i, row)]))));
    if decides && map.rows.iter().any(|r| r.code.own.is_some()) {
        // By own code or key alone, each by its index: rows without an own code differ by their keys.
        let mut select = shape.select(|i, row| {
            let exprs = match &row.code.own {
                Some(own) => vec![own.clone()],
                None => row.key.iter().map(|k| k.expr.clone()).collect(),
            };
            let (types, slot) = match &row.code.own {
                Some(_) => (vec![CastType::Text(0)], 0),
                None => (row.key.iter().map(|k| k.ty).collect(), 1 + i),
            };
            Some(vec![Predicate::In { exprs, types, slot }])
        });
        let kept = shape.columns.own + 1;
        select.outputs.truncate(kept);
        select.branches.iter_mut().for_each(|b| b.items.truncate(kept));
        shape.doubles = Some(Arc::new(Statement::new(select)));
    }
    Some(shape)
}

fn spellings<'a>(
    e: &Entity,
    fields: impl Iterator<Item = &'a FieldId>,
    lists: impl Iterator<Item = &'a usize>,
) -> HashMap<String, Attribute> {
    let fields = fields.map(|f| (e.fields[*f].snake.clone(), Attribute::Field(*f)));
    let lists = lists.map(|l| (snake(&e.lists[*l].name), Attribute::List(*l)));
    fields.chain(lists).collect()
}

/// camelCase → snake_case.
pub fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// The type a key column decodes into.
pub fn key_type(ty: CastType) -> Type {
    match ty {
        CastType::Text(_) => Type::Text,
        CastType::Integer => Type::Int,
        CastType::Decimal => Type::Decimal,
        CastType::Date => Type::Date,
        CastType::DateTime => Type::DateTime,
    }
}

fn or_null(expr: Option<&Expr>) -> Item {
    Item::from(expr.cloned().unwrap_or(Expr::Null))
}

/// How a field's column is decoded: the source's map decides what means nothing, the field's
/// modifiers otherwise.
fn decode_of(field: &super::model::Field, map: &FieldMap, zone: chrono_tz::Tz) -> Decode {
    let absent = &map.absent_when;
    Decode {
        ty: field.ty.clone(),
        trim: true,
        rtf: map.format == Format::Rtf,
        blank_absent: absent.blank.unwrap_or(!field.blank_is_value),
        zero_absent: absent.zero.unwrap_or(field.zero_is_absent),
        false_absent: absent.false_.unwrap_or(field.zero_is_absent),
        sentinels: absent.dates.as_slice().into(),
        absent_texts: absent.texts.as_slice().into(),
        zone,
    }
}

fn field_item(field: Option<&FieldMap>) -> Item {
    field.map_or(Item::from(Expr::Null), |f| Item {
        expr: f.expr.clone().unwrap_or(Expr::Null),
        missing: match (f.complement, f.optional) {
            (true, _) => Missing::Bad,
            (false, true) => Missing::Absent,
            (false, false) => Missing::Refuse,
        },
    })
}

/// `(code, field, value)` rows for a batch of codes (slot 0) and spellings (slot 1), of one
/// language (slot 2) when asked.
fn attribute_statement(
    table: &Table,
    filter: Option<&Expr>,
    items: [&Expr; 3],
    language: Option<&Expr>,
) -> Arc<Statement> {
    let text = vec![CastType::Text(0)];
    let mut predicates: Vec<Predicate> = filter.cloned().map(Predicate::Expr).into_iter().collect();
    for (slot, expr) in items[..2].iter().enumerate() {
        predicates.push(Predicate::In { exprs: vec![(*expr).clone()], types: text.clone(), slot });
    }
    if let Some(language) = language {
        let equal = Expr::Compare(CompareOp::Eq, Box::new(language.clone()), Box::new(Expr::Slot(2)));
        predicates.push(Predicate::Expr(equal));
    }
    Arc::new(Statement::new(Select {
        outputs: ["code", "field", "value"]
            .map(|l| Output { decode: Decode::of(Type::Text), label: l.into() })
            .into(),
        branches: vec![Branch {
            items: items.map(|e| Item::from(e.clone())).into(),
            filter: predicates,
            ..branch(table.clone())
        }],
        order: Vec::new(),
        count: false,
    }))
}

/// A branch that only has a table.
pub fn branch(from: Table) -> Branch {
    Branch {
        from,
        joins: Vec::new(),
        pairs: None,
        items: Vec::new(),
        filter: Vec::new(),
        order: Vec::new(),
        limit: None,
        window: None,
        distinct: false,
    }
}

struct Build<'a> {
    rows: &'a [RowSource],
    outputs: Vec<Output>,
    items: Vec<Vec<Item>>,
}

impl<'a> Build<'a> {
    fn new(rows: &'a [RowSource]) -> Self {
        Self { rows, outputs: Vec::new(), items: vec![Vec::new(); rows.len()] }
    }

    /// Adds an output column; the closure gives each row source's item.
    fn column(&mut self, label: &str, decode: Decode, item: impl Fn(usize, &RowSource) -> Item) -> usize {
        for (i, row) in self.rows.iter().enumerate() {
            self.items[i].push(item(i, row));
        }
        self.outputs.push(Output { decode, label: label.into() });
        self.outputs.len() - 1
    }
}

/// The slots of a page statement.
#[derive(Clone, Copy, Debug)]
pub struct PageSlots {
    /// Rows wanted (integer).
    pub limit: usize,
    /// The first of the key columns' slots, for `after`.
    pub after: usize,
}

impl SourceShape {
    /// Output column of the n-th native key column.
    pub const fn key(n: usize) -> usize {
        1 + n
    }

    /// A select over the row sources for which `filter` gives predicates.
    pub fn select(&self, filter: impl Fn(usize, &RowSource) -> Option<Vec<Predicate>>) -> Select {
        let branches = self
            .map
            .rows
            .iter()
            .enumerate()
            .filter_map(|(i, row)| {
                let mut predicates: Vec<Predicate> =
                    row.filter.clone().map(Predicate::Expr).into_iter().collect();
                predicates.extend(filter(i, row)?);
                Some(Branch {
                    joins: row.joins.clone(),
                    items: self.items[i].clone(),
                    filter: predicates,
                    distinct: row.distinct,
                    ..branch(row.table.clone())
                })
            })
            .collect();
        Select { outputs: self.outputs.clone(), branches, order: Vec::new(), count: false }
    }

    /// Every row.
    pub fn all(&self) -> &Arc<Statement> {
        self.kept.all.get_or_init(|| Arc::new(Statement::new(self.select(|_, _| Some(Vec::new())))))
    }

    /// The statement of a page without filter, made at its first use.
    pub fn page_statement(&self, key: PageKey, make: impl FnOnce() -> Select) -> Arc<Statement> {
        // What the lock guards is valid at all times.
        let mut pages = self.kept.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = pages.iter().find(|(k, _)| *k == key) {
            return known.clone();
        }
        let statement = Arc::new(Statement::new(make()));
        pages.push((key, statement.clone()));
        statement
    }

    /// "The row's code is one of those in slot 0": by its own code, or by the native key that the
    /// code decodes into (slot 1 + row source), or by the generated code it names (last slot).
    fn code_predicate(&self, i: usize, row: &RowSource) -> Predicate {
        let text = || vec![CastType::Text(0)];
        let by_key = Predicate::In {
            exprs: row.key.iter().map(|k| k.expr.clone()).collect(),
            types: row.key.iter().map(|k| k.ty).collect(),
            slot: 1 + i,
        };
        let mut any = Vec::new();
        match &row.code.own {
            Some(own) => {
                any.push(Predicate::In { exprs: vec![own.clone()], types: text(), slot: 0 });
                let blank = Expr::Compare(
                    CompareOp::Eq,
                    Box::new(Expr::Call(
                        crate::sources::expr::Function::Coalesce,
                        vec![
                            Expr::Call(crate::sources::expr::Function::RTrim, vec![own.clone()]),
                            Expr::Text(String::new()),
                        ],
                    )),
                    Box::new(Expr::Text(String::new())),
                );
                any.push(Predicate::And(vec![Predicate::Expr(blank), by_key]));
            }
            None => any.push(by_key),
        }
        if let Some(native) = row.native.as_ref().filter(|_| !self.map.exists) {
            any.push(Predicate::In {
                exprs: vec![native.clone()],
                types: text(),
                slot: 1 + self.map.rows.len(),
            });
        }
        if any.len() == 1 { any.swap_remove(0) } else { Predicate::Or(any) }
    }

    /// The order of a row source: its native key columns, or the map's own expression.
    pub fn order(row: &RowSource) -> Vec<OrderBy> {
        row.key.iter().map(|k| OrderBy { expr: k.expr.clone(), ty: k.ty, descending: false }).collect()
    }

    /// A keyset page in CODE order from a row source on: `start` is the first row source, `after`
    /// whether it continues after a key (slots from `slots.after`). `extra` adds predicates.
    pub fn page(
        &self,
        start: usize,
        after: bool,
        slots: PageSlots,
        extra: impl Fn(usize, &RowSource) -> Option<Vec<Predicate>>,
    ) -> Select {
        let mut select = self.select(|i, row| {
            if i < start {
                return None;
            }
            let mut predicates = extra(i, row)?;
            if after && i == start {
                predicates.push(after_key(row, slots.after));
            }
            Some(predicates)
        });
        let rows: Vec<&RowSource> = self.branch_rows(&select);
        for (branch, row) in select.branches.iter_mut().zip(rows) {
            branch.order = Self::order(row);
            branch.limit = Some(slots.limit);
        }
        select.order = (0..=self.columns.keys).collect();
        select
    }

    /// The first rows of each parent whose code is in slot 0, in CODE order.
    pub fn window(
        &self,
        start: usize,
        after: bool,
        slots: PageSlots,
        extra: impl Fn(usize, &RowSource) -> Option<Vec<Predicate>>,
    ) -> Select {
        let mut select = self.page(start, after, slots, |i, row| {
            let mut predicates = extra(i, row)?;
            let parent = row.parent.clone()?;
            predicates.push(Predicate::In { exprs: vec![parent], types: vec![CastType::Text(0)], slot: 0 });
            Some(predicates)
        });
        let rows: Vec<&RowSource> = self.branch_rows(&select);
        for (branch, row) in select.branches.iter_mut().zip(rows) {
            branch.window = row.parent.clone().map(|parent| Window {
                partition: vec![parent],
                order: std::mem::take(&mut branch.order),
                limit: slots.limit,
            });
            branch.limit = None;
        }
        select
    }

    /// The row source of each branch, told by the constant in its first item.
    fn branch_rows(&self, select: &Select) -> Vec<&RowSource> {
        select
            .branches
            .iter()
            .filter_map(|b| match b.items.first().map(|i| &i.expr) {
                Some(Expr::Number(n)) => self.map.rows.get(n.parse::<usize>().ok()?),
                _ => None,
            })
            .collect()
    }
}

/// Rows after a key of this row source, whose columns stand in the slots from `first`.
pub fn after_key(row: &RowSource, first: usize) -> Predicate {
    let columns = SourceShape::order(row);
    let slots = (first..first + columns.len()).collect();
    Predicate::After { columns, slots }
}
