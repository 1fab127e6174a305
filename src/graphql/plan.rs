//! A compiled operation: what to fetch ([`Node`]s of the catalogue) and what to write, in selection
//! order. Made once per document, operation, language and condition values; holds no data.

use std::{collections::HashMap, sync::Arc};

use super::{error::Location, guard::Need};
use crate::{
    catalog::levels::Node,
    federation::{
        model::{EntityId, FieldId},
        shape::Shape,
    },
};

/// A compiled operation.
#[derive(Debug)]
pub struct Plan {
    /// Root fields in selection order.
    pub roots: Vec<Out>,
    /// What the operation wants of departments.
    pub tree: Option<Arc<Shape>>,
    /// Arguments as written, by slot; coerced for each request.
    pub slots: Vec<Slot>,
    /// What its fields need, each once.
    pub needs: Vec<Need>,
    /// What explaining a field needs, by entity and the field's name, as an index of `needs`: of the entities of which
    /// something is explained.
    pub told: HashMap<(EntityId, String), usize>,
    /// The operation the plan was made of: it is known by its address, so it lives as long.
    pub held: Option<Arc<super::operation::Prepared>>,
}

/// The arguments of one field.
#[derive(Debug)]
pub struct Slot {
    /// The type that has the field.
    pub parent: String,
    /// The field.
    pub field: String,
    /// The arguments as written.
    pub written: Vec<super::syntax::Argument>,
    /// Where the field stands.
    pub pos: super::syntax::Pos,
}

impl Slot {
    /// Whether the field leads to other levels.
    pub fn is_link(&self) -> bool {
        matches!(self.field.as_str(), "articles" | "references" | "customers")
            || (self.parent == "Article" && matches!(self.field.as_str(), "related" | "reference"))
    }
}

/// One field of an answer.
#[derive(Debug)]
pub struct Out {
    /// The response key.
    pub key: Arc<str>,
    /// The response key as it is written: `"key":`.
    pub json: Box<str>,
    /// Where it stands in the document.
    pub place: Location,
    /// Its type is non-null: a failure takes the parent with it.
    pub non_null: bool,
    /// Its arguments' slot, if it has any.
    pub slot: Option<usize>,
    /// What it needs, as an index of the plan's needs.
    pub need: Option<usize>,
    /// What it is.
    pub kind: OutKind,
}

/// What a field of an answer is.
#[derive(Debug)]
pub enum OutKind {
    /// `__typename`.
    Typename(Arc<str>),
    /// `__schema`, `__type`.
    Introspection(PlainOut),
    /// `shop`.
    Shop(PlainOut),
    /// `node`, `nodes`: one target per possible type.
    Nodes(Vec<Target>, bool),
    /// `route`.
    Route(Vec<RouteOut>),
    /// `article`, `department`, `reference`, `customer` at the root.
    Lookup(Target),
    /// `departments`.
    Departments(Target),
    /// `articles`, `references`, `customers` at the root.
    Page(Node, Vec<ConnectionOut>, bool),
    /// `explain`.
    Explain(PlainOut),
    /// `sources`.
    Sources(PlainOut),
    /// `viewer`, and the records among its fields.
    Viewer(PlainOut, Vec<Target>),
    /// A question for customers, of whom no source of the shop holds any.
    NoCustomers,
    /// `rules`.
    Rules(PlainOut),
    /// A field that code answers.
    Resolved(Resolved),

    /// The global id.
    Id,
    /// A merged field.
    Cell(FieldId, Leaf),
    /// The slug.
    Slug,
    /// Whether the record is on the web.
    Published,
    /// Why it is not.
    HiddenReason,
    /// A department's level in the tree.
    Level,
    /// `seo`.
    Seo(PlainOut),
    /// `images`, `documents` (list id, whether images), or the one principal `image`.
    Media(usize, bool, bool, PlainOut),
    /// `billingAddress`.
    BillingAddress(PlainOut),
    /// `addresses` (true) or `contacts` of a customer.
    People(bool, PlainOut),
    /// The code that the viewer's customer has for a reference's article.
    CustomerCode,
    /// `options`.
    Options(usize, PlainOut),
    /// `optionValues`.
    OptionValues(PlainOut),
    /// `provenance`.
    Provenance(PlainOut),
    /// `price`.
    Price(PlainOut),
    /// `prices`.
    Prices(PlainOut),
    /// `priceRange`.
    PriceRange(PlainOut),
    /// `notOrderable`.
    NotOrderable(PlainOut),
    /// `stock`.
    Stock(PlainOut),
    /// To one record: link index, what of it.
    One(usize, Vec<Out>),
    /// To several.
    Many(usize, Vec<Out>),
    /// To a page.
    Pages(usize, Vec<ConnectionOut>),
}

