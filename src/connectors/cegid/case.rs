//! What a price of Cegid leans on: rows of its tables as plain values, and what its set-up decides.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::connectors::tariff::Decimals;

/// What Cegid's set-up decides and its tables do not tell: settings, with the connector's defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The warehouse whose price rows count beside those of any (GF_DEPOT).
    pub depot: Option<Arc<str>>,
    /// A variant's own rows shut out its generic article's, whatever they weigh; else both are weighed together.
    pub variant_first: bool,
    /// A row without price takes its discount off the article's price; else off the next row's that has one.
    pub discount_off_article: bool,
    /// What a row marked CAS does beside weighing more.
    pub cascade: Cascade,
    /// T_REMISE is taken off the unit price; else it stays at the foot of documents.
    pub customer_discount: bool,
    /// Articles whose GA_REMISELIGNE is `-` have no discount.
    pub discount_flag: bool,
    /// A discount under a rounding code (GF_ARRONDI) refuses the price; else the code is not looked at.
    pub refuse_rounding: bool,
    /// To how many decimals a discounted price is rounded; none: as the company does ([`Company::price_decimals`]), else to `unit_decimals`.
    pub price_decimals: Option<u32>,
    /// The decimals of a price of one unit made of that of several, and of a discounted price when nobody says others.
    pub unit_decimals: u32,
    /// Those of the figure that is made of the other, and of other taxes.
    pub decimals: Decimals,
    /// GF_PRIXUNITAIRE is for GA_PRIXPOURQTE units as the article's own price; else for one.
    pub tariff_per_quantity: bool,
    /// TX2 to TX5 are told as taxes of their own.
    pub other_taxes: bool,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            depot: None,
            variant_first: true,
            discount_off_article: true,
            cascade: Cascade::Alone,
            customer_discount: false,
            discount_flag: true,
            refuse_rounding: true,
            price_decimals: None,
            unit_decimals: 6,
            decimals: Decimals::default(),
            tariff_per_quantity: true,
            other_taxes: true,
        }
    }
}

/// What a row marked CAS does beside weighing more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cascade {
    /// Nothing: the heaviest row's discount stands alone.
    #[default]
    Alone,
    /// The discounts of the next rows follow it, down to the first that is not marked.
    Chained,
    /// Another discount that would follow refuses the price.
    Refused,
}

/// What the company's parameters say (PARAMSOC).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// SO_DEVISEPRINC: the currency of the articles' prices.
    pub currency: Option<Arc<str>>,
    /// SO_DECPRIX.
    pub price_decimals: Option<u32>,
    /// SO_DECQTE.
    pub quantity_decimals: Option<u32>,
    /// Prices are kept in YTARIFS too, which these rules do not read.
    pub other_module: bool,
}

/// Who buys: a row of TIERS, or the public's terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Party {
    /// T_TIERS; none: the public.
    pub customer: Option<Arc<str>>,
    /// T_TARIFTIERS.
    pub class: Option<Arc<str>>,
    /// T_REGIMETVA.
    pub regime: Arc<str>,
    /// T_FACTUREHT: documents are net.
    pub net: bool,
    /// T_DEVISE; none: the company's.
    pub currency: Option<Arc<str>>,
    /// T_REMISE, in percent.
    pub discount: Decimal,
}

/// A row of ARTICLE (and its ARTICLECOMPL).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Goods {
    /// GA_ARTICLE, 34 characters.
    pub key: Arc<str>,
    /// GA_TARIFARTICLE.
    pub family: Option<Arc<str>>,
    /// GA2_SOUSFAMTARART.
    pub sub_family: Option<Arc<str>>,
    /// GA_PVHT.
    pub net: Decimal,
    /// GA_PVTTC.
    pub gross: Decimal,
    /// GA_PRIXPOURQTE; 0 is 1.
    pub per: Decimal,
    /// GA_PRIXUNIQUE: variants have their generic article's price.
    pub one_price: bool,
    /// GA_FAMILLETAXE1 to 5.
    pub taxes: [Option<Arc<str>>; 5],
    /// GA_REMISELIGNE is `-`.
    pub no_discount: bool,
    /// GA_CALCPRIXHT, where it is not AUC: how the net price is made of others.
    pub made_net: Option<Arc<str>>,
    /// GA_CALCPRIXTTC likewise.
    pub made_gross: Option<Arc<str>>,
    /// What could not be read.
    pub bad: Option<String>,
}

