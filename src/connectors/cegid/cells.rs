//! The columns of Cegid's tables that prices lean on, and their rows as plain values.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::case::{Goods, Row};
use crate::{
    connectors::{map::ConnectorMap, reading::Reading},
    sources::{Rows, expr::CastType},
    value::Value,
};

/// The customer.
pub(super) fn customers(map: &ConnectorMap) -> Reading {
    Reading::new("TIERS", map)
        .keyed(&[("T_TIERS", CastType::Text(17))])
        .filter("T_NATUREAUXI = 'CLI'")
        .text("T_TIERS")
        .text("T_TARIFTIERS")
        .text("T_REGIMETVA")
        .text("T_FACTUREHT")
        .text("T_DEVISE")
        .decimal("T_REMISE")
        .text("OPTIONAL(T_FERME)")
}

/// The articles of the batch, and their generic ones.
pub(super) fn articles(map: &ConnectorMap) -> Reading {
    Reading::new("ARTICLE", map)
        .join("ARTICLECOMPL", "c", "c.GA2_ARTICLE = t.GA_ARTICLE")
        .keyed(&[("GA_ARTICLE", CastType::Text(35))])
        .verbatim("GA_ARTICLE")
        .text("GA_TARIFARTICLE")
        .text("OPTIONAL(c.GA2_SOUSFAMTARART)")
        .decimal("GA_PVHT")
        .decimal("GA_PVTTC")
        .decimal("GA_PRIXPOURQTE")
        .text("GA_PRIXUNIQUE")
        .text("GA_FAMILLETAXE1")
        .text("OPTIONAL(GA_FAMILLETAXE2)")
        .text("OPTIONAL(GA_FAMILLETAXE3)")
        .text("OPTIONAL(GA_FAMILLETAXE4)")
        .text("OPTIONAL(GA_FAMILLETAXE5)")
        .text("OPTIONAL(GA_REMISELIGNE)")
        .text("OPTIONAL(GA_CALCPRIXHT)")
        .text("OPTIONAL(GA_CALCPRIXTTC)")
}

/// Rows for the articles of the batch and for any, for anybody, the buyer and the buyer's class: nobody else's.
pub(super) fn rows(map: &ConnectorMap) -> Reading {
    Reading::new("TARIF", map)
        .scalar("customer")
        .scalar("class")
        .keyed(&[("GF_ARTICLE", CastType::Text(35))])
        .beside("GF_ARTICLE IS NULL OR GF_ARTICLE = ''")
        .filter("GF_TIERS IS NULL OR GF_TIERS = '' OR GF_TIERS = :customer")
        .filter("GF_TARIFTIERS IS NULL OR GF_TARIFTIERS = '' OR GF_TARIFTIERS = :class")
        .int("GF_TARIF")
        .text("GF_LIBELLE")
        .verbatim("GF_ARTICLE")
        .text("GF_TARIFARTICLE")
        .text("OPTIONAL(GF_SOUSFAMTARART)")
        .text("GF_TIERS")
        .text("GF_TARIFTIERS")
        .text("GF_NATUREAUXI")
        .text("GF_DEVISE")
        .text("GF_DEPOT")
        .text("GF_REGIMEPRIX")
        .decimal("GF_PRIXUNITAIRE")
        .decimal("GF_REMISE")
        .text("GF_QUANTITATIF")
        .decimal("GF_BORNEINF")
        .decimal("GF_BORNESUP")
        .date("CAST(GF_DATEDEBUT AS date)")
        .date("CAST(GF_DATEFIN AS date)")
        .text("GF_FERME")
        .text("GF_CASCADEREMISE")
        .text("OPTIONAL(GF_CONDAPPLIC)")
        .text("OPTIONAL(GF_ARRONDI)")
        .int("OPTIONAL(GF_TARFMODE)")
}

pub(super) fn blank(text: &str) -> Option<Arc<str>> {
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.into())
}

/// The cells of one row; what cannot be read is kept for whoever needs the row.
pub(super) struct Cells<'a> {
    pub(super) rows: &'a Rows,
    pub(super) row: usize,
    pub(super) bad: Option<String>,
}

impl Cells<'_> {
    fn get(&mut self, column: usize) -> &Value {
        let value = self.rows.get(self.row, column);
        if let Value::Bad(why) = value {
            self.bad.get_or_insert_with(|| why.to_string());
        }
        value
    }

    pub(super) fn text(&mut self, column: usize) -> Option<Arc<str>> {
        self.get(column).as_str().and_then(blank)
    }

    pub(super) fn flag(&mut self, column: usize) -> bool {
        self.get(column).as_str() == Some("X")
    }

    pub(super) fn decimal(&mut self, column: usize) -> Option<Decimal> {
        match self.get(column) {
            Value::Decimal(number) => Some(*number),
            Value::Int(number) => Some((*number).into()),
            _ => None,
        }
    }

    fn int(&mut self, column: usize) -> Option<i64> {
        match self.get(column) {
            Value::Int(number) => Some(*number),
            _ => None,
        }
    }

    fn date(&mut self, column: usize) -> Option<chrono::NaiveDate> {
        match self.get(column) {
            Value::Date(day) => Some(*day),
            _ => None,
        }
    }
}

/// A row of [`articles`].
pub(super) fn goods(rows: &Rows, row: usize) -> Goods {
    let mut cells = Cells { rows, row, bad: None };
    let made = |said: Option<Arc<str>>| said.filter(|code| !code.eq_ignore_ascii_case("AUC"));
    let mut goods = Goods {
        key: cells.get(0).as_str().unwrap_or_default().into(),
        family: cells.text(1),
        sub_family: cells.text(2),
        net: cells.decimal(3).unwrap_or_default(),
        gross: cells.decimal(4).unwrap_or_default(),
        per: cells.decimal(5).unwrap_or_default(),
        one_price: cells.flag(6),
        taxes: [cells.text(7), cells.text(8), cells.text(9), cells.text(10), cells.text(11)],
        no_discount: cells.text(12).as_deref() == Some("-"),
        made_net: made(cells.text(13)),
        made_gross: made(cells.text(14)),
        bad: None,
    };
    goods.bad = cells.bad;
    goods
}

/// A row of [`rows`].
pub(super) fn tariff_row(rows: &Rows, row: usize) -> Row {
    let mut cells = Cells { rows, row, bad: None };
    let mut found = Row {
        id: cells.int(0).unwrap_or_default(),
        label: cells.text(1),
        article: cells.get(2).as_str().filter(|key| !key.trim().is_empty()).map(Arc::from),
        family: cells.text(3),
        sub_family: cells.text(4),
        customer: cells.text(5),
        class: cells.text(6),
        purchase: cells.text(7).as_deref() == Some("FOU"),
        currency: cells.text(8),
        depot: cells.text(9),
        regime: cells.text(10),
        price: cells.decimal(11).unwrap_or_default(),
        discount: cells.decimal(12).unwrap_or_default(),
        stepped: cells.flag(13),
        bounds: (cells.decimal(14), cells.decimal(15)),
        from: cells.date(16),
        until: cells.date(17),
        closed: cells.flag(18),
        cascade: cells.text(19),
        condition: cells.text(20),
        rounding: cells.text(21),
        retail: cells.int(22).is_some_and(|mode| mode != 0),
        bad: None,
    };
    found.bad = cells.bad;
    found
}
