//! Prices and stock of the demo's ERP: category and customer rows, quantity steps,
//! variant and pack prices, quantities by depot.

use super::DemoError;
use super::article::{Article, Kind};
use super::erp::{euros, minute};
use super::load::{Cell, Loader, Table, row};
use super::rng::{Rng, mix};
use super::traps::{at, falls};
use super::vocabulary::Vocabulary;

/// A customer with prices of its own, and the buying group of two others.
pub(crate) const PRICED_CUSTOMER: &str = "C00007";
/// The buying group whose members have rows of their own beside it.
pub(crate) const GROUP: &str = "C00010";
/// A member of [`GROUP`].
pub(crate) const MEMBER: &str = "C00011";

/// Price and stock tables.
#[derive(Debug)]
pub(crate) struct TradeTables {
    price: Table,
    step: Table,
    variant_price: Table,
    pack_price: Table,
    stock: Table,
    variant_stock: Table,
}

impl TradeTables {
    pub(crate) fn declare(erp: &mut Loader) -> Self {
        Self {
            price: erp.table(
                "F_ARTCLIENT",
                &[
                    "AR_Ref",
                    "AC_Categorie",
                    "AC_PrixVen",
                    "AC_Coef",
                    "AC_PrixTTC",
                    "AC_QteMont",
                    "EG_Champ",
                    "CT_Num",
                    "AC_Remise",
                    "AC_TypeRem",
                    "AC_RefClient",
                    "cbModification",
                ],
                &[
                    ("AC_Arrondi", "0"),
                    ("AC_PrixDev", "0"),
                    ("AC_Devise", "0"),
                    ("AC_Calcul", "0"),
                    ("AC_DateApplication", "'1900-01-01 00:00:00'"),
                ],
            ),
            step: erp.table(
                "F_TARIFQTE",
                &[
                    "AR_Ref",
                    "TQ_RefCF",
                    "TQ_BorneSup",
                    "TQ_Remise01REM_Valeur",
                    "TQ_Remise02REM_Valeur",
                    "TQ_PrixNet",
                    "cbModification",
                ],
                &[
                    ("TQ_Remise01REM_Type", "1"),
                    ("TQ_Remise02REM_Type", "1"),
                    ("TQ_Remise03REM_Valeur", "0"),
                    ("TQ_Remise03REM_Type", "0"),
                ],
            ),
            variant_price: erp.table(
                "F_TARIFGAM",
                &["AR_Ref", "TG_RefCF", "AG_No1", "AG_No2", "TG_Prix", "TG_CodeBarre", "cbModification"],
                &[("TG_Ref", "''")],
            ),
            pack_price: erp.table(
                "F_TARIFCOND",
                &["AR_Ref", "TC_RefCF", "CO_No", "TC_Prix", "cbModification"],
                &[],
            ),
            stock: erp.table(
                "F_ARTSTOCK",
                &[
                    "AR_Ref",
                    "DE_No",
                    "AS_QteMini",
                    "AS_MontSto",
                    "AS_QteSto",
                    "AS_QteRes",
                    "AS_QteCom",
                    "AS_QtePrepa",
                    "AS_Principal",
                    "cbModification",
                ],
                &[("AS_QteMaxi", "0"), ("AS_QteResCM", "0"), ("AS_QteComCM", "0"), ("AS_QteAControler", "0")],
            ),
            variant_stock: erp.table(
                "F_GAMSTOCK",
                &[
                    "AR_Ref",
                    "AG_No1",
                    "AG_No2",
                    "DE_No",
                    "GS_MontSto",
                    "GS_QteSto",
                    "GS_QteRes",
                    "GS_QteCom",
                    "GS_QtePrepa",
                    "cbModification",
                ],
                &[("GS_QteAControler", "0")],
            ),
        }
    }
}

/// One row of `F_ARTCLIENT` before it is written.
#[derive(Debug, Default)]
struct PriceRow<'a> {
    category: i64,
    price: i64,
    coefficient: &'a str,
    gross: bool,
    steps: bool,
    customer: Option<&'a str>,
    discount: i64,
    exclusive: bool,
    customer_code: String,
}

