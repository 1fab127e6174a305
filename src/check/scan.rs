//! Reading every row of an entity in one source, by pages of its own keys: only keys, codes, parents,
//! and fields that are not plain text, whose values may not be what they should. Ends at a number of
//! rows or after a time, and then says so.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use indexmap::IndexMap;

use super::{EXAMPLES, Live};
use crate::{
    catalog::slug,
    connectors::map::KeyColumn,
    federation::{
        fetch::code_of,
        model::FieldId,
        shape::{PageSlots, Shape, SourceShape, Want},
    },
    sources::{Param, Rows, SourceError, Statement},
    value::{KeyCompare, Type, Value},
};

/// Rows of one statement.
const PAGE: usize = 5_000;

/// One row, as far as it is looked at.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The code that clients use.
    pub code: String,
    /// In an overlay: the native key it names. In the source that decides: the key as overlays name it.
    pub native: Option<String>,
    /// The parent's code.
    pub parent: Option<String>,
}

/// Unreadable values of one field.
#[derive(Clone, Debug, Default)]
pub(super) struct Bad {
    pub count: usize,
    pub why: String,
    pub codes: Vec<String>,
}

/// What the rows of an entity in a source are.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// Rows per row source, as the database counts them.
    pub counts: Vec<u64>,
    pub records: Vec<Record>,
    /// Codes, folded, that several rows have.
    pub doubled: HashSet<String>,
    /// Rows whose key another row of the row source has, and codes of some.
    pub same_key: (usize, Vec<String>),
    /// Codes that rows of different keys share: how many, and some.
    pub same_code: (usize, Vec<String>),
    /// Barcodes that several rows have: how many, and some.
    pub same_barcode: (usize, Vec<String>),
    /// Slugs that several rows have: how many, and some.
    pub same_slug: (usize, Vec<String>),
    /// Slugs with a character that a path cannot hold.
    pub bad_slugs: (usize, Vec<String>),
    /// Keys that are spelled otherwise than the map declares: how many, and some.
    pub misspelt: (usize, Vec<String>),
    /// Rows without a key.
    pub no_key: usize,
    pub bad_keys: Bad,
    pub bad: IndexMap<FieldId, Bad>,
    /// Texts that an enum does not list: how often, and one record.
    pub unlisted: IndexMap<FieldId, BTreeMap<String, (usize, String)>>,
    /// Why reading ended before the end.
    pub cut: Option<String>,
}

impl Scan {
    /// Rows in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// What has been met so far.
struct Met {
    compare: KeyCompare,
    keys: HashSet<(usize, String)>,
    /// Folded code → whether it was counted as doubled.
    codes: HashMap<String, bool>,
    enums: HashSet<FieldId>,
    /// The field that holds barcodes, and how often each barcode was met.
    barcode: Option<FieldId>,
    barcodes: HashMap<String, bool>,
    /// Likewise of slugs.
    slug: Option<FieldId>,
    slugs: HashMap<String, bool>,
    rows: usize,
}

impl Live<'_> {
    /// Reads the rows. `None`: the source holds none of its own.
    pub(super) async fn scan(&self, entity: usize, source: usize) -> Option<Result<Scan, SourceError>> {
        let e = self.engine.model.entities.get(entity)?;
        e.maps.get(source)?.as_ref()?;
        let mut want = Want::default();
        for (id, field) in e.fields.values().enumerate() {
            let text = matches!(field.ty, Type::Text | Type::Html) && field.enumeration.is_empty();
            if !text || matches!(field.name.as_str(), "barcode" | "slug") {
                want.fields.insert(id);
            }
        }
        let shape = Shape::new(self.engine, entity, want, None);
        let shape = match shape.sources.get(source) {
            Some(Some(_)) => shape,
            _ => Shape::new(self.engine, entity, Want::all(&self.engine.model, entity), None),
        };
        let read = self.read(entity, shape.sources.get(source)?.as_ref().filter(|s| s.rows)?).await;
        Some(match read {
            // A column that is missing has been told; keys and codes may be read all the same.
            Err(SourceError::Refused(why)) => {
                let light = Shape::new(self.engine, entity, Want::default(), None);
                match light.sources.get(source).and_then(Option::as_ref).filter(|s| s.rows) {
                    Some(light) => self.read(entity, light).await,
                    None => Err(SourceError::Refused(why)),
                }
            }
            read => read,
        })
    }

