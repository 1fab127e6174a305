//! The heart: which source wins, field by field. [`model`] says what is merged and by which rule;
//! [`shape`] what each source is asked for a level; [`fetch`] asks; [`batch`] holds what they said;
//! [`merge`] and [`lists`] make one value of it; [`provenance`] explains it. [`page`] reads lists in CODE order,
//! [`merge_scan`] and [`gather`] in any [`order`] ([`planner`] chooses), with what [`pushdown`] can leave to the
//! sources ([`windows`] at a time); [`related`] filters them by what hangs on their records. Knows no ERP and no GraphQL library.

pub mod batch;
pub mod children;
pub mod computed;
mod count;
pub mod engine;
pub mod fetch;
pub mod filter;
pub mod gather;
pub mod lists;
mod markup;
pub mod media;
pub mod merge;
pub mod merge_scan;
pub mod model;
pub mod order;
pub mod overrides;
pub mod page;
pub mod planner;
pub mod provenance;
pub mod pushdown;
pub mod related;
pub mod shape;
pub mod spelling;
pub mod stale;
pub mod visible;
pub mod windows;