async fn price_row(
    erp: &mut Loader,
    t: &TradeTables,
    a: &Article<'_>,
    seed: u64,
    r: PriceRow<'_>,
) -> Result<(), DemoError> {
    let when = minute(mix(seed, u64::from(a.i), 20 + r.category.unsigned_abs()));
    let coefficient = if r.coefficient.is_empty() { "0" } else { r.coefficient };
    // The index of "Tranches quantité" among the company's gammes.
    let gamme = if r.steps { 9 } else { 0 };
    erp.add(
        t.price,
        row![
            &a.code,
            r.category,
            euros(r.price),
            coefficient,
            r.gross,
            r.steps,
            gamme,
            r.customer,
            r.discount,
            r.exclusive,
            r.customer_code,
            when,
        ],
    )
    .await
}

/// The number of a barcode that only the tariff has: above all others.
fn tariff_barcode(i: u32) -> i64 {
    // The variants of the first 100,000 articles end before five million.
    if i < 100_000 { 5_000_000 + i64::from(i) } else { 50_000_000 + i64::from(i) }
}

/// Writes the price rows of one article.
pub(crate) async fn prices(
    erp: &mut Loader,
    t: &TradeTables,
    seed: u64,
    a: &Article<'_>,
) -> Result<(), DemoError> {
    if a.i == at::DEPOSIT {
        return Ok(());
    }
    let code = a.code.as_str();
    let when = minute(mix(seed, u64::from(a.i), 24));
    // Category 1: a row that carries no price is normal.
    if a.i.is_multiple_of(4) {
        price_row(erp, t, a, seed, PriceRow { category: 1, ..PriceRow::default() }).await?;
    }
    let second = PriceRow { category: 2, ..PriceRow::default() };
    match a.i % 10 {
        4 => price_row(erp, t, a, seed, PriceRow { discount: 10, ..second }).await?,
        5 => price_row(erp, t, a, seed, PriceRow { coefficient: "1.6", ..second }).await?,
        6 => {} // the family's rule decides
        7 => {
            price_row(erp, t, a, seed, PriceRow { price: a.net * 9 / 10, steps: true, ..second }).await?;
            // The middle step cascades 10 then 5: 14.5 %, not 15. One article in two ends
            // with a net price instead of a discount.
            let last = if a.i % 20 == 7 { (0, a.net * 7 / 10) } else { (20, 0) };
            for (bound, first, then, net) in [(10, 0, 0, 0), (40, 10, 5, 0), (99_999, last.0, 0, last.1)] {
                let row = row![code, "a02", bound, first, then, euros(net), when.as_str()];
                erp.add(t.step, row).await?;
            }
        }
        8 => price_row(erp, t, a, seed, PriceRow { price: a.net * 85 / 100, discount: 5, ..second }).await?,
        9 => price_row(erp, t, a, seed, second).await?,
        _ => price_row(erp, t, a, seed, PriceRow { price: a.net * 8 / 10, ..second }).await?,
    }
    if a.published == Some(true) {
        let gross = (a.net * (1000 + Vocabulary::rate_tenths(a.vat)) + 500) / 1000;
        price_row(
            erp,
            t,
            a,
            seed,
            PriceRow { category: 3, price: gross, gross: true, ..PriceRow::default() },
        )
        .await?;
    }
    if a.i % 25 == 3 {
        let row = |customer, price| PriceRow { price, customer: Some(customer), ..PriceRow::default() };
        price_row(erp, t, a, seed, row(GROUP, a.net * 78 / 100)).await?;
        price_row(erp, t, a, seed, row(MEMBER, a.net * 72 / 100)).await?;
        let own = PriceRow {
            exclusive: a.i % 50 == 3,
            customer_code: format!("QP-{}", 500 + a.i),
            ..row(PRICED_CUSTOMER, a.net * 75 / 100)
        };
        price_row(erp, t, a, seed, own).await?;
    }
    match &a.kind {
        Kind::Variants { rows, .. } => {
            let priced = a.i.is_multiple_of(12) || falls(a.i, at::TARIFF_BARCODE, 23);
            for (n, v) in (0..).zip(rows) {
                if priced {
                    let barcode = match v.barcode {
                        None => super::article::barcode(tariff_barcode(a.i)),
                        Some(_) => String::new(),
                    };
                    let row = row![
                        code,
                        "a01",
                        v.first.number,
                        v.second_number(),
                        euros(a.net + n * 150),
                        barcode,
                        when.as_str()
                    ];
                    erp.add(t.variant_price, row).await?;
                }
                if priced && a.i.is_multiple_of(24) {
                    let row = row![code, GROUP, v.first.number, v.second_number(), "0", "", when.as_str()];
                    erp.add(t.variant_price, row).await?;
                }
            }
        }
        Kind::Packs(packs) => {
            for pack in packs.iter().filter(|p| p.number % 3 != 0) {
                let price = a.net * pack.quantity * 92 / 100;
                erp.add(t.pack_price, row![code, "a01", pack.number, euros(price), when.as_str()]).await?;
            }
        }
        Kind::Plain | Kind::Kit(_) => {}
    }
    Ok(())
}