    async fn read(&self, entity: usize, shape: &SourceShape) -> Result<Scan, SourceError> {
        let Some(asked) = self.source(shape.source) else { return Ok(Scan::default()) };
        let e = &self.engine.model.entities[entity];
        let started = Instant::now();
        let mut scan = Scan::default();
        let mut met = Met {
            compare: self.engine.compare(entity),
            keys: HashSet::new(),
            codes: HashMap::new(),
            enums: shape.columns.enums.iter().map(|(_, field)| *field).collect(),
            barcode: e.fields.get_index_of("barcode"),
            barcodes: HashMap::new(),
            slug: e.fields.get_index_of("slug"),
            slugs: HashMap::new(),
            rows: 0,
        };
        for i in 0..shape.map.rows.len() {
            let mut select = shape.select(|j, _| (i == j).then(Vec::new));
            select.count = true;
            let counted = asked.run(&Statement::new(select), &[], &self.ask.moment).await?;
            let count =
                if let Value::Int(n) = counted.get(0, 0) { u64::try_from(*n).unwrap_or(0) } else { 0 };
            scan.counts.push(count);
        }
        for i in 0..shape.map.rows.len() {
            let width = shape.map.rows[i].key.len();
            let statement = |after: bool| {
                let slots = PageSlots { limit: 0, after: 1 };
                Arc::new(Statement::new(
                    shape.page(after.then_some(i), false, slots, |j, _| (i == j).then(Vec::new)),
                ))
            };
            let (first, next) = (statement(false), statement(true));
            let mut after: Option<Vec<Value>> = None;
            loop {
                let left = self.options.rows.saturating_sub(met.rows);
                if left == 0 && u64::try_from(met.rows).is_ok_and(|rows| rows >= scan.total()) {
                    return Ok(scan);
                }
                if left == 0 || started.elapsed() >= self.options.time {
                    scan.cut = Some(if left == 0 {
                        format!("after {} rows", met.rows)
                    } else {
                        format!("after {} s", self.options.time.as_secs())
                    });
                    return Ok(scan);
                }
                let page = left.min(PAGE);
                let mut params = vec![Param::Value(Value::Int(i64::try_from(page).unwrap_or(i64::MAX)))];
                params.extend(after.iter().flatten().cloned().map(Param::Value));
                let statement = if after.is_some() { &next } else { &first };
                let rows = match asked.run(statement, &params, &self.ask.moment).await {
                    Ok(rows) => rows,
                    Err(late @ SourceError::Timeout(_)) => {
                        scan.cut = Some(format!("after {} rows: {late}", met.rows));
                        return Ok(scan);
                    }
                    Err(error) => return Err(error),
                };
                let key = |r: usize| rows.row(r).get(1..=width).unwrap_or(&[]);
                // Rows of one key stay together, so that none is skipped between two pages.
                let mut end = rows.len();
                let full = end >= page;
                if full && left > page {
                    let last = key(end - 1);
                    let start = (0..end).rev().take_while(|r| key(*r) == last).last().unwrap_or(end);
                    end = if start == 0 { end } else { start };
                }
                let mut read = 0;
                for r in 0..end {
                    // Blanks that pad a key can bring its row again.
                    if after.as_deref() != Some(key(r)) {
                        take(e, shape, &rows, r, &mut met, &mut scan);
                        read += 1;
                    }
                }
                met.rows += read;
                if !full {
                    break;
                }
                let last = key(end.saturating_sub(1));
                if read == 0 || last.iter().any(|v| matches!(v, Value::Null | Value::Bad(_))) {
                    scan.cut = Some("at rows that have no key".into());
                    break;
                }
                after = Some(last.to_vec());
            }
        }
        Ok(scan)
    }
}

