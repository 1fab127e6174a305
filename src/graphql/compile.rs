//! From an operation's selections to a [`Plan`]: what each level fetches, and what is written of it.

use std::{collections::HashMap, sync::Arc};

use super::{
    collect::Selected,
    error::Location,
    guard::{Condition, Guard, Guards, Need, guard_of},
    plan::{
        ConnectionKind, ConnectionOut, EdgeKind, EdgeOut, Leaf, Out, OutKind, PlainField, PlainOut, Plan,
        Resolved, RouteOut, RouteWhat, Slot, Target,
    },
    syntax::ValueNode,
    types::{FieldDef, Kind, TypeRef, TypeSystem},
};
use crate::{
    auth::rights::{BASE, Right},
    catalog::{
        Catalog, explain,
        levels::{Beside, Link, LinkKind, Node},
        trade::TradeWant,
    },
    federation::{
        model::EntityId,
        shape::{Shape, Want},
    },
    value::Type,
};

/// Compiles the selections of one operation.
pub struct Compiler<'a, 'd> {
    /// The type system.
    pub types: &'a TypeSystem,
    /// Definitions of the introspection types.
    pub meta: &'a TypeSystem,
    /// The catalogue.
    pub catalog: &'a Catalog,
    /// What fields need.
    pub guards: &'a Guards,
    /// The operation's language, when it is not the default.
    pub language: Option<&'a str>,
    /// The fields of a concrete type in some selection sets, in the specification's order.
    pub collect: &'a dyn Fn(&str, &Selected<'d>) -> Vec<Selected<'d>>,
    slots: Vec<Slot>,
    tree: Option<Want>,
    needs: Vec<Need>,
    told: HashMap<(EntityId, String), usize>,
}

/// A level being compiled.
struct Building {
    entity: EntityId,
    want: Want,
    links: Vec<Way>,
    beside: Beside,
    /// What of trade is wanted.
    trade: TradeWant,
}

/// A link being compiled.
struct Way {
    kind: LinkKind,
    args: usize,
    target: Building,
    total: bool,
    name: Arc<str>,
    need: Option<usize>,
}

impl Building {
    fn new(entity: EntityId) -> Self {
        Self {
            entity,
            want: Want::default(),
            links: Vec::new(),
            beside: Beside::default(),
            trade: TradeWant::default(),
        }
    }
}

