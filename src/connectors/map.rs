//! Connector maps: where a source keeps what the shop's entities need, as data. Read from
//! `schema/connectors/*.toml` (built-in, overridden entity by entity and field by field by the
//! shop's own file of the same name), resolved against the source's settings.

use std::{collections::BTreeMap, sync::Arc};

use chrono::NaiveDate;
use chrono_tz::Tz;
use indexmap::IndexMap;

use crate::{
    diagnostics::Place,
    sources::{
        Expr,
        columns::TwinRule,
        expr::{CastType, Function},
        select::{Join, Table},
    },
    value::{KeyCompare, Value},
};

/// One connector's map, resolved: settings bound, switches decided, defaults filled in.
#[derive(Clone, Debug, Default)]
pub struct ConnectorMap {
    /// The connector's name (`sage100`, `isoshop`, a shop's own).
    pub name: String,
    /// Entities by GraphQL type name (`Department`, `Article`, `Reference`).
    pub entities: IndexMap<String, EntityMap>,
    /// The zone in which the source keeps local times.
    pub zone: Tz,
    /// What tells that a database is not what the map describes, asked at first contact.
    pub detect: Vec<Detect>,
    /// Binary copies of text columns.
    pub twins: Vec<TwinRule>,
    /// The map's settings with the shop's values, for what a map cannot say.
    pub settings: Arc<BTreeMap<String, Value>>,
    /// Days that mean none.
    pub no_dates: Arc<[NaiveDate]>,
}

/// One sign by which a database is told to be another product than the map describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detect {
    /// The table that is looked at.
    pub table: String,
    /// The column looked for; `None`: the table itself.
    pub column: Option<String>,
    /// Whether being there is the sign, or not being there.
    pub refused_when: Presence,
    /// What it means.
    pub message: String,
    /// What to do about it.
    pub help: String,
    /// Where it was declared.
    pub place: Place,
}

/// Whether something is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is.
    Present,
    /// It is not.
    Absent,
}

/// Where one source keeps one entity.
#[derive(Clone, Debug, Default)]
pub struct EntityMap {
    /// Whether this source decides that a record exists.
    pub exists: bool,
    /// Row sources in CODE order (row source first, then key columns). Several: a record is in one.
    pub rows: Vec<RowSource>,
    /// Child lists by name (`images`, `documents`, `placements`, `options`, `optionValues`,
    /// `related`, and the internal ones that a field's `child = "…"` names, as `glossary`).
    pub children: IndexMap<String, Vec<ChildSource>>,
    /// Translations of text fields kept as rows (IsoShop's `text`).
    pub texts: Option<TextRows>,
    /// "Empty on purpose" rows (IsoShop's `marker`).
    pub markers: Option<MarkerRows>,
    /// Where it was declared.
    pub place: Place,
}

/// One table (with joins) whose rows are records.
#[derive(Clone, Debug)]
pub struct RowSource {
    /// A name for messages; the table's when the map gives none.
    pub name: String,
    /// The main table.
    pub table: Table,
    /// LEFT JOINs in order. Only those that a used expression needs are rendered.
    pub joins: Vec<Join>,
    /// Which rows are records of this entity at all.
    pub filter: Option<Expr>,
    /// Several rows may be one record: what is read of them is the same, and is taken once.
    pub distinct: bool,
    /// The native key columns, in order.
    pub key: Vec<KeyColumn>,
    /// How the code that clients use is made from the row, and read back.
    pub code: CodeRule,
    /// The native key of the parent entity's record, for `Reference` its article's code.
    pub parent: Option<Expr>,
    /// In an overlay: the native key of the record it speaks of (`erp_key`), if it names one; such a
    /// row matches by it alone. In the source that decides existence: the native key as overlays name
    /// it, where that is not the generated code (Cegid's GA_ARTICLE).
    pub native: Option<Expr>,
    /// The alias of a joined row that this one repeats (a variant's article): a complementary column that
    /// says what that row says, says nothing.
    pub repeats: Option<String>,
    /// An indexed expression whose order is that of the key; the key itself by default.
    pub order: Option<Expr>,
    /// What this source says of the web; absent: it says nothing.
    pub visible: Option<Expr>,
    /// What nothing may publish.
    pub closed: Option<Expr>,
    /// The change column.
    pub change: Option<ChangeColumn>,
    /// Fields by GraphQL name.
    pub fields: IndexMap<String, FieldMap>,
    /// What means nothing in this source, for fields that the map does not name.
    pub defaults: AbsentWhen,
    /// Where it was declared.
    pub place: Place,
}

impl RowSource {
    /// The field map of a complementary field: a column of the main table, by its name. A column
    /// that is missing is an error of that field only.
    pub fn complement(&self, column: &str, place: Place) -> FieldMap {
        let own = Expr::column(&self.table.alias, column);
        let expr = match &self.repeats {
            Some(other) => Expr::Call(Function::NullIf, vec![own, Expr::column(other, column)]),
            None => own,
        };
        FieldMap {
            expr: Some(expr),
            absent_when: self.defaults.clone(),
            complement: true,
            place,
            ..FieldMap::default()
        }
    }
}

/// One native key column.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyColumn {
    /// Its name in code templates (`code`, `article`, `first`).
    pub name: String,
    /// The expression.
    pub expr: Expr,
    /// Its type.
    pub ty: CastType,
    /// How the database tells two texts apart.
    pub compare: KeyCompare,
    /// Right-trim on the way in.
    pub trim: bool,
    /// How the source spells its keys.
    pub spelling: Spelling,
}

