//! The settings of the price rules: what Sage's own set-up decides, or what nobody outside knows for certain. Each is
//! declared with its default in `schema/connectors/sage100.toml`.

use std::collections::BTreeMap;

use crate::value::Value;

/// Which rows give the discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiscountFrom {
    /// The first row that says anything, though the price come from below it.
    FirstRow,
    /// The row that the price came from.
    PriceRow,
}

/// When the family's tariff counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyTariff {
    /// When no row of the article says anything.
    Alone,
    /// Always, between the article's rows and the article.
    Below,
    /// Never.
    Never,
}

/// When the discounts of the customer (family and overall) count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerDiscounts {
    /// When no other discount was taken.
    Alone,
    /// After the others.
    Cascade,
    /// Never.
    Never,
}

/// The price rules' settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// `group_then_own`: where the buying group has nothing, the customer's own rows count.
    pub group_then_own: bool,
    /// `empty_rows`: rows that carry nothing count all the same.
    pub empty_rows: bool,
    /// `discount_from`.
    pub discount_from: DiscountFrom,
    /// `family_tariff`.
    pub family_tariff: FamilyTariff,
    /// `steps_replace`: steps replace AC_Remise; else they come after it.
    pub steps_replace: bool,
    /// `steps_flagged`: steps count only where AC_QteMont is not 0.
    pub steps_flagged: bool,
    /// `amount_steps`: the AC_QteMont whose bounds are amounts.
    pub amount_steps: i64,
    /// `amount_gamme`: the EG_Champ whose bounds are amounts; 0: none.
    pub amount_gamme: i64,
    /// `open_bound`: a bound of so much closes the list, as 0 does.
    pub open_bound: i64,
    /// `pack_steps`: bounds count the units in packs; else packs.
    pub pack_units: bool,
    /// `quantity_decimals`: the decimals of quantities, for the least one above a bound.
    pub quantity_decimals: u32,
    /// `percent_discounts`: the REM_Type of percentages.
    pub percent_discounts: i64,
    /// `unit_discounts`: the REM_Type of amounts off each unit.
    pub unit_discounts: i64,
    /// `line_discounts`: the REM_Type of amounts off the whole line.
    pub line_discounts: i64,
    /// `customer_discounts`.
    pub customer_discounts: CustomerDiscounts,
    /// `exclusive_discount`: the AC_TypeRem of « hors remise ».
    pub exclusive: i64,
    /// `exclusive_stops`: « hors remise » stops the row's own discount and steps too.
    pub exclusive_stops_all: bool,
    /// `price_decimals`; none: as the company's format has ([`Book::price_decimals`](super::rows::Book::price_decimals)).
    pub price_decimals: Option<u32>,
    /// `coefficient_decimals`.
    pub coefficient_decimals: u32,
    /// `net_decimals`: of a net made of a gross.
    pub net_decimals: u32,
    /// `gross_decimals`: of a gross made of a net; none: as many as a unit price has.
    pub gross_decimals: Option<u32>,
    /// `tax_decimals`: of an amount of another tax.
    pub tax_decimals: u32,
    /// `tax_category`: the accounting category of who has none.
    pub tax_category: i64,
    /// `vat_slot`, from 0.
    pub vat_slot: usize,
    /// `percent_taxes`: the TA_TTaux of rates.
    pub percent_taxes: i64,
    /// `tax_changes`.
    pub tax_changes: bool,
    /// `without_vat`: no VAT code means 0 %; else there is no price.
    pub without_vat_is_zero: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self::of(&BTreeMap::new())
    }
}

/// The decimals of a unit price when neither a setting nor the company's format tells.
const PRICE_DECIMALS: u32 = 2;

/// The decimals of one question, after the settings and the company's own format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    /// Of a unit price that was discounted or derived, as it is kept.
    pub price: u32,
    /// Of a net made of a gross.
    pub net: u32,
    /// Of a gross made of a net.
    pub gross: u32,
    /// Of an amount of another tax.
    pub tax: u32,
}

