//! Stock as Cegid Business keeps it: the open rows of `DISPO` by depot, in stock units; a generic article's out of its
//! variants', a kit's out of its components'. `docs/stock.md` tells the rules.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::super::{
    map::ConnectorMap,
    reading::{Reading, keys},
    stock::{
        DepotFigure, Depots, Stocked, Stocks, Tracking,
        reckon::{Counting, Depot, Goods, Part, Reckoning, Shelf, fold, number, ratio},
    },
    tariff::Item,
};
use crate::{
    sources::{Keys, Moment, Rows, Source, SourceError, expr::CastType},
    value::Value,
};

/// What can be sold of the quantities of a depot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Formula {
    /// What is there, without what customers have ordered and what is being prepared: the shortage test `DIS`.
    #[default]
    Available,
    /// As at the till: without what customers have ordered.
    Till,
    /// As `Available`, with what suppliers are to bring.
    Net,
    /// What is there: the shortage test `PHY`.
    Physical,
}

impl Formula {
    /// By the word of the setting `stock_formula`.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "available" => Self::Available,
            "till" => Self::Till,
            "net" => Self::Net,
            "physical" => Self::Physical,
            _ => return None,
        })
    }

    /// What can be sold; may be less than nothing.
    pub fn of(self, held: &Counters) -> Decimal {
        let till = || held.physical.saturating_sub(held.reserved);
        match self {
            Self::Available => till().saturating_sub(held.preparing),
            Self::Till => till(),
            Self::Net => till().saturating_add(held.incoming).saturating_sub(held.preparing),
            Self::Physical => held.physical,
        }
    }
}

/// Which way the coefficient between sales unit and stock unit goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Conversion {
    /// One sales unit is so many stock units.
    #[default]
    Divide,
    /// One stock unit is so many sales units.
    Multiply,
}

impl Conversion {
    /// A quantity of stock units in sales units. A coefficient that is nothing, or less, is none.
    pub fn sold(self, quantity: Decimal, coefficient: Decimal) -> Decimal {
        if coefficient <= Decimal::ZERO || coefficient == Decimal::ONE {
            return quantity;
        }
        match self {
            Self::Divide => ratio(quantity, coefficient),
            Self::Multiply => quantity.saturating_mul(coefficient),
        }
    }
}

/// The counters of one row of `DISPO`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `GQ_PHYSIQUE`.
    pub physical: Decimal,
    /// `GQ_RESERVECLI`.
    pub reserved: Decimal,
    /// `GQ_PREPACLI`.
    pub preparing: Decimal,
    /// `GQ_RESERVEFOU`.
    pub incoming: Decimal,
}

impl Counters {
    /// As staff see it: in sales units.
    pub fn figure(
        &self,
        depot: &Depot,
        formula: Formula,
        conversion: Conversion,
        coefficient: Decimal,
    ) -> DepotFigure {
        let sold = |quantity| conversion.sold(quantity, coefficient);
        DepotFigure {
            code: depot.code.clone(),
            title: depot.title.clone(),
            physical: sold(self.physical),
            reserved: sold(self.reserved.saturating_add(self.preparing)),
            incoming: sold(self.incoming),
            available: sold(formula.of(self)),
        }
    }
}

/// The depots with those told apart that goods in transit or in dispute are booked in: another depot names them so, or
/// (where the columns are flags) they say so themselves. `rows`: code, title, transit, dispute.
pub fn depots(rows: &[[Option<&str>; 4]], all_count: bool) -> Vec<Depot> {
    let codes: HashSet<String> = rows.iter().filter_map(|row| row[0]).map(fold).collect();
    let mut apart: HashSet<String> = HashSet::new();
    for [code, _, transit, dispute] in rows {
        let Some(own) = code.map(fold) else { continue };
        for named in [transit, dispute].into_iter().flatten().map(|named| fold(named)) {
            if codes.contains(&named) {
                if named != own {
                    apart.insert(named);
                }
            } else if named == "X" {
                apart.insert(own.clone());
            }
        }
    }
    let depot = |[code, title, ..]: &[Option<&str>; 4]| {
        let code = (*code)?;
        let excluded = !all_count && apart.contains(&fold(code));
        Some(Depot { key: code.into(), code: code.into(), title: title.map(Into::into), excluded })
    };
    rows.iter().filter_map(depot).collect()
}

