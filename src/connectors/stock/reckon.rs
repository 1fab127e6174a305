//! What every ERP's stock is reckoned by, once its rows are read: depots that count, quantities of depots as one number,
//! packs, kits, articles as the sum of their references. Plain functions, exact decimals, nothing is asked.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use rust_decimal::Decimal;

use super::{DepotFigure, Stocked, Tracking};
use crate::value::{KeyCompare, Value};

/// Where negative quantities become none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Clamp {
    /// In each depot: what one lacks takes nothing from the others.
    Depot,
    /// In the sum of all depots: what one lacks, the others give.
    #[default]
    Sum,
}

/// How quantities of depots become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reckoning {
    /// Where negative quantities become none.
    pub clamp: Clamp,
    /// What is sold is rounded down to so many decimals.
    pub decimals: u32,
    /// How many levels of kits within kits are looked into; at least 1.
    pub kit_depth: usize,
}

impl Default for Reckoning {
    fn default() -> Self {
        Self { clamp: Clamp::Sum, decimals: 0, kit_depth: 3 }
    }
}

impl Reckoning {
    /// As the settings `stock_clamp`, `stock_decimals` and `kit_depth` of a map say.
    pub fn of(settings: &BTreeMap<String, Value>) -> Self {
        let usual = Self::default();
        let whole = |name: &str| match settings.get(name) {
            Some(Value::Int(number)) => u32::try_from(*number).ok(),
            _ => None,
        };
        let clamp = match settings.get("stock_clamp").and_then(Value::as_str) {
            Some("depot") => Clamp::Depot,
            _ => Clamp::Sum,
        };
        Self {
            clamp,
            decimals: whole("stock_decimals").unwrap_or(usual.decimals),
            kit_depth: whole("kit_depth").map_or(usual.kit_depth, |n| n.max(1) as usize),
        }
    }

    /// What depots have together, never less than nothing; exact.
    pub fn sum(self, depots: impl IntoIterator<Item = Decimal>) -> Decimal {
        let clamped = |quantity: Decimal| match self.clamp {
            Clamp::Depot => quantity.max(Decimal::ZERO),
            Clamp::Sum => quantity,
        };
        let sum = depots.into_iter().fold(Decimal::ZERO, |sum, next| sum.saturating_add(clamped(next)));
        sum.max(Decimal::ZERO)
    }

    /// A quantity as it is sold: rounded down.
    pub fn sold(self, quantity: Decimal) -> Decimal {
        let rounded = quantity
            .round_dp_with_strategy(self.decimals, rust_decimal::RoundingStrategy::ToNegativeInfinity);
        rounded.normalize()
    }
}

/// How many times a quantity is there as a whole; `part` must be more than nothing.
pub fn times(quantity: Decimal, part: Decimal) -> Decimal {
    let Some(quotient) = quantity.checked_div(part) else { return Decimal::MAX };
    let whole = quotient.floor();
    // A quotient has 28 digits and may have been rounded up to a whole number.
    let fits = whole.checked_mul(part).is_none_or(|needed| needed <= quantity);
    if fits { whole.normalize() } else { (whole - Decimal::ONE).normalize() }
}

/// A number that was read: nothing is 0; `None` when it is no number.
pub fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Null => Some(Decimal::ZERO),
        Value::Decimal(number) => Some(*number),
        Value::Int(number) => Some(Decimal::from(*number)),
        _ => None,
    }
}

/// A depot as its ERP has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Depot {
    /// What stock rows name it by (Sage: the number).
    pub key: Arc<str>,
    /// Its code, by which people know it.
    pub code: Arc<str>,
    /// What it is called.
    pub title: Option<Arc<str>>,
    /// It never counts.
    pub excluded: bool,
}

/// The depots that count, by what stock rows name them by.
#[derive(Clone, Debug, Default)]
pub struct Counting(HashMap<String, Depot>);

impl Counting {
    /// Those named, by code or, when no depot has such a code, by key; all when none is named. Excluded depots do not
    /// count even when they are named.
    pub fn new(all: &[Depot], only: &[Arc<str>]) -> Self {
        let alike = |a: &str, b: &str| KeyCompare::CiAs.fold(a.trim()) == KeyCompare::CiAs.fold(b.trim());
        let named = |depot: &Depot| {
            only.is_empty()
                || only.iter().any(|name| {
                    alike(name, &depot.code)
                        || (alike(name, &depot.key) && !all.iter().any(|other| alike(name, &other.code)))
                })
        };
        let counting: Vec<Depot> =
            all.iter().filter(|depot| !depot.excluded && named(depot)).cloned().collect();
        Self(counting.into_iter().map(|depot| (fold(&depot.key), depot)).collect())
    }

