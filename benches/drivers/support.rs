//! The tests' servers.
#![allow(dead_code, reason = "shared with the tests")]

#[path = "../../tests/support/postgres.rs"]
pub mod postgres;
#[path = "../../tests/support/sqlserver.rs"]
pub mod sqlserver;