/// The stock of a Cegid Business company.
#[derive(Debug)]
pub struct CegidStock {
    formula: Formula,
    conversion: Conversion,
    reckoning: Reckoning,
    transit_counts: bool,
    closed_count: bool,
    depots: Reading,
    articles: Reading,
    stock: Reading,
    parts: Reading,
}

impl CegidStock {
    /// By the settings of a map of connector `cegid`.
    pub fn new(map: &ConnectorMap) -> Self {
        let word = |name: &str| map.settings.get(name).and_then(Value::as_str);
        let yes = |name: &str| matches!(map.settings.get(name), Some(Value::Bool(true)));
        let mut articles = Reading::new("ARTICLE", map)
            .keyed(&[("GA_CODEARTICLE", CastType::Text(18))])
            .text("GA_CODEARTICLE")
            .verbatim("GA_ARTICLE")
            .text("GA_STATUTART")
            .text("GA_TYPEARTICLE")
            .text("GA_TENUESTOCK")
            .text("GA_CONTREMARQUE")
            .text("GA_FERME")
            .decimal("GA_COEFCONVQTEVTE");
        for axis in 1..=5 {
            articles = articles.text(&format!("GA_CODEDIM{axis}"));
        }
        Self {
            formula: word("stock_formula").and_then(Formula::named).unwrap_or_default(),
            conversion: match word("stock_unit_conversion") {
                Some("multiply") => Conversion::Multiply,
                _ => Conversion::Divide,
            },
            reckoning: Reckoning::of(&map.settings),
            transit_counts: yes("stock_transit_depots"),
            closed_count: yes("stock_closed_variants"),
            depots: Reading::new("DEPOTS", map)
                .spare()
                .text("GDE_DEPOT")
                .text("GDE_LIBELLE")
                .text("OPTIONAL(GDE_DEPOTTRANSIT)")
                .text("OPTIONAL(GDE_DEPOTLITIGE)"),
            articles,
            stock: Reading::new("DISPO", map)
                .keyed(&[("GQ_ARTICLE", CastType::Text(35))])
                .filter("GQ_CLOTURE = '-'")
                .verbatim("GQ_ARTICLE")
                .text("GQ_DEPOT")
                .decimal("GQ_PHYSIQUE")
                .decimal("GQ_RESERVECLI")
                .decimal("GQ_PREPACLI")
                .decimal("GQ_RESERVEFOU"),
            parts: Reading::new("NOMENLIG", map)
                .spare()
                .join("NOMENENT", "e", "e.GNE_NOMENCLATURE = t.GNL_NOMENCLATURE")
                .keyed(&[("e.GNE_ARTICLE", CastType::Text(35))])
                .verbatim("e.GNE_ARTICLE")
                .text("GNL_NOMENCLATURE")
                .verbatim("GNL_ARTICLE")
                .decimal("GNL_QTE"),
        }
    }
}

/// A row of `ARTICLE`, without what it is called.
struct ArticleRow {
    /// All of `GA_ARTICLE`.
    native: String,
    /// UNI, GEN or DIM.
    status: String,
    dimensions: [String; 5],
    closed: bool,
    /// Its type is NOM.
    kit: bool,
    place: usize,
}

/// What was read of a batch.
struct Read {
    shelf: Shelf,
    /// By their code, which a generic article shares with its variants.
    articles: HashMap<String, Vec<ArticleRow>>,
    /// By all of `GA_ARTICLE`: place and coefficient.
    natives: HashMap<String, (usize, Option<Decimal>)>,
    /// By the kit's `GA_ARTICLE`: its bill of materials, its components, how many of each.
    parts: HashMap<String, Vec<(String, String, Option<Decimal>)>>,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn set(value: &Value) -> bool {
    text(value) == "X"
}

fn codes<'a>(codes: impl Iterator<Item = &'a str>) -> Keys {
    let mut known = HashSet::new();
    keys(codes.filter(|code| known.insert(fold(code))).map(Value::text))
}