impl<'a, 'd> Compiler<'a, 'd> {
    /// A compiler for one operation.
    pub fn new(
        types: &'a TypeSystem,
        meta: &'a TypeSystem,
        catalog: &'a Catalog,
        guards: &'a Guards,
        language: Option<&'a str>,
        collect: &'a dyn Fn(&str, &Selected<'d>) -> Vec<Selected<'d>>,
    ) -> Self {
        Self {
            types,
            meta,
            catalog,
            guards,
            language,
            collect,
            slots: Vec::new(),
            tree: None,
            needs: Vec::new(),
            told: HashMap::new(),
        }
    }

    /// Compiles the root fields of an operation on a root type.
    pub fn plan(mut self, root: &str, roots: Vec<Selected<'d>>) -> Plan {
        let mut outs: Vec<Out> = roots.into_iter().filter_map(|s| self.root(root, &s)).collect();
        let tree = self.tree.take().map(|want| self.catalog.tree_shape_with(want, self.language));
        if let Some(tree) = &tree {
            let mut share = |node: &mut Node| share_tree(node, self.catalog.department, tree);
            outs.iter_mut().for_each(|o| each_node(o, &mut share));
        }
        Plan { roots: outs, tree, slots: self.slots, needs: self.needs, told: self.told, held: None }
    }

    fn definition(&self, ty: &str, field: &str) -> Option<&'a FieldDef> {
        self.types.fields(ty).or_else(|| self.meta.fields(ty)).and_then(|f| f.get(field))
    }

    fn out(&mut self, ty: &str, s: &Selected<'d>, kind: OutKind) -> Out {
        let non_null =
            self.definition(ty, &s.name).is_some_and(|d| d.ty.is_non_null()) || &*s.name == "__typename";
        let slot = self.slot(ty, s);
        Out {
            key: s.response_key.clone(),
            json: json_key(&s.response_key),
            place: at(s),
            non_null,
            slot,
            need: self.need(ty, &s.name, None),
            kind,
        }
    }

    /// What a field needs, and that it may lead to an entity; `None`: what everybody has who sees its record.
    fn need(&mut self, ty: &str, field: &str, target: Option<EntityId>) -> Option<usize> {
        let mut need = Need::new();
        if let Some(guard) = self.guards.get(ty, field) {
            let entity = self.catalog.engine.model.entities.iter().position(|e| e.name == ty);
            need = conditions(guard, ty, entity);
            // Of what sources say any part is enough here; which fields are explained is asked of each.
            let explains = need.iter_mut().filter(|c| c.right == Right::Provenance && field == "provenance");
            explains.for_each(|c| c.group = None);
        }
        let group = Some(BASE.into());
        let reading = |entity: EntityId| Right::reading(&self.catalog.engine.model.entities[entity].name);
        let leads = |entity| Condition { right: reading(entity), entity: Some(entity), group, each: false };
        need.extend(target.map(leads));
        (!need.is_empty()).then(|| self.index(need))
    }

    fn index(&mut self, need: Need) -> usize {
        self.needs.iter().position(|known| *known == need).unwrap_or_else(|| {
            self.needs.push(need);
            self.needs.len() - 1
        })
    }

    /// What explaining each field of an entity needs: what seeing it does, and `provenance` for it.
    fn tell(&mut self, entity: EntityId) {
        let model = self.catalog.engine.model.clone();
        let e = &model.entities[entity];
        let composed = ["seo", "parent", "article", "optionValues", "departments", "image", "billingAddress"]
            .map(str::to_owned);
        for name in e.fields.keys().chain(e.lists.keys()).cloned().chain(composed) {
            let key = (entity, name);
            if self.told.contains_key(&key) {
                return;
            }
            let mut groups: Vec<Arc<str>> = Vec::new();
            let mut need = Need::new();
            for guard in guard_of(self.guards, &e.name, &key.1) {
                groups.push(guard.group.clone());
                for condition in conditions(guard, &e.name, Some(entity)) {
                    if !need.contains(&condition) {
                        need.push(condition);
                    }
                }
            }
            if groups.is_empty() {
                groups.push(BASE.into());
            }
            for group in groups {
                let group = Some(group);
                need.push(Condition { right: Right::Provenance, entity: Some(entity), group, each: true });
            }
            let index = self.index(need);
            self.told.insert(key, index);
        }
    }

    /// The slot of a field's arguments, when its definition has any.
    fn slot(&mut self, ty: &str, s: &Selected<'d>) -> Option<usize> {
        let root = ["__schema", "__type"].contains(&&*s.name);
        if !root && self.definition(ty, &s.name).is_none_or(|d| d.args.is_empty()) {
            return None;
        }
        let written = s.args().to_vec();
        self.slots.push(Slot { parent: ty.into(), field: s.name.to_string(), written, pos: s.pos() });
        Some(self.slots.len() - 1)
    }

    fn root(&mut self, ty: &str, s: &Selected<'d>) -> Option<Out> {
        let kind = match &*s.name {
            "__typename" => OutKind::Typename(ty.into()),
            _ if ty != self.types.query => OutKind::Resolved(self.resolved(ty, s)?),
            "__schema" => OutKind::Introspection(self.plain("__Schema", s)),
            "__type" => OutKind::Introspection(self.plain("__Type", s)),
            "shop" => OutKind::Shop(self.plain("Shop", s)),
            "explain" => {
                self.catalog.entities().into_iter().for_each(|entity| self.tell(entity));
                OutKind::Explain(self.plain("FieldProvenance", s))
            }
            "viewer" => {
                let mut records = Vec::new();
                let plain = self.plain_with("Viewer", s, Some(&mut records));
                OutKind::Viewer(plain, records)
            }
            "rules" => {
                self.catalog.entities().into_iter().for_each(|entity| self.tell(entity));
                OutKind::Rules(self.plain("PrecedenceRule", s))
            }
            "sources" => OutKind::Sources(self.plain("SourceStatus", s)),
            "route" => OutKind::Route(self.route(s)),
            "node" | "nodes" => {
                let entities = self.catalog.entities().into_iter();
                let targets = entities.map(|entity| self.target(entity, s)).collect();
                OutKind::Nodes(targets, &*s.name == "nodes")
            }
            "department" | "article" | "reference" => {
                let entity = match &*s.name {
                    "department" => self.catalog.department,
                    "article" => self.catalog.article,
                    _ => self.catalog.reference,
                };
                let by_slug = s.args().iter().any(|a| &*a.name.name == "slug");
                OutKind::Lookup(self.target_with(entity, s, by_slug))
            }
            "customer" | "customers" => match self.catalog.customer {
                None => OutKind::NoCustomers,
                Some(entity) if &*s.name == "customer" => OutKind::Lookup(self.target(entity, s)),
                Some(entity) => self.page(entity, s),
            },
            "departments" => OutKind::Departments(self.target(self.catalog.department, s)),
            "articles" | "references" => {
                let entity =
                    if &*s.name == "articles" { self.catalog.article } else { self.catalog.reference };
                self.page(entity, s)
            }
            _ => OutKind::Resolved(self.resolved(ty, s)?),
        };
        let target = match &kind {
            OutKind::Lookup(target) | OutKind::Departments(target) => Some(target.node.entity),
            OutKind::Page(node, ..) => Some(node.entity),
            _ => None,
        };
        let mut out = self.out(ty, s, kind);
        if target.is_some() {
            out.need = self.need(ty, &s.name, target);
        }
        Some(out)
    }

    /// A list at the root.
    fn page(&mut self, entity: EntityId, s: &Selected<'d>) -> OutKind {
        let mut building = Building::new(entity);
        let (outs, total) = self.connection(s, &mut building);
        OutKind::Page(self.finish(building), outs, total)
    }

    /// A root field that code answers.
    fn resolved(&mut self, ty: &str, s: &Selected<'d>) -> Option<Resolved> {
        let definition = self.definition(ty, &s.name)?;
        let mut records = Vec::new();
        let plain = self.plain_with(definition.ty.name(), s, Some(&mut records));
        let non_null = nullability(&definition.ty);
        Some(Resolved { ty: ty.into(), field: s.name.clone(), non_null, plain, records })
    }

    /// The entity of a type, when it is one.
    fn entity_named(&self, ty: &str) -> Option<EntityId> {
        self.catalog.engine.model.entities.iter().position(|entity| entity.name == ty)
    }

    fn type_name(&self, entity: EntityId) -> Arc<str> {
        self.catalog.engine.model.entities[entity].name.as_str().into()
    }

    fn target(&mut self, entity: EntityId, s: &Selected<'d>) -> Target {
        self.target_with(entity, s, false)
    }

    /// A target; found by its slug, it needs what slugs are made of.
    fn target_with(&mut self, entity: EntityId, s: &Selected<'d>, by_slug: bool) -> Target {
        let mut building = Building::new(entity);
        if by_slug {
            let fields = &self.catalog.engine.model.entities[entity].fields;
            building.want.fields.extend(["slug", "title"].iter().filter_map(|n| fields.get_index_of(*n)));
        }
        let outs = self.entity(s, &mut building);
        Target { ty: self.type_name(entity), node: self.finish(building), outs }
    }

    fn route(&mut self, s: &Selected<'d>) -> Vec<RouteOut> {
        // A path may name a department whatever is selected of it.
        let fields = &self.catalog.engine.model.entities[self.catalog.department].fields;
        let slug = ["slug", "title"].iter().filter_map(|n| fields.get_index_of(*n));
        self.tree.get_or_insert_with(Want::default).fields.extend(slug);
        (self.collect)("Route", s)
            .iter()
            .filter_map(|f| {
                let what = match &*f.name {
                    "__typename" => RouteWhat::Typename,
                    "kind" => RouteWhat::Kind,
                    "redirectTo" => RouteWhat::RedirectTo,
                    "department" => RouteWhat::Target(self.target_with(self.catalog.department, f, true)),
                    "article" => RouteWhat::Target(self.target_with(self.catalog.article, f, true)),
                    _ => return None,
                };
                Some(RouteOut { out: self.out("Route", f, OutKind::Typename("Route".into())), what })
            })
            .collect()
    }

    /// What is written of an entity at one place; adds to what its level fetches.
    fn entity(&mut self, s: &Selected<'d>, b: &mut Building) -> Vec<Out> {
        let ty = self.type_name(b.entity);
        if b.entity == self.catalog.department {
            self.tree.get_or_insert_with(Want::default);
        }
        (self.collect)(&ty, s).iter().filter_map(|f| self.entity_field(&ty, f, b)).collect()
    }

    fn entity_field(&mut self, ty: &str, f: &Selected<'d>, b: &mut Building) -> Option<Out> {
        let model = self.catalog.engine.model.clone();
        let e = &model.entities[b.entity];
        let field = |name: &str| e.fields.get_index_of(name);
        let mut need = |names: &[&str]| b.want.fields.extend(names.iter().filter_map(|n| field(n)));
        let kind = match &*f.name {
            "__typename" => OutKind::Typename(ty.into()),
            "id" => OutKind::Id,
            "slug" => {
                need(&["slug", "title"]);
                OutKind::Slug
            }
            "published" => OutKind::Published,
            "hiddenReason" => {
                need(&["hiddenReason"]);
                OutKind::HiddenReason
            }
            "level" => OutKind::Level,
            "seo" => {
                need(&["slug", "title", "seoTitle", "seoDescription", "seoKeywords"]);
                OutKind::Seo(self.plain("Seo", f))
            }
            "images" | "image" | "documents" => {
                let images = &*f.name != "documents";
                let list = e.lists.get_index_of(if images { "images" } else { "documents" })?;
                b.want.lists.insert(list);
                let plain = self.plain(if images { "Image" } else { "Document" }, f);
                OutKind::Media(list, images, &*f.name == "image", plain)
            }
            "billingAddress" => {
                need(explain::parts_of("billingAddress"));
                b.want.lists.extend(e.lists.get_index_of("addresses"));
                OutKind::BillingAddress(self.plain("Address", f))
            }
            "addresses" | "contacts" => {
                let list = e.lists.get_index_of(&*f.name)?;
                b.want.lists.insert(list);
                b.beside.people = true;
                let addresses = &*f.name == "addresses";
                OutKind::People(addresses, self.plain(if addresses { "Address" } else { "Contact" }, f))
            }
            "customerCode" => {
                need(&["articleCode"]);
                b.beside.codes = true;
                OutKind::CustomerCode
            }
            "options" => {
                let list = e.lists.get_index_of("options")?;
                b.want.lists.insert(list);
                OutKind::Options(list, self.plain("Option", f))
            }
            "optionValues" => {
                need(crate::catalog::explain::OPTION_CELLS);
                OutKind::OptionValues(self.plain("OptionValue", f))
            }
            "provenance" => {
                b.want.merge(&self.explained(b.entity, f));
                self.tell(b.entity);
                OutKind::Provenance(self.plain("FieldProvenance", f))
            }
            "price" | "prices" | "priceRange" | "notOrderable" if self.catalog.trades(b.entity) => {
                match &*f.name {
                    "price" => OutKind::Price(self.plain("Price", f)),
                    "prices" => OutKind::Prices(self.plain("PriceTier", f)),
                    "priceRange" => OutKind::PriceRange(self.plain("PriceRange", f)),
                    _ => OutKind::NotOrderable(self.plain("NotOrderable", f)),
                }
            }
            "stock" if self.catalog.trades(b.entity) => OutKind::Stock(self.plain("Stock", f)),
            "article" => {
                need(&["articleCode"]);
                self.one(f, b, LinkKind::Article, self.catalog.article)
            }
            "department" => {
                b.want.lists.extend(e.lists.get_index_of("placements"));
                self.one(f, b, LinkKind::Main, self.catalog.department)
            }
            "parent" => self.one(f, b, LinkKind::Parent, self.catalog.department),
            "reference" => self.one(f, b, LinkKind::OneReference, self.catalog.reference),
            "departments" => {
                b.want.lists.extend(e.lists.get_index_of("placements"));
                self.many(f, b, LinkKind::Placements, self.catalog.department)
            }
            "path" => self.many(f, b, LinkKind::Path, self.catalog.department),
            "children" => self.many(f, b, LinkKind::Children, self.catalog.department),
            "related" => {
                b.want.lists.extend(e.lists.get_index_of("related"));
                self.many(f, b, LinkKind::Related, self.catalog.article)
            }
            "articles" => self.pages(f, b, LinkKind::Articles, self.catalog.article),
            "references" => self.pages(f, b, LinkKind::References, self.catalog.reference),
            name => {
                let id = field(name)?;
                b.want.fields.insert(id);
                OutKind::Cell(id, leaf(&e.fields[id].ty, self.definition(ty, name).map(|d| &d.ty)))
            }
        };
        let mut out = self.out(ty, f, kind);
        if let OutKind::One(link, _) | OutKind::Many(link, _) | OutKind::Pages(link, _) = &out.kind {
            // A link reads its arguments from the slot of its field.
            let way = &mut b.links[*link];
            way.args = out.slot.unwrap_or(usize::MAX);
            way.name = out.key.clone();
            out.need = self.need(ty, &f.name, Some(way.target.entity));
            way.need = out.need;
        }
        match &out.kind {
            OutKind::Price(_) | OutKind::Prices(_) | OutKind::PriceRange(_) | OutKind::NotOrderable(_) => {
                b.trade.prices.push(out.need);
            }
            OutKind::Stock(_) => b.trade.stock.push(out.need),
            _ => {}
        }
        if let OutKind::Cell(id, _) = &out.kind {
            out.non_null |= e.fields[*id].name == "code";
        }
        Some(out)
    }

    /// Which fields a provenance speaks of: those written as literals, else all.
    fn explained(&self, entity: EntityId, f: &Selected<'d>) -> Want {
        let model = &self.catalog.engine.model;
        let e = &model.entities[entity];
        let names = f.args().iter().find(|a| &*a.name.name == "fields").and_then(|a| literal_texts(&a.value));
        let Some(names) = names else { return Want::all(model, entity) };
        let mut want = Want::default();
        for name in names {
            want.fields.extend(e.fields.get_index_of(name.as_str()));
            want.lists.extend(e.lists.get_index_of(explain::list_of(&name)));
            if name == "slug" {
                want.fields.extend(e.fields.get_index_of("title"));
            }
            for part in explain::parts_of(&name) {
                want.fields.extend(e.fields.get_index_of(*part));
            }
        }
        want.changes = true;
        want
    }

    fn link(&mut self, b: &mut Building, kind: LinkKind, target: Building, total: bool) -> usize {
        b.links.push(Way { kind, args: usize::MAX, target, total, name: "".into(), need: None });
        b.links.len() - 1
    }

    fn one(&mut self, f: &Selected<'d>, b: &mut Building, kind: LinkKind, entity: EntityId) -> OutKind {
        let mut target = Building::new(entity);
        if kind == LinkKind::OneReference {
            let e = &self.catalog.engine.model.entities[entity];
            let names = crate::catalog::explain::OPTION_CELLS;
            target.want.fields.extend(names.iter().filter_map(|n| e.fields.get_index_of(*n)));
        }
        let outs = self.entity(f, &mut target);
        OutKind::One(self.link(b, kind, target, false), outs)
    }

    fn many(&mut self, f: &Selected<'d>, b: &mut Building, kind: LinkKind, entity: EntityId) -> OutKind {
        let mut target = Building::new(entity);
        let outs = self.entity(f, &mut target);
        OutKind::Many(self.link(b, kind, target, false), outs)
    }

    fn pages(&mut self, f: &Selected<'d>, b: &mut Building, kind: LinkKind, entity: EntityId) -> OutKind {
        let mut target = Building::new(entity);
        let (outs, total) = self.connection(f, &mut target);
        if kind == LinkKind::Articles {
            self.tree.get_or_insert_with(Want::default);
        }
        OutKind::Pages(self.link(b, kind, target, total), outs)
    }

    fn connection(&mut self, s: &Selected<'d>, b: &mut Building) -> (Vec<ConnectionOut>, bool) {
        let name = self.type_name(b.entity);
        let (connection, edge) = (format!("{name}Connection"), format!("{name}Edge"));
        let mut total = false;
        let outs = (self.collect)(&connection, s)
            .iter()
            .filter_map(|f| {
                let kind = match &*f.name {
                    "__typename" => ConnectionKind::Typename(connection.as_str().into()),
                    "nodes" => ConnectionKind::Nodes(self.entity(f, b)),
                    "edges" => ConnectionKind::Edges(self.edge(&edge, f, Some(b))),
                    "pageInfo" => ConnectionKind::PageInfo(self.edge("PageInfo", f, None)),
                    "totalCount" => {
                        total = true;
                        ConnectionKind::TotalCount
                    }
                    _ => return None,
                };
                Some(ConnectionOut {
                    json: json_key(&f.response_key),
                    key: f.response_key.clone(),
                    place: at(f),
                    kind,
                })
            })
            .collect();
        (outs, total)
    }

    fn edge(&mut self, ty: &str, s: &Selected<'d>, mut b: Option<&mut Building>) -> Vec<EdgeOut> {
        (self.collect)(ty, s)
            .iter()
            .filter_map(|f| {
                let kind = match (&*f.name, b.as_deref_mut()) {
                    ("__typename", _) => EdgeKind::Typename(ty.into()),
                    ("cursor", _) => EdgeKind::Cursor,
                    ("node", Some(b)) => EdgeKind::Node(self.entity(f, b)),
                    ("hasNextPage", _) => EdgeKind::HasNext,
                    ("hasPreviousPage", _) => EdgeKind::HasPrevious,
                    ("startCursor", _) => EdgeKind::Start,
                    ("endCursor", _) => EdgeKind::End,
                    _ => return None,
                };
                Some(EdgeOut { json: json_key(&f.response_key), key: f.response_key.clone(), kind })
            })
            .collect()
    }

    fn plain(&mut self, ty: &str, s: &Selected<'d>) -> PlainOut {
        self.plain_with(ty, s, None)
    }

    /// `records` takes the fields that are single records of the catalogue.
    fn plain_with(&mut self, ty: &str, s: &Selected<'d>, mut records: Option<&mut Vec<Target>>) -> PlainOut {
        let fields = (self.collect)(ty, s)
            .iter()
            .map(|f| {
                let definition = self.definition(ty, &f.name);
                let non_null = definition.map(|d| nullability(&d.ty)).unwrap_or_default();
                let named = definition.map(|d| d.ty.name()).unwrap_or_default();
                let object = [self.types, self.meta]
                    .iter()
                    .any(|t| matches!(t.types.get(named).map(|t| &t.kind), Some(Kind::Object { .. })));
                let single = definition.is_some_and(|d| matches!(d.ty.nullable(), TypeRef::Named(_)));
                let entity = self.entity_named(named).filter(|_| single);
                let record = records.as_deref_mut().zip(entity).map(|(records, entity)| {
                    records.push(self.target(entity, f));
                    records.len() - 1
                });
                PlainField {
                    json: json_key(&f.response_key),
                    key: f.response_key.clone(),
                    name: f.name.clone(),
                    typename: (&*f.name == "__typename").then(|| ty.into()),
                    place: at(f),
                    non_null,
                    slot: self.slot(ty, f),
                    sub: (object && record.is_none()).then(|| self.plain(named, f)),
                    record,
                }
            })
            .collect();
        PlainOut { fields }
    }

    /// Makes a level's shape, innermost first: what references inherit, their article's level
    /// fetches.
    fn finish(&mut self, mut b: Building) -> Node {
        let engine = &self.catalog.engine;
        let model = engine.model.clone();
        let mut links = Vec::with_capacity(b.links.len());
        for Way { kind, args, target, total, name, need } in b.links {
            let node = self.finish(target);
            if matches!(kind, LinkKind::References | LinkKind::OneReference)
                && let Some(inherited) = &node.shape.want.inherited
            {
                b.want.merge(inherited);
            }
            links.push(Link { name, kind, args, node, total, need });
        }
        let mut trade = b.trade;
        if !(trade.prices.is_empty() && trade.stock.is_empty()) && b.entity == self.catalog.article {
            // Which of its references are on the web leans on the article.
            let shape = self.catalog.traded_shape();
            if let Some(inherited) = &shape.want.inherited {
                b.want.merge(inherited);
            }
            trade.references = Some(shape);
        }
        if b.entity == self.catalog.department {
            b.want.close(&model, b.entity);
            self.tree.get_or_insert_with(Want::default).merge(&b.want);
            // Replaced by the tree's own shape when the whole operation is known.
            b.want = Want::default();
        }
        let shape = Arc::new(Shape::new(engine, b.entity, b.want, self.language));
        Node { entity: b.entity, shape, links, beside: b.beside, trade }
    }
}

