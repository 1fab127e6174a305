//! The tree of departments: what would hang under itself or under nothing, and articles placed in
//! departments that are not there.

use std::{collections::HashSet, sync::Arc};

use super::{
    EXAMPLES, Finding, Level, Live,
    data::{Scans, rows_of, third},
};
use crate::{
    catalog::tree::Tree,
    connectors::map::ChildSource,
    federation::{
        batch::NONE,
        shape::{Shape, Want, branch},
    },
    sources::{
        Expr, Param, SharedSource, SourceError, Statement,
        expr::CastType,
        select::{Branch, Decode, Item, Output, Predicate, Select},
    },
    value::{Type, Value},
};

/// Departments that one table of placements may name.
const NAMED: i64 = 20_000;
/// Unknown departments whose articles are counted, and rows read to count them.
const UNKNOWN: usize = 500;
const COUNTED: i64 = 10_000;

impl Live<'_> {
    /// Looks at the tree and at what hangs in it.
    pub(super) async fn departments(&mut self, scans: &Scans) {
        let catalog = self.shop.catalog().clone();
        let model = self.engine.model.clone();
        let e = &model.entities[catalog.department];
        if !scans.contains_key(&(catalog.department, e.decides)) || self.options.source.is_some() {
            return;
        }
        let mut want = Want::default();
        want.fields.extend(["parentCode", "position"].iter().filter_map(|f| e.fields.get_index_of(*f)));
        let shape = Arc::new(Shape::new(self.engine, catalog.department, want, None));
        let Ok(tree) = Tree::load(self.engine, &self.ask, &shape, &catalog.departments).await else { return };
        self.loops(&tree);
        let article = &model.entities[catalog.article];
        for source in 0..model.sources.len() {
            if self.up.get(source) != Some(&true) {
                continue;
            }
            let map = article.maps.get(source).and_then(Option::as_ref);
            let lists = map.and_then(|m| m.children.get("placements")).cloned().unwrap_or_default();
            let Some(asked) = self.source(source).cloned() else { continue };
            for list in &lists {
                let Ok(Some((count, examples))) = self.misplaced(&asked, list, &tree).await else { continue };
                let message = format!(
                    "{} of `{}` place{} articles in departments that are not there",
                    rows_of(count),
                    list.table.name,
                    third(count)
                );
                let name = self.name(source).to_owned();
                self.found(
                    Finding::new(
                        Level::Warning,
                        "UNKNOWN_DEPARTMENT",
                        message,
                        "correct the placements, or make the departments; until then the articles hang elsewhere \
                         or nowhere",
                    )
                    .source(&name)
                    .entity("Article")
                    .table(&list.table.name)
                    .place(&list.place)
                    .examples(examples),
                );
            }
        }
    }

    /// Departments under themselves, and under none that is there.
    fn loops(&mut self, tree: &Tree) {
        let model = self.engine.model.clone();
        let department = self.shop.catalog().department;
        let e = &model.entities[department];
        let Some(field) = e.fields.get_index_of("parentCode") else { return };
        let batch = &tree.batch;
        let count = u32::try_from(batch.len()).unwrap_or(0);
        let above: Vec<Option<String>> = (0..count)
            .map(|r| batch.merged(&model, field, r).ok().and_then(|m| m.value.as_str().map(str::to_owned)))
            .collect();
        let parents: Vec<u32> =
            above.iter().map(|a| a.as_deref().and_then(|code| tree.find(code)).unwrap_or(NONE)).collect();
        let mut lost = Vec::new();
        for (r, code) in (0..count).zip(&above) {
            if let Some(code) = code
                && parents[r as usize] == NONE
            {
                lost.push(format!("{} under {code}", batch.code(r)));
            }
        }
        lost.sort_unstable();
        if !lost.is_empty() {
            let message = format!(
                "{} department{} {} under one that is not there",
                lost.len(),
                super::data::s(lost.len()),
                if lost.len() == 1 { "is" } else { "are" }
            );
            let help = "correct the department above; until then they hang at the root";
            self.found(
                Finding::new(Level::Warning, "UNKNOWN_PARENT", message, help).entity(&e.name).examples(lost),
            );
        }
        let mut state = vec![0_u8; parents.len()];
        let mut cycles = Vec::new();
        for start in 0..count {
            let mut path: Vec<u32> = Vec::new();
            let mut at = start;
            while at != NONE && state[at as usize] == 0 {
                state[at as usize] = 1;
                path.push(at);
                at = parents[at as usize];
            }
            if at != NONE && state[at as usize] == 1 {
                let mut cycle: Vec<&str> =
                    path.iter().skip_while(|r| **r != at).map(|r| batch.code(*r)).collect();
                // Told from the same department on, whatever order the rows came in.
                let first = (0..cycle.len()).min_by_key(|i| cycle[*i]).unwrap_or(0);
                cycle.rotate_left(first);
                cycles.push(format!("{} under {}", cycle.join(" under "), cycle[0]));
            }
            path.iter().for_each(|r| state[*r as usize] = 2);
        }
        cycles.sort_unstable();
        if !cycles.is_empty() {
            let message = format!(
                "{} circle{} of departments that hang under themselves",
                cycles.len(),
                super::data::s(cycles.len())
            );
            let help =
                "correct the department above one of them; until then the first of each hangs at the root";
            self.found(
                Finding::new(Level::Warning, "DEPARTMENT_CYCLE", message, help)
                    .entity(&e.name)
                    .examples(cycles),
            );
        }
    }

    /// How many rows of a list name departments that are not there, and some of them.
    async fn misplaced(
        &self,
        asked: &SharedSource,
        list: &ChildSource,
        tree: &Tree,
    ) -> Result<Option<(usize, Vec<String>)>, SourceError> {
        let department = list.fields.get("department").and_then(|f| f.expr.clone());
        let (Some(department), Some(article)) = (department, list.parent.first()) else { return Ok(None) };
        let removed = list.removed.clone().unwrap_or(Expr::Bool(false));
        let text = |label: &str| Output { decode: Decode::of(Type::Text), label: label.into() };
        let flag = Output { decode: Decode::of(Type::Boolean), label: "removed".into() };
        let own: Vec<Predicate> = list.filter.clone().map(Predicate::Expr).into_iter().collect();
        let read = |items: Vec<Expr>, outputs: Vec<Output>, more: Option<Predicate>| {
            let distinct = more.is_none();
            let mut filter = own.clone();
            filter.extend(more);
            Statement::new(Select {
                outputs,
                branches: vec![Branch {
                    joins: list.joins.clone(),
                    items: items.into_iter().map(Item::from).collect(),
                    filter,
                    limit: Some(0),
                    distinct,
                    ..branch(list.table.clone())
                }],
                order: Vec::new(),
                descending: false,
                count: false,
            })
        };
        let statement =
            read(vec![department.clone(), removed.clone()], vec![text("department"), flag.clone()], None);
        let rows = asked.run(&statement, &[Param::Value(Value::Int(NAMED))], &self.ask.moment).await?;
        let unknown: HashSet<&str> = (0..rows.len())
            .filter(|r| rows.get(*r, 1) != &Value::Bool(true))
            .filter_map(|r| rows.get(r, 0).as_str())
            .filter(|code| tree.find(code).is_none())
            .take(UNKNOWN)
            .collect();
        if unknown.is_empty() {
            return Ok(None);
        }
        let here = Predicate::In { exprs: vec![department.clone()], types: vec![CastType::Text(0)], slot: 1 };
        let statement = read(
            vec![article.expr.clone(), department, removed],
            vec![text("article"), text("department"), flag],
            Some(here),
        );
        let keys = unknown.iter().map(|code| Box::from([Value::text(*code)])).collect();
        let params = [Param::Value(Value::Int(COUNTED)), Param::Keys(keys)];
        let rows = asked.run(&statement, &params, &self.ask.moment).await?;
        let mut placed: Vec<(&str, &str)> = (0..rows.len())
            .filter(|r| rows.get(*r, 2) != &Value::Bool(true))
            .filter_map(|r| Some((rows.get(r, 0).as_str()?, rows.get(r, 1).as_str()?)))
            .collect();
        placed.sort_unstable();
        let examples =
            placed.iter().take(EXAMPLES).map(|(article, code)| format!("{article} in {code}")).collect();
        Ok((!placed.is_empty()).then_some((placed.len(), examples)))
    }
}
