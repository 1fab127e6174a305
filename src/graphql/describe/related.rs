//! How a list is filtered by what hangs on its records, in words and statements.

use std::fmt::Write;

use super::{Way, placements, shape};
use crate::{
    catalog::{
        Catalog,
        levels::{Node, PageArgs},
    },
    federation::filter::Filter,
};

/// Whether a filter names a department.
pub(super) fn names_departments(filter: &Filter) -> bool {
    let mut named = false;
    filter.relations(true, &mut |part, _| {
        named |= match part {
            Filter::Under(_) => true,
            Filter::Related(related) => names_departments(&related.filter),
            _ => false,
        };
    });
    named
}

/// Tells how each filter by what hangs on a record is decided.
pub(super) fn filters(
    catalog: &Catalog,
    node: &Node,
    args: Option<&PageArgs>,
    depth: usize,
    text: &mut String,
) {
    let Some(args) = args else { return };
    let engine = &catalog.engine;
    let language = node.shape.language.as_deref();
    let pad = "  ".repeat(depth + 1);
    args.filter.relations(true, &mut |part, told| match part {
        Filter::Under(_) => {
            let most = engine.limits.gather;
            let _ = writeln!(text, "{pad}filter department under: decided on the merged placements");
            if told {
                let _ = writeln!(
                    text,
                    "{pad}  at most {most} (limits.gather) that are placed there are found first, and only they are read"
                );
                placements(catalog, &node.shape, None, depth + 2, text);
            }
        }
        Filter::Related(related) => {
            let name = &engine.model.entities[related.entity].name;
            let _ = writeln!(
                text,
                "{pad}filter by a {name} that is shown and passes: one windowed statement a round for all records \
                 that depend on it, each until one is found"
            );
            if told && related.codes().is_some() {
                let _ = writeln!(text, "{pad}  the codes it names are looked up first, and only what they hang on is read");
            }
            let inner = PageArgs { from: None, backward: false, filter: related.filter.clone(), ..args.clone() };
            shape(catalog, &related.shape(engine, language), Way::Window(Some(&inner)), depth + 2, text);
        }
        Filter::Media(media) => {
            let what = if media.images { "images" } else { "documents" };
            let _ = writeln!(text, "{pad}filter {what} isEmpty: decided on the merged list, as it is served");
        }
        _ => {}
    });
}
