//! What an ERP means: [`map`] holds the connector maps (where each source keeps an entity's
//! fields) as [`load`] finds them in `schema/connectors/*.toml`, built-in or the shop's own.
//!
//! # What a map file holds
//!
//! - `[settings.NAME]`: `type` (text, integer, boolean, language), `default`, `description`, and
//!   `values` or `minimum`/`maximum`. Expressions use a setting as `:NAME`, bound as a parameter;
//!   `when = { NAME = value }` (or a list of values, or `{ not = … }`) chooses rows, child lists and alternatives.
//! - `[expressions]`: named expressions, used as `:NAME`; `[[detect]]`: signs that a database is another
//!   product ([`detect`]).
//! - `[twins]`: text column → `twin` (its indexed binary copy, in any table that has both) and `home`
//!   (the table whose key it is). SQL Server compares copies; the others do not know them.
//! - `[defaults]`: `absent_when`, `dates` (days that mean none) and `zone` (`local`, `UTC`, a name).
//! - `[entity.NAME]`: `exists`, `rows`, `children`, `texts`, `markers`; `replace = true` in a shop's
//!   file forgets the built-in entity.
//! - `[[entity.NAME.rows]]`: `name`, `when`, `table`, `as`, `prefix` (a setting that holds a database
//!   or schema), `joins` (`table`, `as`, `prefix`, `on`), `filter`, `distinct`, `key` (column name → `expr`,
//!   `type`, `compare`, `trim`), `code` (`own`, `generated`), `parent`, `order`, `visible`, `closed`,
//!   `change` (`expr`, `zone`, `precision`, `trusted`), `fields`.
//! - A field is an expression, a table (`expr`, or `child` with `column` and `join`; `languages`,
//!   `absent_when`, `format`, `optional`, `when`), a list of both of which the first whose `when`
//!   holds counts, or `false`: not mapped. `filter`, `parent`, `order`, `visible` and `closed` of rows
//!   take alternatives too.
//! - `[[entity.NAME.children.LIST]]`: `when`, `table`, `as`, `prefix`, `joins`, `filter`, `parent` (the
//!   columns that hold the parent's key), `rows` (the row sources it belongs to), `order`, `removed`,
//!   `fields`; or `LIST = "OTHER"`: the same rows as another list.
//! - `[entity.NAME.texts]` and `[entity.NAME.markers]`: `table`, `as`, `prefix`, `filter`, `code`,
//!   `language`, `field`, and for texts `value`.
//!
//! A shop's file of a built-in map's name is laid over it: row sources by `name` (or by table, when
//! only one is meant), fields and settings one by one, joins by alias, child lists and keys whole.

mod builtin;
pub mod cegid;
mod child;
pub(crate) mod code;
pub mod customer_codes;
pub mod detect;
mod entity;
mod expression;
mod field;
pub mod isoshop;
pub mod map;
mod merge;
mod read;
pub mod reading;
pub mod sage100;
mod settings;
pub mod stock;
pub mod tariff;
mod twins;

use std::sync::Arc;

pub use builtin::names as builtin_names;
pub use code::TemplateError;
pub use read::load;

/// Where a connector keeps the codes that customers have for articles; `None`: nowhere.
pub fn customer_codes(map: &map::ConnectorMap) -> Option<Arc<dyn customer_codes::CustomerCodes>> {
    match map.name.as_str() {
        "sage100" => Some(Arc::new(sage100::customer_codes::Sage100CustomerCodes::new(map))),
        _ => None,
    }
}

/// The tariff rules of a connector; none where nobody wrote any.
pub fn tariff_of(map: &map::ConnectorMap) -> Option<std::sync::Arc<dyn tariff::Tariff>> {
    match map.name.as_str() {
        "sage100" => Some(std::sync::Arc::new(sage100::Sage100Tariff::new(map))),
        "cegid" => Some(std::sync::Arc::new(cegid::tariff::CegidTariff::new(map))),
        "isoshop" if is_pivot(map) => Some(std::sync::Arc::new(isoshop::tariff::IsoshopTariff::new(map))),
        _ => None,
    }
}

/// What counts the stock of a connector; none where nobody wrote it.
pub fn stock_of(map: &map::ConnectorMap) -> Option<std::sync::Arc<dyn stock::Stocks>> {
    match map.name.as_str() {
        "sage100" => Some(std::sync::Arc::new(sage100::stock::Sage100Stock::new(map))),
        "cegid" => Some(std::sync::Arc::new(cegid::stock::CegidStock::new(map))),
        "isoshop" if is_pivot(map) => Some(std::sync::Arc::new(isoshop::stock::IsoshopStock::new(map))),
        _ => None,
    }
}

/// Whether an IsoShop base is the shop's own, in the place of an ERP.
fn is_pivot(map: &map::ConnectorMap) -> bool {
    map.settings.get("role").and_then(crate::value::Value::as_str) == Some("pivot")
}

#[cfg(test)]
mod rendered_tests;
#[cfg(test)]
mod tests;
