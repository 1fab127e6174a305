//! IsoShop: what a map cannot say.

pub mod stock;
