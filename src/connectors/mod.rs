//! What an ERP means: [`map`] holds the connector maps (where each source keeps an entity's
//! fields) as [`read`] finds them in `schema/connectors/*.toml`, built-in or the shop's own.

mod builtin;
mod code;
mod entity;
mod expression;
mod field;
pub mod map;
mod merge;
mod read;
mod settings;

pub use builtin::names as builtin_names;
pub use code::TemplateError;
pub use read::load;

#[cfg(test)]
mod tests;