/// A row of TARIF.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// GF_TARIF.
    pub id: i64,
    /// GF_LIBELLE.
    pub label: Option<Arc<str>>,
    /// GF_ARTICLE; none: any.
    pub article: Option<Arc<str>>,
    /// GF_TARIFARTICLE; none: any.
    pub family: Option<Arc<str>>,
    /// GF_SOUSFAMTARART; none: any.
    pub sub_family: Option<Arc<str>>,
    /// GF_TIERS; none: any.
    pub customer: Option<Arc<str>>,
    /// GF_TARIFTIERS; none: any.
    pub class: Option<Arc<str>>,
    /// GF_NATUREAUXI is FOU.
    pub purchase: bool,
    /// GF_DEVISE; none: any.
    pub currency: Option<Arc<str>>,
    /// GF_DEPOT; none: any.
    pub depot: Option<Arc<str>>,
    /// GF_REGIMEPRIX.
    pub regime: Option<Arc<str>>,
    /// GF_PRIXUNITAIRE; 0: the row is a discount only.
    pub price: Decimal,
    /// GF_REMISE, in percent.
    pub discount: Decimal,
    /// GF_QUANTITATIF.
    pub stepped: bool,
    /// GF_BORNEINF and GF_BORNESUP, both inclusive; none, and ±999,999: no bound.
    pub bounds: (Option<Decimal>, Option<Decimal>),
    /// GF_DATEDEBUT.
    pub from: Option<NaiveDate>,
    /// GF_DATEFIN, inclusive.
    pub until: Option<NaiveDate>,
    /// GF_FERME.
    pub closed: bool,
    /// GF_CASCADEREMISE.
    pub cascade: Option<Arc<str>>,
    /// GF_CONDAPPLIC: it holds under a condition only.
    pub condition: Option<Arc<str>>,
    /// GF_ARRONDI.
    pub rounding: Option<Arc<str>>,
    /// GF_TARFMODE is not 0: a row of the retail tariffs.
    pub retail: bool,
    /// What could not be read.
    pub bad: Option<String>,
}

/// TV_TAUXVTE by number of the tax (1 is VAT) and family, of one regime.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates(HashMap<(u8, String), Decimal>);

impl Rates {
    /// Adds a rate of TXCPTTVA; `tax` is TX1 to TX5.
    pub fn add(&mut self, tax: &str, family: &str, rate: Decimal) {
        if let Some(slot) = tax.trim().strip_prefix("TX").and_then(|n| n.parse().ok()) {
            self.0.insert((slot, family.trim().to_uppercase()), rate);
        }
    }

    /// The rate of a tax, by its number, for a family.
    pub(super) fn get(&self, slot: u8, family: &str) -> Option<Decimal> {
        self.0.get(&(slot, family.trim().to_uppercase())).copied()
    }
}

/// All that one price leans on.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The reference's own row.
    pub own: &'a Goods,
    /// Its generic article's, of a variant.
    pub generic: Option<&'a Goods>,
    /// Rows of TARIF; those of other articles are passed over.
    pub rows: &'a [&'a Row],
    /// The rates of the buyer's regime.
    pub rates: &'a Rates,
    /// Who buys.
    pub party: &'a Party,
    /// The company.
    pub company: &'a Company,
    /// What its set-up decides.
    pub terms: &'a Terms,
    /// The day.
    pub day: NaiveDate,
    /// The shop's currency, where neither customer nor company says.
    pub currency: &'a str,
}

impl Case<'_> {
    /// The company's currency.
    pub(super) fn home(&self) -> &str {
        self.company.currency.as_deref().unwrap_or(self.currency)
    }

    /// The document's currency.
    pub(super) fn money(&self) -> &str {
        self.party.currency.as_deref().unwrap_or_else(|| self.home())
    }

    /// As which the document keeps prices.
    pub(super) fn taxed(&self) -> &'static str {
        if self.party.net { "HT" } else { "TTC" }
    }
}

/// Whether two codes are one: case and trailing blanks do not count.
pub(super) fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.trim_end(), b.trim_end());
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_uppercase() == b.to_uppercase())
}

/// As people write it.
pub(super) fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}
