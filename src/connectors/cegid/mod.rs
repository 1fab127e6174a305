//! Cegid Business: what its connector map cannot say.
//!
//! - [`case`]: rows and settings as plain values; [`rules`]: prices, as plain functions over them;
//! - [`tariff`]: reads the rows of a page of references;
//! - [`stock`]: what DISPO says can be sold.

pub mod case;
mod cells;
pub mod rules;
mod search;
pub mod stock;
pub mod tariff;

pub use search::breaks;
