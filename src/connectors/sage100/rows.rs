//! The rows of Sage's tariff as the rules see them: one struct per table, NULL numbers as 0, codes right-trimmed.

use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::connectors::tariff::Refusal;

/// What was read for one item: everything that its price may lean on, and nothing of other customers.
#[derive(Clone, Debug, Default)]
pub struct ItemRows {
    /// The code that clients know, for messages.
    pub code: Arc<str>,
    /// Its article; none: the ERP does not have it.
    pub article: Option<Article>,
    /// What one unit of it is.
    pub unit: Unit,
    /// F_ARTCLIENT of the buyer's customer, buying group and price category.
    pub prices: Vec<PriceRow>,
    /// F_TARIFQTE of the article.
    pub steps: Vec<StepRow>,
    /// F_TARIFGAM of the variant, or F_TARIFCOND of the packaging.
    pub own: Vec<OwnPrice>,
    /// F_FAMTARIF of the article's family.
    pub family: Vec<PriceRow>,
    /// F_FAMTARIFQTE of the article's family.
    pub family_steps: Vec<StepRow>,
    /// F_FAMCLIENT of the article's family.
    pub family_customers: Vec<FamilyCustomer>,
    /// F_ARTCOMPTA of the buyer's accounting category.
    pub taxes: Option<TaxCodes>,
    /// F_FAMCOMPTA of the same.
    pub family_taxes: Option<TaxCodes>,
    /// A cell that could not be read, or a row that is there twice: there is no price.
    pub fault: Option<Refusal>,
}

/// F_ARTICLE.
#[derive(Clone, Debug, Default)]
pub struct Article {
    /// AR_Ref.
    pub reference: String,
    /// FA_CodeFamille.
    pub family: String,
    /// AR_PrixAch.
    pub purchase: Decimal,
    /// AR_Coef.
    pub coefficient: Decimal,
    /// AR_PrixVen, net or gross.
    pub price: Decimal,
    /// AR_PrixTTC; NULL is net.
    pub gross: Option<bool>,
}

/// What one unit of an item is.
#[derive(Clone, Debug, Default)]
pub enum Unit {
    /// The article's sales unit.
    #[default]
    Article,
    /// A variant (F_ARTENUMREF): AE_PrixAch.
    Variant {
        /// Its own purchase price; 0: the article's.
        purchase: Decimal,
    },
    /// A packaging (F_CONDITION): EC_Quantite.
    Pack {
        /// Units in it.
        quantity: Decimal,
    },
    /// A variant or a packaging that the ERP does not have.
    Gone,
}

/// F_ARTCLIENT, or F_FAMTARIF with the columns that it has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PriceRow {
    /// AC_Categorie, FT_Categorie.
    pub category: i64,
    /// CT_Num; blank on a row of a category.
    pub customer: String,
    /// AC_PrixVen.
    pub price: Decimal,
    /// AC_Coef, FT_Coef: on the purchase price.
    pub coefficient: Decimal,
    /// AC_PrixTTC, FT_PrixTTC; NULL: the category's default.
    pub gross: Option<bool>,
    /// AC_QteMont: what the bounds of its steps are.
    pub stepping: i64,
    /// EG_Champ: the gamme of its steps.
    pub gamme: i64,
    /// AC_PrixDev.
    pub foreign_price: Decimal,
    /// AC_Devise.
    pub foreign_currency: i64,
    /// AC_Remise, FT_Remise: in percent.
    pub discount: Decimal,
    /// AC_TypeRem, FT_TypeRem.
    pub regime: i64,
}

impl PriceRow {
    /// Whether it carries a price, a coefficient or a discount.
    pub fn says(&self) -> bool {
        self.price > Decimal::ZERO
            || self.coefficient > Decimal::ZERO
            || self.foreign_price > Decimal::ZERO
            || !self.discount.is_zero()
    }
}

/// F_TARIFQTE or F_FAMTARIFQTE.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepRow {
    /// TQ_RefCF, FQ_RefCF: whose list it belongs to.
    pub list: String,
    /// TQ_BorneSup; 0: no bound.
    pub bound: Decimal,
    /// Three discounts, one after the other: value and REM_Type.
    pub discounts: [(Decimal, i64); 3],
    /// TQ_PrixNet; 0: none.
    pub net_price: Decimal,
}