/// The decimals of a format of numbers as the application keeps it (D_FormatPrix: `# ##0,00`): those after its last comma
/// or point. None: it is no format.
pub fn format_decimals(format: &str) -> Option<u32> {
    // What follows `;` is for amounts below 0.
    let format = format.split(';').next().unwrap_or_default();
    let digit = |c: char| c == '0' || c == '#';
    if !format.contains(digit) {
        return None;
    }
    let Some(at) = format.rfind([',', '.']) else { return Some(0) };
    let places: String = format[at + 1..].chars().take_while(|c| digit(*c)).collect();
    // Decimals are 0 and then #; `#,##0` is thousands.
    if places.trim_start_matches('0').contains('0') {
        return Some(0);
    }
    u32::try_from(places.len()).ok().filter(|places| *places <= 6)
}

impl Rules {
    /// The decimals for a company whose format of prices has these.
    pub fn places(&self, company: Option<u32>) -> Places {
        let price = self.price_decimals.or(company).unwrap_or(PRICE_DECIMALS);
        Places {
            price,
            net: self.net_decimals,
            gross: self.gross_decimals.unwrap_or(price),
            tax: self.tax_decimals,
        }
    }

    /// The rules under a source's settings; what is not among them has its default.
    pub fn of(settings: &BTreeMap<String, Value>) -> Self {
        let truth = |name: &str, or: bool| match settings.get(name) {
            Some(Value::Bool(truth)) => *truth,
            _ => or,
        };
        let number = |name: &str, or: i64| match settings.get(name) {
            Some(Value::Int(number)) => *number,
            _ => or,
        };
        let word = |name: &str| settings.get(name).and_then(Value::as_str).unwrap_or("");
        let decimals = |name: &str, or: u32| u32::try_from(number(name, i64::from(or))).unwrap_or(or);
        // −1: as the ERP says.
        let maybe = |name: &str| u32::try_from(number(name, -1)).ok();
        Self {
            group_then_own: truth("group_then_own", true),
            empty_rows: truth("empty_rows", false),
            discount_from: match word("discount_from") {
                "price_row" => DiscountFrom::PriceRow,
                _ => DiscountFrom::FirstRow,
            },
            family_tariff: match word("family_tariff") {
                "below" => FamilyTariff::Below,
                "never" => FamilyTariff::Never,
                _ => FamilyTariff::Alone,
            },
            steps_replace: truth("steps_replace", true),
            steps_flagged: truth("steps_flagged", false),
            amount_steps: number("amount_steps", 2),
            amount_gamme: number("amount_gamme", 0),
            open_bound: number("open_bound", 99_999),
            pack_units: word("pack_steps") != "packs",
            quantity_decimals: decimals("quantity_decimals", 0),
            percent_discounts: number("percent_discounts", 1),
            unit_discounts: number("unit_discounts", 2),
            line_discounts: number("line_discounts", 0),
            customer_discounts: match word("customer_discounts") {
                "cascade" => CustomerDiscounts::Cascade,
                "never" => CustomerDiscounts::Never,
                _ => CustomerDiscounts::Alone,
            },
            exclusive: number("exclusive_discount", 1),
            exclusive_stops_all: word("exclusive_stops") == "all",
            price_decimals: maybe("price_decimals"),
            coefficient_decimals: decimals("coefficient_decimals", 6),
            net_decimals: decimals("net_decimals", 6),
            gross_decimals: maybe("gross_decimals"),
            tax_decimals: decimals("tax_decimals", 2),
            tax_category: number("tax_category", 1),
            vat_slot: usize::try_from(number("vat_slot", 1) - 1).unwrap_or(0).min(2),
            percent_taxes: number("percent_taxes", 0),
            tax_changes: truth("tax_changes", true),
            without_vat_is_zero: word("without_vat") == "zero",
        }
    }
}
