//! GraphQL: the type system from the SDL, documents and their cache, limits, planned execution and
//! the writer.

pub mod arguments;
pub mod async_schema;
pub mod coerce;
pub mod collect;
pub mod compile;
pub mod declare;
pub mod describe;
pub mod error;
pub mod execute;
pub mod generate;
pub mod introspect;
pub mod lexer;
pub mod limits;
pub mod objects;
pub mod operation;
pub mod plain;
pub mod plan;
pub mod request;
pub mod sdl;
pub mod service;
pub mod status;
pub mod syntax;
pub mod types;
pub mod validate;
pub mod write;
