//! Finding records by something else than their code: slug, barcode, storefront path.

use std::sync::Arc;

use super::{
    Run,
    sight::Place,
    slug::{self, ARTICLE_PATH, DEPARTMENT_PATH},
    tree::Tree,
};
use crate::{
    federation::{
        batch::{Batch, Cause, DUPLICATE, NONE},
        engine::Fault,
        fetch::code_of,
        model::EntityId,
        shape::{Shape, Want},
    },
    sources::{Param, Statement, expr::CastType, select::Predicate},
    value::Value,
};

/// What a look-up found.
#[derive(Debug)]
pub enum Found {
    /// This record of the batch.
    One(Arc<Batch>, u32),
    /// Nothing, or nothing that may be shown.
    Nothing,
    /// More than one.
    Several(Vec<String>),
    /// Two rows of the deciding source have this code.
    Doubled(String),
}

/// What stands behind a storefront path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathKind {
    /// A department's page.
    Department,
    /// An article's page.
    Article,
}

impl Run<'_> {
    /// A record by its code.
    pub async fn by_code(&self, shape: &Arc<Shape>, code: &str) -> Result<Found, Fault> {
        if shape.entity == self.catalog.department {
            if !self.possible_department(code) {
                return Ok(Found::Nothing);
            }
            let tree = self.tree().await?;
            return Ok(match tree.find(code) {
                Some(r) if !self.in_reach(&tree, r)? => Found::Nothing,
                Some(r) if tree.batch.doubled.contains(&r) => Found::Doubled(code.into()),
                Some(r) if tree.sees(r) => Found::One(tree.batch.clone(), r),
                None => return known(Found::Nothing, self.unknown_department(&tree, code)),
                _ => Found::Nothing,
            });
        }
        let shape = &self.sight.shape(self.catalog, shape);
        let found = self.catalog.engine.by_code(&self.looking(shape.entity), shape, &[code]).await?;
        match found.of.first().copied() {
            Some(r) if r < DUPLICATE => self.shown(Arc::new(found.batch), r),
            _ => Ok(Found::Nothing),
        }
    }

    /// Whether a code can be a department's: its key can be read, or it is one of the overlay's own.
    /// A code that cannot is unknown without asking anybody.
    fn possible_department(&self, code: &str) -> bool {
        let engine = &self.catalog.engine;
        let e = &engine.model.entities[self.catalog.department];
        let map = e.maps.get(e.decides).and_then(Option::as_ref);
        let readable = map.is_some_and(|m| {
            m.rows.iter().any(|r| r.code.own.is_some() || r.code.decode(code, &r.key).is_some())
        });
        readable || self.own_department(code)
    }

    /// An overlay's own department is unknown, not absent, while the overlay is: why.
    pub fn unknown_department(&self, tree: &Tree, code: &str) -> Option<Arc<Cause>> {
        let failed = || tree.batch.parts.iter().flatten().find_map(|p| p.failed.clone());
        if tree.find(code).is_none() && self.own_department(code) { failed() } else { None }
    }

    fn own_department(&self, code: &str) -> bool {
        let compare = self.catalog.engine.compare(self.catalog.department);
        super::tree::is_own(&self.catalog.departments, compare, code)
    }

    fn shown(&self, batch: Arc<Batch>, record: u32) -> Result<Found, Fault> {
        // A code that two rows claim is an error to whoever could see one of them.
        let claimed = batch.doubled.contains(&record) && !batch.phantoms.contains(&record);
        let off = || {
            self.ask.shopper(batch.shape.entity)
                && matches!(self.catalog.engine.visible(&batch, record), Ok(false))
        };
        if claimed && self.in_rows(&batch, record)? && !off() {
            return Ok(Found::Doubled(batch.code(record).into()));
        }
        if !claimed && self.sees(&batch, record)? {
            Ok(Found::One(batch, record))
        } else {
            Ok(Found::Nothing)
        }
    }

    /// Whether a record is among those that the viewer may see, on the web or not.
    fn in_rows(&self, batch: &Batch, record: u32) -> Result<bool, Fault> {
        let rows = self.sight.rows(batch.shape.entity);
        rows.map_or(Ok(true), |rows| rows.passes(&self.catalog.engine, batch, record).map_err(Fault::Source))
    }

    /// Whether a department is among those that the viewer may see, on the web or not.
    pub(super) fn in_reach(&self, tree: &Tree, record: u32) -> Result<bool, Fault> {
        match &self.sight.departments()[0] {
            Place::Everywhere => Ok(true),
            Place::Nowhere => Ok(false),
            Place::In(rows) => rows.passes(&self.catalog.engine, &tree.batch, record).map_err(Fault::Source),
        }
    }

    /// A code under which nobody has a record, where there may be records that are nothing to the viewer: what a
    /// look-up asks for when it found none to ask for.
    fn nobody(&self, entity: EntityId, asked: &str) -> Option<String> {
        // Departments are read whole, whoever asks for one.
        if entity == self.catalog.department || !self.narrowed(entity) {
            return None;
        }
        let e = &self.catalog.engine.model.entities[entity];
        let row = e.maps.get(e.decides)?.as_ref()?.rows.first()?;
        let readable = row.code.own.is_some() || row.code.decode(asked, &row.key).is_some();
        let zero = |c: &crate::connectors::map::KeyColumn| match c.ty {
            CastType::Integer => Value::Int(0),
            _ => Value::text("0"),
        };
        let made = || row.code.encode(None, &row.key.iter().map(zero).collect::<Vec<_>>());
        Some(if readable { asked.to_owned() } else { made() })
    }

    /// A record by its slug: a slug that a source sets, else the code at its end.
    pub async fn by_slug(&self, shape: &Arc<Shape>, slug: &str) -> Result<Found, Fault> {
        let engine = &self.catalog.engine;
        let e = &engine.model.entities[shape.entity];
        let mut unknown = None;
        if let Some(field) = e.fields.get_index_of("slug") {
            // The merged slug decides, whether it was selected or not.
            let shape = if shape.want.fields.contains(&field) {
                shape.clone()
            } else {
                let mut want = shape.want.clone();
                want.fields.insert(field);
                Arc::new(Shape::new(engine, shape.entity, want, shape.language.as_deref()))
            };
            let (mut codes, cause) = self.codes_with(shape.entity, "slug", slug).await?;
            unknown = cause;
            // A slug that two records have (`check` reports it) leads to the one of the lower code, always.
            codes.sort_unstable();
            codes.dedup();
            if let Some(nobody) = self.nobody(shape.entity, slug) {
                // One statement for all that may have it, and for nobody.
                codes.extend(slug::code_of(slug));
                if codes.is_empty() {
                    codes.push(nobody);
                }
                return known(self.of_slug(&shape, slug, field, &codes).await?, unknown);
            }
            for code in codes {
                let found = self.by_code(&shape, &code).await?;
                if let Found::One(batch, record) = &found {
                    let own = batch.merged(&engine.model, field, *record);
                    if own.is_ok_and(|m| m.value.as_str() == Some(slug)) {
                        return Ok(found);
                    }
                }
            }
        }
        let found = match slug::code_of(slug) {
            Some(code) => self.by_code(shape, &code).await?,
            None => Found::Nothing,
        };
        known(found, unknown)
    }

    /// Of some records that may have a slug the first one that the viewer sees: one that has it, else the last, whose
    /// code the slug ends with.
    async fn of_slug(
        &self,
        shape: &Arc<Shape>,
        slug: &str,
        field: usize,
        codes: &[String],
    ) -> Result<Found, Fault> {
        let engine = &self.catalog.engine;
        let shape = &self.sight.shape(self.catalog, shape);
        let asked: Vec<&str> = codes.iter().map(String::as_str).collect();
        let found = engine.by_code(&self.looking(shape.entity), shape, &asked).await?;
        let batch = Arc::new(found.batch);
        let ends_with = slug::code_of(slug);
        for (n, record) in found.of.iter().enumerate().filter(|(_, r)| **r < DUPLICATE) {
            let shown = self.shown(batch.clone(), *record)?;
            let own = batch.merged(&engine.model, field, *record);
            let has = matches!(shown, Found::One(..)) && own.is_ok_and(|m| m.value.as_str() == Some(slug));
            let last = n + 1 == codes.len() && ends_with.is_some();
            if has || (last && !matches!(shown, Found::Nothing)) {
                return Ok(shown);
            }
        }
        Ok(Found::Nothing)
    }

    /// A reference by its barcode, as merged.
    pub async fn by_barcode(&self, shape: &Arc<Shape>, barcode: &str) -> Result<Found, Fault> {
        let engine = &self.catalog.engine;
        let (mut codes, unknown) = self.codes_with(shape.entity, "barcode", barcode).await?;
        if codes.is_empty() {
            codes.extend(self.nobody(shape.entity, barcode));
        }
        let asked: Vec<&str> = codes.iter().map(String::as_str).collect();
        let mut want = shape.want.clone();
        want.fields.extend(engine.model.entities[shape.entity].fields.get_index_of("barcode"));
        let shape = Arc::new(Shape::new(engine, shape.entity, want, shape.language.as_deref()));
        let shape = self.sight.shape(self.catalog, &shape);
        let found = engine.by_code(&self.looking(shape.entity), &shape, &asked).await?;
        let batch = Arc::new(found.batch);
        let field = engine.model.entities[shape.entity].fields.get_index_of("barcode");
        let mut hits: Vec<u32> = Vec::new();
        for record in found.of.into_iter().filter(|r| *r != NONE) {
            if !self.in_rows(&batch, record)? {
                continue;
            }
            let merged = field.and_then(|f| batch.merged(&engine.model, f, record).ok());
            let same = merged.is_some_and(|m| m.value.as_str() == Some(barcode));
            if same && !hits.contains(&record) && self.sees(&batch, record)? {
                hits.push(record);
            }
        }
        Ok(match hits.as_slice() {
            [] => return known(Found::Nothing, unknown),
            [one] => return self.shown(batch, *one),
            several => Found::Several(several.iter().map(|r| batch.code(*r).to_owned()).collect()),
        })
    }

    /// Codes of records for which some source says just this of a text field, and why an overlay that
    /// might have said it could not be read.
    async fn codes_with(
        &self,
        entity: EntityId,
        field: &str,
        text: &str,
    ) -> Result<(Vec<String>, Option<Arc<Cause>>), Fault> {
        let engine = &self.catalog.engine;
        let e = &engine.model.entities[entity];
        let Some(id) = e.fields.get_index_of(field) else { return Ok((Vec::new(), None)) };
        let mut codes = Vec::new();
        let mut unknown = None;
        for source in &e.fields[id].sources {
            let mut want = Want::default();
            want.fields.insert(id);
            let own = Shape::new(engine, entity, want, None);
            let Some(asked) = own.sources.get(*source).and_then(Option::as_ref) else { continue };
            let select = asked.select(|_, row| {
                let expr = row.fields.get(field)?.expr.clone()?;
                Some(vec![Predicate::In { exprs: vec![expr], types: vec![CastType::Text(0)], slot: 0 }])
            });
            if select.branches.is_empty() {
                continue;
            }
            let params = [Param::Keys([Box::from([Value::text(text)])].into())];
            match engine.run(*source, &Statement::new(select), &params, &self.ask.moment).await {
                Ok(rows) => {
                    for r in 0..rows.len() {
                        codes.extend(code_of(asked, rows.row(r)).as_str().map(str::to_owned));
                    }
                }
                Err(cause) if *source == e.decides => return Err(Fault::Source(cause)),
                Err(cause) => unknown = Some(cause),
            }
        }
        if let Some(overrides) = &engine.overrides {
            let overridden = overrides.codes(&e.name, field).await.unwrap_or_default();
            codes.extend(overridden);
        }
        Ok((codes, unknown))
    }

    /// What a storefront path names, by its beginning, and the slug in it.
    pub fn read_path(path: &str) -> Option<(PathKind, &str)> {
        let path = path.split(['?', '#']).next().unwrap_or("").trim_end_matches('/');
        let strip = |head: &'static str| {
            path.strip_prefix(head).or_else(|| path.strip_prefix(head.trim_start_matches('/')))
        };
        let (kind, slug) = match (strip(ARTICLE_PATH), strip(DEPARTMENT_PATH)) {
            (Some(slug), _) => (PathKind::Article, slug),
            (None, Some(slug)) => (PathKind::Department, slug),
            (None, None) => return None,
        };
        (!slug.is_empty() && !slug.contains('/')).then_some((kind, slug))
    }

    /// The slug of a record: the one a source sets, else made of title and code.
    pub fn slug(&self, batch: &Batch, record: u32) -> String {
        slug_of(&self.catalog.engine.model, batch, record)
    }
}

