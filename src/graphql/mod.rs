//! GraphQL: the type system from the SDL, documents and their cache, limits, planned execution and
//! the writer.

pub mod async_schema;
pub mod coerce;
pub mod collect;
pub mod declare;
pub mod error;
pub mod generate;
pub mod introspect;
pub mod lexer;
pub mod limits;
pub mod operation;
pub mod request;
pub mod sdl;
pub mod syntax;
pub mod types;
pub mod validate;
