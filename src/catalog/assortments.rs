//! Assortments: what of the catalogue a class of customers is limited to, as predicates of every plan. Which class the
//! viewer's customer is of is read before anything else, and kept for a while.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{Catalog, Run, lookup::Found, sight::Sight};
use crate::{
    auth::viewer::{Viewer, ViewerKind},
    federation::{
        engine::{Ask, Fault, Open, Strategy},
        model::FieldId,
        shape::{Shape, Want},
    },
    sources::Moment,
    value::Value,
};

/// How long a customer's class is kept.
const KEPT: Duration = Duration::from_mins(1);
/// Of how many customers.
const MOST: u64 = 10_000;

/// What one class of customers sees: what is in one of these departments, or of one of these families, or one of these
/// articles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assortment {
    /// Departments, with everything below them.
    pub departments: Vec<Arc<str>>,
    /// Families, by their codes as the ERP writes them.
    pub families: Vec<Arc<str>>,
    /// Articles.
    pub articles: Vec<Arc<str>>,
}

/// The assortments of a shop.
#[derive(Clone, Debug, Default)]
pub struct Assortments(Option<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    field: FieldId,
    by_class: HashMap<String, Arc<Assortment>>,
    known: moka::sync::Cache<String, Option<Arc<Assortment>>>,
}

impl Assortments {
    /// Assortments by class; which class a customer is of, a field of it says.
    pub fn new(field: FieldId, by_class: HashMap<String, Arc<Assortment>>) -> Self {
        let known = moka::sync::Cache::builder().max_capacity(MOST).time_to_live(KEPT).build();
        Self((!by_class.is_empty()).then_some(Inner { field, by_class, known }))
    }

    /// The assortment of a viewer's customer; `None`: it is not limited.
    ///
    /// # Errors
    /// The customer's class cannot be known.
    pub async fn of(
        &self,
        catalog: &Catalog,
        viewer: &Viewer,
        moment: Moment,
    ) -> Result<Option<Arc<Assortment>>, Fault> {
        let (Some(inner), Some(entity), Some(code)) = (&self.0, catalog.customer, &viewer.customer) else {
            return Ok(None);
        };
        // Staff and programs that act for no one are limited by their grants alone.
        if viewer.kind == ViewerKind::Staff {
            return Ok(None);
        }
        let key = catalog.engine.compare(entity).fold(code).into_owned();
        if let Some(known) = inner.known.get(&key) {
            return Ok(known);
        }
        let mut want = Want::default();
        want.fields.insert(inner.field);
        let shape = Arc::new(Shape::new(&catalog.engine, entity, want, None));
        let ask = Ask::new(moment, Open::ALL, Strategy::Planned);
        let run = Run::new(catalog, ask, Vec::new(), None, Sight::whole(catalog));
        let class = match run.by_code(&shape, code).await? {
            Found::One(batch, record) => {
                let merged =
                    batch.merged(&catalog.engine.model, inner.field, record).map_err(Fault::Source)?;
                match merged.value {
                    Value::Text(text) => Some(text.trim().to_owned()),
                    Value::Int(number) => Some(number.to_string()),
                    _ => None,
                }
            }
            Found::Doubled(code) => return Err(run.doubled(entity, &code)),
            Found::Nothing | Found::Several(_) => None,
        };
        let assortment = class.and_then(|class| inner.by_class.get(&class).cloned());
        inner.known.insert(key, assortment.clone());
        Ok(assortment)
    }
}
