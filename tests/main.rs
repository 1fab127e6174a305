//! The integration tests: one binary, so that it links once.

mod support;

mod laws;
mod naive;
mod spec;
