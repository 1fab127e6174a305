//! Stock as Sage 100 keeps it: `F_ARTSTOCK` for articles, `F_GAMSTOCK` for variants (its detail, never added to it), a
//! packaging's out of its article's, a commercial kit's out of its components'. `docs/stock.md` tells the rules.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::super::{
    map::ConnectorMap,
    reading::{Reading, keys},
    stock::{
        DepotFigure, Depots, Stocked, Stocks, Tracking,
        reckon::{Counting, Depot, Goods, Part, Reckoning, Shelf, fold, number},
    },
    tariff::Item,
};
use crate::{
    sources::{Keys, Moment, Rows, Source, SourceError, expr::CastType},
    value::{Type, Value},
};

/// What can be sold of the quantities of a depot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Formula {
    /// What is there.
    Real,
    /// Without what is in preparation or under control.
    Available,
    /// And without what customers have reserved.
    #[default]
    Cautious,
    /// With what suppliers are to bring.
    Forecast,
}

impl Formula {
    /// By the word of the setting `stock_formula`.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "real" => Self::Real,
            "available" => Self::Available,
            "cautious" => Self::Cautious,
            "forecast" => Self::Forecast,
            _ => return None,
        })
    }

    /// What can be sold; may be less than nothing.
    pub fn of(self, held: &Counters) -> Decimal {
        let out = |quantities: &[Decimal]| {
            quantities.iter().fold(held.physical, |left, next| left.saturating_sub(*next))
        };
        match self {
            Self::Real => held.physical,
            Self::Available => out(&[held.preparing, held.controlled]),
            Self::Cautious => out(&[held.reserved, held.preparing, held.controlled]),
            Self::Forecast => out(&[held.reserved, held.preparing]).saturating_add(held.incoming),
        }
    }
}

/// The counters of one row of `F_ARTSTOCK` or `F_GAMSTOCK`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `QteSto`.
    pub physical: Decimal,
    /// `QteRes`.
    pub reserved: Decimal,
    /// `QtePrepa`.
    pub preparing: Decimal,
    /// `QteAControler`.
    pub controlled: Decimal,
    /// `QteCom`.
    pub incoming: Decimal,
}

impl Counters {
    /// Out of five cells; `None` when one of them is no number.
    fn read(cells: &[Value]) -> Option<Self> {
        let [physical, reserved, preparing, controlled, incoming] = cells else { return None };
        Some(Self {
            physical: number(physical)?,
            reserved: number(reserved)?,
            preparing: number(preparing)?,
            controlled: number(controlled)?,
            incoming: number(incoming)?,
        })
    }

    /// As staff see it.
    pub fn figure(&self, depot: &Depot, formula: Formula) -> DepotFigure {
        DepotFigure {
            code: depot.code.clone(),
            title: depot.title.clone(),
            physical: self.physical,
            reserved: self.reserved.saturating_add(self.preparing).saturating_add(self.controlled),
            incoming: self.incoming,
            available: formula.of(self),
        }
    }
}

/// The stock of a Sage 100 company.
#[derive(Debug)]
pub struct Sage100Stock {
    formula: Formula,
    reckoning: Reckoning,
    excluded_count: bool,
    /// `AR_Nomencl` of kits.
    kits: Vec<i64>,
    depots: Reading,
    articles: Reading,
    stock: Reading,
    variant_stock: Reading,
    packs: Reading,
    parts: Reading,
}

const REF: (&str, CastType) = ("AR_Ref", CastType::Text(19));

