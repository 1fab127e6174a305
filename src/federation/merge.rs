//! Cells → values: what each source says of a field, and the rule that makes one value of it.

use std::{cmp::Ordering, sync::Arc};

use super::{
    batch::{Batch, Cause, DUPLICATE, NONE},
    model::{Default_, Field, FieldId, Model, OnUnknown, Rule, SourceId},
    overrides::OverrideState,
    shape::Attribute,
    stale::StaleCell,
};
use crate::value::Value;

/// What one source says of one field of one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A real value, after normalising.
    Value(&'a Value),
    /// Deliberately empty.
    Empty,
    /// Nothing said.
    Absent,
    /// The source could not be read.
    Unknown(Arc<Cause>),
}

/// Who won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Winner {
    /// A back-office override.
    Site,
    /// A source.
    Source(SourceId),
    /// The inherited record.
    Inherited,
    /// The declared default.
    Default,
}

/// A field's merged value.
#[derive(Clone, Debug)]
pub struct Merged<'a> {
    /// The value; `Null` when nothing had one, or the winner is empty on purpose.
    pub value: &'a Value,
    /// Who won, if anybody.
    pub winner: Option<Winner>,
    /// An unreachable source that could have won was passed over.
    pub degraded: Option<Arc<Cause>>,
    /// Whether the value is in the operation's language (or the field has none).
    pub translated: bool,
}

static NULL: Value = Value::Null;