/// How a source spells its keys: what decides in which order another source's codes stand among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Spelling {
    /// In any way.
    #[default]
    Any,
    /// In upper case: printable ASCII characters without lower-case letters.
    Upper,
}

impl Spelling {
    /// Whether a key is spelled so.
    pub fn fits(self, key: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Upper => key.bytes().all(|b| matches!(b, b' '..=b'~') && !b.is_ascii_lowercase()),
        }
    }
}

/// How a code is made of a row and read back: `code → typed key columns`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct CodeRule {
    /// The row's own code (`AE_Ref`), used when it is not blank; `None` with
    /// `references.code = "generated"`, or when the map has none.
    pub own: Option<Expr>,
    /// The generated form: text and key columns (by index), e.g. `{article}~{first}[~{second}]`.
    /// With a single text key column and no literal text, the code *is* that column.
    pub template: Vec<CodePart>,
}

/// A piece of a code template.
#[derive(Clone, Debug, PartialEq)]
pub enum CodePart {
    /// Literal text.
    Text(String),
    /// A key column, by index.
    Key(usize),
    /// A group that is left out when its key column is 0 or NULL: `[~{second}]`.
    Optional(Vec<CodePart>),
}

/// The change column of a row source.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeColumn {
    /// The expression.
    pub expr: Expr,
    /// The zone it is kept in.
    pub zone: Tz,
    /// Whether RECENT may compare it with another source's.
    pub trusted: bool,
    /// Its precision as written in the map (`minute`, `second`, …).
    pub precision: String,
}

/// Where a row source keeps one field.
#[derive(Clone, Debug, Default)]
pub struct FieldMap {
    /// The expression in the shop's default language; `None` when `child` gives it.
    pub expr: Option<Expr>,
    /// Text made of child rows (`child = "glossary"`).
    pub child: Option<ChildText>,
    /// The same field in other languages, by language code.
    pub languages: IndexMap<String, Expr>,
    /// What means nothing in this source.
    pub absent_when: AbsentWhen,
    /// What the text is.
    pub format: Format,
    /// The column may be missing in some versions.
    pub optional: bool,
    /// Declared by the shop through `@complement`: a missing column is an error of the field.
    pub complement: bool,
    /// The zone of its local times; `None`: the source's.
    pub zone: Option<Tz>,
    /// Where it was declared.
    pub place: Place,
}

/// What a source means by nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AbsentWhen {
    /// Blank text; `None`: by the field's modifier (default: blank is nothing).
    pub blank: Option<bool>,
    /// The number 0; `None`: by the field's modifier (default: 0 is a value).
    pub zero: Option<bool>,
    /// `false`; `None`: by the field's `zero` modifier (default: false is a value).
    pub false_: Option<bool>,
    /// Dates that mean "no date".
    pub dates: Vec<NaiveDate>,
    /// Raw texts that mean nothing.
    pub texts: Vec<String>,
}

/// A field whose text is the child rows' column, joined.
#[derive(Clone, Debug, PartialEq)]
pub struct ChildText {
    /// The child list's name.
    pub child: String,
    /// The child's field that holds the text.
    pub column: String,
    /// What stands between two rows' texts.
    pub join: String,
}

/// What a text is, converted after reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// As it is; in an HTML field it is escaped with its line breaks.
    #[default]
    Text,
    /// HTML: sanitised by allow-list.
    Html,
    /// Text that may be RTF (it begins with `{\rtf`): converted to plain text first, before it is asked
    /// whether it is blank. Other text is as it is.
    Rtf,
    /// A file name: backslashes become slashes; a leading `./` or multimedia folder is dropped.
    File,
}

/// One table of child rows of a list. All children of a level come in one statement (UNION ALL
/// over the list's sources) and are joined to their parents by us.
#[derive(Clone, Debug)]
pub struct ChildSource {
    /// The table.
    pub table: Table,
    /// LEFT JOINs.
    pub joins: Vec<Join>,
    /// Which rows count.
    pub filter: Option<Expr>,
    /// Rows that say the same count once.
    pub distinct: bool,
    /// The parent's native key columns, in the order of the parent's key; may be fewer than the
    /// parent's own when the list hangs on a prefix (an article's code).
    pub parent: Vec<KeyColumn>,
    /// Which of the parent entity's row sources this list belongs to, by name; empty: all.
    pub of_rows: Vec<String>,
    /// Order among the parent's rows.
    pub order: Vec<Expr>,
    /// Fields by name.
    pub fields: IndexMap<String, FieldMap>,
    /// True when the row takes the item away (tombstone).
    pub removed: Option<Expr>,
    /// Where it was declared.
    pub place: Place,
}

/// Translations kept as rows: (entity, code, language, field, value).
#[derive(Clone, Debug)]
pub struct TextRows {
    /// The table.
    pub table: Table,
    /// Which rows are this entity's.
    pub filter: Option<Expr>,
    /// The record's code.
    pub code: Expr,
    /// The language code.
    pub language: Expr,
    /// The field's name as the source spells it (snake_case of the GraphQL name).
    pub field: Expr,
    /// The text.
    pub value: Expr,
}

/// "Empty on purpose" rows: (entity, code, field, language).
#[derive(Clone, Debug)]
pub struct MarkerRows {
    /// The table.
    pub table: Table,
    /// Which rows are this entity's.
    pub filter: Option<Expr>,
    /// The record's code.
    pub code: Expr,
    /// The field's name as the source spells it.
    pub field: Expr,
    /// The language, NULL or blank for every language.
    pub language: Expr,
}