/// The code in a `GA_ARTICLE`: its first 18 characters.
fn code_of(native: &str) -> String {
    native.chars().take(18).collect::<String>().trim_end().to_owned()
}

impl Read {
    /// Puts rows of `ARTICLE` on the shelf, and tells which they are.
    fn articles(&mut self, rows: &Rows) -> Vec<String> {
        let mut natives = Vec::new();
        for row in 0..rows.len() {
            let [code, native, status, kind, tracked, to_order, closed, coefficient, dimensions @ ..] =
                rows.row(row)
            else {
                continue;
            };
            let bad = rows.row(row).iter().any(|cell| matches!(cell, Value::Bad(_)));
            let tracking = if bad {
                Tracking::Unreadable
            } else if set(to_order) {
                Tracking::ToOrder
            } else if set(tracked) {
                Tracking::Tracked
            } else {
                Tracking::NotTracked
            };
            let mut goods = Goods::new(tracking);
            goods.is_kit = text(kind) == "NOM";
            let place = self.shelf.put(goods);
            self.natives.insert(fold(text(native)), (place, number(coefficient)));
            natives.push(text(native).to_owned());
            let at = |axis: usize| fold(dimensions.get(axis).map_or("", text));
            self.articles.entry(fold(text(code))).or_default().push(ArticleRow {
                native: text(native).to_owned(),
                status: text(status).to_owned(),
                dimensions: [at(0), at(1), at(2), at(3), at(4)],
                closed: set(closed),
                kit: text(kind) == "NOM",
                place,
            });
        }
        natives
    }

    /// Tells kits their components: of the first of their bills of materials, by its code.
    fn link(&mut self) {
        for (kit, parts) in &self.parts {
            let Some((place, _)) = self.natives.get(kit) else { continue };
            let Some(first) = parts.iter().map(|(bill, ..)| bill).min() else { continue };
            let mut linked = Vec::new();
            let mut bad = false;
            for (_, part, quantity) in parts.iter().filter(|(bill, ..)| bill == first) {
                let Some(quantity) = quantity else {
                    bad = true;
                    continue;
                };
                // A component that no row of ARTICLE has is none that could be taken.
                let known = self.natives.get(&fold(part)).map(|(place, _)| *place);
                let goods = known.unwrap_or_else(|| self.shelf.put(Goods::new(Tracking::Gone)));
                linked.push(Part { goods, quantity: *quantity });
            }
            let Some(kit) = self.shelf.at(*place) else { continue };
            kit.parts = linked;
            if bad {
                kit.tracking = Tracking::Unreadable;
            }
        }
    }
}

impl CegidStock {
    fn counting(&self, rows: &Rows, depots: &Depots) -> Option<Counting> {
        let texts: Vec<[Option<&str>; 4]> = (0..rows.len())
            .map(|row| [0, 1, 2, 3].map(|column| rows.get(row, column).as_str().map(str::trim)))
            .collect();
        let all = self::depots(&texts, self.transit_counts);
        // A company without a list of depots: all count that stock rows name.
        (!all.is_empty()).then(|| Counting::new(&all, &depots.only))
    }

    fn quantities(&self, read: &mut Read, rows: &Rows, counting: Option<&Counting>, depots: &Depots) {
        for row in 0..rows.len() {
            let [native, code, cells @ ..] = rows.row(row) else { continue };
            let Some((place, coefficient)) = read.natives.get(&fold(text(native))).copied() else { continue };
            let unlisted;
            let depot = if let Some(counting) = counting {
                counting.get(text(code))
            } else {
                unlisted =
                    Depot { key: text(code).into(), code: text(code).into(), title: None, excluded: false };
                let named = || depots.only.iter().any(|name| fold(name.trim()) == fold(text(code)));
                (depots.only.is_empty() || named()).then_some(&unlisted)
            };
            let Some(depot) = depot else { continue };
            let numbers: Option<Vec<Decimal>> = cells.iter().map(number).collect();
            let figure = match (numbers.as_deref(), coefficient) {
                (Some([physical, reserved, preparing, incoming]), Some(coefficient)) => {
                    let held = Counters {
                        physical: *physical,
                        reserved: *reserved,
                        preparing: *preparing,
                        incoming: *incoming,
                    };
                    Some(held.figure(depot, self.formula, self.conversion, coefficient))
                }
                _ => None,
            };
            let Some(goods) = read.shelf.at(place) else { continue };
            match figure {
                Some(figure) => goods.figures.push(figure),
                None if goods.tracking == Tracking::Tracked => goods.tracking = Tracking::Unreadable,
                None => {}
            }
        }
    }

