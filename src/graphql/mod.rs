//! GraphQL: the type system from the SDL, documents and their cache, limits, planned execution and
//! the writer.

pub mod async_schema;
pub mod declare;
pub mod error;
pub mod generate;
pub mod introspect;
pub mod request;
pub mod sdl;
pub mod types;
