//! Prices and stock at a level of the catalogue: read for all its records at once, beside its links. An article's are
//! those of its references that the viewer sees.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::{Catalog, Run, cursor::node_id, levels::PageArgs, sight::Sight};
use crate::{
    connectors::tariff::{Buyer, Item},
    federation::{
        batch::Batch,
        computed::{Computed, Reckon},
        engine::{Ask, Engine, Fault},
        filter::Filter,
        gather::ListAsk,
        model::EntityId,
        order::Order,
        shape::{Shape, Want},
    },
    pricing::{LevelPrices, Pricing, item},
    sources::journal::within,
    value::Value,
};

/// The level at which prices are read, below their records'.
pub const PRICES: &str = "(prices)";
/// The level at which an article's references are read to be priced.
const PRICED: &str = "(priced)";

/// What the shop trades by: its prices.
#[derive(Debug)]
pub struct Trade {
    /// Its prices.
    pub pricing: Pricing,
}

/// What of trade is wanted at a node.
#[derive(Clone, Debug, Default)]
pub struct TradeWant {
    /// Prices.
    pub prices: bool,
    /// Of articles: what is read of their references.
    pub references: Option<Arc<Shape>>,
}

/// What was read of trade for the records of a level.
#[derive(Debug, Default)]
pub struct TradeData {
    /// Prices, when they are wanted.
    pub prices: Option<Result<LevelPrices, Fault>>,
}

impl Catalog {
    /// What is read of references only to trade them.
    pub fn traded_shape(&self) -> Arc<Shape> {
        Arc::new(Shape::new(&self.engine, self.reference, Want::default(), None))
    }

    /// Whether records of an entity are traded.
    pub fn trades(&self, entity: EntityId) -> bool {
        entity == self.article || entity == self.reference
    }
}

impl Run<'_> {
    /// Reads what is wanted of trade for some records of a batch.
    pub async fn trade(&self, want: &TradeWant, batch: &Arc<Batch>, records: &[u32]) -> TradeData {
        if !want.prices || records.is_empty() {
            return TradeData::default();
        }
        let journal = self.ask.moment.journal.as_ref();
        let prices = within(journal, PRICES, self.prices(want.references.as_ref(), batch, records)).await;
        TradeData { prices: Some(prices) }
    }

    /// The prices of some records.
    ///
    /// # Errors
    /// A source does not answer.
    pub async fn prices(
        &self,
        references: Option<&Arc<Shape>>,
        batch: &Arc<Batch>,
        records: &[u32],
    ) -> Result<LevelPrices, Fault> {
        let engine = &self.catalog.engine;
        let mut items: Vec<Item> = Vec::new();
        let mut of: HashMap<u32, Vec<usize>> = HashMap::with_capacity(records.len());
        let mut add = |record: u32, found: Option<Item>| {
            if let Some(found) = found {
                of.entry(record).or_default().push(items.len());
                items.push(found);
            }
        };
        if batch.shape.entity == self.catalog.article {
            let shape = references.cloned().unwrap_or_else(|| self.catalog.traded_shape());
            let journal = self.ask.moment.journal.as_ref();
            let (found, pages) = within(journal, PRICED, self.references_of(&shape, batch, records)).await?;
            for (record, page) in records.iter().zip(pages) {
                page.iter().for_each(|reference| add(*record, item(engine, &found, *reference)));
            }
        } else {
            records.iter().for_each(|record| add(*record, item(engine, batch, *record)));
        }
        let pricing = &self.catalog.trade.pricing;
        let prices = pricing.read(engine, &self.ask, &items, &self.buyer, None).await?;
        if let Some(journal) = &self.ask.moment.journal {
            journal.here(|level| {
                level.strategy = "TARIFF";
                level.because =
                    "prices are reckoned by the tariff's rules: each of its tables is asked once for all records".into();
                level.returned += items.len();
            });
        }
        Ok(LevelPrices { prices, of })
    }

    /// The references of some articles that the viewer sees.
    async fn references_of(
        &self,
        shape: &Arc<Shape>,
        batch: &Arc<Batch>,
        records: &[u32],
    ) -> Result<(Batch, Vec<Vec<u32>>), Fault> {
        let engine = &self.catalog.engine;
        let reference = self.catalog.reference;
        let filter = self.sight.narrow(reference, Filter::And(Vec::new()));
        self.settle(&filter).await?;
        let order = Order::default();
        let list = ListAsk {
            size: engine.limits.gather,
            from: None,
            backward: false,
            order: &order,
            filter: &filter,
        };
        let parents: Vec<&str> = records.iter().map(|r| batch.code(*r)).collect();
        let shape = self.sight.shape(self.catalog, shape);
        let (found, pages) = engine.list(&self.ask, &shape, Some(&parents), &list, Some(batch)).await?;
        Ok((found, pages.into_iter().map(|page| page.records).collect()))
    }
}

/// Reckons what lists filter and sort by, for one viewer.
#[derive(Debug)]
pub struct Reckoner {
    /// The catalogue.
    pub catalog: Arc<Catalog>,
    /// What the viewer sees.
    pub sight: Sight,
    /// Who buys.
    pub buyer: Buyer,
}

#[async_trait]
impl Reckon for Reckoner {
    async fn reckon(
        &self,
        engine: &Engine,
        ask: &Ask,
        computed: Computed,
        batch: &Arc<Batch>,
        records: &[u32],
    ) -> Result<Vec<Value>, Fault> {
        let mut run = Run::new(&self.catalog, ask.clone(), Vec::new(), None, self.sight.clone());
        run.buyer = self.buyer.clone();
        let name = &engine.model.entities[batch.shape.entity].name;
        let each = |of: &dyn Fn(u32) -> Value| records.iter().map(|record| of(*record)).collect();
        Ok(match computed {
            Computed::Id => each(&|record| Value::text(node_id(name, batch.code(record)))),
            Computed::Slug => each(&|record| Value::text(run.slug(batch, record))),
            Computed::Published => {
                let shown = records.iter().map(|record| engine.visible(batch, *record).map(Value::Bool));
                shown.collect::<Result<_, _>>().map_err(Fault::Source)?
            }
            Computed::Price => {
                let prices = run.prices(None, batch, records).await?;
                // What has no price that can be told has none to compare; where it is shown, it is an error.
                each(&|record| match prices.lowest(record, Decimal::ONE) {
                    Ok(Some(price)) => Value::Decimal(price.net.normalize()),
                    Ok(None) | Err(_) => Value::Null,
                })
            }
            Computed::InStock => return Err(Fault::Internal("stock is not read here".into())),
        })
    }
}

impl PageArgs {
    /// Whether the list's order or filter depends on who asks.
    pub fn is_personal(&self) -> bool {
        self.order.computed().any(Computed::personal)
    }
}