impl Sage100Stock {
    /// By the settings of a map of connector `sage100`.
    pub fn new(map: &ConnectorMap) -> Self {
        let whole = |name: &str, usual: i64| match map.settings.get(name) {
            Some(Value::Int(number)) => *number,
            _ => usual,
        };
        let formula = map.settings.get("stock_formula").and_then(Value::as_str).and_then(Formula::named);
        let counters = |reading: Reading, prefix: &str| {
            reading
                .decimal(&format!("{prefix}_QteSto"))
                .decimal(&format!("{prefix}_QteRes"))
                .decimal(&format!("OPTIONAL({prefix}_QtePrepa)"))
                .decimal(&format!("OPTIONAL({prefix}_QteAControler)"))
                .decimal(&format!("{prefix}_QteCom"))
        };
        Self {
            formula: formula.unwrap_or_default(),
            reckoning: Reckoning::of(&map.settings),
            excluded_count: matches!(map.settings.get("stock_excluded_depots"), Some(Value::Bool(true))),
            kits: [whole("commercial_kit", 2), whole("component_kit", 3)]
                .into_iter()
                .filter(|kind| *kind != 0)
                .collect(),
            depots: Reading::new("F_DEPOT", map)
                .int("DE_No")
                .text("DE_Code")
                .text("DE_Intitule")
                .int("COALESCE(OPTIONAL(DE_Exclure), 0)"),
            articles: Reading::new("F_ARTICLE", map)
                .keyed(&[REF])
                .text("AR_Ref")
                .int("COALESCE(AR_Nomencl, 0)")
                // NULL, in a column that an upgrade added, does not say that nothing is tracked.
                .int("COALESCE(AR_SuiviStock, 2)")
                .int("COALESCE(OPTIONAL(AR_Contremarque), 0)"),
            stock: counters(Reading::new("F_ARTSTOCK", map).keyed(&[REF]).text("AR_Ref").int("DE_No"), "AS"),
            variant_stock: counters(
                Reading::new("F_GAMSTOCK", map)
                    .keyed(&[REF])
                    .text("AR_Ref")
                    .int("DE_No")
                    .int("COALESCE(AG_No1, 0)")
                    .int("COALESCE(AG_No2, 0)"),
                "GS",
            ),
            packs: Reading::new("F_CONDITION", map)
                .keyed(&[REF])
                .text("AR_Ref")
                .int("CO_No")
                .column("EC_Quantite", Type::Decimal),
            parts: Reading::new("F_NOMENCLAT", map)
                .keyed(&[REF])
                .text("AR_Ref")
                .text("NO_RefDet")
                .int("COALESCE(AG_No1, 0)")
                .int("COALESCE(AG_No2, 0)")
                .decimal("NO_Qte"),
        }
    }
}

/// What of an article is meant: itself (0, 0) or a variant, by its numbers.
#[derive(Clone, Debug)]
struct Which {
    article: String,
    numbers: (i64, i64),
}

/// The same for codes that differ in case or trailing blanks.
type WhichKey = (String, i64, i64);

impl Which {
    fn key(&self) -> WhichKey {
        (fold(&self.article), self.numbers.0, self.numbers.1)
    }

    fn is_variant(&self) -> bool {
        self.numbers != (0, 0)
    }
}

/// An item: what has its quantities, and its number when it is a packaging.
fn wanted(item: &Item) -> (Which, Option<i64>) {
    let article = text(item.key.first()).to_owned();
    match &*item.rows {
        "variants" => (Which { article, numbers: (int(item.key.get(1)), int(item.key.get(2))) }, None),
        "packagings" => (Which { article, numbers: (0, 0) }, Some(int(item.key.get(1)))),
        _ => (Which { article, numbers: (0, 0) }, None),
    }
}

fn int(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Int(number)) => *number,
        Some(Value::Decimal(number)) => i64::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}

fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or("")
}

/// A batch of articles' codes, each once however it is spelled.
fn refs<'a>(codes: impl Iterator<Item = &'a str>) -> Keys {
    let mut known = HashSet::new();
    keys(codes.filter(|code| known.insert(fold(code))).map(Value::text))
}

/// The rows of `F_ARTICLE`, `F_ARTSTOCK` and `F_GAMSTOCK` for some goods.
type Fetched = (Rows, Rows, Rows);

/// What was read of a batch.
struct Read {
    counting: Counting,
    formula: Formula,
    /// `AR_Nomencl` of kits.
    kits: Vec<i64>,
    shelf: Shelf,
    places: HashMap<WhichKey, usize>,
    /// Articles that are there, with their `AR_Nomencl` and what they track.
    articles: HashMap<String, (i64, Tracking)>,
    /// The components of kits.
    parts: HashMap<String, Vec<(WhichKey, Option<Decimal>)>>,
}