impl Batch {
    /// The value by which a record is filtered and sorted: the merged one, and nothing where the record's
    /// own data cannot be served.
    ///
    /// # Errors
    /// A source that could have won did not answer, and the field does without it not at all.
    pub fn served<'a>(
        &'a self,
        model: &'a Model,
        field: FieldId,
        record: u32,
    ) -> Result<&'a Value, Arc<Cause>> {
        match self.merged(model, field, record) {
            Ok(merged) => Ok(merged.value),
            // One record's fault is its own, not the list's.
            Err(cause) if matches!(cause.code, "BAD_VALUE" | "DUPLICATE_KEY") => Ok(&NULL),
            Err(cause) => Err(cause),
        }
    }

    /// The cell of a source in the default language, or in the operation's own: the one of earlier on, where that
    /// stands in.
    pub fn cell(
        &self,
        model: &Model,
        source: SourceId,
        field: FieldId,
        record: u32,
        translated: bool,
    ) -> Cell<'_> {
        match self.stale_cell(source, field, record, translated) {
            Some(stale) => stale.cell(),
            None => self.read_cell(model, source, field, record, translated),
        }
    }

    /// The cell of earlier on that stands in for one that could not be read.
    pub fn stale_cell(
        &self,
        source: SourceId,
        field: FieldId,
        record: u32,
        translated: bool,
    ) -> Option<&StaleCell> {
        // Nearly always there is none.
        if self.stale.is_empty() { None } else { self.stale.get(&(source, field, record, translated)) }
    }

    /// The cell of a source as it was read.
    pub(super) fn read_cell(
        &self,
        model: &Model,
        source: SourceId,
        field: FieldId,
        record: u32,
        translated: bool,
    ) -> Cell<'_> {
        let Some(shape) = self.shape.sources.get(source).and_then(Option::as_ref) else {
            return Cell::Absent;
        };
        let Some(part) = self.parts.get(source).and_then(Option::as_ref) else { return Cell::Absent };
        if let Some(cause) = part.markers_failed.as_ref().filter(|_| self.shape.may_be_emptied(field)) {
            return Cell::Unknown(cause.clone());
        }
        let wanted = if translated {
            self.shape.language.as_deref()
        } else {
            model.languages.first().map(String::as_str)
        };
        let mut emptied = part.markers.of(record, Attribute::Field(field));
        if emptied.any(|l| l.is_none_or(|l| Some(l) == wanted)) {
            return Cell::Empty;
        }
        let mut absent = Cell::Absent;
        if translated && shape.texts.is_some() {
            if let Some(value) = part.texts.get(&(record, field)) {
                return Cell::Value(value);
            }
            if let Some(cause) = &part.texts_failed {
                absent = Cell::Unknown(cause.clone());
            }
        }
        if let Some(child) = shape.columns.joined.get(&field) {
            return part.children.get(*child).map_or(absent, |rows| match &rows.failed {
                Some(cause) => Cell::Unknown(cause.clone()),
                None => match rows.texts.get(record as usize) {
                    Some((default, own)) => {
                        let value = if translated { own } else { default };
                        if value.is_null() { Cell::Absent } else { Cell::Value(value) }
                    }
                    None => Cell::Absent,
                },
            });
        }
        let columns = if translated { &shape.columns.translated } else { &shape.columns.fields };
        let Some(column) = columns.get(field).copied().flatten() else { return absent };
        if let Some(cause) = &part.failed {
            return Cell::Unknown(cause.clone());
        }
        match part.index.get(record as usize).copied().unwrap_or(NONE) {
            NONE => absent,
            DUPLICATE => part.duplicate.clone().map_or(Cell::Absent, Cell::Unknown),
            row => match part.rows.get(row as usize, column) {
                Value::Null => absent,
                value => Cell::Value(value),
            },
        }
    }

    /// The override that holds for a field, in a language (`None`: the default).
    pub fn site_cell(&self, field: FieldId, record: u32, language: Option<&str>) -> Cell<'_> {
        if let Some(cause) = &self.site_failed {
            return Cell::Unknown(cause.clone());
        }
        let Some(items) = self.site.get(&(record, field)) else { return Cell::Absent };
        match items.iter().find(|o| o.language.as_deref() == language).map(|o| &o.state) {
            Some(OverrideState::Value(Value::Null)) | None => Cell::Absent,
            Some(OverrideState::Value(value)) => Cell::Value(value),
            Some(OverrideState::Empty) => Cell::Empty,
        }
    }

    /// A field's merged value. `Err` is a field error: the cause names source and reason.
    pub fn merged<'a>(
        &'a self,
        model: &'a Model,
        field: FieldId,
        record: u32,
    ) -> Result<Merged<'a>, Arc<Cause>> {
        let f = &model.entities[self.shape.entity].fields[field];
        let mut degraded = None;
        // What must have a value has its default where it is emptied on purpose.
        let stands = |found: &Merged<'_>| !(f.non_null && found.value.is_null());
        let mut emptied = false;
        if f.localized && self.shape.language.is_some() {
            if let Some(found) = self.own(model, f, field, record, true, &mut degraded)? {
                if stands(&found) {
                    return Ok(found);
                }
                emptied = true;
            } else if let Some(found) = self.inherited(model, f, record, &mut degraded, Some(true))? {
                if stands(&found) {
                    return Ok(found);
                }
                emptied = true;
            }
        }
        if !emptied && let Some(mut found) = self.own(model, f, field, record, false, &mut degraded)? {
            if stands(&found) {
                found.translated = !f.localized || self.shape.language.is_none();
                return Ok(found);
            }
            emptied = true;
        }
        if !emptied
            && let Some(found) = self.inherited(model, f, record, &mut degraded, None)?
            && stands(&found)
        {
            return Ok(found);
        }
        let (value, winner) = match &f.default {
            Some(Default_::Value(value)) => (value, Some(Winner::Default)),
            Some(Default_::Field(other)) => {
                let other = self.merged(model, *other, record)?;
                (other.value, (!other.value.is_null()).then_some(Winner::Default))
            }
            None => (&NULL, None),
        };
        let translated = !f.localized || self.shape.language.is_none();
        Ok(Merged { value, winner, degraded, translated })
    }

    /// The value of this record's own cells, before inheritance and default.
    fn own<'a>(
        &'a self,
        model: &Model,
        f: &Field,
        field: FieldId,
        record: u32,
        translated: bool,
        degraded: &mut Option<Arc<Cause>>,
    ) -> Result<Option<Merged<'a>>, Arc<Cause>> {
        let done = |value: &'a Value, winner, degraded: &Option<Arc<Cause>>| {
            Ok(Some(Merged { value, winner: Some(winner), degraded: degraded.clone(), translated }))
        };
        if f.name == "code" {
            return done(
                self.codes.get(record as usize).unwrap_or(&NULL),
                Winner::Source(self.owner[record as usize]),
                &None,
            );
        }
        if f.lock.is_none() && self.has_site {
            let language = if translated { self.shape.language.as_deref() } else { None };
            match self.site_cell(field, record, language) {
                Cell::Value(value) => return done(value, Winner::Site, degraded),
                Cell::Empty => return done(&NULL, Winner::Site, degraded),
                Cell::Absent => {}
                Cell::Unknown(cause) => passed_over(f, cause, degraded)?,
            }
        }
        if let Some(group) = &f.group
            && group.leader != field
        {
            let leader = &model.entities[self.shape.entity].fields[group.leader];
            let mut unknown = None;
            let won = self.own(model, leader, group.leader, record, translated, &mut unknown)?;
            if unknown.is_some() {
                degraded.clone_from(&unknown);
            }
            // Whoever wins the first field wins the group; when nobody does, each field is its own.
            match won.and_then(|m| m.winner) {
                Some(Winner::Source(source)) => {
                    self.mark_stale(source, field, record, translated, degraded);
                    return match self.cell(model, source, field, record, translated) {
                        Cell::Value(Value::Bad(reason)) => Err(bad(model, source, reason)),
                        Cell::Value(value) => done(value, Winner::Source(source), degraded),
                        Cell::Empty => done(&NULL, Winner::Source(source), degraded),
                        Cell::Absent => Ok(None),
                        Cell::Unknown(cause) => Err(cause),
                    };
                }
                Some(_) => return Ok(None),
                None => {}
            }
        }
        match f.rule {
            Rule::Priority | Rule::Only | Rule::Union => {
                for source in &f.sources {
                    self.mark_stale(*source, field, record, translated, degraded);
                    match self.cell(model, *source, field, record, translated) {
                        Cell::Value(Value::Bad(reason)) => return Err(bad(model, *source, reason)),
                        Cell::Value(value) => return done(value, Winner::Source(*source), degraded),
                        Cell::Empty => return done(&NULL, Winner::Source(*source), degraded),
                        Cell::Absent => {}
                        Cell::Unknown(cause) => passed_over(f, cause, degraded)?,
                    }
                }
                Ok(None)
            }
            Rule::Min | Rule::Max | Rule::Recent => {
                self.compared(model, f, field, record, translated, degraded)
            }
        }
    }

    /// A value that leans on a cell of earlier on is marked.
    fn mark_stale(
        &self,
        source: SourceId,
        field: FieldId,
        record: u32,
        translated: bool,
        degraded: &mut Option<Arc<Cause>>,
    ) {
        if let Some(stale) = self.stale_cell(source, field, record, translated) {
            degraded.get_or_insert_with(|| stale.cause.clone());
        }
    }

    /// MIN, MAX and RECENT: every listed cell is looked at.
    fn compared<'a>(
        &'a self,
        model: &Model,
        f: &Field,
        field: FieldId,
        record: u32,
        translated: bool,
        degraded: &mut Option<Arc<Cause>>,
    ) -> Result<Option<Merged<'a>>, Arc<Cause>> {
        let mut best: Option<(&'a Value, SourceId)> = None;
        let mut empty = None;
        let mut newest: Option<&'a Value> = None;
        for source in &f.sources {
            self.mark_stale(*source, field, record, translated, degraded);
            let cell = match self.cell(model, *source, field, record, translated) {
                Cell::Unknown(cause) => {
                    passed_over(f, cause, degraded)?;
                    continue;
                }
                Cell::Absent => continue,
                Cell::Value(Value::Bad(reason)) => return Err(bad(model, *source, reason)),
                Cell::Value(value) => Some(value),
                Cell::Empty => None,
            };
            if f.rule == Rule::Recent {
                let at = self.changed(*source, record);
                let newer = match (newest, at) {
                    (None, _) => best.is_none() && empty.is_none(),
                    (Some(_), None) => false,
                    (Some(old), Some(new)) => new.compare(old) == Ordering::Greater,
                };
                if newer || (newest.is_none() && at.is_some()) {
                    newest = at;
                    best = Some((cell.unwrap_or(&NULL), *source));
                }
                continue;
            }
            let Some(value) = cell else {
                empty.get_or_insert(*source);
                continue;
            };
            let wins = best.is_none_or(|(old, _)| {
                let order = value.compare(old);
                if f.rule == Rule::Min { order == Ordering::Less } else { order == Ordering::Greater }
            });
            if wins {
                best = Some((value, *source));
            }
        }
        let best = best.or(empty.map(|source| (&NULL, source)));
        Ok(best.map(|(value, source)| Merged {
            value,
            winner: Some(Winner::Source(source)),
            degraded: degraded.clone(),
            translated,
        }))
    }

    fn inherited<'a>(
        &'a self,
        model: &'a Model,
        f: &Field,
        record: u32,
        degraded: &mut Option<Arc<Cause>>,
        translated: Option<bool>,
    ) -> Result<Option<Merged<'a>>, Arc<Cause>> {
        let Some(theirs) = f.inherit else { return Ok(None) };
        if let Some(cause) = &self.parent_failed {
            passed_over(f, cause.clone(), degraded)?;
            return Ok(None);
        }
        let Some((parent, index)) = &self.parent else { return Ok(None) };
        let Some(record) = index.get(record as usize).copied().filter(|r| *r < DUPLICATE) else {
            return Ok(None);
        };
        let mut found = parent.merged(model, theirs, record)?;
        if found.winner.is_none() || translated.is_some_and(|t| t != found.translated) {
            return Ok(None);
        }
        found.winner = Some(Winner::Inherited);
        if found.degraded.is_none() {
            found.degraded.clone_from(degraded);
        }
        Ok(Some(found))
    }

    /// The change cell of a source.
    pub fn changed(&self, source: SourceId, record: u32) -> Option<&Value> {
        let column = self.shape.sources.get(source)?.as_ref()?.columns.change?;
        self.row(source, record)?.get(column).filter(|v| matches!(v, Value::DateTime(_)))
    }
}

/// What an unreachable source that could have won does, by the field's `onUnknown`.
fn passed_over(f: &Field, cause: Arc<Cause>, degraded: &mut Option<Arc<Cause>>) -> Result<(), Arc<Cause>> {
    match f.on_unknown {
        OnUnknown::Fail => Err(cause),
        OnUnknown::Fallback | OnUnknown::Stale => {
            degraded.get_or_insert(cause);
            Ok(())
        }
    }
}

fn bad(model: &Model, source: SourceId, reason: &str) -> Arc<Cause> {
    let source = model.sources.get(source).map_or("", |s| s.name.as_str());
    Arc::new(Cause { source: source.into(), code: "BAD_VALUE", message: reason.into() })
}
