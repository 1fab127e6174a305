//! What the rows make of the shop: how many there are, keys and codes that are there twice, rows that
//! complete nothing, values that cannot be read.

use std::collections::{HashMap, HashSet};

use super::{EntityReport, Finding, Level, Live, RowCount, remedy, scan::Scan};
use crate::{
    catalog::tree::is_own,
    connectors::map::EntityMap,
    federation::shape::{Shape, Want, branch},
    sources::{
        Expr, Param, SharedSource, Statement,
        select::{Branch, Decode, Item, Output, Predicate, Select, Table},
    },
    value::{KeyCompare, Type, Value, fold},
};

/// Codes that rows beside the records may name.
const NAMED: usize = 50_000;
/// Codes that are looked up once more where the records were not read to their end.
const LOOKED_UP: usize = 1_000;

/// The scans by entity and source.
pub(super) type Scans = HashMap<(usize, usize), Scan>;

/// The records that exist, by their codes.
struct Existing {
    compare: KeyCompare,
    codes: HashSet<String>,
    natives: HashSet<String>,
    /// Folded beyond what keys tell apart → a code as it is spelt.
    alike: HashMap<String, String>,
    cut: bool,
}

impl Existing {
    fn of(compare: KeyCompare, scan: &Scan) -> Self {
        let records = &scan.records;
        Self {
            compare,
            codes: records.iter().map(|r| compare.fold(&r.code).into_owned()).collect(),
            natives: records
                .iter()
                .filter_map(|r| Some(compare.fold(r.native.as_ref()?).into_owned()))
                .collect(),
            alike: records.iter().map(|r| (fold(r.code.trim()), r.code.clone())).collect(),
            cut: scan.cut.is_some(),
        }
    }

    fn has(&self, code: &str) -> bool {
        self.codes.contains(&*self.compare.fold(code))
    }

    /// A code for people, with the one that it is probably meant to be.
    fn shown(&self, code: &str) -> String {
        match self.alike.get(&fold(code.trim())) {
            Some(meant) if meant != code => format!("{code} (there is {meant})"),
            _ => code.to_owned(),
        }
    }
}