impl Read {
    /// Puts goods on the shelf that are not there yet, with what was read of them.
    fn fill(&mut self, fresh: &[Which], (articles, stock, variants): &Fetched) {
        for row in 0..articles.len() {
            let cells = articles.row(row);
            let [code, kind, tracked, to_order] = cells else { continue };
            let tracking = if [kind, tracked, to_order].iter().any(|cell| number(cell).is_none()) {
                Tracking::Unreadable
            } else if int(Some(to_order)) == 1 {
                Tracking::ToOrder
            } else if int(Some(tracked)) == 0 {
                Tracking::NotTracked
            } else {
                Tracking::Tracked
            };
            self.articles.insert(fold(text(Some(code))), (int(Some(kind)), tracking));
        }
        let mut new = HashSet::new();
        for which in fresh {
            let known = self.articles.get(&fold(&which.article));
            let mut goods = Goods::new(known.map_or(Tracking::Gone, |(_, tracking)| *tracking));
            goods.is_kit = known.is_some_and(|(kind, _)| self.kits.contains(kind));
            let place = self.shelf.put(goods);
            self.places.insert(which.key(), place);
            new.insert(place);
        }
        self.quantities(stock, false, &new);
        self.quantities(variants, true, &new);
    }

    /// Rows of quantities: AR_Ref, DE_No, the numbers of a variant where `variants`, and five counters. Rows of goods that
    /// have theirs already are left.
    fn quantities(&mut self, rows: &Rows, variants: bool, new: &HashSet<usize>) {
        let lead = if variants { 4 } else { 2 };
        for row in 0..rows.len() {
            let cells = rows.row(row);
            let numbers = if variants { (int(cells.get(2)), int(cells.get(3))) } else { (0, 0) };
            let which = (fold(text(cells.first())), numbers.0, numbers.1);
            let place = self.places.get(&which).copied().filter(|place| new.contains(place));
            let depot = self.counting.get(&int(cells.get(1)).to_string());
            let (Some(place), Some(depot)) = (place, depot) else { continue };
            let counters = Counters::read(cells.get(lead..).unwrap_or(&[]));
            let figure = counters.map(|counters| counters.figure(depot, self.formula));
            let Some(goods) = self.shelf.at(place) else { continue };
            match figure {
                Some(figure) => goods.figures.push(figure),
                None if goods.tracking == Tracking::Tracked => goods.tracking = Tracking::Unreadable,
                None => {}
            }
        }
    }
}

impl Read {
    /// Tells kits their components: the article and each of its variants alike.
    fn link(&mut self) {
        for ((article, ..), place) in &self.places {
            let Some(parts) = self.parts.get(article) else { continue };
            let Some(kit) = self.shelf.at(*place) else { continue };
            for (which, quantity) in parts {
                match (self.places.get(which), quantity) {
                    (Some(goods), Some(quantity)) => {
                        kit.parts.push(Part { goods: *goods, quantity: *quantity });
                    }
                    _ if kit.tracking == Tracking::Gone => {}
                    _ => kit.tracking = Tracking::Unreadable,
                }
            }
        }
    }
}

impl Sage100Stock {
    async fn fetch(
        &self,
        source: &dyn Source,
        fresh: &[Which],
        moment: &Moment,
    ) -> Result<Fetched, SourceError> {
        let codes = |variants: bool| {
            refs(fresh.iter().filter(|w| w.is_variant() == variants).map(|w| w.article.as_str()))
        };
        futures::try_join!(
            self.articles.rows(source, refs(fresh.iter().map(|w| w.article.as_str())), &[], moment),
            self.stock.rows(source, codes(false), &[], moment),
            self.variant_stock.rows(source, codes(true), &[], moment),
        )
    }

