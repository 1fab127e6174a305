//! Cegid Business: what its connector map cannot say.
//!
//! - [`rules`]: prices, as plain functions over rows;
//! - [`tariff`]: reads the rows of a page of references.

pub mod rules;
mod search;
pub mod stock;
pub mod tariff;

pub use search::breaks;
