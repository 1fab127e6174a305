//! What one viewer may see of the catalogue: its rights as filters of records. They are ANDed to the filter of
//! every list, and asked of every record that is looked up or linked to; nothing is left out afterwards.

use std::sync::Arc;

use super::{Catalog, assortments::Assortment};
use crate::{
    auth::{
        rights::{BASE, Reach, Right, Rights},
        viewer::{Viewer, ViewerKind},
    },
    federation::{
        engine::{Fault, Open},
        filter::{Filter, Test},
        model::EntityId,
        related::Under,
        shape::{Shape, Want},
    },
    value::Value,
};

/// Where among an entity's records something holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// For none.
    Nowhere,
    /// For all.
    Everywhere,
    /// For those that pass.
    In(Filter),
}

/// What one viewer may see.
#[derive(Clone, Debug)]
pub struct Sight {
    rights: Rights,
    /// Of which entities the records off the web are not hidden as such.
    open: Open,
    /// Which records of each entity may be seen, beside what being off the web hides; `None`: all.
    rows: Vec<Option<Filter>>,
    /// Which departments may be read, and which of those off the web.
    departments: [Place; 2],
    /// What deciding all this needs of each entity's records.
    wants: Vec<Want>,
    /// The rayons that grants name: what lies below them is looked up first of all.
    regions: Vec<Arc<Under>>,
    /// The customer that the viewer is or acts for.
    own: Option<Arc<str>>,
    /// Why it is not known what the viewer may see: then nothing of the sources is read for it.
    barred: Option<Fault>,
}

impl Sight {
    /// The sight of a viewer with these rights.
    pub fn new(
        catalog: &Catalog,
        rights: Rights,
        viewer: &Viewer,
        assortment: Result<Option<Arc<Assortment>>, Fault>,
    ) -> Self {
        let entities = &catalog.engine.model.entities;
        let mut sight = Self {
            rights,
            open: Open::NONE,
            rows: vec![None; entities.len()],
            departments: [Place::Nowhere, Place::Nowhere],
            wants: vec![Want::default(); entities.len()],
            regions: Vec::new(),
            own: viewer.customer.clone(),
            barred: None,
        };
        let assortment = assortment.unwrap_or_else(|fault| {
            sight.barred = Some(fault);
            None
        });
        let assortment = assortment.as_deref();
        for entity in 0..entities.len() {
            let read = sight.place_of(catalog, Right::Read, entity, Some(BASE));
            let hidden = sight.place_of(catalog, Right::Hidden, entity, Some(BASE));
            if hidden != Place::Nowhere {
                sight.open = sight.open.with(entity);
            }
            if entity == catalog.department {
                let within = assortment.and_then(|a| sight.assorted_departments(catalog, a));
                sight.departments = [both(read, within), hidden];
                continue;
            }
            let mut parts = Vec::new();
            if catalog.customer == Some(entity) {
                parts.extend(own_alone(viewer));
            }
            if let Some(assortment) = assortment {
                parts.extend(sight.assorted(catalog, assortment, entity));
            }
            match read {
                Place::Everywhere => {}
                Place::Nowhere => parts.push(Filter::Or(Vec::new())),
                Place::In(filter) => parts.push(filter),
            }
            if let Place::In(filter) = hidden {
                parts.push(Filter::Or(vec![Filter::OnTheWeb, filter]));
            }
            sight.rows[entity] = (!parts.is_empty()).then_some(Filter::And(parts));
        }
        sight
    }

    /// The sight of who may see everything: commands on the shop's own machine.
    pub fn whole(catalog: &Catalog) -> Self {
        let entities = catalog.engine.model.entities.len();
        Self {
            rights: Rights::default(),
            open: Open::ALL,
            rows: vec![None; entities],
            departments: [Place::Everywhere, Place::Everywhere],
            wants: vec![Want::default(); entities],
            regions: Vec::new(),
            own: None,
            barred: None,
        }
    }

    /// Where a right holds on an entity's records, for the fields of a group (`None`: for some field). Whatever holds
    /// for all that may be seen holds everywhere.
    pub fn place(&mut self, catalog: &Catalog, right: Right, entity: EntityId, group: Option<&str>) -> Place {
        let name = &catalog.engine.model.entities[entity].name;
        let seen = self.rights.reach(Right::Read, name, Some(BASE));
        let reach = self.rights.reach(right, name, group);
        if reach != Reach::Nowhere && reach.covers(&seen) {
            return Place::Everywhere;
        }
        self.place_of(catalog, right, entity, group)
    }

    fn place_of(&mut self, catalog: &Catalog, right: Right, entity: EntityId, group: Option<&str>) -> Place {
        let model = &catalog.engine.model;
        let codes = match self.rights.reach(right, &model.entities[entity].name, group) {
            Reach::Nowhere => return Place::Nowhere,
            Reach::Everywhere => return Place::Everywhere,
            Reach::Below(codes) => codes,
        };
        let list = |entity: EntityId| {
            let (id, _, list) = model.entities[entity].lists.get_full("placements")?;
            Some((id, list.columns.get_index_of("department")?))
        };
        let filter = if entity == catalog.department {
            Filter::Under(self.region(codes, None))
        } else if let Some(list) = list(entity) {
            Filter::Under(self.region(codes, Some(list)))
        } else if let Some(list) = model.entities[entity].inherits.and_then(list) {
            Filter::Inherited(Box::new(Filter::Under(self.region(codes, Some(list)))))
        } else {
            // What hangs in no rayon is in none.
            return Place::Nowhere;
        };
        filter.want(&mut self.wants[entity]);
        Place::In(filter)
    }

