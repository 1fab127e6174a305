//! Why a record is as it is: where each value comes from, and why it is off the web.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Run, lookup::Found, tree::Tree};
use crate::{
    federation::{
        batch::{Batch, Cause, NONE},
        engine::Fault,
        media,
        model::EntityId,
        provenance::{Candidate, FieldProvenance},
        shape::{Shape, Want},
        visible::By,
    },
    value::Value,
};

/// A record of a batch, and of a department the tree in which it stands.
pub type Whole = (Arc<Batch>, u32, Option<Arc<Tree>>);

impl Run<'_> {
    /// Whether a record is on the web: by itself, and a department by all above it.
    pub fn on_the_web(&self, batch: &Batch, record: u32, tree: Option<&Tree>) -> Result<bool, Arc<Cause>> {
        let own = self.catalog.engine.visible(batch, record)?;
        if !own || batch.shape.entity != self.catalog.department {
            return Ok(own);
        }
        Ok(tree.is_none_or(|t| t.shown.get(record as usize).copied().unwrap_or(true)))
    }

    /// Why a record is off the web: what the ERP says, else who hides it; `None` while it is on.
    pub fn hidden_reason(&self, batch: &Batch, record: u32, tree: Option<&Tree>) -> Option<String> {
        if self.on_the_web(batch, record, tree).unwrap_or(true) {
            return None;
        }
        let engine = &self.catalog.engine;
        let field = engine.model.entities[batch.shape.entity].fields.get_index_of("hiddenReason");
        let said = || {
            let said = field.and_then(|f| batch.merged(&engine.model, f, record).ok())?;
            said.value.as_str().map(str::to_owned)
        };
        engine.hidden_by(batch, record).or_else(said).or_else(|| {
            let above = tree.and_then(|t| t.parent.get(record as usize).map(|p| (t, *p)));
            let hidden = above.is_some_and(|(t, p)| p != NONE && !t.shown[p as usize]);
            Some(
                if hidden { "the department above is hidden" } else { "it holds no article on the web" }
                    .into(),
            )
        })
    }

    /// Where each value of a record comes from; `None` when there is no such record for the viewer. `fields` are names of the schema; all when left out.
    pub async fn explain(
        &self,
        entity: EntityId,
        code: &str,
        fields: Option<&[String]>,
    ) -> Result<Option<Vec<FieldProvenance>>, Fault> {
        let found = self.record(entity, code).await?;
        Ok(found.map(|(batch, record, tree)| self.provenance(&batch, record, fields, tree.as_deref())))
    }

    /// A record with everything that its sources say; `None` when there is no such record for the viewer.
    pub async fn record(&self, entity: EntityId, code: &str) -> Result<Option<Whole>, Fault> {
        let engine = &self.catalog.engine;
        let shape = Arc::new(Shape::new(engine, entity, Want::all(&engine.model, entity), None));
        if entity == self.catalog.department {
            let tree = self.load_tree(&shape).await?;
            return match tree.find(code) {
                Some(r) if !self.in_reach(&tree, r)? => Ok(None),
                Some(r) if !tree.batch.doubled.contains(&r) && !tree.sees(r) => Ok(None),
                Some(r) if tree.batch.doubled.contains(&r) => Err(self.doubled(entity, code)),
                Some(r) => Ok(Some((tree.batch.clone(), r, Some(Arc::new(tree))))),
                None => self.unknown_department(&tree, code).map_or(Ok(None), |c| Err(Fault::Source(c))),
            };
        }
        Ok(match self.by_code(&shape, code).await? {
            Found::One(batch, record) => Some((batch, record, None)),
            Found::Doubled(_) => return Err(self.doubled(entity, code)),
            Found::Nothing | Found::Several(_) => None,
        })
    }

    /// Two rows of the source that decides have one code: none of them is picked.
    pub fn doubled(&self, entity: EntityId, code: &str) -> Fault {
        let engine = &self.catalog.engine;
        let e = &engine.model.entities[entity];
        let map = e.maps.get(e.decides).and_then(Option::as_ref);
        let mut tables: Vec<&str> = map.iter().flat_map(|m| &m.rows).map(|r| &*r.table.name).collect();
        tables.dedup();
        let remedy = if entity == self.catalog.reference {
            "correct one of them, or set references.code = \"generated\""
        } else {
            "correct one of them"
        };
        Fault::Source(Arc::new(Cause {
            source: engine.model.sources[e.decides].name.clone(),
            code: "DUPLICATE_KEY",
            message: format!("two rows ({}) have the code `{code}`; {remedy}", tables.join(", ")),
        }))
    }

    /// The first of some names that is no field which has a provenance.
    pub fn unknown_field<'a>(&self, entity: EntityId, names: &'a [String]) -> Option<&'a str> {
        let e = &self.catalog.engine.model.entities[entity];
        let known = |name: &str| {
            e.fields.contains_key(name) || e.lists.contains_key(list_of(name)) || !parts_of(name).is_empty()
        };
        names.iter().map(String::as_str).find(|name| !known(name))
    }

    /// The provenance of fields by their names in the schema; all when `None`.
    pub fn provenance(
        &self,
        batch: &Batch,
        record: u32,
        fields: Option<&[String]>,
        tree: Option<&Tree>,
    ) -> Vec<FieldProvenance> {
        let e = &self.catalog.engine.model.entities[batch.shape.entity];
        let all: Vec<String>;
        let names = if let Some(names) = fields {
            names
        } else {
            all = e.fields.keys().chain(e.lists.keys()).cloned().collect();
            &all
        };
        names.iter().flat_map(|name| self.provenance_of(batch, record, name, tree)).collect()
    }

    /// The value told is always the one served, also where the product makes it itself.
    fn provenance_of(
        &self,
        batch: &Batch,
        record: u32,
        name: &str,
        tree: Option<&Tree>,
    ) -> Vec<FieldProvenance> {
        let engine = &self.catalog.engine;
        let e = &engine.model.entities[batch.shape.entity];
        if let Some(field) = e.fields.get_index_of(name) {
            let mut found = engine.provenance(batch, field, record);
            let owner = || batch.owner.get(record as usize).map(|s| engine.model.sources[*s].name.clone());
            match name {
                "slug" if found.value.is_null() => {
                    found.value = self.slug(batch, record).into();
                    found.winner = Some("default".into());
                }
                "published" => {
                    let served = self.on_the_web(batch, record, tree);
                    found.value = served.as_ref().map_or(Json::Null, |on| Json::Bool(*on));
                    let name = |source: usize| engine.model.sources[source].name.clone();
                    found.winner = match engine.verdict(batch, record).ok().map(|verdict| verdict.by) {
                        None | Some(By::Unknown(_)) => None,
                        Some(By::Owner) => owner(),
                        Some(By::Source(source) | By::Silence(source)) => Some(name(source)),
                        Some(By::Site) => Some("site".into()),
                        Some(By::Inherited) => {
                            e.inherits.map(|p| engine.model.entities[p].name.to_lowercase())
                        }
                    };
                    if let Some(says) = engine.decider_says(batch, record) {
                        found.candidates.push(Candidate {
                            source: engine.model.sources[e.decides].name.clone(),
                            state: "VALUE",
                            value: Json::Bool(says),
                            as_of: Value::Null,
                            cause: None,
                        });
                    }
                }
                "hiddenReason" => {
                    let reason = self.hidden_reason(batch, record, tree);
                    if Some(&found.value) != reason.clone().map(Json::String).as_ref() {
                        found.winner = reason.as_ref().map(|_| "default".into());
                    }
                    found.value = reason.map_or(Json::Null, Json::String);
                }
                _ => {}
            }
            return vec![found];
        }
        if let Some(list) = e.lists.get_index_of(list_of(name)) {
            let mut found = engine.list_provenance(batch, list, record);
            if matches!(list_of(name), "images" | "documents") {
                split_by_extension(&mut found, list_of(name) == "images");
            }
            name.clone_into(&mut found.field);
            return vec![found];
        }
        parts_of(name)
            .iter()
            .filter_map(|p| e.fields.get_index_of(*p))
            .map(|f| engine.provenance(batch, f, record))
            .collect()
    }
}