/// Nothing found is an error while a source that might have known is unreachable.
fn known(found: Found, unknown: Option<Arc<Cause>>) -> Result<Found, Fault> {
    match (found, unknown) {
        (Found::Nothing, Some(cause)) => Err(Fault::Source(cause)),
        (found, _) => Ok(found),
    }
}

/// The slug of a record: the one a source sets, else made of title and code.
pub fn slug_of(model: &crate::federation::model::Model, batch: &Batch, record: u32) -> String {
    let e = &model.entities[batch.shape.entity];
    let text = |name: &str| {
        let field = e.fields.get_index_of(name)?;
        let merged = batch.merged(model, field, record).ok()?;
        merged.value.as_str().map(str::to_owned)
    };
    text("slug").unwrap_or_else(|| slug::slug(&text("title").unwrap_or_default(), batch.code(record)))
}

/// Records by code, as `node`s are asked: per code its record, none, or why nobody can tell.
pub type Hits = Vec<Result<Option<u32>, Fault>>;

impl Run<'_> {
    /// Several records by their codes.
    pub async fn by_codes(&self, shape: &Arc<Shape>, codes: &[&str]) -> Result<(Arc<Batch>, Hits), Fault> {
        let mut hits = Vec::with_capacity(codes.len());
        if shape.entity == self.catalog.department {
            let tree = self.tree().await?;
            for code in codes {
                let record = tree.find(code);
                hits.push(match record {
                    Some(r) if !self.in_reach(&tree, r)? => Ok(None),
                    Some(r) if tree.batch.doubled.contains(&r) => Err(self.doubled(shape.entity, code)),
                    Some(r) if tree.sees(r) => Ok(Some(r)),
                    None => self.unknown_department(&tree, code).map_or(Ok(None), |c| Err(Fault::Source(c))),
                    _ => Ok(None),
                });
            }
            return Ok((tree.batch.clone(), hits));
        }
        let shape = &self.sight.shape(self.catalog, shape);
        let found = self.catalog.engine.by_code(&self.looking(shape.entity), shape, codes).await?;
        let batch = Arc::new(found.batch);
        for (record, code) in found.of.into_iter().zip(codes) {
            hits.push(if record >= DUPLICATE {
                Ok(None)
            } else {
                match self.shown(batch.clone(), record)? {
                    Found::Doubled(_) => Err(self.doubled(shape.entity, code)),
                    Found::One(..) => Ok(Some(record)),
                    Found::Nothing | Found::Several(_) => Ok(None),
                }
            });
        }
        Ok((batch, hits))
    }
}
