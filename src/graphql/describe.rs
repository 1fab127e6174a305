//! A plan as text: levels, strategies, and the statements each source will be sent.

use std::fmt::Write as _;

use super::{
    execute::Slots,
    plan::{Out, OutKind, Plan, RouteWhat},
};
use crate::{
    catalog::{
        Catalog,
        levels::{Args, LinkKind, Node, PageArgs},
        placement,
    },
    federation::{
        page::{PageAsk, Under},
        pushdown::Must,
        shape::{Shape, SourceShape},
    },
    sources::{Select, render},
};

/// The arguments of a request, by the plan's slots.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// As coerced, or what is wrong with them.
    pub slots: &'a Slots,
    /// What they mean to levels.
    pub args: &'a [Args],
}

impl Asked<'_> {
    fn page(&self, slot: Option<usize>) -> Option<&PageArgs> {
        match self.args.get(slot?)? {
            Args::Page(page) => Some(page),
            _ => None,
        }
    }
}

/// Describes a plan.
pub fn plan(catalog: &Catalog, name: Option<&str>, plan: &Plan, asked: Asked<'_>) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "operation {}", name.unwrap_or("(anonymous)"));
    if let Some(tree) = &plan.tree {
        let _ = writeln!(text, "\nlevel departments: all of Department, read once per request");
        shape(catalog, tree, Way::All, 1, &mut text);
    }
    for out in &plan.roots {
        root(catalog, out, asked, &mut text);
    }
    text
}