    fn answer(&self, read: &Read, item: &Item) -> Stocked {
        let code = item.key.first().map_or("", text);
        let Some(rows) = read.articles.get(&fold(code)) else { return Stocked::without(Tracking::Gone) };
        if &*item.rows == "variants" {
            let dimensions: Vec<String> = (1..=5).map(|n| fold(item.key.get(n).map_or("", text))).collect();
            let row = rows.iter().find(|row| row.status == "DIM" && row.dimensions[..] == dimensions[..]);
            return row.map_or_else(|| Stocked::without(Tracking::Gone), |row| read.shelf.stocked(row.place));
        }
        let Some(own) = rows.iter().find(|row| row.status != "DIM") else {
            return Stocked::without(Tracking::Gone);
        };
        if own.status != "GEN" {
            return read.shelf.stocked(own.place);
        }
        let places: Vec<usize> = rows
            .iter()
            .filter(|row| row.status == "DIM" && (self.closed_count || !row.closed))
            .map(|row| row.place)
            .collect();
        read.shelf.together(&places, read.shelf.tracking(own.place))
    }
}

#[async_trait]
impl Stocks for CegidStock {
    async fn read(
        &self,
        source: &dyn Source,
        items: &[Item],
        depots: &Depots,
        moment: &Moment,
    ) -> Result<Vec<Stocked>, SourceError> {
        if items.is_empty() {
            return Ok(Vec::new());
        }
        let asked = codes(items.iter().map(|item| item.key.first().map_or("", text)));
        let (depot_rows, article_rows) = futures::try_join!(
            self.depots.rows(source, keys([]), &[], moment),
            self.articles.rows(source, asked, &[], moment),
        )?;
        let counting = self.counting(&depot_rows, depots);
        let mut read = Read {
            shelf: Shelf::new(self.reckoning),
            articles: HashMap::new(),
            natives: HashMap::new(),
            parts: HashMap::new(),
        };
        let mut natives = read.articles(&article_rows);
        let mut opened = HashSet::new();
        for level in 0..=self.reckoning.kit_depth {
            let mut kits: Vec<&str> = read
                .articles
                .values()
                .flatten()
                .filter(|row| {
                    level < self.reckoning.kit_depth && row.kit && opened.insert(row.native.clone())
                })
                .map(|row| row.native.as_str())
                .collect();
            kits.sort_unstable();
            let (stock_rows, part_rows) = futures::try_join!(
                self.stock.rows(source, keys(natives.iter().map(|n| Value::text(n.as_str()))), &[], moment),
                self.parts.rows(source, keys(kits.into_iter().map(Value::text)), &[], moment),
            )?;
            self.quantities(&mut read, &stock_rows, counting.as_ref(), depots);
            let mut fresh: Vec<String> = Vec::new();
            for row in 0..part_rows.len() {
                let [kit, bill, part, quantity] = part_rows.row(row) else { continue };
                if text(part).trim().is_empty() {
                    continue;
                }
                fresh.push(code_of(text(part)));
                let part = (text(bill).to_owned(), text(part).to_owned(), number(quantity));
                read.parts.entry(fold(text(kit))).or_default().push(part);
            }
            fresh.retain(|code| !read.articles.contains_key(&fold(code)));
            if fresh.is_empty() {
                break;
            }
            let fetched =
                self.articles.rows(source, codes(fresh.iter().map(String::as_str)), &[], moment).await?;
            natives = read.articles(&fetched);
        }
        read.link();
        Ok(items.iter().map(|item| self.answer(&read, item)).collect())
    }
}
