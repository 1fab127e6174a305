//! Filters that lean on more than the records they choose: what they name is looked up once for a list,
//! before anything of it is read.

use std::{collections::HashSet, sync::Arc};

use super::Run;
use crate::federation::{
    engine::Fault,
    filter::Filter,
    related::{Related, Subtree, Under},
};

impl Run<'_> {
    /// Looks up what a filter names: the departments under its codes and who is placed there, the records
    /// whose related ones it names by code.
    ///
    /// # Errors
    /// The source that decides on departments does not answer, or a department has two rows.
    pub async fn settle(&self, filter: &Filter) -> Result<(), Fault> {
        let mut open = vec![(filter, true)];
        while let Some((filter, told)) = open.pop() {
            let mut found = Vec::new();
            filter.relations(told, &mut |part, told| found.push((part, told)));
            for (part, told) in found {
                match part {
                    // Two lists of one argument may come to it at once, to the same end.
                    Filter::Under(under) => {
                        if under.subtree.get().is_none() {
                            let subtree = self.subtree(under).await?;
                            let _ = under.subtree.set(subtree);
                        }
                        if told && under.candidates.get().is_none() {
                            let candidates = self.placed_there(under).await?;
                            let _ = under.candidates.set(candidates);
                        }
                    }
                    Filter::Related(related) => {
                        if told && related.candidates.get().is_none() {
                            let candidates = self.with_related(related).await?;
                            let _ = related.candidates.set(candidates);
                        }
                        open.push((&related.filter, told));
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// The departments under a code as the viewer sees them; none when there is no such department for them.
    async fn subtree(&self, under: &Under) -> Result<Subtree, Fault> {
        let tree = self.tree().await?;
        let compare = self.catalog.engine.compare(self.catalog.department);
        let mut departments = HashSet::new();
        for code in &under.codes {
            let nodes = match tree.find(code) {
                Some(r) if !self.in_reach(&tree, r)? => Vec::new(),
                Some(r) if tree.batch.doubled.contains(&r) => {
                    return Err(self.doubled(self.catalog.department, code));
                }
                Some(r) if tree.sees(r) => tree.under(r),
                Some(_) => Vec::new(),
                None => match self.unknown_department(&tree, code) {
                    Some(cause) => return Err(Fault::Source(cause)),
                    None => Vec::new(),
                },
            };
            departments.extend(nodes.iter().map(|n| compare.fold(tree.batch.code(*n)).into_owned()));
        }
        Ok(Subtree { departments, compare })
    }

    /// The codes of all records that may be placed in a subtree.
    async fn placed_there(&self, under: &Under) -> Result<Option<Arc<[String]>>, Fault> {
        let tree = self.tree().await?;
        let Some(subtree) = under.subtree.get() else { return Ok(None) };
        let all = 0..u32::try_from(tree.batch.len()).unwrap_or(0);
        let nodes: Vec<u32> = all.filter(|n| subtree.has(tree.batch.code(*n))).collect();
        if nodes.is_empty() { Ok(Some(Arc::default())) } else { self.placed_codes(&tree, &nodes).await }
    }

    /// The codes of the records of which a related one is named by its code.
    async fn with_related(&self, related: &Related) -> Result<Option<Arc<[String]>>, Fault> {
        match related.codes() {
            Some(codes) => {
                let ask = self.looking(related.entity);
                self.catalog.engine.inherited_codes(&ask, related.entity, &codes).await
            }
            None => Ok(None),
        }
    }
}
