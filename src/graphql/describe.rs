//! A plan as text: levels, strategies and their reasons, what is pushed down and what is checked here, and the
//! statements each source will be sent.

pub mod journal;
pub mod lists;

mod related;

use std::fmt::Write as _;

use self::lists::{Lists, Settled};
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
        order::Order,
        page::{PageAsk, Under},
        planner::{Scope, Way as ListWay},
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

impl<'a> Asked<'a> {
    fn page(&self, slot: Option<usize>) -> Option<&'a PageArgs> {
        match self.args.get(slot?)? {
            Args::Page(page) => Some(page),
            _ => None,
        }
    }

    /// Whether a filter needs the departments.
    fn names_departments(&self) -> bool {
        let pages = self.args.iter().filter_map(|args| match args {
            Args::Page(page) => Some(page),
            _ => None,
        });
        pages.into_iter().any(|page| related::names_departments(&page.filter))
    }
}

/// What is described: the arguments, and what is settled of the lists.
#[derive(Clone, Copy)]
struct Described<'a> {
    asked: Asked<'a>,
    lists: &'a Lists,
}

impl<'a> Described<'a> {
    fn list(&self, slot: Option<usize>) -> Option<List<'a>> {
        Some((self.asked.page(slot)?, self.lists.of(slot)?))
    }
}

/// A list's arguments, and what is settled of it.
type List<'a> = (&'a PageArgs, &'a Settled);

/// Describes a plan.
pub fn plan(catalog: &Catalog, name: Option<&str>, plan: &Plan, asked: Asked<'_>, lists: &Lists) -> String {
    let mut text = String::new();
    let asked = Described { asked, lists };
    let _ = writeln!(text, "operation {}", name.unwrap_or("(anonymous)"));
    // Selected, or named by a filter.
    let tree =
        plan.tree.clone().or_else(|| asked.asked.names_departments().then(|| catalog.tree_shape(None)));
    if let Some(tree) = &tree {
        let _ = writeln!(text, "\nlevel departments: all of Department, read once per request");
        shape(catalog, tree, Way::All, 1, &mut text);
    }
    for out in &plan.roots {
        root(catalog, out, asked, &mut text);
    }
    for (source, cause) in &lists.silent {
        let _ = writeln!(text, "\n{source} could not be asked which of its rows may pass ({cause})");
    }
    text
}

#[derive(Clone, Copy)]
enum Way<'a> {
    All,
    ByCode,
    Window(Option<&'a PageArgs>),
    /// A page, or a window of each parent, of rows that fulfil something.
    List(&'a PageArgs, &'a Must, bool),
}