    /// Reads the components of kits, level by level.
    async fn kits(
        &self,
        source: &dyn Source,
        read: &mut Read,
        mut looked_at: Vec<Which>,
        moment: &Moment,
    ) -> Result<(), SourceError> {
        let mut opened: HashSet<String> = HashSet::new();
        for _ in 0..self.reckoning.kit_depth {
            let kits: Vec<&str> = looked_at
                .iter()
                .map(|which| which.article.as_str())
                .filter(|article| {
                    let kind = read.articles.get(&fold(article)).map(|(kind, _)| kind);
                    kind.is_some_and(|kind| self.kits.contains(kind)) && opened.insert(fold(article))
                })
                .collect();
            if kits.is_empty() {
                break;
            }
            let rows = self.parts.rows(source, refs(kits.into_iter()), &[], moment).await?;
            let mut fresh: Vec<Which> = Vec::new();
            let mut known = HashSet::new();
            for row in 0..rows.len() {
                let [kit, part, first, second, quantity] = rows.row(row) else { continue };
                // A row without an article is a comment.
                let Some(article) = part.as_str().filter(|code| !code.is_empty()) else { continue };
                let numbers = (int(Some(first)), int(Some(second)));
                let which = Which { article: article.to_owned(), numbers };
                let part = (which.key(), number(quantity));
                if !read.places.contains_key(&part.0) && known.insert(part.0.clone()) {
                    fresh.push(which);
                }
                read.parts.entry(fold(text(Some(kit)))).or_default().push(part);
            }
            let fetched = self.fetch(source, &fresh, moment).await?;
            read.fill(&fresh, &fetched);
            looked_at = fresh;
        }
        read.link();
        Ok(())
    }
}

#[async_trait]
impl Stocks for Sage100Stock {
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
        let all: Vec<(Which, Option<i64>)> = items.iter().map(wanted).collect();
        let mut fresh: Vec<Which> = Vec::new();
        let mut known = HashSet::new();
        for (which, _) in &all {
            if known.insert(which.key()) {
                fresh.push(which.clone());
            }
        }
        let packed = all.iter().filter(|(_, pack)| pack.is_some()).map(|(which, _)| which.article.as_str());
        let (depot_rows, pack_rows, fetched) = futures::try_join!(
            self.depots.rows(source, keys([]), &[], moment),
            self.packs.rows(source, refs(packed), &[], moment),
            self.fetch(source, &fresh, moment),
        )?;
        let mut read = Read {
            counting: Counting::new(&self.depots_of(&depot_rows), &depots.only),
            formula: self.formula,
            kits: self.kits.clone(),
            shelf: Shelf::new(self.reckoning),
            places: HashMap::new(),
            articles: HashMap::new(),
            parts: HashMap::new(),
        };
        read.fill(&fresh, &fetched);
        self.kits(source, &mut read, fresh, moment).await?;
        let packs: HashMap<(String, i64), Option<Decimal>> = (0..pack_rows.len())
            .filter_map(|row| match pack_rows.row(row) {
                [article, pack, units] => Some(((fold(text(Some(article))), int(Some(pack))), number(units))),
                _ => None,
            })
            .collect();
        let stocked = all.iter().map(|(which, pack)| {
            let Some(place) = read.places.get(&which.key()).copied() else {
                return Stocked::without(Tracking::Gone);
            };
            match pack {
                None => read.shelf.stocked(place),
                Some(pack) => match packs.get(&(fold(&which.article), *pack)) {
                    Some(Some(units)) => read.shelf.packs(place, *units),
                    Some(None) => Stocked::without(Tracking::Unreadable),
                    None => Stocked::without(Tracking::Gone),
                },
            }
        });
        Ok(stocked.collect())
    }
}

impl Sage100Stock {
    fn depots_of(&self, rows: &Rows) -> Vec<Depot> {
        let depot = |row| match rows.row(row) {
            [number, code, title, excluded] => {
                let key = int(Some(number)).to_string();
                Some(Depot {
                    code: code.as_str().map_or_else(|| key.as_str().into(), Into::into),
                    key: key.as_str().into(),
                    title: title.as_str().map(Into::into),
                    excluded: !self.excluded_count && int(Some(excluded)) == 1,
                })
            }
            _ => None,
        };
        (0..rows.len()).filter_map(depot).collect()
    }
}
