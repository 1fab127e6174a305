//! How the source that decides existence spells its codes. Codes are told apart without regard to case, so
//! the rows of another source, in the order of their own codes, need not stand in CODE order. Where the
//! spelling is known they do: byte for byte the same, or the same once their ASCII letters are in upper case.
//! A code that breaks what its map declares ends that for as long as the process lives.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use super::{
    engine::Engine,
    model::{EntityId, Model},
    shape::SourceShape,
};
use crate::{
    connectors::map::{CodePart, EntityMap, RowSource, Spelling},
    sources::{
        Expr,
        expr::{CastType, Function},
        select::OrderBy,
    },
    value::{KeyCompare, Value},
};

/// A known spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spelled {
    /// Another source's code is that of a record when it is the same text.
    Exact,
    /// Codes are of printable ASCII without lower-case letters; another source may write those small.
    Upper,
}

impl Spelled {
    /// How an entity's codes are spelled by its map in the source that decides; `None`: in any way, or they are
    /// not the one text column of one table's key.
    pub fn of(map: &EntityMap) -> Option<Self> {
        let [row] = map.rows.as_slice() else { return None };
        let key = plain(row)?.1;
        match (key.compare, key.spelling) {
            (KeyCompare::Binary, _) => Some(Self::Exact),
            (KeyCompare::CiAs, Spelling::Upper) => Some(Self::Upper),
            _ => None,
        }
    }

    /// What orders another source's rows as the records that they speak of.
    pub fn order(self, key: &Expr, descending: bool) -> OrderBy {
        let expr = match self {
            Self::Exact => key.clone(),
            Self::Upper => Expr::Call(Function::UpperAscii, vec![key.clone()]),
        };
        OrderBy { expr, ty: CastType::Text(0), descending }
    }

    /// The code that a text of [`Spelled::order`] may be; `None` when it can be none.
    pub fn code(self, text: &str) -> Option<&str> {
        let code = text.trim_end_matches(' ');
        let fits = self == Self::Exact || Spelling::Upper.fits(code);
        (fits && !code.is_empty()).then_some(code)
    }

    /// The text that stands among the deciding source's codes where a text of [`Spelled::order`] does. It has
    /// no character that those lack, for their database may not know it.
    pub fn bound(self, text: &str, backward: bool) -> String {
        let text = text.trim_end_matches(' ');
        let odd = text.char_indices().find(|(_, c)| !matches!(c, ' '..='~'));
        match odd.filter(|_| self == Self::Upper) {
            None => text.to_owned(),
            Some((at, c)) if c > '~' => format!("{}\u{7f}", &text[..at]),
            // Before every longer code that begins so, and after the shorter one.
            Some((at, _)) => format!("{}{}", &text[..at], if backward { " " } else { "" }),
        }
    }
}

/// The key of a row source whose code is its one text column, and that names records by nothing else.
pub fn plain(row: &RowSource) -> Option<(&RowSource, &crate::connectors::map::KeyColumn)> {
    let [key] = row.key.as_slice() else { return None };
    let is_code = row.code.own.is_none() && matches!(row.code.template.as_slice(), [CodePart::Key(0)]);
    (is_code && matches!(key.ty, CastType::Text(_))).then_some((row, key))
}

/// How each entity's codes are spelled, as far as that was found to be true.
#[derive(Debug, Default)]
pub struct Spellings(Vec<(Option<Spelled>, AtomicBool)>);

impl Spellings {
    /// As the maps declare them.
    pub fn new(model: &Model) -> Self {
        let of = |e: &super::model::Entity| {
            e.maps.get(e.decides).and_then(Option::as_ref).and_then(|map| Spelled::of(map))
        };
        Self(model.entities.iter().map(|e| (of(e), AtomicBool::new(false))).collect())
    }

    /// How an entity's codes are spelled, where it is known.
    pub fn get(&self, entity: EntityId) -> Option<Spelled> {
        let (spelled, broken) = self.0.get(entity)?;
        spelled.filter(|_| !broken.load(Relaxed))
    }
}

impl Engine {
    /// Looks whether a row's key is spelled as its map declares. The first that is not is logged.
    pub(super) fn look_at_spelling(&self, decider: &SourceShape, row: &[Value]) {
        if self.spellings.get(decider.entity) != Some(Spelled::Upper) {
            return;
        }
        let Some(code) = row.get(SourceShape::key(0)).and_then(Value::as_str) else { return };
        if Spelling::Upper.fits(code) {
            return;
        }
        let Some((_, broken)) = self.spellings.0.get(decider.entity) else { return };
        if !broken.swap(true, Relaxed) {
            let entity = &self.model.entities[decider.entity].name;
            let source = self.model.sources.get(decider.source).map_or("", |s| s.name.as_str());
            tracing::warn!(
                source,
                entity,
                code,
                "a code is not of upper-case ASCII letters, though the connector map declares that they all are: \
                 until the next start its filtered lists are read without trusting that. `comptoir check` \
                 tells which codes, and the setting to change"
            );
        }
    }
}

#[cfg(test)]
#[path = "spelling_tests.rs"]
mod tests;
