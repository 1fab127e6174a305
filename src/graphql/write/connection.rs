//! Connections: pages of records, their edges and cursors.

use super::{Writer, Written};
use crate::{
    catalog::levels::{Args, Level, PageArgs, Pages},
    federation::{batch::NONE, order::Spot, page::Page},
    graphql::{
        error::Location,
        faults::fault,
        plan::{ConnectionKind, ConnectionOut, EdgeKind, EdgeOut},
    },
};

impl<'a> Writer<'a> {
    pub(super) fn connection(
        &mut self,
        outs: &[ConnectionOut],
        level: &Level,
        pages: &Pages,
        slot: Option<usize>,
    ) -> Written {
        self.buf.push(b'{');
        let records = &pages.page.records;
        let args = self.page_args(slot);
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
                    w.list(0..records.len(), true, |w, i| {
                        w.edge(edges, level, &pages.page, i, args, out.place)
                    })
                })?,
                ConnectionKind::PageInfo(fields) => {
                    let (backward, from) = args.map_or((false, false), |a| (a.backward, a.from.is_some()));
                    // What lies behind where the page began is taken to be there.
                    let (next, previous) =
                        if backward { (from, pages.page.more) } else { (pages.page.more, from) };
                    let last = records.len().saturating_sub(1);
                    self.buf.push(b'{');
                    for (i, f) in fields.iter().enumerate() {
                        self.key(i, &f.json);
                        match &f.kind {
                            EdgeKind::Typename(name) => self.text(name),
                            EdgeKind::HasNext => self.bool(next),
                            EdgeKind::HasPrevious => self.bool(previous),
                            EdgeKind::Start => self.cursor(level, &pages.page, 0, args),
                            EdgeKind::End => self.cursor(level, &pages.page, last, args),
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
        page: &Page,
        at: usize,
        args: Option<&PageArgs>,
        place: Location,
    ) -> Written {
        self.buf.push(b'{');
        for (i, out) in outs.iter().enumerate() {
            self.key(i, &out.json);
            match &out.kind {
                EdgeKind::Typename(name) => self.text(name),
                EdgeKind::Cursor => self.cursor(level, page, at, args),
                EdgeKind::Node(outs) => {
                    let record = page.records.get(at).copied().unwrap_or(NONE);
                    self.field(false, &out.key, |w| w.record(outs, level, record, place))?;
                }
                _ => self.null(),
            }
        }
        self.buf.push(b'}');
        Ok(())
    }

    /// The cursor of a page's record.
    fn cursor(&mut self, level: &Level, page: &Page, i: usize, args: Option<&PageArgs>) {
        let catalog = self.run.catalog;
        let spot = page.spots.get(i).cloned().or_else(|| {
            let record = page.records.get(i)?;
            catalog.engine.position(&level.batch, *record).map(Spot::from)
        });
        let cursor = spot.zip(args).map(|(spot, args)| catalog.sealer.seal(&args.name, &spot));
        self.text_or_null(cursor.as_deref());
    }

    fn page_args(&self, slot: Option<usize>) -> Option<&'a PageArgs> {
        match self.run.args.get(slot?)? {
            Args::Page(page) => Some(page),
            _ => None,
        }
    }
}
