//! Prices and stock as clients see them, and how prices came to be.

pub mod explain;
mod price;
mod stock;

pub use self::{
    price::{NotOrderable, PriceObject, PriceRange, PriceTier},
    stock::StockObject,
};

use super::error::{Code, GraphqlError};
use crate::connectors::tariff::Refusal;

/// The error of a price that should be there and is not. The ERP's price 0 is none: it is null.
pub fn refused(refusal: &Refusal) -> Option<GraphqlError> {
    let missing = ["NO_PRICE", "NO_ARTICLE"].contains(&refusal.code);
    (!missing)
        .then(|| GraphqlError::new(Code::PriceRefused, refusal.reason.clone()).with("refusal", refusal.code))
}
