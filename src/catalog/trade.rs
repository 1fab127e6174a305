//! Prices and stock at a level of the catalogue: read for all its records at once, beside its links. An article's are
//! those of its references that the viewer sees.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use rust_decimal::Decimal;

use super::{Catalog, Run, cursor::node_id, sight::Sight};
use crate::{
    connectors::tariff::{Buyer, Item},
    federation::{
        batch::{Batch, Cause},
        computed::{Computed, Reckon},
        engine::{Ask, Engine, Fault},
        filter::Filter,
        gather::ListAsk,
        model::EntityId,
        order::Order,
        shape::{Shape, Want},
    },
    pricing::{LevelPrices, Pricing},
    sources::journal::within,
    stock::{Stock, Told},
    value::Value,
};

/// The level at which prices are read, below their records'.
pub const PRICES: &str = "(prices)";
/// The level at which stock is read.
pub const STOCK: &str = "(stock)";
/// The level at which an article's references are read to be traded.
const TRADED: &str = "(traded)";

/// What the shop trades by.
#[derive(Debug)]
pub struct Trade {
    /// Its prices.
    pub pricing: Pricing,
    /// Its stock.
    pub stock: Stock,
}

/// What of trade is wanted at a node.
#[derive(Clone, Debug, Default)]
pub struct TradeWant {
    /// Prices: what each field that shows them needs, as an index of [`Run::closed`].
    pub prices: Vec<Option<usize>>,
    /// Stock, likewise.
    pub stock: Vec<Option<usize>>,
    /// Of articles: what is read of their references.
    pub references: Option<Arc<Shape>>,
}

/// What was read of trade for the records of a level.
#[derive(Debug, Default)]
pub struct TradeData {
    /// Prices, when they are wanted.
    pub prices: Option<Result<LevelPrices, Fault>>,
    /// Stock, when it is wanted.
    pub stock: Option<Result<LevelStock, Fault>>,
}

/// The stock of a level's records.
#[derive(Debug)]
pub struct LevelStock {
    /// By record.
    pub told: HashMap<u32, Told>,
    /// Why a source was not read: its records are unknown, or what was read earlier on stands in.
    pub failed: Option<Arc<Cause>>,
}

/// The items that some records of a level are.
#[derive(Debug, Default)]
struct Items {
    items: Vec<Item>,
    of: HashMap<u32, Vec<usize>>,
}

impl Items {
    fn add(&mut self, record: u32, found: Option<Item>) {
        if let Some(found) = found {
            self.of.entry(record).or_default().push(self.items.len());
            self.items.push(found);
        }
    }
}

