//! `[public]`, `[prices]` and `[stock]`: on which terms who has no customer buys, what IsoShop's prices do to the ERP's,
//! and what the shop says of stock.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::{
    Display,
    doc::{Data, Node},
    read::{flag, key, section},
};
use crate::diagnostics::Diagnostics;

/// So many or fewer are few, when the shop does not say otherwise.
const LOW: i64 = 5;

/// Whether what is out of stock can be ordered all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backorder {
    /// It cannot.
    #[default]
    Never,
    /// It can when the day is known on which more is there.
    Announced,
    /// It can.
    Always,
}

impl Backorder {
    /// The words of a shop's settings.
    const WORDS: [(&str, Self); 3] =
        [("never", Self::Never), ("announced", Self::Announced), ("always", Self::Always)];

    /// By its word in a shop's settings.
    pub fn named(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, backorder)| *backorder)
    }
}

/// `[public]`: how who has no customer sees prices and stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicConfig {
    /// The ERP's price category, class or list (`price_category`).
    pub price_category: Option<Arc<str>>,
    /// The ERP's accounting category or tax regime (`tax_category`).
    pub tax_category: Option<Arc<str>>,
    /// The depots whose stock counts (`depots`); empty: all.
    pub depots: Vec<String>,
    /// Which price is shown large (`display`, ttc).
    pub display: Display,
}

/// `[prices]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PricesConfig {
    /// What IsoShop's `web_price` does (`promotions`, lowest).
    pub promotions: Promotions,
}

/// What IsoShop's `web_price` does to the ERP's price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Promotions {
    /// Nothing: it is not read.
    Off,
    /// The lower of the two holds.
    #[default]
    Lowest,
    /// It holds instead of the public's price; a customer's own price stays.
    ReplacePublic,
}

/// `[stock]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockConfig {
    /// Shoppers see the number that is left, not only whether there is some (`quantities`, false).
    pub quantities: bool,
    /// At most this many left is LOW (`low`, 5; 0: nothing is).
    pub low: Decimal,
    /// Whether what is out of stock can be ordered all the same (`backorders`, never).
    pub backorders: Backorder,
    /// An answer of earlier on stands in while the source is down, marked by its `asOf`, for so long
    /// (`stale_minutes`, 0: `UNKNOWN` at once).
    pub stale_minutes: u32,
}

impl Default for StockConfig {
    fn default() -> Self {
        Self {
            quantities: false,
            low: Decimal::from(LOW),
            backorders: Backorder::default(),
            stale_minutes: 0,
        }
    }
}

/// `[public]`.
pub(super) fn public(root: &Node, diags: &mut Diagnostics) -> PublicConfig {
    let table = section(root, "public", &["price_category", "tax_category", "depots", "display"], diags);
    // Sage numbers its categories, Cegid and a pivot give them codes.
    let mut category = |name: &str| -> Option<Arc<str>> {
        let node = key(table, name)?;
        match &node.data {
            Data::Integer(_) => node.integer(name, 1, 1_000, diags).map(|number| number.to_string().into()),
            _ => node.filled(name, diags).map(Into::into),
        }
    };
    let price_category = category("price_category");
    let tax_category = category("tax_category");
    PublicConfig {
        price_category,
        tax_category,
        depots: key(table, "depots")
            .map(|node| node.texts("depots", diags).into_iter().map(|(depot, _)| depot).collect())
            .unwrap_or_default(),
        display: key(table, "display")
            .and_then(|node| node.choice("display", &[("ttc", Display::Gross), ("ht", Display::Net)], diags))
            .unwrap_or_default(),
    }
}

/// `[prices]`.
pub(super) fn prices(root: &Node, diags: &mut Diagnostics) -> PricesConfig {
    let table = section(root, "prices", &["promotions"], diags);
    let choices = [
        ("off", Promotions::Off),
        ("lowest", Promotions::Lowest),
        ("replace_public", Promotions::ReplacePublic),
    ];
    let promotions = key(table, "promotions")
        .and_then(|node| node.choice("promotions", &choices, diags))
        .unwrap_or_default();
    PricesConfig { promotions }
}

/// `[stock]`.
pub(super) fn stock(root: &Node, diags: &mut Diagnostics) -> StockConfig {
    let table = section(root, "stock", &["quantities", "low", "backorders", "stale_minutes"], diags);
    let quantities = flag(table, "quantities", false, diags);
    let backorders = key(table, "backorders")
        .and_then(|node| node.choice("backorders", &Backorder::WORDS, diags))
        .unwrap_or_default();
    let mut number = |name: &str, most: i64, usual: i64| {
        key(table, name).and_then(|node| node.integer(name, 0, most, diags)).unwrap_or(usual)
    };
    let low = Decimal::from(number("low", 1_000_000, LOW));
    let stale_minutes = u32::try_from(number("stale_minutes", 7 * 24 * 60, 0)).unwrap_or(0);
    StockConfig { quantities, low, backorders, stale_minutes }
}
