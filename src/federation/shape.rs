//! What one level asks of each source: from the fields that are wanted ([`want`]), the columns,
//! statements and child lists per source ([`build`], [`statements`]). Built once per operation; holds
//! no data.

mod build;
mod statements;
mod want;

use std::{collections::HashMap, sync::Arc};

pub use self::{
    statements::{PageKey, PageSlots, after_key, has_key},
    want::Want,
};
use super::{
    children::ChildShape,
    engine::Engine,
    model::{EntityId, FieldId, Model, SourceId},
};
use crate::{
    connectors::map::{EntityMap, Format},
    sources::{
        Keys, Statement,
        expr::CastType,
        select::{Branch, Item, Output, Table},
    },
    value::{Type, Value},
};

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
    /// Of which entity.
    pub entity: EntityId,
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
    kept: statements::Kept,
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
    /// The fields that are [`NEVER_EMPTY`].
    never_empty: [Option<FieldId>; NEVER_EMPTY.len()],
}

/// Fields that nobody empties on purpose: whether a record is on the web, and when it changed.
pub const NEVER_EMPTY: [&str; 2] = ["published", "updatedAt"];

impl SourceShape {
    /// How many columns its rows have.
    pub fn width(&self) -> usize {
        self.outputs.len()
    }
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
            .map(|(source, map)| build::source_shape(engine, entity, &want, source, map.as_ref()?, language))
            .collect();
        let inherited = e.inherits.map(|parent| {
            let theirs = want.inherited.as_deref().cloned().unwrap_or_default();
            Arc::new(Self::new(engine, parent, theirs, language))
        });
        let published = e.fields.get_index_of("published");
        let never_empty = NEVER_EMPTY.map(|name| e.fields.get_index_of(name));
        Self { entity, want, sources, inherited, language: language.map(Into::into), published, never_empty }
    }

    /// Whether a marker may empty a field on purpose.
    pub fn may_be_emptied(&self, field: FieldId) -> bool {
        !self.never_empty.contains(&Some(field))
    }

    /// Whether another shape of the same entity fetches all that this one does.
    pub fn within(&self, other: &Self) -> bool {
        self.entity == other.entity && self.language == other.language && self.want.within(&other.want)
    }

    /// This shape, or one that also fetches what a filter needs to be decided.
    pub fn with_filter(self: &Arc<Self>, engine: &Engine, filter: &super::filter::Filter) -> Arc<Self> {
        let mut want = Want::default();
        filter.want(&mut want);
        self.with_want(engine, want)
    }

    /// This shape, or one that also fetches something more.
    pub fn with_want(self: &Arc<Self>, engine: &Engine, mut want: Want) -> Arc<Self> {
        want.close(&engine.model, self.entity);
        if want.within(&self.want) {
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
