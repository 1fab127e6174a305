//! The integration tests: one binary, so that it links once.

mod support;

mod adventureworks;
mod check;
mod cli;
mod demo;
mod differential;
mod http;
mod laws;
mod naive;
mod outages;
mod plans;
mod rights;
mod spec;
mod sqlserver;
mod stand_in;
mod telemetry;
