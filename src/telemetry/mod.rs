//! What the process tells of itself: [`logs`] on standard error, [`metrics`] to be scraped, [`traces`] sent to a
//! collector. Everything here is written from the hot path and read or sent off it.

pub mod logs;
pub mod metrics;
pub mod traces;

pub use logs::{Format, TelemetryError, init};
