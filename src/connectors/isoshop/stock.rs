//! Stock in an IsoShop base: as a pivot it holds the quantities themselves (`stock`), beside an ERP what the shop says of
//! the ERP's (`stock_rule`). `docs/stock.md` tells the rules.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::super::{
    map::ConnectorMap,
    reading::{Reading, keys},
    stock::{
        DepotFigure, Depots, Mode, StockRule, Stocked, Stocks, Tracking,
        reckon::{Counting, Depot, Goods, Reckoning, Shelf, fold, number},
    },
    tariff::Item,
};
use crate::{
    sources::{Keys, Moment, Source, SourceError, expr::CastType},
    value::Value,
};

/// What can be sold of the quantities of a depot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Formula {
    /// What is there, without what is reserved.
    #[default]
    Available,
    /// What is there.
    Physical,
    /// As `Available`, with what is to come.
    Forecast,
}

impl Formula {
    /// By the word of the setting `stock_formula`.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "available" => Self::Available,
            "physical" => Self::Physical,
            "forecast" => Self::Forecast,
            _ => return None,
        })
    }

    /// What can be sold; may be less than nothing.
    pub fn of(self, physical: Decimal, reserved: Decimal, incoming: Decimal) -> Decimal {
        match self {
            Self::Available => physical.saturating_sub(reserved),
            Self::Physical => physical,
            Self::Forecast => physical.saturating_sub(reserved).saturating_add(incoming),
        }
    }
}

/// The stock of a pivot.
#[derive(Debug)]
pub struct IsoshopStock {
    formula: Formula,
    reckoning: Reckoning,
    /// What a reference without any row is.
    without_rows: Tracking,
    references: Reading,
    stock: Reading,
}

const CODE: CastType = CastType::Text(0);

impl IsoshopStock {
    /// By the settings of a map of connector `isoshop`.
    pub fn new(map: &ConnectorMap) -> Self {
        let word = |name: &str| map.settings.get(name).and_then(Value::as_str);
        Self {
            formula: word("stock_formula").and_then(Formula::named).unwrap_or_default(),
            reckoning: Reckoning::of(&map.settings),
            without_rows: match word("stock_without_rows") {
                Some("not_tracked") => Tracking::NotTracked,
                _ => Tracking::Tracked,
            },
            references: Reading::new("reference", map)
                .keyed(&[("article_code", CODE)])
                .text("article_code")
                .text("code"),
            stock: Reading::new("stock", map)
                .keyed(&[("reference_code", CODE)])
                .text("reference_code")
                .text("depot_code")
                .decimal("physical")
                .decimal("reserved")
                .decimal("incoming"),
        }
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or("")
}

fn codes<'a>(codes: impl Iterator<Item = &'a str>) -> Keys {
    let mut known = HashSet::new();
    keys(codes.filter(|code| known.insert(fold(code))).map(Value::text))
}

