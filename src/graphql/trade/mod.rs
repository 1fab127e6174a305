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
pub fn refused(refusal: &Refusal, staff: bool) -> Option<GraphqlError> {
    let missing = ["NO_PRICE", "NO_ARTICLE"].contains(&refusal.code);
    let error =
        || GraphqlError::new(Code::PriceRefused, reason(refusal, staff)).with("refusal", refusal.code);
    (!missing).then(error)
}

/// Why there is no price: to staff with the tables and rows of the ERP, which are nobody else's business.
pub fn reason(refusal: &Refusal, staff: bool) -> String {
    if staff {
        return refusal.reason.clone();
    }
    match refusal.code {
        "NO_PRICE" => "It has no price, and cannot be ordered.",
        "NO_ARTICLE" => "It is not sold any more.",
        "NO_VAT_RATE" => "Its rate of VAT is not known: ask the shop for its price.",
        "NO_CUSTOMER" => "The shop does not have this customer, or not any more.",
        _ => "Its price cannot be told here: ask the shop for it.",
    }
    .to_owned()
}