#[derive(Clone, Copy)]
enum Way<'a> {
    All,
    ByCode,
    Page(Option<&'a PageArgs>),
    Window(Option<&'a PageArgs>),
}

fn root(catalog: &Catalog, out: &Out, asked: Asked<'_>, text: &mut String) {
    let key = &out.key;
    if let Some(Err(error)) = out.slot.and_then(|slot| asked.slots.get(slot)) {
        let _ = writeln!(text, "\nlevel {key}: refused, no source is asked: {}", error.message);
        return;
    }
    match &out.kind {
        OutKind::Lookup(t) => {
            level(catalog, &t.node, &format!("{key}: look-up by code"), Way::ByCode, 0, asked, text);
        }
        OutKind::Nodes(targets, _) => {
            for t in targets {
                level(catalog, &t.node, &format!("{key}: look-up by id"), Way::ByCode, 0, asked, text);
            }
        }
        OutKind::Departments(t) => {
            level(catalog, &t.node, &format!("{key}: from the tree"), Way::All, 0, asked, text);
        }
        OutKind::Page(node, ..) if let Some(args) = asked.page(out.slot).filter(|a| !a.ask().keyset()) => {
            let engine = &catalog.engine;
            let entity = &engine.model.entities[node.entity].name;
            let order = args.order.name(&engine.model, node.entity);
            let most = engine.limits.gather;
            let _ = writeln!(
                text,
                "\nlevel {key}: gather ({entity}): no source can page by {order}, so all that pass are read, at most \
                 {most} (limits.gather), and sorted here"
            );
            let light = Shape::new(engine, node.entity, args.ask().want(), node.shape.language.as_deref());
            let all = PageArgs { from: None, backward: false, ..args.clone() };
            shape(catalog, &light, Way::Page(Some(&all)), 1, text);
            level(catalog, node, &format!("{key}: the page, keyed by code"), Way::ByCode, 0, asked, text);
        }
        OutKind::Page(node, ..) => {
            level(
                catalog,
                node,
                &format!("{key}: push-down page in CODE order"),
                Way::Page(asked.page(out.slot)),
                0,
                asked,
                text,
            );
        }
        OutKind::Route(outs) => {
            for o in outs {
                if let RouteWhat::Target(t) = &o.what {
                    level(catalog, &t.node, &format!("{key}: by path"), Way::ByCode, 0, asked, text);
                }
            }
        }
        _ => {
            let _ = writeln!(text, "\nlevel {key}: no source");
        }
    }
}

fn level(
    catalog: &Catalog,
    node: &Node,
    title: &str,
    way: Way<'_>,
    depth: usize,
    asked: Asked<'_>,
    text: &mut String,
) {
    let pad = "  ".repeat(depth);
    let entity = &catalog.engine.model.entities[node.entity].name;
    let _ = writeln!(text, "\n{pad}level {title} ({entity})");
    if node.entity == catalog.department {
        let _ = writeln!(text, "{pad}  from the departments read once");
    } else {
        shape(catalog, &node.shape, way, depth + 1, text);
    }
    for link in &node.links {
        if let Some(Err(error)) = asked.slots.get(link.args) {
            let _ = writeln!(text, "\n{pad}  level refused, no source is asked: {}", error.message);
            continue;
        }
        let (title, way) = match link.kind {
            LinkKind::Article => ("article: keyed by code", Way::ByCode),
            LinkKind::Main => ("department: the main placement", Way::All),
            LinkKind::Placements => ("departments: placements", Way::All),
            LinkKind::Parent => ("parent", Way::All),
            LinkKind::Path => ("path", Way::All),
            LinkKind::Children => ("children", Way::All),
            LinkKind::Articles
                if asked.page(Some(link.args)).is_some_and(|a| a.ask().falling() || !a.ask().keyset()) =>
            {
                (
                    "articles: candidates per department, all gathered and sorted here, then keyed by code",
                    Way::ByCode,
                )
            }
            LinkKind::Articles => {
                ("articles: windowed candidates per department, then keyed by code", Way::ByCode)
            }
            LinkKind::Related => ("related: keyed by code", Way::ByCode),
            LinkKind::References if asked.page(Some(link.args)).is_some_and(|a| !a.ask().keyset()) => {
                ("references: gathered per article, sorted here, then keyed by code", Way::ByCode)
            }
            LinkKind::References => {
                ("references: one windowed page per article", Way::Window(asked.page(Some(link.args))))
            }
            LinkKind::OneReference => {
                ("reference: by options, over the article's references", Way::Window(None))
            }
        };
        if link.kind == LinkKind::Articles {
            candidates(catalog, &link.node, depth + 2, text);
        }
        level(catalog, &link.node, title, way, depth + 1, asked, text);
    }
}

/// The statements that find which articles stand in departments.
fn candidates(catalog: &Catalog, node: &Node, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    let _ = writeln!(text, "\n{pad}candidates of departments");
    for (source, select) in placement::statements(catalog, &node.shape) {
        let asked = catalog.engine.sources.get(source);
        let dialect = asked.map_or(crate::sources::Dialect::Sqlite, |s| s.dialect());
        let name = &catalog.engine.model.sources[source].name;
        let _ = writeln!(text, "{pad}  {name}, placements: {}", render::text(&select, dialect));
    }
}

fn shape(catalog: &Catalog, shape: &Shape, way: Way<'_>, depth: usize, text: &mut String) {
    let engine = &catalog.engine;
    let pad = "  ".repeat(depth);
    let decides = engine.model.entities[shape.entity].decides;
    for (id, asked) in shape.sources.iter().enumerate() {
        let source = &engine.model.sources[id].name;
        let Some(asked) = asked else {
            let _ = writeln!(text, "{pad}{source}: not contacted");
            continue;
        };
        let mut say = |what: &str, select: &Select| {
            let dialect = engine.sources.get(id).map_or(crate::sources::Dialect::Sqlite, |s| s.dialect());
            let sql = render::text(select, dialect);
            let _ = writeln!(text, "{pad}{source}, {what}: {sql}");
        };
        if id == decides {
            let select = decider_select(engine, asked, way);
            say("decides", &select);
        } else if asked.rows && matches!(way, Way::All) {
            say("all rows", &asked.all().select);
        } else if asked.rows {
            say("keyed", &asked.by_code.select);
        }
        if let Some(texts) = &asked.texts {
            say("translations", &texts.statement.select);
        }
        if let Some(markers) = &asked.markers {
            say("markers", &markers.statement.select);
        }
        for child in &asked.children {
            let names: Vec<&str> = child
                .lists
                .iter()
                .map(|l| engine.model.entities[shape.entity].lists[*l].name.as_str())
                .collect();
            let what = match names.as_slice() {
                [] => "joined text".to_owned(),
                [name] => format!("list {name}"),
                _ => format!("lists {}", names.join(" and ")),
            };
            say(&what, &child.statement.select);
        }
    }
}

fn decider_select(engine: &crate::federation::engine::Engine, asked: &SourceShape, way: Way<'_>) -> Select {
    let filter = crate::federation::filter::Filter::And(Vec::new());
    match way {
        Way::All => asked.all().select.clone(),
        Way::ByCode => asked.by_code.select.clone(),
        Way::Page(args) | Way::Window(args) => {
            let page = PageAsk {
                first: args.map_or(20, |a| a.size),
                after: args.and_then(|a| Some(a.from.as_ref()?.position.clone())),
                backward: args.is_some_and(|a| a.ask().falling()),
                filter: args.map_or(&filter, |a| &a.filter),
                must: &Must::Any,
            };
            let under = matches!(way, Way::Window(_)).then(|| Under::first(&[]));
            engine.page_select(true, asked, under, &page).0
        }
    }
}