/// Whether the value itself, then each item, is non-null.
fn nullability(ty: &TypeRef) -> Vec<bool> {
    let mut non_null = Vec::new();
    let mut inner = Some(ty);
    while let Some(ty) = inner {
        non_null.push(ty.is_non_null());
        inner = match ty.nullable() {
            TypeRef::List(item) => Some(item),
            _ => None,
        };
    }
    non_null
}

fn leaf(ty: &Type, declared: Option<&TypeRef>) -> Leaf {
    match ty {
        Type::Int => Leaf::Int,
        Type::List(item) => {
            let inner = match declared.map(TypeRef::nullable) {
                Some(TypeRef::List(inner)) => Some(&**inner),
                _ => None,
            };
            Leaf::List(Box::new(leaf(item, inner)), inner.is_some_and(TypeRef::is_non_null))
        }
        _ => Leaf::Any,
    }
}

/// What a guard asks for on its own entity, or at the root.
fn conditions(guard: &Guard, ty: &str, entity: Option<EntityId>) -> Need {
    let group = Some(guard.group.clone());
    let of = |right| Condition { right, entity, group: group.clone(), each: entity.is_some() };
    let read = (&*guard.group != BASE).then_some(Right::reading(ty));
    read.into_iter().chain(guard.requires.iter().copied()).map(of).collect()
}