/// The item that a record is, as the source that decides existence knows it; none where that has no row of it.
pub fn item(engine: &Engine, batch: &Batch, record: u32) -> Option<Item> {
    let entity = &engine.model.entities[batch.shape.entity];
    let row = batch.row(entity.decides, record)?;
    let map = entity.maps.get(entity.decides)?.as_ref()?;
    let Some(Value::Int(number)) = row.first() else { return None };
    let rows = map.rows.get(usize::try_from(*number).ok()?)?;
    let key = row.get(1..=rows.key.len())?;
    Some(Item { code: batch.code(record).into(), rows: rows.name.as_str().into(), key: key.into() })
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
        // What no field may show is not read.
        let open = |needs: &[Option<usize>]| {
            let shut =
                |need: &Option<usize>| need.is_some_and(|n| self.closed.get(n).copied().unwrap_or(false));
            !needs.iter().all(shut)
        };
        let (prices, stock) = (open(&want.prices), open(&want.stock));
        if !(prices || stock) || records.is_empty() {
            return TradeData::default();
        }
        let journal = self.ask.moment.journal.as_ref();
        let items = match self.items(want.references.as_ref(), batch, records).await {
            Ok(items) => items,
            Err(fault) => {
                return TradeData {
                    prices: prices.then(|| Err(fault.clone())),
                    stock: stock.then_some(Err(fault)),
                };
            }
        };
        let prices =
            async { if prices { Some(within(journal, PRICES, self.price(&items)).await) } else { None } };
        let stock = async {
            if stock {
                Some(Ok(within(journal, STOCK, self.count(&items, batch, records)).await))
            } else {
                None
            }
        };
        let (prices, stock) = futures::join!(prices, stock);
        TradeData { prices, stock }
    }

    /// The items that some records are: an article's are its references that the viewer sees.
    async fn items(
        &self,
        references: Option<&Arc<Shape>>,
        batch: &Arc<Batch>,
        records: &[u32],
    ) -> Result<Items, Fault> {
        let engine = &self.catalog.engine;
        let mut items = Items::default();
        if batch.shape.entity == self.catalog.article {
            let shape = references.cloned().unwrap_or_else(|| self.catalog.traded_shape());
            let journal = self.ask.moment.journal.as_ref();
            let (found, pages) = within(journal, TRADED, self.references_of(&shape, batch, records)).await?;
            for (record, page) in records.iter().zip(pages) {
                page.iter().for_each(|reference| items.add(*record, item(engine, &found, *reference)));
            }
        } else {
            records.iter().for_each(|record| items.add(*record, item(engine, batch, *record)));
        }
        Ok(items)
    }

    /// The prices of some items.
    async fn price(&self, items: &Items) -> Result<LevelPrices, Fault> {
        let pricing = &self.catalog.trade.pricing;
        let prices = pricing.read(&self.catalog.engine, &self.ask, &items.items, &self.buyer, None).await?;
        if let Some(journal) = &self.ask.moment.journal {
            journal.here(|level| {
                level.strategy = "TARIFF";
                level.because =
                    "prices are reckoned by the tariff's rules: each of its tables is asked once for all records".into();
                level.returned += items.items.len();
            });
        }
        Ok(LevelPrices { prices, of: items.of.clone() })
    }

    /// The stock of some records by their items; an article's figures are its own.
    async fn count(&self, items: &Items, batch: &Arc<Batch>, records: &[u32]) -> LevelStock {
        let engine = &self.catalog.engine;
        let mut all = items.items.clone();
        let mut own: HashMap<u32, usize> = HashMap::new();
        if batch.shape.entity == self.catalog.article {
            for record in records {
                let Some(found) = item(engine, batch, *record) else { continue };
                // A plain article and its one reference share a record.
                let parts = items.of.get(record).map_or(&[][..], Vec::as_slice);
                let same = parts.iter().find(|part| parts.len() == 1 && all[**part].key == found.key);
                let at = same.copied().unwrap_or(all.len());
                own.insert(*record, at);
                if at == all.len() {
                    all.push(found);
                }
            }
        }
        let counted = self.catalog.trade.stock.read(engine, &self.ask, &all).await;
        if let Some(journal) = &self.ask.moment.journal {
            journal.here(|level| {
                level.strategy = "STOCK";
                level.because =
                    "stock is reckoned by the ERP's formula: each of its tables is asked once for all records".into();
                level.returned += all.len();
            });
        }
        let told = records.iter().filter_map(|record| {
            let parts = items.of.get(record).map_or(&[][..], Vec::as_slice);
            let told = match own.get(record) {
                Some(own) => counted.of_several(*own, parts),
                None => counted.one(*parts.first()?),
            };
            Some((*record, told?))
        });
        LevelStock { told: told.collect(), failed: counted.failed.clone() }
    }

    /// The references of some articles that the viewer sees, all of them.
    pub(super) async fn references_of(
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
                let prices = run.price(&run.items(None, batch, records).await?).await?;
                // What has no price that can be told has none to compare; where it is shown, it is an error.
                each(&|record| match prices.lowest(record, Decimal::ONE) {
                    Ok(Some(price)) => Value::Decimal(price.net.normalize()),
                    Ok(None) | Err(_) => Value::Null,
                })
            }
            Computed::InStock => {
                let stock = run.count(&run.items(None, batch, records).await?, batch, records).await;
                let known =
                    |record: &u32| stock.told.get(record).and_then(|told| told.verdict.status.in_stock());
                if let Some(cause) = &stock.failed
                    && records.iter().any(|record| known(record).is_none())
                {
                    // A list by what nobody knows is none.
                    return Err(Fault::Source(cause.clone()));
                }
                each(&|record| known(&record).map_or(Value::Null, Value::Bool))
            }
        })
    }
}