#[async_trait]
impl Stocks for IsoshopStock {
    async fn read(
        &self,
        source: &dyn Source,
        items: &[Item],
        depots: &Depots,
        moment: &Moment,
    ) -> Result<Vec<Stocked>, SourceError> {
        // An article may be its own only reference: then it has no rows of `reference`.
        let articles = || items.iter().filter(|item| &*item.rows == "articles");
        let asked = codes(articles().map(|item| text(item.key.first())));
        let rows = self.references.rows(source, asked, &[], moment).await?;
        let mut references: HashMap<String, Vec<String>> = HashMap::new();
        for row in 0..rows.len() {
            let of = references.entry(fold(text(Some(rows.get(row, 0))))).or_default();
            of.push(text(Some(rows.get(row, 1))).to_owned());
        }
        let all = items.iter().map(|item| text(item.key.first()));
        let all = codes(all.chain(references.values().flatten().map(String::as_str)));
        let rows = self.stock.rows(source, all, &[], moment).await?;

        // A pivot has no list of depots: those that rows name are all.
        let code = |row| text(Some(rows.get(row, 1)));
        let listed: HashSet<&str> = (0..rows.len()).map(code).collect();
        let depot = |code: &str| Depot { key: code.into(), code: code.into(), title: None, excluded: false };
        let listed: Vec<Depot> = listed.into_iter().map(depot).collect();
        let counting = Counting::new(&listed, &depots.only);

        let mut shelf = Shelf::new(self.reckoning);
        let mut places: HashMap<String, usize> = HashMap::new();
        for row in 0..rows.len() {
            let [code, depot, physical, reserved, incoming] = rows.row(row) else { continue };
            let place = *places
                .entry(fold(text(Some(code))))
                .or_insert_with(|| shelf.put(Goods::new(Tracking::Tracked)));
            let Some(depot) = counting.get(text(Some(depot))) else { continue };
            let Some(goods) = shelf.at(place) else { continue };
            match (number(physical), number(reserved), number(incoming)) {
                (Some(physical), Some(reserved), Some(incoming)) => goods.figures.push(DepotFigure {
                    code: depot.code.clone(),
                    title: None,
                    physical,
                    reserved,
                    incoming,
                    available: self.formula.of(physical, reserved, incoming),
                }),
                _ => goods.tracking = Tracking::Unreadable,
            }
        }
        let none = shelf.put(Goods::new(self.without_rows));
        let place = |code: &str| places.get(&fold(code)).copied().unwrap_or(none);
        let answer = |item: &Item| {
            let code = text(item.key.first());
            match references.get(&fold(code)).filter(|_| &*item.rows == "articles") {
                Some(of) => {
                    let of: Vec<usize> = of.iter().map(|code| place(code)).collect();
                    shelf.together(&of, Tracking::Tracked)
                }
                None => shelf.stocked(place(code)),
            }
        };
        Ok(items.iter().map(answer).collect())
    }
}

/// What the shop says of references' stock.
#[derive(Debug)]
pub struct StockRules {
    rules: Reading,
}

impl StockRules {
    /// In a source of connector `isoshop`.
    pub fn new(map: &ConnectorMap) -> Self {
        Self {
            rules: Reading::new("stock_rule", map)
                // A base made before there were such rules has none.
                .spare()
                .keyed(&[("reference_code", CODE)])
                .text("reference_code")
                .decimal("buffer")
                .text("mode")
                .int("lead_time_days")
                .date("restock_date"),
        }
    }

    /// The rules of some references by their codes, in their order, in one statement.
    ///
    /// # Errors
    /// The source does not answer.
    pub async fn read(
        &self,
        source: &dyn Source,
        references: &[Arc<str>],
        moment: &Moment,
    ) -> Result<Vec<Option<StockRule>>, SourceError> {
        let asked = codes(references.iter().map(|code| &**code));
        let rows = self.rules.rows(source, asked, &[], moment).await?;
        let mut rules: HashMap<String, StockRule> = HashMap::new();
        for row in 0..rows.len() {
            if let [code, cells @ ..] = rows.row(row) {
                rules.insert(fold(text(Some(code))), rule(cells));
            }
        }
        Ok(references.iter().map(|code| rules.get(&fold(code)).cloned()).collect())
    }
}

/// A rule out of its cells: buffer, mode, days, day. What nothing is said of is as usual, and so is a buffer or a number of
/// days below nothing; what cannot be read makes the rule unreadable.
fn rule(cells: &[Value]) -> StockRule {
    let [buffer, mode, days, day] = cells else { return StockRule::default() };
    let bad = [buffer, mode, days, day].into_iter().any(|cell| matches!(cell, Value::Bad(_)));
    let word = text(Some(mode)).trim().to_ascii_lowercase();
    StockRule {
        buffer: number(buffer).unwrap_or_default().max(Decimal::ZERO),
        mode: match word.as_str() {
            _ if bad => Mode::Unreadable,
            "" | "erp" => Mode::Erp,
            "always" => Mode::Always,
            "never" => Mode::Never,
            _ => Mode::Unreadable,
        },
        lead_time_days: match days {
            Value::Int(days) => u32::try_from(*days).ok(),
            _ => None,
        },
        restock_date: match day {
            Value::Date(day) => Some(*day),
            _ => None,
        },
    }
}
