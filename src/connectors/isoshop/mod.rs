//! IsoShop: what its connector map cannot say.
//!
//! - [`rules`]: the price lists of a pivot, as plain functions over rows; [`tariff`] reads them;
//! - [`promotions`]: web prices as a step after the ERP's price, a plain function too; [`web_prices`] reads them;
//! - [`stock`]: the stock of a pivot.

pub mod promotions;
pub mod rules;
pub mod stock;
pub mod tariff;
pub mod web_prices;
