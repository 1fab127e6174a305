//! The integration tests: one binary, so that it links once.

mod support;

mod abuse;
mod adventureworks;
mod auth;
mod check;
mod cli;
mod contacts;
mod customers;
mod demo;
mod differential;
mod fuzz;
mod http;
mod laws;
mod mutations;
mod naive;
mod outages;
mod plans;
mod prices_cegid;
mod prices_isoshop;
mod prices_readers;
mod probes;
mod redis;
mod rights;
mod sage_prices;
mod site;
mod spec;
mod sqlserver;
mod staff;
mod stand_in;
mod stock;
mod telemetry;
mod trade;