fn json_key(key: &str) -> Box<str> {
    format!("\"{key}\":").into()
}

fn share_tree(node: &mut Node, department: EntityId, tree: &Arc<Shape>) {
    if node.entity == department {
        node.shape = tree.clone();
    }
    node.links.iter_mut().for_each(|l| share_tree(&mut l.node, department, tree));
}

fn each_node(out: &mut Out, f: &mut dyn FnMut(&mut Node)) {
    match &mut out.kind {
        OutKind::Nodes(targets, _) => targets.iter_mut().for_each(|t| f(&mut t.node)),
        OutKind::Lookup(t) | OutKind::Departments(t) => f(&mut t.node),
        OutKind::Page(node, ..) => f(node),
        OutKind::Resolved(resolved) => resolved.records.iter_mut().for_each(|t| f(&mut t.node)),
        OutKind::Viewer(_, records) => records.iter_mut().for_each(|t| f(&mut t.node)),
        OutKind::Route(outs) => {
            for o in outs {
                if let RouteWhat::Target(t) = &mut o.what {
                    f(&mut t.node);
                }
            }
        }
        _ => {}
    }
}

fn at(s: &Selected<'_>) -> Location {
    let pos = s.pos();
    Location { line: pos.line as usize, column: pos.column as usize }
}

/// The texts of a literal list; `None` when it is not one.
fn literal_texts(value: &super::syntax::Value) -> Option<Vec<String>> {
    let text = |v: &super::syntax::Value| match &v.node {
        ValueNode::Str { value, .. } => Some(value.to_string()),
        _ => None,
    };
    match &value.node {
        ValueNode::List(items) => items.iter().map(text).collect(),
        _ => text(value).map(|t| vec![t]),
    }
}
