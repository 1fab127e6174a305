//! On the web, or not: alive in the source that decides, published by it, and hidden by nobody.

use std::sync::Arc;

use super::{
    batch::{Batch, Cause, DUPLICATE},
    engine::Engine,
    merge::Cell,
};
use crate::value::Value;

impl Engine {
    /// Whether a record is on the web. `Err` when an overlay that may hide it cannot be read and
    /// the shop wants that to be an error (`web.on_unknown = "fail"`).
    pub fn visible(&self, batch: &Batch, record: u32) -> Result<bool, Arc<Cause>> {
        let entity = batch.shape.entity;
        let e = &self.model.entities[entity];
        let owner = batch.owner.get(record as usize).copied().unwrap_or(e.decides);
        if owner == e.decides
            && let Some(shape) = batch.shape.sources.get(owner).and_then(Option::as_ref)
            && let Some((visible, closed)) = shape.columns.flags
        {
            let Some(row) = batch.row(owner, record) else { return Ok(false) };
            if row.get(visible) != Some(&Value::Bool(true)) || row.get(closed) == Some(&Value::Bool(true)) {
                return Ok(false);
            }
        }
        if let Some(published) = batch.shape.published {
            for source in &e.fields[published].sources {
                match batch.cell(&self.model, *source, published, record, false) {
                    Cell::Value(Value::Bool(false)) => return Ok(false),
                    Cell::Unknown(cause) if self.fail_on_unknown => return Err(cause),
                    _ => {}
                }
            }
            if batch.has_site && batch.site_cell(published, record, None) == Cell::Value(&Value::Bool(false))
            {
                return Ok(false);
            }
        }
        if e.inherits.is_some() {
            if let Some(cause) = &batch.parent_failed {
                return Err(cause.clone());
            }
            return match &batch.parent {
                Some((parent, index)) => match index.get(record as usize) {
                    Some(r) if *r < DUPLICATE => self.visible(parent, *r),
                    _ => Ok(false),
                },
                None => Ok(true),
            };
        }
        Ok(true)
    }

    /// What the source that decides says of the web: alive and let on it. `None` for a record that
    /// it does not have. A source whose map has no flag says yes by having the record.
    pub fn decider_says(&self, batch: &Batch, record: u32) -> Option<bool> {
        let decides = self.model.entities[batch.shape.entity].decides;
        let row = batch.row(decides, record)?;
        let shape = batch.shape.sources.get(decides).and_then(Option::as_ref)?;
        Some(shape.columns.flags.is_none_or(|(visible, closed)| {
            row.get(visible) == Some(&Value::Bool(true)) && row.get(closed) != Some(&Value::Bool(true))
        }))
    }

    /// Which source or inherited record keeps a record off the web, when the ERP gives no reason.
    pub fn hidden_by(&self, batch: &Batch, record: u32) -> Option<String> {
        let e = &self.model.entities[batch.shape.entity];
        if let Some(published) = e.fields.get_index_of("published") {
            if batch.has_site && batch.site_cell(published, record, None) == Cell::Value(&Value::Bool(false))
            {
                return Some("hidden by site".into());
            }
            for source in &e.fields[published].sources {
                if batch.cell(&self.model, *source, published, record, false)
                    == Cell::Value(&Value::Bool(false))
                {
                    return Some(format!("hidden by {}", self.model.sources[*source].name));
                }
            }
        }
        let parent = e.inherits.map(|p| self.model.entities[p].name.to_lowercase())?;
        match &batch.parent {
            Some((held, index)) => {
                let r = index.get(record as usize).copied().filter(|r| *r < DUPLICATE)?;
                let hidden = !self.visible(held, r).unwrap_or(true);
                hidden.then(|| format!("its {parent} is off the web"))
            }
            None => None,
        }
    }
}
