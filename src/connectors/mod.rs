//! What an ERP means: [`map`] holds the connector maps (where each source keeps an entity's
//! fields) as read from `schema/connectors/*.toml`.

pub mod map;
