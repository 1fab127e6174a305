//! Assortments: what of the catalogue a class of customers is limited to, as predicates of every plan. Which class the
//! viewer's customer is of is read before anything else, and kept for a while.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{Catalog, Run, lookup::Found, sight::Sight};
use crate::{
    auth::viewer::{Viewer, ViewerKind},
    federation::{
        engine::{Ask, Fault, Open, Strategy},
        model::{EntityId, FieldId},
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
    known: moka::future::Cache<String, Option<Arc<Assortment>>>,
}

impl Assortments {
    /// Assortments by class; which class a customer is of, a field of it says.
    pub fn new(field: FieldId, by_class: HashMap<String, Arc<Assortment>>) -> Self {
        let known = moka::future::Cache::builder().max_capacity(MOST).time_to_live(KEPT).build();
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
        let read = inner.read(catalog, entity, code, moment);
        // Requests that come together ask once.
        inner.known.try_get_with(key, read).await.map_err(|fault| (*fault).clone())
    }
}

impl Inner {
    async fn read(
        &self,
        catalog: &Catalog,
        entity: EntityId,
        code: &str,
        moment: Moment,
    ) -> Result<Option<Arc<Assortment>>, Fault> {
        let mut want = Want::default();
        want.fields.insert(self.field);
        let shape = Arc::new(Shape::new(&catalog.engine, entity, want, None));
        let ask = Ask::new(moment, Open::ALL, Strategy::Planned);
        let run = Run::new(catalog, ask, Vec::new(), None, Sight::whole(catalog));
        let class = match run.by_code(&shape, code).await? {
            Found::One(batch, record) => {
                let merged =
                    batch.merged(&catalog.engine.model, self.field, record).map_err(Fault::Source)?;
                // What stands in for a silent source is no class: a wrong one would show what is not for the customer.
                if let Some(cause) = merged.degraded {
                    return Err(Fault::Source(cause));
                }
                match merged.value {
                    Value::Text(text) => Some(class_key(text)),
                    Value::Int(number) => Some(class_key(&number.to_string())),
                    _ => None,
                }
            }
            Found::Doubled(code) => return Err(run.doubled(entity, &code)),
            Found::Nothing | Found::Several(_) => None,
        };
        Ok(class.and_then(|class| self.by_class.get(&class).cloned()))
    }
}

/// A class as it is compared: without blanks around, whatever its case; numbers by what they are ("02" is 2).
pub fn class_key(class: &str) -> String {
    let class = class.trim();
    class.parse::<i64>().map_or_else(|_| class.to_uppercase(), |number| number.to_string())
}
