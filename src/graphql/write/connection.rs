//! Connections: pages of records, their edges and cursors.

use super::{Writer, Written};
use crate::{
    catalog::levels::{Level, Pages},
    graphql::{
        arguments,
        error::Location,
        execute::fault,
        plan::{ConnectionKind, ConnectionOut, EdgeKind, EdgeOut},
    },
};

impl Writer<'_> {
    pub(super) fn connection(
        &mut self,
        outs: &[ConnectionOut],
        level: &Level,
        pages: &Pages,
        entity: usize,
        slot: Option<usize>,
    ) -> Written {
        self.buf.push(b'{');
        let records = &pages.page.records;
        for (i, out) in outs.iter().enumerate() {
            self.key(i, &out.json);
            match &out.kind {
                ConnectionKind::Typename(name) => self.text(name),
                ConnectionKind::TotalCount => self.field(false, &out.key, |w| match &pages.total {
                    Some(Ok(n)) => {
                        w.buf.extend_from_slice(n.to_string().as_bytes());
                        Ok(())
                    }
                    Some(Err(f)) => w.fail(out.place, fault(f)),
                    None => w.absent(out.place, false),
                })?,
                ConnectionKind::Nodes(outs) => self.field(true, &out.key, |w| {
                    w.list(records.iter(), false, |w, r| w.record(outs, level, *r, out.place))
                })?,
                ConnectionKind::Edges(edges) => self.field(true, &out.key, |w| {
                    w.list(records.iter(), true, |w, r| w.edge(edges, level, *r, entity, out.place))
                })?,
                ConnectionKind::PageInfo(fields) => {
                    let after = self
                        .args(slot)
                        .get("after")
                        .is_some_and(|v| *v != async_graphql_value::ConstValue::Null);
                    self.buf.push(b'{');
                    for (i, f) in fields.iter().enumerate() {
                        self.key(i, &f.json);
                        match &f.kind {
                            EdgeKind::Typename(name) => self.text(name),
                            EdgeKind::HasNext => self.bool(pages.page.more),
                            EdgeKind::HasPrevious => self.bool(after),
                            EdgeKind::Start => self.cursor(level, records.first().copied(), entity),
                            EdgeKind::End => self.cursor(level, records.last().copied(), entity),
                            EdgeKind::Cursor | EdgeKind::Node(_) => self.null(),
                        }
                    }
                    self.buf.push(b'}');
                }
            }
        }
        self.buf.push(b'}');
        Ok(())
    }

    pub(super) fn edge(
        &mut self,
        outs: &[EdgeOut],
        level: &Level,
        record: u32,
        entity: usize,
        place: Location,
    ) -> Written {
        self.buf.push(b'{');
        for (i, out) in outs.iter().enumerate() {
            self.key(i, &out.json);
            match &out.kind {
                EdgeKind::Typename(name) => self.text(name),
                EdgeKind::Cursor => self.cursor(level, Some(record), entity),
                EdgeKind::Node(outs) => {
                    self.field(false, &out.key, |w| w.record(outs, level, record, place))?;
                }
                _ => self.null(),
            }
        }
        self.buf.push(b'}');
        Ok(())
    }

    pub(super) fn cursor(&mut self, level: &Level, record: Option<u32>, entity: usize) {
        let catalog = self.run.catalog;
        let position = record.and_then(|r| catalog.engine.position(&level.batch, r));
        let cursor = position.map(|p| catalog.sealer.seal(&arguments::list_name(catalog, entity), &p));
        self.text_or_null(cursor.as_deref());
    }
}
