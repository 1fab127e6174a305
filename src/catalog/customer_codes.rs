//! The codes that the viewer's customer has for articles. Nobody sees another customer's: it is always the viewer's own
//! that is asked for.

use std::{collections::HashMap, sync::Arc};

use super::{Run, lookup::Found};
use crate::{
    federation::{
        batch::{Batch, Cause},
        engine::Fault,
        filter::Filter,
        gather::ListAsk,
        order::Order,
        shape::Shape,
    },
    sources::SourceError,
};

/// The codes that the viewer's customer has for the articles of a batch, by record.
pub type CodesOf = Result<HashMap<u32, String>, Fault>;

impl Run<'_> {
    /// The codes that the viewer's customer has for the articles of some references.
    pub(super) async fn customer_codes(&self, batch: &Batch, records: &[u32]) -> CodesOf {
        let (Some((source, codes)), Some(customer)) = (&self.catalog.customer_codes, self.sight.own()) else {
            return Ok(HashMap::new());
        };
        let field = self.field(batch, "articleCode");
        let articles: Vec<(u32, String)> =
            records.iter().filter_map(|r| Some((*r, self.text(batch, field, *r)?))).collect();
        let mut asked: Vec<&str> = articles.iter().map(|(_, code)| code.as_str()).collect();
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Ok(HashMap::new());
        }
        let engine = &self.catalog.engine;
        let found = codes.codes(engine.sources[*source].as_ref(), customer, &asked, &self.ask.moment).await;
        let found = found.map_err(|error| self.silent(*source, &error))?;
        Ok(articles.into_iter().filter_map(|(r, code)| Some((r, found.get(&code)?.clone()))).collect())
    }

    /// The reference of which the article has this code for the viewer's customer; several where the article has several
    /// references that the viewer sees, or several articles have the code.
    ///
    /// # Errors
    /// A source does not answer.
    pub async fn by_customer_code(&self, shape: &Arc<Shape>, code: &str) -> Result<Found, Fault> {
        let (Some((source, codes)), Some(customer)) = (&self.catalog.customer_codes, self.sight.own()) else {
            return Ok(Found::Nothing);
        };
        let engine = &self.catalog.engine;
        let asked = codes.articles(engine.sources[*source].as_ref(), customer, code, &self.ask.moment).await;
        let articles = asked.map_err(|error| self.silent(*source, &error))?;
        if articles.is_empty() {
            return Ok(Found::Nothing);
        }
        let filter = self.sight.narrow(shape.entity, Filter::And(Vec::new()));
        self.settle(&filter).await?;
        let order = Order::default();
        let list =
            ListAsk { size: engine.limits.page, from: None, backward: false, order: &order, filter: &filter };
        let parents: Vec<&str> = articles.iter().map(String::as_str).collect();
        let shape = self.sight.shape(self.catalog, shape);
        let (batch, pages) = engine.list(&self.ask, &shape, Some(&parents), &list, None).await?;
        let records: Vec<u32> = pages.into_iter().flat_map(|page| page.records).collect();
        Ok(match records.as_slice() {
            [] => Found::Nothing,
            [one] => Found::One(Arc::new(batch), *one),
            several => Found::Several(several.iter().map(|r| batch.code(*r).to_owned()).collect()),
        })
    }

    fn silent(&self, source: usize, error: &SourceError) -> Fault {
        Fault::Source(Arc::new(Cause::of(&self.catalog.engine.model.sources[source].name, error)))
    }
}