#[derive(Debug, Default, Clone, Copy)]
struct Quantities {
    physical: i64,
    reserved: i64,
    incoming: i64,
    preparing: i64,
}

fn quantities(rng: &mut Rng) -> Quantities {
    let physical = match rng.below(10) {
        0 => 0,
        1 => rng.between(1, 3),
        _ => rng.between(4, 160),
    };
    Quantities {
        physical,
        reserved: if physical > 8 { rng.between(0, physical / 4) } else { 0 },
        incoming: if rng.chance(25) { rng.between(1, 8) * 12 } else { 0 },
        preparing: if physical > 20 && rng.chance(15) { rng.between(1, 4) } else { 0 },
    }
}

/// Writes the stock rows of one article; `F_ARTSTOCK` is the sum of `F_GAMSTOCK`.
pub(crate) async fn stock(
    erp: &mut Loader,
    t: &TradeTables,
    seed: u64,
    a: &Article<'_>,
) -> Result<(), DemoError> {
    if matches!(a.i, at::DEPOSIT | at::NO_STOCK_ROW) || matches!(a.kind, Kind::Kit(_)) {
        return Ok(());
    }
    let mut rng = Rng::of(seed, u64::from(a.i), 30);
    let when = minute(mix(seed, u64::from(a.i), 31));
    let depots: &[i64] = match a.i % 4 {
        0 => &[1, 2],
        1 => &[1, 2, 3],
        2 => &[1],
        _ => &[1, 4],
    };
    for depot in depots {
        let total = if let Kind::Variants { rows, .. } = &a.kind {
            let mut total = Quantities::default();
            for v in rows {
                // A missing row means zero.
                if rng.chance(10) {
                    continue;
                }
                let q = quantities(&mut rng);
                erp.add(
                    t.variant_stock,
                    row![
                        &a.code,
                        v.first.number,
                        v.second_number(),
                        *depot,
                        euros(a.cost * q.physical),
                        q.physical,
                        q.reserved,
                        q.incoming,
                        q.preparing,
                        when.as_str(),
                    ],
                )
                .await?;
                total.physical += q.physical;
                total.reserved += q.reserved;
                total.incoming += q.incoming;
                total.preparing += q.preparing;
            }
            total
        } else if falls(a.i, at::NEGATIVE_STOCK, 73) {
            Quantities { physical: -4, reserved: 2, ..Quantities::default() }
        } else {
            quantities(&mut rng)
        };
        let minimum: Cell = if *depot == 1 { 3.into() } else { 0.into() };
        erp.add(
            t.stock,
            row![
                &a.code,
                *depot,
                minimum,
                euros(a.cost * total.physical),
                total.physical,
                total.reserved,
                total.incoming,
                total.preparing,
                *depot == 1,
                when.as_str(),
            ],
        )
        .await?;
    }
    Ok(())
}