/// A record looked up, and what of it.
#[derive(Debug)]
pub struct Target {
    /// The type's name.
    pub ty: Arc<str>,
    /// What to fetch.
    pub node: Node,
    /// What to write.
    pub outs: Vec<Out>,
}

/// A root field that code answers, as mutations are.
#[derive(Debug)]
pub struct Resolved {
    /// The root type.
    pub ty: Arc<str>,
    /// The field.
    pub field: Arc<str>,
    /// Nullability by depth of list, as in [`PlainField`].
    pub non_null: Vec<bool>,
    /// What is selected of its answer.
    pub plain: PlainOut,
    /// The records of the catalogue among the answer's own fields, by [`PlainField::record`].
    pub records: Vec<Target>,
}

/// One field of `Route`.
#[derive(Debug)]
pub struct RouteOut {
    /// As in [`Out`].
    pub out: Out,
    /// Which.
    pub what: RouteWhat,
}

/// The fields of `Route`.
#[derive(Debug)]
pub enum RouteWhat {
    /// `__typename`.
    Typename,
    /// `kind`.
    Kind,
    /// `redirectTo`.
    RedirectTo,
    /// `department` or `article`.
    Target(Target),
}

/// One field of a connection.
#[derive(Debug)]
pub struct ConnectionOut {
    /// The response key as it is written.
    pub json: Box<str>,
    /// The response key.
    pub key: Arc<str>,
    /// Where it stands.
    pub place: Location,
    /// What it is.
    pub kind: ConnectionKind,
}

/// The fields of a connection.
#[derive(Debug)]
pub enum ConnectionKind {
    /// `__typename`.
    Typename(Arc<str>),
    /// `nodes`.
    Nodes(Vec<Out>),
    /// `edges`.
    Edges(Vec<EdgeOut>),
    /// `pageInfo`.
    PageInfo(Vec<EdgeOut>),
    /// `totalCount`.
    TotalCount,
}

/// One field of an edge or of `PageInfo`.
#[derive(Debug)]
pub struct EdgeOut {
    /// The response key as it is written.
    pub json: Box<str>,
    /// The response key.
    pub key: Arc<str>,
    /// What it is.
    pub kind: EdgeKind,
}

/// The fields of an edge and of `PageInfo`.
#[derive(Debug)]
pub enum EdgeKind {
    /// `__typename`.
    Typename(Arc<str>),
    /// `cursor`.
    Cursor,
    /// `node`.
    Node(Vec<Out>),
    /// `hasNextPage`.
    HasNext,
    /// `hasPreviousPage`.
    HasPrevious,
    /// `startCursor`.
    Start,
    /// `endCursor`.
    End,
}

/// How a merged value is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// By the value's own type.
    Any,
    /// 32-bit range checked.
    Int,
    /// A list of leaves; whether items are non-null.
    List(Box<Leaf>, bool),
}

/// What is selected of plain objects.
#[derive(Debug)]
pub struct PlainOut {
    /// Per object type: usually one; the fields in order.
    pub fields: Vec<PlainField>,
}

/// A selected field of a plain object.
#[derive(Debug)]
pub struct PlainField {
    /// The response key as it is written.
    pub json: Box<str>,
    /// The response key.
    pub key: Arc<str>,
    /// The field's name.
    pub name: Arc<str>,
    /// `__typename`: the type's name.
    pub typename: Option<Arc<str>>,
    /// Where it stands.
    pub place: Location,
    /// Nullability by depth of list: whether the value itself, then each item, is non-null.
    pub non_null: Vec<bool>,
    /// Its arguments' slot, if it has any.
    pub slot: Option<usize>,
    /// What is selected of it.
    pub sub: Option<PlainOut>,
    /// It is a record of the catalogue: which of [`Resolved::records`].
    pub record: Option<usize>,
}

impl PlainOut {
    /// Whether a field is selected.
    pub fn selects(&self, name: &str) -> bool {
        self.fields.iter().any(|field| &*field.name == name)
    }
}
