//! The integration tests: one binary, so that it links once.

mod support;

mod adventureworks;
mod check;
mod cli;
mod demo;
mod differential;
mod http;
mod laws;
mod mutations;
mod naive;
mod outages;
mod plans;
mod site;
mod spec;
mod sqlserver;
mod staff;
mod stand_in;
mod telemetry;
