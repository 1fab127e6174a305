//! Laws of the price rules.