    /// Which records of an entity an assortment has; `None`: it does not speak of them.
    fn assorted(&mut self, catalog: &Catalog, assortment: &Assortment, entity: EntityId) -> Option<Filter> {
        let article = catalog.article;
        let model = &catalog.engine.model;
        if entity != article && model.entities[entity].inherits != Some(article) {
            return None;
        }
        let mut parts = Vec::new();
        if !assortment.departments.is_empty()
            && let Some((id, _, list)) = model.entities[article].lists.get_full("placements")
            && let Some(column) = list.columns.get_index_of("department")
        {
            parts.push(Filter::Under(self.region(assortment.departments.clone(), Some((id, column)))));
        }
        let values = |codes: &[Arc<str>]| Test::In(codes.iter().map(|c| Value::text(&**c)).collect());
        if !assortment.families.is_empty()
            && let Some(family) = model.entities[article].fields.get_index_of("family")
        {
            parts.push(Filter::Field(family, values(&assortment.families)));
        }
        if !assortment.articles.is_empty() {
            parts.push(Filter::Code(values(&assortment.articles)));
        }
        if entity != article {
            parts = parts.into_iter().map(|part| Filter::Inherited(Box::new(part))).collect();
        }
        let filter = if parts.len() == 1 { parts.swap_remove(0) } else { Filter::Or(parts) };
        filter.want(&mut self.wants[entity]);
        Some(filter)
    }

    /// Which departments an assortment has: those that it names, where it names nothing else.
    fn assorted_departments(&mut self, catalog: &Catalog, assortment: &Assortment) -> Option<Filter> {
        if !assortment.families.is_empty() || !assortment.articles.is_empty() {
            return None;
        }
        let filter = Filter::Under(self.region(assortment.departments.clone(), None));
        filter.want(&mut self.wants[catalog.department]);
        Some(filter)
    }

    fn region(&mut self, codes: Vec<Arc<str>>, list: Option<(usize, usize)>) -> Arc<Under> {
        let known = self.regions.iter().find(|r| r.codes == codes && r.list == list);
        if let Some(known) = known {
            return known.clone();
        }
        let region = Arc::new(Under::new(codes, list));
        self.regions.push(region.clone());
        region
    }

    /// Why it is not known what the viewer may see: then nothing of the sources may be read for it.
    pub fn barred(&self) -> Option<&Fault> {
        self.barred.as_ref()
    }

    /// The customer that the viewer is or acts for, by the code its token names.
    pub fn own(&self) -> Option<&str> {
        self.own.as_deref()
    }

    /// The rights behind it.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Of which entities records off the web are not hidden as such.
    pub fn open(&self) -> Open {
        self.open
    }

    /// Which departments may be read, and which of those off the web.
    pub fn departments(&self) -> &[Place; 2] {
        &self.departments
    }

    /// Which records of an entity may be seen; `None`: all.
    pub fn rows(&self, entity: EntityId) -> Option<&Filter> {
        self.rows.get(entity)?.as_ref()
    }

    /// The rayons that grants name.
    pub fn regions(&self) -> &[Arc<Under>] {
        &self.regions
    }

    /// A list's filter, and that its records may be seen.
    pub fn narrow(&self, entity: EntityId, filter: Filter) -> Filter {
        match self.rows(entity) {
            None => filter,
            Some(rows) => Filter::And(vec![rows.clone(), filter]),
        }
    }

    /// A shape that also fetches what deciding on its records needs.
    pub fn shape(&self, catalog: &Catalog, shape: &Arc<Shape>) -> Arc<Shape> {
        match self.wants.get(shape.entity) {
            Some(want) if *want != Want::default() => shape.with_want(&catalog.engine, want.clone()),
            _ => shape.clone(),
        }
    }
}

/// Where a right holds, within some records.
fn both(place: Place, within: Option<Filter>) -> Place {
    match (place, within) {
        (Place::Everywhere, Some(within)) => Place::In(within),
        (Place::In(filter), Some(within)) => Place::In(Filter::And(vec![filter, within])),
        (place, _) => place,
    }
}

/// Of customers, who is one sees itself alone, and a program that acts for one sees that one; `None`: it is narrowed by
/// its rights alone.
fn own_alone(viewer: &Viewer) -> Option<Filter> {
    let codes = match (viewer.kind, &viewer.customer) {
        (ViewerKind::Staff, _) | (ViewerKind::Integration, None) => return None,
        (_, Some(code)) => vec![Value::text(&**code)],
        (_, None) => Vec::new(),
    };
    Some(Filter::Code(Test::In(codes)))
}
