//! Sage 100: what a map cannot say.

pub mod stock;