/// F_TARIFGAM or F_TARIFCOND of one variant or packaging.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OwnPrice {
    /// TG_RefCF, TC_RefCF: whose list it belongs to.
    pub list: String,
    /// TG_Prix, TC_Prix; 0: none.
    pub price: Decimal,
}

/// F_FAMCLIENT.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FamilyCustomer {
    /// CT_Num.
    pub customer: String,
    /// FC_Remise, in percent.
    pub discount: Decimal,
}

/// F_ARTCOMPTA or F_FAMCOMPTA for one accounting category: what each of the three slots says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaxCodes {
    /// Slots 1 to 3.
    pub slots: [TaxSlot; 3],
}

/// One tax slot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaxSlot {
    /// …_Taxe1: blank is none.
    pub code: String,
    /// …_TaxeAnc1: the one that was.
    pub former: String,
    /// …_Date1: the day of its change.
    pub change: Option<NaiveDate>,
}

/// F_TAXE.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaxRow {
    /// TA_Code.
    pub code: String,
    /// TA_Intitule.
    pub title: Option<String>,
    /// TA_Taux.
    pub rate: Decimal,
    /// TA_TTaux.
    pub kind: i64,
    /// What of the row cannot be read.
    pub bad: Option<String>,
}

/// F_COMPTET, as far as prices go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Customer {
    /// CT_Num.
    pub code: String,
    /// CT_Type: 0 is a customer.
    pub kind: i64,
    /// CT_Sommeil.
    pub asleep: bool,
    /// CT_NumCentrale; blank: none.
    pub group: String,
    /// N_CatTarif.
    pub category: i64,
    /// N_CatCompta.
    pub tax_category: i64,
    /// N_Devise; 0: the company's.
    pub currency: i64,
    /// CT_Taux01, in percent.
    pub discount: Decimal,
}

/// What is true of all items of one question.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// F_TAXE.
    pub taxes: Vec<TaxRow>,
    /// P_DEVISE: cbIndice and D_CodeISO, or what of it cannot be read.
    pub currencies: Vec<(i64, Result<String, String>)>,
    /// P_DOSSIERCIAL.N_DeviseCompte; 0: it does not say.
    pub company_currency: i64,
    /// The decimals of P_DOSSIERCIAL.D_FormatPrix; none: it has no format.
    pub price_decimals: Option<u32>,
    /// The shop's own currency, for a company that does not say.
    pub shop_currency: Arc<str>,
    /// P_CATTARIF: cbIndice and CT_PrixTTC, or what of it cannot be read.
    pub categories: Vec<(i64, Result<bool, String>)>,
    /// A row of P_DEVISE or P_CATTARIF whose number cannot be read: it may be anybody's, and nothing has a price.
    pub fault: Option<Refusal>,
}

impl Book {
    /// The company's currency.
    ///
    /// # Errors
    /// `BAD_VALUE`: its code cannot be read.
    pub fn company(&self) -> Result<Arc<str>, Refusal> {
        Ok(self.iso(self.company_currency)?.unwrap_or_else(|| self.shop_currency.clone()))
    }

    /// The ISO code of a currency's number.
    ///
    /// # Errors
    /// `BAD_VALUE`: it cannot be read.
    pub fn iso(&self, number: i64) -> Result<Option<Arc<str>>, Refusal> {
        let mut found = self.currencies.iter().filter(|(n, _)| *n == number).map(|(_, iso)| iso);
        match found.find(|iso| !iso.as_ref().is_ok_and(String::is_empty)) {
            Some(Err(bad)) => Err(unreadable("P_DEVISE", &format!("currency {number}"), bad)),
            Some(Ok(iso)) => Ok(Some(iso.as_str().into())),
            None => Ok(None),
        }
    }

    /// Whether prices of a category are gross where a row does not say.
    ///
    /// # Errors
    /// `BAD_VALUE`: the flag cannot be read.
    pub fn gross(&self, category: i64) -> Result<bool, Refusal> {
        match self.categories.iter().find(|(n, _)| *n == category) {
            Some((_, Err(bad))) => Err(unreadable("P_CATTARIF", &format!("price category {category}"), bad)),
            Some((_, Ok(gross))) => Ok(*gross),
            None => Ok(false),
        }
    }
}

/// A cell that cannot be read is never 0: there is no price.
pub(super) fn unreadable(table: &str, key: &str, why: &str) -> Refusal {
    Refusal::new("BAD_VALUE", format!("{key}: a cell of its row in {table} cannot be read: {why}"))
}
