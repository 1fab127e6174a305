//! What is settled of the lists of a plan before it is described: strategy, reason, and what of the filter is told to
//! the sources. The lists themselves are not read.

use std::collections::HashMap;

use super::Asked;
use crate::{
    catalog::{
        Catalog,
        levels::{LinkKind, Node},
    },
    federation::{
        engine::{Ask, Engine},
        model::SourceId,
        planner::{ListPlan, Scope, Told, Way},
        pushdown::{Must, Telling},
    },
    graphql::plan::{OutKind, Plan, RouteWhat},
    sources::Select,
};

/// One list.
pub struct Settled {
    /// How it is read.
    pub plan: ListPlan,
    /// Why, for people.
    pub because: String,
    /// What of its filter is told to the sources.
    pub must: Must,
    /// The same for people.
    pub told: Told,
    /// The streams of a merge scan, or of other sources' codes: source, what it is, its select.
    pub streams: Vec<(SourceId, &'static str, Select)>,
}

/// The lists of a plan by the slots of their arguments, and the sources that could not be asked about them.
#[derive(Default)]
pub struct Lists {
    by_slot: HashMap<usize, Settled>,
    /// Source and cause.
    pub silent: Vec<(String, &'static str)>,
}

impl Lists {
    /// The list of a slot.
    pub fn of(&self, slot: Option<usize>) -> Option<&Settled> {
        self.by_slot.get(&slot?)
    }
}

/// Settles every list of a plan. Sources are asked for the kinds of their columns, and overlays for the codes
/// of the rows that may pass.
pub async fn settle(catalog: &Catalog, ask: &Ask, plan: &Plan, asked: Asked<'_>) -> Lists {
    let mut found = Vec::new();
    for out in &plan.roots {
        match &out.kind {
            OutKind::Page(node, ..) => {
                found.extend(out.slot.map(|slot| (slot, node, Scope::All)));
                below(node, &mut found);
            }
            OutKind::Lookup(t) | OutKind::Departments(t) => below(&t.node, &mut found),
            OutKind::Viewer(_, records) => records.iter().for_each(|t| below(&t.node, &mut found)),
            OutKind::Nodes(targets, _) => targets.iter().for_each(|t| below(&t.node, &mut found)),
            OutKind::Resolved(resolved) => {
                resolved.records.iter().for_each(|t| below(&t.node, &mut found));
            }
            OutKind::Route(outs) => {
                for out in outs {
                    if let RouteWhat::Target(t) = &out.what {
                        below(&t.node, &mut found);
                    }
                }
            }
            _ => {}
        }
    }
    let mut lists = Lists::default();
    for (slot, node, scope) in found {
        let Some(args) = asked.page(Some(slot)) else { continue };
        let (engine, list) = (&catalog.engine, args.ask());
        let plan = engine.plan(ask, node.entity, &list, scope).await;
        let telling = match &plan.way {
            Way::MergeScan(can) => Telling::Streams(can.field()),
            Way::Page | Way::Gather if scope == Scope::All => Telling::Windows,
            _ => Telling::Whole,
        };
        let language = node.shape.language.as_deref();
        let must = engine.must(ask, node.entity, list.filter, language, telling).await;
        let told = engine.told(ask, node.entity, list.filter, &must);
        let streams = match &plan.way {
            Way::MergeScan(can) => engine.stream_statements(ask, &node.shape, &list, can, must.clone()).await,
            Way::Page => Engine::window_statements(&must, list.falling()),
            Way::Gather => Engine::window_statements(&must, false),
        };
        let because = plan.because(engine, node.entity, list.order);
        lists.by_slot.insert(slot, Settled { plan, because, must, told, streams });
    }
    lists.silent =
        ask.moment.troubles.list().into_iter().map(|(source, trouble)| (source, trouble.cause)).collect();
    lists
}

fn below<'a>(node: &'a Node, found: &mut Vec<(usize, &'a Node, Scope)>) {
    for link in &node.links {
        match link.kind {
            LinkKind::Articles => found.push((link.args, &link.node, Scope::Departments)),
            LinkKind::References => found.push((link.args, &link.node, Scope::Parents)),
            _ => {}
        }
        below(&link.node, found);
    }
}