fn root(catalog: &Catalog, out: &Out, asked: Described<'_>, text: &mut String) {
    let key = &out.key;
    if let Some(Err(error)) = out.slot.and_then(|slot| asked.asked.slots.get(slot)) {
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
        OutKind::Resolved(resolved) if !resolved.records.is_empty() => {
            for t in &resolved.records {
                level(catalog, &t.node, &format!("{key}: what it speaks of"), Way::ByCode, 0, asked, text);
            }
        }
        OutKind::Viewer(_, records) if !records.is_empty() => {
            for t in records {
                level(catalog, &t.node, &format!("{key}: its own"), Way::ByCode, 0, asked, text);
            }
        }
        OutKind::Page(node, ..) => {
            let list = asked.list(out.slot);
            list_level(catalog, node, (key, list), Scope::All, 0, asked, text);
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
    asked: Described<'_>,
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
    links(catalog, node, depth, asked, text);
}

/// What is read of prices and stock, in words: their statements are the connector's own.
fn trade(catalog: &Catalog, node: &Node, depth: usize, text: &mut String) {
    let (prices, stock) = (&node.trade.prices, &node.trade.stock);
    if prices.is_empty() && stock.is_empty() {
        return;
    }
    let pad = "  ".repeat(depth);
    let model = &catalog.engine.model;
    let source = model.sources.get(model.entities[catalog.reference].decides);
    let source = source.map_or("", |s| s.name.as_str());
    if node.entity == catalog.article {
        let _ = writeln!(
            text,
            "\n{pad}  level (traded): the references of all its articles, one windowed statement a source"
        );
    }
    for (name, wanted, what) in [("(prices)", prices, "the tariff"), ("(stock)", stock, "the stock")] {
        if !wanted.is_empty() {
            let _ = writeln!(
                text,
                "\n{pad}  level {name}: {what} of `{source}`, each of its tables once for all records; by the connector's rules"
            );
        }
    }
}

/// The levels below a level.
fn links(catalog: &Catalog, node: &Node, depth: usize, asked: Described<'_>, text: &mut String) {
    trade(catalog, node, depth, text);
    let pad = "  ".repeat(depth);
    for link in &node.links {
        if let Some(Err(error)) = asked.asked.slots.get(link.args) {
            let _ = writeln!(text, "\n{pad}  level refused, no source is asked: {}", error.message);
            continue;
        }
        let scope = match link.kind {
            LinkKind::Articles => Scope::Departments,
            _ => Scope::Parents,
        };
        let (title, way) = match link.kind {
            LinkKind::Articles | LinkKind::References => {
                let list = asked.list(Some(link.args));
                list_level(catalog, &link.node, (&link.name, list), scope, depth + 1, asked, text);
                continue;
            }
            LinkKind::Article => ("article: keyed by code", Way::ByCode),
            LinkKind::Main => ("department: the main placement", Way::All),
            LinkKind::Placements => ("departments: placements", Way::All),
            LinkKind::Parent => ("parent", Way::All),
            LinkKind::Path => ("path", Way::All),
            LinkKind::Children => ("children", Way::All),
            LinkKind::Related => ("related: keyed by code", Way::ByCode),
            LinkKind::OneReference => {
                ("reference: by options, over the article's references", Way::Window(None))
            }
        };
        level(catalog, &link.node, title, way, depth + 1, asked, text);
    }
}

/// A list: its strategy and why, what is told to the sources of its filter, and what they are sent.
fn list_level(
    catalog: &Catalog,
    node: &Node,
    (key, list): (&str, Option<List<'_>>),
    scope: Scope,
    depth: usize,
    asked: Described<'_>,
    text: &mut String,
) {
    let engine = &catalog.engine;
    let pad = "  ".repeat(depth);
    let entity = &engine.model.entities[node.entity].name;
    let Some((args, settled)) = list else {
        let _ = writeln!(text, "\n{pad}level {key}: not settled ({entity})");
        return;
    };
    let how = match settled.plan.way {
        ListWay::Page => "push-down page",
        ListWay::MergeScan(_) => "merge scan",
        ListWay::Gather => "gather",
    };
    let _ = writeln!(text, "\n{pad}level {key}: {how} ({entity})");
    let _ = writeln!(text, "{pad}  because: {}", settled.because);
    for told in &settled.told.pushed {
        let _ = writeln!(text, "{pad}  pushed down: {told}");
    }
    for told in &settled.told.rechecked {
        let _ = writeln!(text, "{pad}  checked here: {told}");
    }
    let windowed = scope == Scope::Parents;
    let language = node.shape.language.as_deref();
    let light = || Shape::new(engine, node.entity, args.ask().want(), language);
    let streams = |depth: usize, text: &mut String| {
        for (source, what, select) in &settled.streams {
            say(catalog, *source, what, select, depth, text);
        }
    };
    match (&settled.plan.way, scope) {
        (_, Scope::Departments) => {
            let falling = matches!(settled.plan.way, ListWay::Page) && args.ask().falling();
            placements(catalog, &node.shape, Some((&settled.must, falling)), depth + 1, text);
            if matches!(settled.plan.way, ListWay::Gather) {
                shape(catalog, &light(), Way::ByCode, depth + 1, text);
            }
        }
        (ListWay::Page, _) => {
            let filtered = node.shape.with_filter(engine, &args.filter);
            streams(depth + 1, text);
            shape(catalog, &filtered, Way::List(args, &settled.must, windowed), depth + 1, text);
            related::filters(catalog, node, Some(args), depth, text);
            links(catalog, node, depth, asked, text);
            return;
        }
        (ListWay::MergeScan(_), _) => streams(depth + 1, text),
        (ListWay::Gather, _) => {
            streams(depth + 1, text);
            let all = PageArgs { from: None, backward: false, order: Order::default(), ..args.clone() };
            shape(catalog, &light(), Way::List(&all, &settled.must, windowed), depth + 1, text);
        }
    }
    related::filters(catalog, node, Some(args), depth, text);
    level(catalog, node, &format!("{key}: the page, keyed by code"), Way::ByCode, depth, asked, text);
}

/// A statement of a source.
fn say(catalog: &Catalog, source: usize, what: &str, select: &Select, depth: usize, text: &mut String) {
    let engine = &catalog.engine;
    let dialect = engine.sources.get(source).map_or(crate::sources::Dialect::Sqlite, |s| s.dialect());
    let name = &engine.model.sources[source].name;
    let _ = writeln!(text, "{}{name}, {what}: {}", "  ".repeat(depth), render::text(select, dialect));
}

/// The statements that find which articles stand in departments.
fn placements(
    catalog: &Catalog,
    shape: &Shape,
    page: Option<(&Must, bool)>,
    depth: usize,
    text: &mut String,
) {
    for (source, select) in placement::statements(catalog, shape, page) {
        say(catalog, source, "placements", &select, depth, text);
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
        let mut say = |what: &str, select: &Select| say(catalog, id, what, select, depth, text);
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
        Way::Window(_) | Way::List(..) => {
            let (args, must, windowed) = match way {
                Way::List(args, must, windowed) => (Some(args), must, windowed),
                Way::Window(args) => (args, &Must::Any, true),
                Way::All | Way::ByCode => (None, &Must::Any, false),
            };
            let page = PageAsk {
                first: args.map_or(20, |a| a.size),
                after: args.and_then(|a| Some(a.from.as_ref()?.position.clone())),
                backward: args.is_some_and(|a| a.ask().falling()),
                filter: args.map_or(&filter, |a| &a.filter),
                must,
                until: None,
            };
            let under = windowed.then(|| Under::first(&[]));
            engine.page_select(true, asked, under, &page).0
        }
    }
}
