//! **Comptoir**: a GraphQL gateway that merges a shop's ERP with its IsoShop source at query
//! time, field by field, by declared precedence rules.
//!
//! Rooms, from the bottom up (imports point downwards only):
//! [`value`] → [`sources`] → [`connectors`] → [`federation`] → [`pricing`], [`stock`] → [`catalog`] → [`graphql`] →
//! [`shop`] → [`check`] and [`http`] → `cli`.

pub mod auth;
pub mod cache;
pub mod catalog;
pub mod check;
pub mod cli;
pub mod config;
pub mod connectors;
pub mod demo;
pub mod diagnostics;
pub mod federation;
pub mod folding;
pub mod graphql;
pub mod http;
pub mod isoshop;
pub mod pricing;
pub mod report;
pub mod shop;
pub mod site;
pub mod sources;
pub mod stock;
pub mod telemetry;
pub mod value;