    /// The depot of a stock row, if it counts.
    pub fn get(&self, key: &str) -> Option<&Depot> {
        self.0.get(&fold(key))
    }
}

/// Native keys are alike when these are the same.
pub fn fold(key: &str) -> String {
    KeyCompare::CiAs.fold(key).into_owned()
}

/// A component of a kit.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its place on the shelf.
    pub goods: usize,
    /// So many of it are in one kit; nothing or less does not limit it.
    pub quantity: Decimal,
}

/// Something that has quantities of its own, or is a kit of others.
#[derive(Clone, Debug, PartialEq)]
pub struct Goods {
    /// Whether quantities mean something.
    pub tracking: Tracking,
    /// By depot, `available` by the formula as it is: it may be negative. One figure for each depot.
    pub figures: Vec<DepotFigure>,
    /// Whether it is of a kind that is made of others.
    pub is_kit: bool,
    /// The components of a kit: what itself tracks does not matter then, except that it is bought to order. A kit without any
    /// has what it has itself.
    pub parts: Vec<Part>,
}

impl Goods {
    /// Goods of which nothing is known yet.
    pub fn new(tracking: Tracking) -> Self {
        Self { tracking, figures: Vec::new(), is_kit: false, parts: Vec::new() }
    }
}

/// All goods that the answers for a batch lean on.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    reckoning: Reckoning,
    goods: Vec<Goods>,
}

impl Shelf {
    /// An empty one.
    pub fn new(reckoning: Reckoning) -> Self {
        Self { reckoning, goods: Vec::new() }
    }

    /// Puts goods on it and tells their place.
    pub fn put(&mut self, goods: Goods) -> usize {
        self.goods.push(goods);
        self.goods.len() - 1
    }

    /// The goods at a place.
    pub fn at(&mut self, place: usize) -> Option<&mut Goods> {
        self.goods.get_mut(place)
    }

    /// What goods track themselves.
    pub fn tracking(&self, place: usize) -> Tracking {
        self.goods.get(place).map_or(Tracking::Gone, |goods| goods.tracking)
    }

    /// What goods have, exact and never less than nothing. A kit has as many as the scarcest of its components allows; one
    /// that is nested too deep, or in itself, has none.
    fn exact(&self, place: usize, level: usize, known: &mut Known) -> (Tracking, Decimal) {
        let Some(goods) = self.goods.get(place) else { return (Tracking::Gone, Decimal::ZERO) };
        if goods.is_kit && matches!(goods.tracking, Tracking::Tracked | Tracking::NotTracked) {
            if level >= self.reckoning.kit_depth {
                return (Tracking::Tracked, Decimal::ZERO);
            }
            if let Some(found) = known.get(&(place, level)) {
                return *found;
            }
            if !goods.parts.is_empty() {
                let found = self.kit(&goods.parts, level, known);
                known.insert((place, level), found);
                return found;
            }
        }
        match goods.tracking {
            Tracking::Tracked => {
                let sum = self.reckoning.sum(goods.figures.iter().map(|figure| figure.available));
                (Tracking::Tracked, sum)
            }
            other => (other, Decimal::ZERO),
        }
    }

    fn kit(&self, parts: &[Part], level: usize, known: &mut Known) -> (Tracking, Decimal) {
        let mut least: Option<Decimal> = None;
        let mut to_order = false;
        for part in parts.iter().filter(|part| part.quantity > Decimal::ZERO) {
            let (tracking, available) = self.exact(part.goods, level + 1, known);
            let allows = match tracking {
                Tracking::Tracked => times(available, part.quantity),
                Tracking::Gone => Decimal::ZERO,
                Tracking::NotTracked => continue,
                Tracking::ToOrder => {
                    to_order = true;
                    continue;
                }
                Tracking::Unreadable => return (Tracking::Unreadable, Decimal::ZERO),
            };
            least = Some(least.map_or(allows, |least| least.min(allows)));
        }
        match least {
            // Without one of the others, it does not help that something can be ordered.
            Some(least) if least.is_zero() || !to_order => (Tracking::Tracked, least),
            _ if to_order => (Tracking::ToOrder, Decimal::ZERO),
            Some(least) => (Tracking::Tracked, least),
            None => (Tracking::NotTracked, Decimal::ZERO),
        }
    }