impl Live<'_> {
    /// Reads and judges the rows of every entity.
    pub(super) async fn data(&mut self) -> Scans {
        let model = self.engine.model.clone();
        let mut scans: Scans = HashMap::new();
        for (id, e) in model.entities.iter().enumerate() {
            let mut report = EntityReport {
                name: e.name.clone(),
                decided_by: self.name(e.decides).to_owned(),
                ..EntityReport::default()
            };
            let others = (0..model.sources.len()).filter(|s| *s != e.decides);
            let asked: Vec<usize> = std::iter::once(e.decides)
                .chain(others.filter(|s| self.looks_at(*s)))
                .filter(|s| self.up.get(*s) == Some(&true))
                .collect();
            for source in asked {
                match self.scan(id, source).await {
                    None => {}
                    Some(Ok(scan)) => {
                        if source == e.decides {
                            report.records = Some(scan.total());
                            report.cut = scan.cut.is_some();
                        } else {
                            report.completed_by.push((self.name(source).to_owned(), scan.total()));
                        }
                        if self.looks_at(source) {
                            self.rows(id, source, &scan);
                        }
                        scans.insert((id, source), scan);
                    }
                    Some(Err(error)) => {
                        let name = self.name(source).to_owned();
                        let told = self.report.findings.iter().any(|f| {
                            f.level == Level::Error
                                && f.source.as_deref() == Some(&*name)
                                && matches!(f.code, "MISSING_TABLE" | "MISSING_COLUMN")
                        });
                        if !told && self.looks_at(source) {
                            let message = format!("the rows of {} cannot be read: {error}", e.name);
                            self.found(
                                Finding::new(Level::Error, "ROWS_UNREADABLE", message, remedy(&error))
                                    .source(&name)
                                    .entity(&e.name),
                            );
                        }
                    }
                }
            }
            self.report.entities.push(report);
        }
        for id in 0..model.entities.len() {
            self.orphans(id, &scans).await;
        }
        scans
    }

    /// What the rows of one source are by themselves.
    fn rows(&mut self, entity: usize, source: usize, scan: &Scan) {
        let model = self.engine.model.clone();
        let e = &model.entities[entity];
        let name = self.name(source).to_owned();
        let Some(map) = self.map(entity, source) else { return };
        if let Some(report) = self.of_source(source) {
            report.rows.extend(map.rows.iter().zip(&scan.counts).map(|(row, count)| RowCount {
                entity: e.name.clone(),
                rows: row.name.clone(),
                table: row.table.name.clone(),
                count: *count,
            }));
        }
        let mut found = Vec::new();
        let place = map.rows.first().map(|r| r.place.clone()).unwrap_or_default();
        let mut add = |level, code, message: String, help: String, examples: &[String]| {
            found.push(
                Finding::new(level, code, message, help)
                    .source(&name)
                    .entity(&e.name)
                    .examples(examples.iter().cloned())
                    .place(&place),
            );
        };
        if e.decides == source && scan.total() == 0 {
            // A shop may begin without a single customer; without articles it has nothing to show.
            let customers = self.shop.catalog().customer == Some(entity);
            add(
                if customers { Level::Note } else { Level::Warning },
                "NO_RECORDS",
                format!("there is no {} at all", e.name),
                "see that the url names the right database, and what the filter of its map leaves".into(),
                &[],
            );
        }
        if let Some(cut) = &scan.cut {
            add(
                Level::Note,
                "NOT_READ_TO_THE_END",
                format!("reading {} ended {cut}, of {}; the rest is not judged", e.name, scan.total()),
                "raise --rows or --time to read more".into(),
                &[],
            );
        }
        let (count, codes) = &scan.same_key;
        if *count > 0 {
            add(
                Level::Warning,
                "DUPLICATE_KEY",
                format!("{} of {} {} the key of another row", rows_of(*count), e.name, have(*count)),
                "the key of the map must be unique and each of its joins must find one row at most; a record \
                 that two rows claim is an error to clients"
                    .into(),
                codes,
            );
        }
        let (count, codes) = &scan.same_code;
        if *count > 0 {
            add(
                Level::Warning,
                "DUPLICATE_CODE",
                format!("{count} code{} of {} belong{} to several rows", s(*count), e.name, third(*count)),
                "give each its own code in the ERP; until then none of them is found by its code".into(),
                codes,
            );
        }
        let (count, barcodes) = &scan.same_barcode;
        if *count > 0 {
            add(
                Level::Warning,
                "DUPLICATE_BARCODE",
                format!("{count} barcode{} of {} belong{} to several rows", s(*count), e.name, third(*count)),
                "correct them in the ERP; a look-up by one of them names all its codes instead of a record"
                    .into(),
                barcodes,
            );
        }
        let (count, slugs) = &scan.same_slug;
        if *count > 0 {
            add(
                Level::Warning,
                "DUPLICATE_SLUG",
                format!("{count} slug{} of {} belong{} to several rows", s(*count), e.name, third(*count)),
                "give each its own; until then such a slug leads to the record of the lower code".into(),
                slugs,
            );
        }
        let (count, slugs) = &scan.bad_slugs;
        if *count > 0 {
            add(
                Level::Warning,
                "BAD_SLUG",
                format!("{count} slug{} of {} hold{} what a path cannot hold as it is", s(*count), e.name, third(*count)),
                "use letters without accents, digits, `-`, `.`, `_` and `~`; a slug with `/`, `?` or `#` is never found"
                    .into(),
                slugs,
            );
        }
        let (count, codes) = &scan.misspelt;
        if *count > 0 {
            add(
                Level::Warning,
                "KEY_SPELLING",
                format!(
                    "{count} key{} of {} {} not spelled in upper-case ASCII letters, as the map says of all: filtered \
                     lists may lack records",
                    s(*count),
                    e.name,
                    if *count == 1 { "is" } else { "are" }
                ),
                "say code_spelling = \"any\" in this source's settings (spelling = \"any\" in a map of your own), or \
                 spell these codes so in the source"
                    .into(),
                codes,
            );
        }
        if scan.no_key > 0 {
            add(
                Level::Warning,
                "BLANK_KEY",
                format!("{} of {} {} no key", rows_of(scan.no_key), e.name, have(scan.no_key)),
                "give them a code, or leave them out with the map's filter".into(),
                &[],
            );
        }
        if scan.bad_keys.count > 0 {
            add(
                Level::Error,
                "UNREADABLE_KEY",
                format!(
                    "the keys of {} of {} cannot be read: {}",
                    rows_of(scan.bad_keys.count),
                    e.name,
                    scan.bad_keys.why
                ),
                "correct the key's type in the map".into(),
                &[],
            );
        }
        for (id, bad) in &scan.bad {
            let Some((field, _)) = e.fields.get_index(*id) else { continue };
            let known = self.lacking.iter().any(|(s, of, f)| *s == source && *of == e.name && f == field);
            if known {
                continue;
            }
            add(
                Level::Warning,
                "UNREADABLE_VALUES",
                format!("`{}.{field}` cannot be read in {}: {}", e.name, rows_of(bad.count), bad.why),
                "correct the values, or give the field a type that fits; to clients they are errors of the field"
                    .into(),
                &bad.codes,
            );
        }
        for (id, texts) in &scan.unlisted {
            let Some((field, _)) = e.fields.get_index(*id) else { continue };
            let rows: usize = texts.values().map(|(n, _)| n).sum();
            let mut examples: Vec<String> = texts
                .iter()
                .map(|(text, (n, code))| format!("{text:?} in {} (as {code})", rows_of(*n)))
                .collect();
            examples.truncate(super::EXAMPLES);
            add(
                Level::Warning,
                "UNLISTED_VALUES",
                format!("`{}.{field}` holds texts in {} that its enum does not list", e.name, rows_of(rows)),
                "add a value with @value(raw: \"…\"), or correct them; they count as nothing".into(),
                &examples,
            );
        }
        found.into_iter().for_each(|f| self.found(f));
    }

    /// Rows that belong to no record.
    async fn orphans(&mut self, entity: usize, scans: &Scans) {
        let model = self.engine.model.clone();
        let e = &model.entities[entity];
        let Some(scan) = scans.get(&(entity, e.decides)) else { return };
        let existing = Existing::of(self.engine.compare(entity), scan);
        if self.looks_at(e.decides)
            && let Some(parent) = e.inherits
            && let Some(parents) = scans.get(&(parent, model.entities[parent].decides))
        {
            let parents = Existing::of(self.engine.compare(parent), parents);
            let lost: Vec<&str> = scan
                .records
                .iter()
                .filter(|r| r.parent.as_deref().is_none_or(|p| !parents.has(p)))
                .map(|r| r.code.as_str())
                .collect();
            if !lost.is_empty() && !parents.cut {
                let message = format!(
                    "{} of {} name{} no {} that exists",
                    rows_of(lost.len()),
                    e.name,
                    third(lost.len()),
                    model.entities[parent].name
                );
                let help = "clients meet them by code only; remove them in the ERP, or leave them out with the map's filter";
                let name = self.name(e.decides).to_owned();
                self.found(
                    Finding::new(Level::Warning, "NO_PARENT", message, help)
                        .source(&name)
                        .entity(&e.name)
                        .examples(lost.into_iter().map(str::to_owned)),
                );
            }
        }
        if e.any {
            // Whoever has a record makes it exist.
            return;
        }
        for source in (0..model.sources.len()).filter(|s| *s != e.decides) {
            if !self.looks_at(source) || self.up.get(source) != Some(&true) {
                continue;
            }
            let Some(map) = self.map(entity, source) else { continue };
            let Some(asked) = self.source(source).cloned() else { continue };
            if let Some(scan) = scans.get(&(entity, source)) {
                let lost: Vec<String> = scan
                    .records
                    .iter()
                    .filter(|r| match &r.native {
                        Some(native) => !existing.natives.contains(&*existing.compare.fold(native)),
                        None => !existing.has(&r.code),
                    })
                    .map(|r| {
                        r.native.clone().filter(|_| existing.has(&r.code)).unwrap_or_else(|| r.code.clone())
                    })
                    .collect();
                let table = map.rows.first().map_or("", |r| r.table.name.as_str()).to_owned();
                self.lost(entity, source, &existing, ("ORPHAN_ROWS", &table), lost).await;
            }
            for (table, filter, code) in beside(&map) {
                let lost = match named(&asked, table, filter, code, &self.ask.moment).await {
                    Ok(codes) => codes.into_iter().filter(|c| !existing.has(c)).collect(),
                    Err(_) => continue,
                };
                self.lost(entity, source, &existing, ("ORPHAN_DETAILS", &table.name), lost).await;
            }
        }
    }

    /// Tells of rows that name no record.
    async fn lost(
        &mut self,
        entity: usize,
        source: usize,
        existing: &Existing,
        (finding, table): (&'static str, &str),
        mut lost: Vec<String>,
    ) {
        let e = &self.engine.model.entities[entity];
        if entity == self.shop.catalog().department {
            let own = &self.shop.catalog().departments;
            lost.retain(|code| !is_own(own, existing.compare, code));
        }
        let mut sure = true;
        if existing.cut && !lost.is_empty() {
            sure = lost.len() <= LOOKED_UP;
            lost.truncate(LOOKED_UP);
            let shape = std::sync::Arc::new(Shape::new(self.engine, entity, Want::default(), None));
            let codes: Vec<&str> = lost.iter().map(String::as_str).collect();
            let Ok(hits) = self.engine.by_code(&self.ask, &shape, &codes).await else { return };
            let none = crate::federation::batch::NONE;
            lost =
                codes.iter().zip(hits.of).filter(|(_, r)| *r == none).map(|(c, _)| (*c).to_owned()).collect();
        }
        if lost.is_empty() {
            return;
        }
        let least = if sure { "" } else { "at least " };
        let name = self.name(source).to_owned();
        let count = lost.len();
        let (message, help) = if finding == "ORPHAN_ROWS" {
            (
                format!(
                    "{least}{} of `{table}` complete{} no {} of {}",
                    rows_of(count),
                    third(count),
                    e.name,
                    self.name(e.decides)
                ),
                "correct their codes or remove them: nobody is served what they say",
            )
        } else {
            (
                format!("{least}{count} code{} in `{table}` name{} no {}", s(count), third(count), e.name),
                "correct the codes or remove the rows: nobody is served what they say",
            )
        };
        let examples: Vec<String> =
            lost.iter().take(super::EXAMPLES).map(|code| existing.shown(code)).collect();
        let entity = e.name.clone();
        self.found(
            Finding::new(Level::Warning, finding, message, help)
                .source(&name)
                .entity(&entity)
                .table(table)
                .examples(examples),
        );
    }
}

