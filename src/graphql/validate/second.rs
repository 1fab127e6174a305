//! async-graphql's validator as a second opinion on documents that our own rules pass.
//!
//! It only validates inside `Schema::execute`, so it is asked to run an operation that cannot exist:
//! validation comes first, then it stops at the unknown name and resolves nothing. What it says more
//! than that is an error. It knows fewer rules than the specification, but over the recorded
//! verdicts and many thousand changed documents it never objected to a valid one.

use std::collections::HashMap;

use async_graphql::{Request, dynamic::Schema};
use futures::FutureExt;

use crate::graphql::{
    error::{Code, GraphqlError},
    syntax::{Document, Selection, SelectionSet, for_second_opinion},
};

/// It unfolds fragments without a memory; above this many selections it is not asked.
const MAX_SELECTIONS: usize = 20_000;
/// It refuses deeper documents itself, by its own standard.
const MAX_DEPTH: usize = 30;
/// No GraphQL name, so no operation of any document.
const NO_OPERATION: &str = "?";

/// Its complaints about values are not heard: its parser makes large integers and `-0` floats, and
/// then they fit no type. Our own rules look at values as they were written.
const NOT_HEARD: [&str; 2] = ["Invalid value for argument", "Invalid default value for argument"];
/// Nor its complaint of unused variables: it does not see those in the directives of `__typename`.
const NOT_USED: &str = " is not used";

/// What async-graphql has against a document that our rules pass. `None`: no opinion, since its parser
/// cannot read the document or its visitors would take too long over it.
pub fn opinion(schema: &Schema, document: &Document) -> Option<Vec<GraphqlError>> {
    let (selections, depth) = unfolded(document);
    if selections > MAX_SELECTIONS || depth > MAX_DEPTH {
        return None;
    }
    let printed = for_second_opinion(document);
    let parsed = match async_graphql_parser::parse_query(&printed.text) {
        Ok(parsed) => parsed,
        Err(error) => {
            tracing::debug!(%error, "async-graphql cannot parse a valid document");
            return None;
        }
    };
    let mut request = Request::new(String::new()).operation_name(NO_OPERATION);
    request.set_parsed_query(parsed);
    // Nothing in it waits: validation is synchronous and nothing is resolved.
    let response = schema.execute(request).now_or_never()?;
    let errors = response
        .errors
        .into_iter()
        .filter(|error| !error.message.starts_with("Unknown operation named"))
        .filter(|error| !NOT_HEARD.iter().any(|known| error.message.starts_with(known)))
        .filter(|error| !(error.message.starts_with("Variable ") && error.message.contains(NOT_USED)))
        .map(|error| {
            let mut out = GraphqlError::new(Code::GraphqlValidationFailed, error.message);
            for place in error.locations {
                if let Some(pos) = printed.place(place.line) {
                    out = out.at(pos.line as usize, pos.column as usize);
                }
            }
            out
        })
        .collect();
    Some(errors)
}

/// How many selections a document has, and how deep, with its (acyclic) fragments unfolded at every
/// spread.
fn unfolded(document: &Document) -> (usize, usize) {
    fn set<'a>(
        set_: &'a SelectionSet,
        document: &'a Document,
        known: &mut HashMap<&'a str, (usize, usize)>,
    ) -> (usize, usize) {
        let (mut count, mut depth) = (0usize, 0usize);
        for item in &set_.items {
            let (below, levels) = match item {
                Selection::Field(field) => {
                    field.selection.as_ref().map_or((0, 0), |below| set(below, document, known))
                }
                Selection::Inline(inline) => set(&inline.selection, document, known),
                Selection::Spread(spread) => {
                    if let Some(seen) = known.get(&*spread.name.name) {
                        *seen
                    } else {
                        let seen = document
                            .fragment(&spread.name.name)
                            .map_or((0, 0), |fragment| set(&fragment.selection, document, known));
                        known.insert(&spread.name.name, seen);
                        seen
                    }
                }
            };
            count = count.saturating_add(below).saturating_add(1);
            depth = depth.max(levels);
        }
        (count, depth + 1)
    }
    let mut known = HashMap::new();
    document.operations.iter().fold((0, 0), |(count, depth), operation| {
        let (more, levels) = set(&operation.selection, document, &mut known);
        (count.saturating_add(more), depth.max(levels))
    })
}