    /// What depots show: as the formula has it, nothing instead of less where each depot is clamped.
    fn shown(&self, figures: &[DepotFigure]) -> Vec<DepotFigure> {
        let mut shown = figures.to_vec();
        if self.reckoning.clamp == Clamp::Depot {
            for figure in &mut shown {
                figure.available = figure.available.max(Decimal::ZERO);
            }
        }
        shown.sort_by(|a, b| a.code.cmp(&b.code));
        shown
    }

    /// The answer for goods sold by the unit.
    pub fn stocked(&self, place: usize) -> Stocked {
        let (tracking, exact) = self.exact(place, 0, &mut Known::new());
        let depots = match self.goods.get(place) {
            Some(goods) if goods.parts.is_empty() && tracking == Tracking::Tracked => {
                self.shown(&goods.figures)
            }
            _ => Vec::new(),
        };
        Stocked { tracking, available: self.reckoning.sold(exact), depots, restock: None }
    }

    /// The answer for packs of so many units: as many as there are whole ones. A pack of nothing, or less, is never there.
    pub fn packs(&self, place: usize, units: Decimal) -> Stocked {
        let mut stocked = self.stocked(place);
        let (tracking, exact) = self.exact(place, 0, &mut Known::new());
        if units <= Decimal::ZERO {
            stocked.available = Decimal::ZERO;
            stocked.depots.clear();
        } else if tracking == Tracking::Tracked {
            stocked.available = times(exact, units);
            for figure in &mut stocked.depots {
                for quantity in
                    [&mut figure.physical, &mut figure.reserved, &mut figure.incoming, &mut figure.available]
                {
                    *quantity = ratio(*quantity, units);
                }
            }
        }
        stocked
    }

    /// The answer for an article whose quantities are those of its references: what they have together, each by itself.
    /// Where the article's own row says that quantities mean nothing, that holds; else one reference that is always to be
    /// had is enough, and one that is bought to order when nothing else is there.
    pub fn together(&self, places: &[usize], own: Tracking) -> Stocked {
        let all: Vec<Stocked> = places.iter().map(|place| self.stocked(*place)).collect();
        let any = |tracking| all.iter().any(|stocked| stocked.tracking == tracking);
        let sum = all.iter().fold(Decimal::ZERO, |sum, stocked| sum.saturating_add(stocked.available));
        let tracking = match own {
            Tracking::Tracked if any(Tracking::Unreadable) => Tracking::Unreadable,
            Tracking::Tracked if any(Tracking::NotTracked) => Tracking::NotTracked,
            Tracking::Tracked if sum.is_zero() && any(Tracking::ToOrder) => Tracking::ToOrder,
            own => own,
        };
        if tracking != Tracking::Tracked {
            return Stocked::without(tracking);
        }
        let mut depots: BTreeMap<Arc<str>, DepotFigure> = BTreeMap::new();
        for figure in all.into_iter().flat_map(|stocked| stocked.depots) {
            match depots.get_mut(&figure.code) {
                Some(known) => add(known, &figure),
                None => _ = depots.insert(figure.code.clone(), figure),
            }
        }
        Stocked { tracking, available: sum, depots: depots.into_values().collect(), restock: None }
    }
}

type Known = HashMap<(usize, usize), (Tracking, Decimal)>;

/// Adds what a depot has of one thing to what it has of another.
pub fn add(to: &mut DepotFigure, more: &DepotFigure) {
    to.physical = to.physical.saturating_add(more.physical);
    to.reserved = to.reserved.saturating_add(more.reserved);
    to.incoming = to.incoming.saturating_add(more.incoming);
    to.available = to.available.saturating_add(more.available);
}

/// A quantity in another unit, to the six decimals that ERPs keep; down, for what is not there cannot be sold.
pub fn ratio(quantity: Decimal, by: Decimal) -> Decimal {
    let Some(quotient) = quantity.checked_div(by) else { return quantity };
    quotient.round_dp_with_strategy(6, rust_decimal::RoundingStrategy::ToNegativeInfinity).normalize()
}

#[cfg(test)]
#[path = "reckon_tests.rs"]
mod tests;
