//! What a table cannot say of Sage 100.

pub mod customer_codes;