/// Notes one row.
fn take(
    e: &crate::federation::model::Entity,
    shape: &SourceShape,
    rows: &Rows,
    r: usize,
    met: &mut Met,
    scan: &mut Scan,
) {
    let row = rows.row(r);
    let Some(Value::Int(of)) = row.first() else { return };
    let of = usize::try_from(*of).unwrap_or(0);
    let Some(source) = shape.map.rows.get(of) else { return };
    let code = code_of(shape, row).as_str().unwrap_or("").to_owned();
    let key = row.get(1..1 + source.key.len()).unwrap_or(&[]);
    let example = |into: &mut Vec<String>| {
        if into.len() < EXAMPLES && !into.contains(&code) {
            into.push(code.clone());
        }
    };
    if let Some(why) = key.iter().find_map(bad) {
        scan.bad_keys.count += 1;
        why.clone_into(&mut scan.bad_keys.why);
        example(&mut scan.bad_keys.codes);
        return;
    }
    if key.first().is_none_or(Value::is_null) {
        scan.no_key += 1;
        return;
    }
    let fits = |(value, column): (&Value, &KeyColumn)| value.as_str().is_none_or(|k| column.spelling.fits(k));
    if e.decides == shape.source && !key.iter().zip(&source.key).all(fits) {
        scan.misspelt.0 += 1;
        example(&mut scan.misspelt.1);
    }
    let folded: Vec<String> = key
        .iter()
        .map(|v| v.as_str().map_or_else(|| format!("{v:?}"), |t| met.compare.fold(t).into_owned()))
        .collect();
    let fold = met.compare.fold(&code).into_owned();
    if met.keys.insert((of, folded.join("\u{0}"))) {
        match met.codes.get_mut(&fold) {
            None => {
                met.codes.insert(fold, false);
            }
            Some(counted) => {
                if !std::mem::replace(counted, true) {
                    scan.same_code.0 += 1;
                    example(&mut scan.same_code.1);
                }
                scan.doubled.insert(fold);
            }
        }
    } else {
        scan.same_key.0 += 1;
        example(&mut scan.same_key.1);
        scan.doubled.insert(fold);
    }
    for (id, column) in shape.columns.fields.iter().enumerate() {
        let Some(value) = column.and_then(|c| row.get(c)) else { continue };
        if let Some(why) = bad(value) {
            let of_field = scan.bad.entry(id).or_default();
            of_field.count += 1;
            if of_field.why.is_empty() {
                why.clone_into(&mut of_field.why);
            }
            example(&mut of_field.codes);
        } else if met.enums.contains(&id) {
            let texts: Vec<&str> = match value {
                Value::List(items) => items.iter().filter_map(Value::as_str).collect(),
                other => other.as_str().into_iter().collect(),
            };
            let known = e.fields.get_index(id).map(|(_, f)| &f.enumeration);
            for text in texts.into_iter().filter(|t| known.is_some_and(|k| !k.contains_key(*t))) {
                let of_text = scan.unlisted.entry(id).or_default().entry(text.to_owned());
                of_text.or_insert_with(|| (0, code.clone())).0 += 1;
            }
        }
    }
    let said = |field: Option<FieldId>| row.get((*shape.columns.fields.get(field?)?)?)?.as_str();
    if let Some(barcode) = said(met.barcode) {
        count_again(&mut met.barcodes, barcode, &code, &mut scan.same_barcode);
    }
    if let Some(slug) = said(met.slug) {
        count_again(&mut met.slugs, slug, &code, &mut scan.same_slug);
        if !slug::fits_a_path(slug) {
            scan.bad_slugs.0 += 1;
            if scan.bad_slugs.1.len() < EXAMPLES {
                scan.bad_slugs.1.push(format!("{slug} (of {code})"));
            }
        }
    }
    let text = |column: Option<usize>| column.and_then(|c| row.get(c)?.as_str().map(str::to_owned));
    let native = if shape.map.exists {
        text(shape.columns.native).or_else(|| Some(source.code.encode(None, key)))
    } else {
        text(shape.columns.native)
    };
    scan.records.push(Record { native, parent: text(shape.columns.parent), code });
}

/// Counts a text that another row had before; each text once.
fn count_again(met: &mut HashMap<String, bool>, text: &str, code: &str, into: &mut (usize, Vec<String>)) {
    match met.get_mut(text) {
        None => {
            met.insert(text.to_owned(), false);
        }
        Some(counted) => {
            if !std::mem::replace(counted, true) {
                into.0 += 1;
                if into.1.len() < EXAMPLES {
                    into.1.push(format!("{text} (of {code} too)"));
                }
            }
        }
    }
}

fn bad(value: &Value) -> Option<&str> {
    match value {
        Value::Bad(why) => Some(why),
        _ => None,
    }
}
