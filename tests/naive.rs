//! The naive twin: precedence, written a second time as simply as possible. It reads whole tables of
//! a Sage-shaped ERP and an IsoShop base and merges in memory, field by field. It shares nothing with
//! the gateway but the folding of text; where the two disagree, one of them is wrong.

mod dump;
mod list;
mod merge;
mod records;
mod rights;
mod tables;

pub use merge::{Cell, FieldRule, Rule, Rules};
pub use records::{Entity, Native, Twin};
pub use rights::{Granted, Sees};
