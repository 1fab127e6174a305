//! Validation: graphql-js 16's specified rules over our own tree, and async-graphql's validator as a
//! second opinion.
//!
//! Our rules come first because async-graphql's visitors follow fragment spreads without a memory:
//! a cycle or a few doubling fragments would end or stall the process, and an unknown type in a
//! variable's definition panics. Documents that our rules pass
//! are finite and small by then; what async-graphql still has against them counts (see [`second`]).

mod merge;
mod operations;
pub mod second;
mod structure;
mod view;
mod walk;

pub use view::View;

use super::{
    error::{Code, GraphqlError},
    syntax::{Document, Pos},
    types::TypeSystem,
};

/// graphql-js stops after this many errors; so do we.
const MAX_ERRORS: usize = 100;

/// Errors found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    errors: Vec<GraphqlError>,
}

impl Findings {
    /// Adds a broken rule at its places.
    fn add(&mut self, message: impl Into<String>, places: &[Pos]) {
        match self.errors.len() {
            n if n < MAX_ERRORS => {
                let mut error = GraphqlError::new(Code::GraphqlValidationFailed, message);
                for pos in places {
                    error = error.at(pos.line as usize, pos.column as usize);
                }
                self.errors.push(error);
            }
            MAX_ERRORS => self.errors.push(GraphqlError::new(
                Code::GraphqlValidationFailed,
                "Too many validation errors, error limit reached. Validation aborted.",
            )),
            _ => {}
        }
    }
}

/// Checks a document against a type system by graphql-js's rules. Empty: valid.
///
/// Never follows a fragment cycle, and needs time linear in the document but for field merging, whose
/// comparisons are memoised and counted.
pub fn validate(types: &TypeSystem, document: &Document) -> Vec<GraphqlError> {
    let mut found = Findings::default();
    let view = View { types };
    structure::names(document, &mut found);
    let acyclic = structure::fragments(document, &mut found);
    let facts = walk::walk(view, document, &mut found);
    operations::check(view, document, &facts, &mut found);
    if acyclic {
        if let Some(error) = structure::too_deep(document) {
            found.errors.push(error);
        } else {
            structure::introspection(document, &mut found);
            merge::check(view, document, &facts.sets, &mut found);
        }
    }
    found.errors
}