/// Images and documents come of the same rows: each list keeps the files that are its own.
fn split_by_extension(found: &mut FieldProvenance, images: bool) {
    let keep = |value: &mut Json| {
        if let Json::Array(items) = value {
            items.retain(|item| {
                let file = item.get("file").and_then(Json::as_str).unwrap_or("");
                media::is_image(file) == images
            });
        }
    };
    let empty = |value: &Json| value.as_array().is_some_and(Vec::is_empty);
    keep(&mut found.value);
    for candidate in &mut found.candidates {
        keep(&mut candidate.value);
        if candidate.state == "VALUE" && empty(&candidate.value) {
            candidate.state = "ABSENT";
            candidate.value = Json::Null;
        }
    }
    let of_source = found.candidates.iter().any(|c| Some(&c.source) == found.winner.as_ref());
    if of_source {
        let first = found.candidates.iter().find(|c| matches!(c.state, "VALUE" | "EMPTY"));
        found.winner = first.map(|c| c.source.clone());
    } else if empty(&found.value) {
        found.winner = None;
    }
}

/// The list behind a field of the schema.
pub fn list_of(field: &str) -> &str {
    match field {
        "departments" => "placements",
        "image" => "images",
        other => other,
    }
}

/// The cells of a reference's options, value and name of each.
pub const OPTION_CELLS: &[&str] = &[
    "option1Value",
    "option1Name",
    "option2Value",
    "option2Name",
    "option3Value",
    "option3Name",
    "option4Value",
    "option4Name",
    "option5Value",
    "option5Name",
];

/// The cells of a customer's billing address.
pub const BILLING_CELLS: &[&str] = &[
    "billingName",
    "billingContact",
    "billingLine1",
    "billingLine2",
    "billingLine3",
    "billingPostalCode",
    "billingCity",
    "billingRegion",
    "billingCountry",
];

/// The merged fields behind a field of the schema that is made of several.
pub fn parts_of(field: &str) -> &'static [&'static str] {
    match field {
        "seo" => &["seoTitle", "seoDescription", "seoKeywords"],
        "parent" => &["parentCode"],
        "article" => &["articleCode"],
        "optionValues" => OPTION_CELLS,
        "billingAddress" => BILLING_CELLS,
        _ => &[],
    }
}
