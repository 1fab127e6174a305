//! Cegid Business: what a map cannot say.

pub mod stock;
