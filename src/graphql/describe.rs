//! A plan as text: levels, strategies, and the statements each source will be sent.

use std::fmt::Write as _;

use super::plan::{Out, OutKind, Plan, RouteWhat};
use crate::{
    catalog::{
        Catalog,
        levels::{LinkKind, Node},
        placement,
    },
    federation::shape::{Shape, SourceShape},
    sources::{Select, render},
};

/// Describes a plan.
pub fn plan(catalog: &Catalog, name: Option<&str>, plan: &Plan) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "operation {}", name.unwrap_or("(anonymous)"));
    if let Some(tree) = &plan.tree {
        let _ = writeln!(text, "\nlevel departments: all of Department, read once per request");
        shape(catalog, tree, Way::All, 1, &mut text);
    }
    for out in &plan.roots {
        root(catalog, out, &mut text);
    }
    text
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    All,
    ByCode,
    Page,
    Window,
}

fn root(catalog: &Catalog, out: &Out, text: &mut String) {
    let key = &out.key;
    match &out.kind {
        OutKind::Lookup(t) => {
            level(catalog, &t.node, &format!("{key}: look-up by code"), Way::ByCode, 0, text);
        }
        OutKind::Nodes(targets, _) => {
            for t in targets {
                level(catalog, &t.node, &format!("{key}: look-up by id"), Way::ByCode, 0, text);
            }
        }
        OutKind::Departments(t) => {
            level(catalog, &t.node, &format!("{key}: from the tree"), Way::All, 0, text);
        }
        OutKind::Page(node, ..) => {
            level(catalog, node, &format!("{key}: push-down page in CODE order"), Way::Page, 0, text);
        }
        OutKind::Route(outs) => {
            for o in outs {
                if let RouteWhat::Target(t) = &o.what {
                    level(catalog, &t.node, &format!("{key}: by path"), Way::ByCode, 0, text);
                }
            }
        }
        _ => {
            let _ = writeln!(text, "\nlevel {key}: no source");
        }
    }
}

fn level(catalog: &Catalog, node: &Node, title: &str, way: Way, depth: usize, text: &mut String) {
    let pad = "  ".repeat(depth);
    let entity = &catalog.engine.model.entities[node.entity].name;
    let _ = writeln!(text, "\n{pad}level {title} ({entity})");
    if node.entity == catalog.department {
        let _ = writeln!(text, "{pad}  from the departments read once");
    } else {
        shape(catalog, &node.shape, way, depth + 1, text);
    }
    for link in &node.links {
        let (title, way) = match link.kind {
            LinkKind::Article => ("article: keyed by code", Way::ByCode),
            LinkKind::Main => ("department: the main placement", Way::All),
            LinkKind::Placements => ("departments: placements", Way::All),
            LinkKind::Parent => ("parent", Way::All),
            LinkKind::Path => ("path", Way::All),
            LinkKind::Children => ("children", Way::All),
            LinkKind::Articles => {
                ("articles: windowed candidates per department, then keyed by code", Way::ByCode)
            }
            LinkKind::Related => ("related: keyed by code", Way::ByCode),
            LinkKind::References => ("references: one windowed page per article", Way::Window),
            LinkKind::OneReference => ("reference: by options, over the article's references", Way::Window),
        };
        if link.kind == LinkKind::Articles {
            candidates(catalog, &link.node, depth + 2, text);
        }
        level(catalog, &link.node, title, way, depth + 1, text);
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

fn shape(catalog: &Catalog, shape: &Shape, way: Way, depth: usize, text: &mut String) {
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
            let select = decider_select(engine, shape, asked, way);
            say("decides", &select);
        } else if asked.rows && way == Way::All {
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

fn decider_select(
    engine: &crate::federation::engine::Engine,
    shape: &Shape,
    asked: &SourceShape,
    way: Way,
) -> Select {
    let filter = crate::federation::filter::Filter::And(Vec::new());
    match way {
        Way::All => asked.all().select.clone(),
        Way::ByCode => asked.by_code.select.clone(),
        Way::Page | Way::Window => {
            let page = crate::federation::page::PageAsk { first: 20, after: None, filter: &filter };
            let under = (way == Way::Window).then(|| crate::federation::page::Under::first(&[]));
            engine.page_select(true, shape, asked, under, &page).0
        }
    }
}
