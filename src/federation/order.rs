//! The order of a list, and where a record stands in it.

use std::{cmp::Ordering, sync::Arc};

use super::{
    batch::{Batch, Cause},
    computed::Computed,
    engine::Engine,
    model::{FieldId, Model},
    page::Position,
    shape::Want,
};
use crate::value::{Type, Value, fold};

/// What a list is sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// CODE order: row source, then native key.
    Code,
    /// A field's merged value.
    Field(FieldId),
    /// The place in the department whose articles they are, by the merged placements.
    Placement,
    /// A value that is reckoned for the request; the list's filter asks for it.
    Computed(Computed),
}

/// One sort key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortKey {
    /// What is compared.
    pub by: By,
    /// From high to low.
    pub descending: bool,
    /// What has no value comes first; else last, in both directions.
    pub nulls_first: bool,
}

/// The order of a list: its keys one after the other, ties by CODE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order(pub Vec<SortKey>);

/// Where a record stands in a list: the values it is sorted by, and its place in CODE order.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// One value for each key that is not CODE itself; none in CODE order.
    pub values: Vec<Value>,
    /// The place in CODE order.
    pub position: Position,
}

/// The folded texts of a [`Spot`].
#[derive(Clone, Debug)]
pub struct Folded(Vec<Option<String>>);

impl From<Position> for Spot {
    fn from(position: Position) -> Self {
        Self { values: Vec::new(), position }
    }
}

impl Order {
    /// Whether it is CODE order, up or down, which the deciding source can page by itself.
    pub fn is_code(&self) -> bool {
        self.0.first().is_none_or(|key| key.by == By::Code)
    }

    /// Whether codes fall, where they decide.
    pub fn falling_codes(&self) -> bool {
        self.0.iter().find(|key| key.by == By::Code).is_some_and(|key| key.descending)
    }

    /// The keys that compare values: those before CODE, after which nothing can tie.
    fn valued(&self) -> impl Iterator<Item = &SortKey> {
        self.0.iter().take_while(|key| key.by != By::Code)
    }

    /// How many values a [`Spot`] of this order has.
    pub fn width(&self) -> usize {
        self.valued().count()
    }

    /// The values that are reckoned for each record to be sorted by.
    pub fn computed(&self) -> impl Iterator<Item = Computed> {
        self.valued().filter_map(|key| match key.by {
            By::Computed(computed) => Some(computed),
            _ => None,
        })
    }

    /// Puts the place in a department where a list is sorted by it.
    pub fn place(&self, spot: &mut Spot, place: &Value) {
        for (key, value) in self.valued().zip(&mut spot.values) {
            if key.by == By::Placement {
                value.clone_from(place);
            }
        }
    }

    /// What it needs of the records.
    pub fn want(&self, want: &mut Want) {
        for key in self.valued() {
            if let By::Field(field) = key.by {
                want.fields.insert(field);
            }
        }
    }

    /// Its name, which binds cursors to it.
    pub fn name(&self, model: &Model, entity: usize) -> String {
        let e = &model.entities[entity];
        let mut name = String::new();
        for key in &self.0 {
            let by = match key.by {
                By::Code => "CODE",
                By::Field(field) => e.fields.get_index(field).map_or("", |(name, _)| name.as_str()),
                By::Placement => "POSITION",
                By::Computed(computed) => computed.sort(),
            };
            let direction = if key.descending { "-" } else { "+" };
            name.push_str(if name.is_empty() { "" } else { "," });
            name.push_str(by);
            name.push_str(direction);
            name.push_str(if key.nulls_first { "n" } else { "" });
        }
        match (self.is_code(), self.falling_codes()) {
            (true, false) => "CODE".into(),
            (true, true) => "CODE-".into(),
            _ => name,
        }
    }

    /// The fields it sorts by that hold text, and those that may be inherited: what only a search
    /// index sorts beyond the gather limit.
    pub fn needs_index(&self, model: &Model, entity: usize) -> Option<String> {
        let fields = &model.entities[entity].fields;
        self.valued().find_map(|key| {
            let By::Field(field) = key.by else { return None };
            let (name, field) = fields.get_index(field)?;
            (matches!(field.ty, Type::Text | Type::Html) || field.inherit.is_some()).then(|| name.clone())
        })
    }

    /// The folded forms of the texts by which a place is compared: made once, compared often.
    pub fn folded(spot: &Spot) -> Folded {
        Folded(spot.values.iter().map(|value| value.as_str().map(fold)).collect())
    }

    /// Which of two places comes first.
    pub fn compare(&self, a: &Spot, b: &Spot) -> Ordering {
        self.compare_folded((a, &Self::folded(a)), (b, &Self::folded(b)))
    }

    /// Which of two places comes first, their texts already folded: the one order of merged values. Text goes by
    /// its folded form, then by code points, in no database's collation.
    pub fn compare_folded(
        &self,
        (a, a_folded): (&Spot, &Folded),
        (b, b_folded): (&Spot, &Folded),
    ) -> Ordering {
        for (i, key) in self.valued().enumerate() {
            let (Some(x), Some(y)) = (a.values.get(i), b.values.get(i)) else { continue };
            let order = match (x.is_null(), y.is_null()) {
                (true, true) => Ordering::Equal,
                (true, false) => {
                    if key.nulls_first {
                        Ordering::Less
                    } else {
                        Ordering::Greater
                    }
                }
                (false, true) => {
                    if key.nulls_first {
                        Ordering::Greater
                    } else {
                        Ordering::Less
                    }
                }
                (false, false) => {
                    let order = match (a_folded.0.get(i), b_folded.0.get(i)) {
                        (Some(Some(fx)), Some(Some(fy))) => fx.cmp(fy).then_with(|| x.compare(y)),
                        _ => x.compare(y),
                    };
                    if key.descending { order.reverse() } else { order }
                }
            };
            if order.is_ne() {
                return order;
            }
        }
        let order = a.position.compare(&b.position);
        if self.falling_codes() { order.reverse() } else { order }
    }
}

impl Engine {
    /// Where a record stands in a list; `None` when its deciding source has no row of it.
    ///
    /// # Errors
    /// A field it is sorted by cannot be known.
    pub fn spot(&self, order: &Order, batch: &Batch, record: u32) -> Result<Option<Spot>, Arc<Cause>> {
        let Some(position) = self.position(batch, record) else { return Ok(None) };
        let mut values = Vec::with_capacity(order.width());
        for key in order.valued() {
            values.push(match key.by {
                By::Field(field) => batch.served(&self.model, field, record)?.clone(),
                // Who knows the department puts it in.
                By::Placement | By::Code => Value::Null,
                By::Computed(computed) => match batch.reckoned.of(computed, record) {
                    Some(value) => value.clone(),
                    None => {
                        return Err(Arc::new(Cause {
                            source: computed.name().into(),
                            code: "UNREAD",
                            message: format!("`{}` was not reckoned of this record", computed.name()),
                        }));
                    }
                },
            });
        }
        Ok(Some(Spot { values, position }))
    }
}