/// The tables beside the rows that name records by code: translations, markers, lists.
fn beside(map: &EntityMap) -> Vec<(&Table, Option<&Expr>, &Expr)> {
    let mut all = Vec::new();
    all.extend(map.texts.iter().map(|t| (&t.table, t.filter.as_ref(), &t.code)));
    all.extend(map.markers.iter().map(|m| (&m.table, m.filter.as_ref(), &m.code)));
    for child in map.children.values().flatten() {
        // A list whose key has several columns names native keys, and one with joins may need them.
        if let [parent] = child.parent.as_slice()
            && child.joins.is_empty()
        {
            let known = all.iter().any(|(t, f, _): &(&Table, Option<&Expr>, &Expr)| {
                t.name == child.table.name && *f == child.filter.as_ref()
            });
            if !known {
                all.push((&child.table, child.filter.as_ref(), &parent.expr));
            }
        }
    }
    all
}

/// The codes that a table names, each once.
async fn named(
    asked: &SharedSource,
    table: &Table,
    filter: Option<&Expr>,
    code: &Expr,
    moment: &crate::sources::Moment,
) -> Result<Vec<String>, crate::sources::SourceError> {
    let select = Select {
        outputs: vec![Output { decode: Decode::of(Type::Text), label: "code".into() }],
        branches: vec![Branch {
            items: vec![Item::from(code.clone())],
            filter: filter.cloned().map(Predicate::Expr).into_iter().collect(),
            limit: Some(0),
            distinct: true,
            ..branch(table.clone())
        }],
        order: Vec::new(),
        descending: false,
        count: false,
    };
    let limit = [Param::Value(Value::Int(i64::try_from(NAMED).unwrap_or(i64::MAX)))];
    let rows = asked.run(&Statement::new(select), &limit, moment).await?;
    let mut codes: Vec<String> = rows.cells.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    codes.sort_unstable();
    Ok(codes)
}

pub(super) fn rows_of(count: usize) -> String {
    format!("{count} row{}", s(count))
}

fn have(count: usize) -> &'static str {
    if count == 1 { "has" } else { "have" }
}

/// A plural's s.
pub(super) fn s(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// A singular verb's s.
pub(super) fn third(count: usize) -> &'static str {
    if count == 1 { "s" } else { "" }
}
