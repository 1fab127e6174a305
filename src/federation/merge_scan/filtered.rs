//! What a filter on the very field by which a list is sorted tells each stream: a record stands in a stream
//! with the value of that stream's cell, so the cell itself must pass, whatever other sources say.

use futures::future::{BoxFuture, FutureExt, join_all};

use crate::{
    connectors::map::{FieldMap, RowSource},
    federation::{
        engine::Engine,
        filter::Filter,
        model::{Field, FieldId, SourceId},
        pushdown::{LONGEST, stays},
    },
    sources::select::Predicate,
};

/// The cells of a stream: source, row source and where that keeps the field.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) source: SourceId,
    pub(super) row: &'a RowSource,
    pub(super) id: FieldId,
    pub(super) field: &'a Field,
    pub(super) map: &'a FieldMap,
}

impl Engine {
    /// A condition that every row of a stream fulfils whose record passes; `None`: none is told.
    pub(super) fn passing_cells<'a>(
        &'a self,
        cells: Cells<'a>,
        filter: &'a Filter,
        language: Option<&'a str>,
    ) -> BoxFuture<'a, Option<Predicate>> {
        async move {
            match filter {
                Filter::Field(field, test) if *field == cells.id => {
                    if stays(cells.field, test, language).is_some() {
                        return None;
                    }
                    self.on_row(cells.source, cells.row, cells.field, cells.map, test).await.ok()
                }
                Filter::And(all) => {
                    let parts = all.iter().take(LONGEST).map(|f| self.passing_cells(cells, f, language));
                    let parts: Vec<Predicate> = join_all(parts).await.into_iter().flatten().collect();
                    (!parts.is_empty()).then_some(Predicate::And(parts))
                }
                Filter::Or(all) if !all.is_empty() && all.len() <= LONGEST => {
                    let parts = all.iter().map(|f| self.passing_cells(cells, f, language));
                    let parts: Option<Vec<Predicate>> = join_all(parts).await.into_iter().collect();
                    parts.map(Predicate::Or)
                }
                _ => None,
            }
        }
        .boxed()
    }
}
