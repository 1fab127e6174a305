//! On which terms a buyer buys: of a customer those of F_COMPTET, of somebody without one the shop's public terms.

use rust_decimal::Decimal;

use super::{
    rows::{Book, Customer},
    settings::Rules,
};
use crate::connectors::tariff::{Buyer, Refusal};

/// The terms that all prices of one question have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The customer's code.
    pub customer: Option<String>,
    /// Its buying group's.
    pub group: Option<String>,
    /// The price category (N_CatTarif).
    pub category: i64,
    /// The accounting category (N_CatCompta).
    pub tax_category: i64,
    /// The number of the currency it buys in, when it is not the company's.
    pub currency: Option<i64>,
    /// Its overall discount (CT_Taux01), in percent.
    pub discount: Decimal,
}

/// The price category when nobody says another.
const FIRST_CATEGORY: i64 = 1;

impl Terms {
    /// The terms of a buyer; `customer` is the row that its code has, when it has one.
    ///
    /// # Errors
    /// `NO_CUSTOMER`: it is not there, no customer, or dormant. `BAD_VALUE`: a public category is no number.
    pub fn of(
        buyer: &Buyer,
        customer: Option<&Customer>,
        book: &Book,
        rules: &Rules,
    ) -> Result<Self, Refusal> {
        let Some(code) = &buyer.customer else {
            return Ok(Self {
                category: number(buyer.price_category.as_deref(), FIRST_CATEGORY, "price_category")?,
                tax_category: number(buyer.tax_category.as_deref(), rules.tax_category, "tax_category")?,
                ..Self::default()
            });
        };
        let refuse = |why: &str| Err(Refusal::new("NO_CUSTOMER", format!("customer {code} {why}")));
        let Some(row) = customer else { return refuse("is not in the ERP (F_COMPTET)") };
        if row.kind != 0 {
            return refuse("is a third party of another kind (CT_Type is not 0)");
        }
        if row.asleep {
            return refuse("is dormant in the ERP (CT_Sommeil)");
        }
        let company = row.currency == 0 || row.currency == book.company_currency;
        Ok(Self {
            customer: Some(row.code.clone()),
            group: Some(row.group.clone()).filter(|group| !group.is_empty() && *group != row.code),
            category: if row.category == 0 { FIRST_CATEGORY } else { row.category },
            tax_category: if row.tax_category == 0 { rules.tax_category } else { row.tax_category },
            currency: (!company).then_some(row.currency),
            discount: row.discount,
        })
    }

    /// The mixed key of the price category: a01, a02…
    pub fn list(&self) -> String {
        format!("a{:02}", self.category)
    }
}

fn number(text: Option<&str>, or: i64, what: &str) -> Result<i64, Refusal> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(or) };
    text.parse().map_err(|_| {
        let reason = format!("`public.{what}` is `{text}`: Sage numbers its categories, write 1, 2…");
        Refusal::new("BAD_VALUE", reason)
    })
}
