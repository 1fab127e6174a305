//! Stock, as shops tell it: what an ERP says ([`crate::connectors::stock`]), and after it what the shop itself says
//! ([`rule`]).

pub mod rule;
