//! The tree of levels: a level is one entity's records with everything wanted of them; links lead
//! from its records to the next levels. Sibling links are read at once.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, join_all};

use super::{
    Run,
    customer_codes::CodesOf,
    people::KeptOf,
    trade::{TradeData, TradeWant},
    tree::Tree,
};
use crate::{
    federation::{
        batch::{Batch, DUPLICATE, NONE},
        engine::{Ask, Fault, Strategy},
        filter::Filter,
        gather::ListAsk,
        model::EntityId,
        order::{Order, Spot},
        page::Page,
        planner::Scope,
        shape::Shape,
    },
    sources::journal::{Journal, within},
    value::{Value, fold},
};

/// The level at which a list is counted, below the list's.
const TOTAL: &str = "totalCount";

/// Counts a list, on a level of its own.
pub async fn counted<T>(
    journal: Option<&Arc<Journal>>,
    count: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    if let Some(journal) = journal {
        journal.below(TOTAL, |level| {
            level.strategy = "COUNT";
            level.because =
                "`totalCount` is asked for: the deciding source counts where it can, else all that pass are read".into();
        });
    }
    within(journal, TOTAL, count).await
}

/// What is wanted of an entity at one place of an operation, and what of its neighbours.
#[derive(Debug)]
pub struct Node {
    /// The entity.
    pub entity: EntityId,
    /// What is asked of the sources. Departments are read through the run's tree instead.
    pub shape: Arc<Shape>,
    /// Where to go from its records.
    pub links: Vec<Link>,
    /// What else is read of its records.
    pub beside: Beside,
    /// What of trade is wanted of them.
    pub trade: TradeWant,
}

/// What is read beside what sources say of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Addresses and contacts that are kept here.
    pub people: bool,
    /// The codes that the viewer's customer has for articles.
    pub codes: bool,
}

/// A way from records to others.
#[derive(Debug)]
pub struct Link {
    /// Its response key.
    pub name: Arc<str>,
    /// Which way.
    pub kind: LinkKind,
    /// Its arguments' slot in [`Run::args`].
    pub args: usize,
    /// What is wanted there.
    pub node: Node,
    /// The exact number of records is wanted too (connections).
    pub total: bool,
    /// What it needs, as an index of [`Run::closed`].
    pub need: Option<usize>,
}

/// The ways there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Reference → its article.
    Article,
    /// Article → its main department.
    Main,
    /// Article → every department it hangs in.
    Placements,
    /// Department → the one above.
    Parent,
    /// Department → root first, itself last.
    Path,
    /// Department → those directly under it.
    Children,
    /// Department → articles, a page.
    Articles,
    /// Article → related articles.
    Related,
    /// Article → references, a page.
    References,
    /// Article → the one reference with these option values.
    OneReference,
}

impl LinkKind {
    /// How the records are found that are no list's: a stable word, and why, for people.
    fn found(self) -> (&'static str, &'static str) {
        match self {
            Self::Article | Self::Related => ("BY_CODE", "the records are named by code"),
            Self::Main | Self::Placements | Self::Parent | Self::Path | Self::Children => {
                ("TREE", "from the departments, which are read once per request")
            }
            Self::Articles | Self::References | Self::OneReference => ("", ""),
        }
    }
}

/// A link's arguments, coerced.
#[derive(Clone, Debug, Default)]
pub enum Args {
    /// None.
    #[default]
    None,
    /// `related(kind:)`.
    Kind(Option<String>),
    /// A connection.
    Page(PageArgs),
    /// `reference(options:)`: (name, value) pairs.
    Options(Vec<(String, String)>),
}

/// A connection's arguments.
#[derive(Clone, Debug)]
pub struct PageArgs {
    /// How many.
    pub size: usize,
    /// After this place, or before it.
    pub from: Option<Spot>,
    /// The last of them instead of the first.
    pub backward: bool,
    /// In which order.
    pub order: Order,
    /// The list's name, which its cursors are bound to.
    pub name: Arc<str>,
    /// Which.
    pub filter: Filter,
    /// In a department: of everything under it too.
    pub deep: bool,
}

impl PageArgs {
    /// What the federation is asked.
    pub fn ask(&self) -> ListAsk<'_> {
        ListAsk {
            size: self.size,
            from: self.from.as_ref(),
            backward: self.backward,
            order: &self.order,
            filter: &self.filter,
        }
    }
}

/// Records at one place of an answer.
#[derive(Debug)]
pub struct Level {
    /// All records of the batch; which of them stand where, the links that lead here say.
    pub batch: Arc<Batch>,
    /// Where the links lead, in the node's order.
    pub links: Vec<LinkData>,
    /// What is kept here of its customers, when that is wanted.
    pub kept: Option<KeptOf>,
    /// The codes that the viewer's customer has for its articles, by record, when that is wanted.
    pub codes: Option<CodesOf>,
    /// Their prices, where those are wanted.
    pub trade: TradeData,
}

/// Where a link leads from each record of the parent's batch.
#[derive(Debug)]
pub enum LinkData {
    /// To one record or [`NONE`].
    One(Vec<u32>, Box<Level>),
    /// To several.
    Many(Vec<Vec<u32>>, Box<Level>),
    /// To a page each.
    Pages(Vec<Pages>, Box<Level>),
    /// Nowhere: the whole link failed.
    Failed(Fault),
    /// Nowhere: the viewer may not go there, and nothing was read.
    Closed,
}

impl LinkData {
    /// How many records stand where it leads.
    fn count(&self) -> usize {
        match self {
            Self::One(of, _) => of.iter().filter(|record| **record != NONE).count(),
            Self::Many(of, _) => of.iter().map(Vec::len).sum(),
            Self::Pages(of, _) => of.iter().map(|pages| pages.page.records.len()).sum(),
            Self::Failed(_) | Self::Closed => 0,
        }
    }
}

/// A page at one record.
#[derive(Debug, Default)]
pub struct Pages {
    /// The records.
    pub page: Page,
    /// How many there are in all, when asked.
    pub total: Option<Result<usize, Fault>>,
}

impl Run<'_> {
    /// Follows a node's links from some of a batch's records.
    pub fn follow<'a>(
        &'a self,
        node: &'a Node,
        batch: Arc<Batch>,
        records: &'a [u32],
    ) -> BoxFuture<'a, Level> {
        async move {
            let journal = self.ask.moment.journal.as_ref();
            let links = node.links.iter();
            let links = links.map(|link| within(journal, &link.name, self.link(link, &batch, records)));
            let kept =
                async { if node.beside.people { Some(self.kept(&batch, records).await) } else { None } };
            let codes = async {
                if node.beside.codes { Some(self.customer_codes(&batch, records).await) } else { None }
            };
            let links = join_all(links);
            let trade = self.trade(&node.trade, &batch, records);
            let (links, trade, kept, codes) = futures::join!(links, trade, kept, codes);
            Level { batch, links, kept, codes, trade }
        }
        .boxed()
    }

    async fn link(&self, link: &Link, batch: &Arc<Batch>, records: &[u32]) -> LinkData {
        if link.need.is_some_and(|need| self.closed.get(need).copied().unwrap_or(false)) {
            return LinkData::Closed;
        }
        let found = match link.kind {
            LinkKind::Article => self.article(link, batch, records).await,
            LinkKind::Main => self.main(link, batch, records).await,
            LinkKind::Placements => self.placements(link, batch, records).await,
            LinkKind::Parent | LinkKind::Path | LinkKind::Children => {
                self.in_tree(link, batch, records).await
            }
            LinkKind::Articles => self.articles_under(link, batch, records).await,
            LinkKind::Related => self.related(link, batch, records).await,
            LinkKind::References => self.references(link, batch, records).await,
            LinkKind::OneReference => self.one_reference(link, batch, records).await,
        };
        let found = found.unwrap_or_else(LinkData::Failed);
        self.ask.moment.tally.returned(found.count());
        if let Some(journal) = &self.ask.moment.journal {
            let (strategy, because) = link.kind.found();
            journal.here(|level| {
                level.returned += found.count();
                if level.strategy.is_empty() {
                    (level.strategy, level.because) = (strategy, because.to_owned());
                }
            });
        }
        found
    }

    /// Whether the viewer sees a record of a batch that was read by its sight's shape. Its rayons are decided first: of
    /// a record outside of them nothing else is asked.
    pub(super) fn sees(&self, batch: &Batch, record: u32) -> Result<bool, Fault> {
        let (engine, entity) = (&self.catalog.engine, batch.shape.entity);
        if let Some(rows) = self.sight.rows(entity)
            && !rows.passes(engine, batch, record).map_err(Fault::Source)?
        {
            return Ok(false);
        }
        if batch.phantoms.contains(&record) {
            return Ok(false);
        }
        Ok(!self.ask.shopper(entity) || engine.visible(batch, record).map_err(Fault::Source)?)
    }

    /// Whether there may be records of an entity that are nothing to the viewer: outside its rayons, or off the web.
    pub(super) fn narrowed(&self, entity: EntityId) -> bool {
        self.sight.rows(entity).is_some() || self.ask.shopper(entity)
    }

    /// The request as it looks records up: where some are nothing to the viewer, nothing that is sent tells such a
    /// record from one that does not exist.
    pub(super) fn looking(&self, entity: EntityId) -> std::borrow::Cow<'_, Ask> {
        if self.narrowed(entity) {
            std::borrow::Cow::Owned(Ask { blind: true, ..self.ask.clone() })
        } else {
            std::borrow::Cow::Borrowed(&self.ask)
        }
    }

    /// What is read at a node.
    pub(super) fn shape(&self, node: &Node) -> Arc<Shape> {
        self.sight.shape(self.catalog, &node.shape)
    }

    async fn article(&self, link: &Link, batch: &Arc<Batch>, records: &[u32]) -> Result<LinkData, Fault> {
        let field = self.field(batch, "articleCode");
        let codes: Vec<Option<String>> = records.iter().map(|r| self.text(batch, field, *r)).collect();
        let asked: Vec<&str> = codes.iter().flatten().map(String::as_str).collect();
        let shape = self.shape(&link.node);
        let found = self.catalog.engine.by_code(&self.ask, &shape, &asked).await?;
        let mut of = vec![NONE; batch.len()];
        let mut at = found.of.into_iter();
        let mut used = Vec::new();
        for (r, code) in records.iter().zip(&codes) {
            if code.is_none() {
                continue;
            }
            let Some(target) = at.next().filter(|t| *t < DUPLICATE) else { continue };
            if self.sees(&found.batch, target)? {
                of[*r as usize] = target;
                used.push(target);
            }
        }
        let level = self.next(&link.node, Arc::new(found.batch), used).await;
        Ok(LinkData::One(of, Box::new(level)))
    }

    async fn main(&self, link: &Link, batch: &Arc<Batch>, records: &[u32]) -> Result<LinkData, Fault> {
        let tree = self.tree().await?;
        let mut of = vec![NONE; batch.len()];
        for r in records {
            let placed = self.placed(&tree, batch, *r)?;
            let main = placed.iter().find(|(_, main)| *main);
            of[*r as usize] = main.map_or(NONE, |(d, _)| *d);
        }
        let used: Vec<u32> = of.iter().copied().filter(|r| *r != NONE).collect();
        let level = self.next(&link.node, tree.batch.clone(), used).await;
        Ok(LinkData::One(of, Box::new(level)))
    }

    async fn placements(&self, link: &Link, batch: &Arc<Batch>, records: &[u32]) -> Result<LinkData, Fault> {
        let tree = self.tree().await?;
        let mut of = vec![Vec::new(); batch.len()];
        for r in records {
            of[*r as usize] = self.placed(&tree, batch, *r)?.into_iter().map(|(d, _)| d).collect();
        }
        let used = of.iter().flatten().copied().collect();
        let level = self.next(&link.node, tree.batch.clone(), used).await;
        Ok(LinkData::Many(of, Box::new(level)))
    }

    /// The departments in which an article hangs that the viewer sees, and whether each is the main one.
    fn placed(&self, tree: &Tree, batch: &Batch, record: u32) -> Result<Vec<(u32, bool)>, Fault> {
        let model = &self.catalog.engine.model;
        let e = &model.entities[batch.shape.entity];
        let Some(list) = e.lists.get_index_of("placements") else { return Ok(Vec::new()) };
        let columns = &e.lists[list].columns;
        let (department, main) = (columns.get_index_of("department"), columns.get_index_of("isMain"));
        let merged = batch.list(model, list, record).map_err(Fault::Source)?;
        let mut placed = Vec::new();
        let mut deepest: Option<(usize, usize)> = None;
        for item in &merged.items {
            let code = department.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
            let Some(d) = code.and_then(|c| tree.find(c)) else { continue };
            if tree.sees(d) {
                let main = main.and_then(|c| item.fields.get(c)) == Some(&Value::Bool(true));
                placed.push((d, main));
                if item.source == e.decides {
                    let depth = tree.path(d).len();
                    if deepest.is_none_or(|(known, _)| depth > known) {
                        deepest = Some((depth, placed.len() - 1));
                    }
                }
            }
        }
        // The main one first; of several that say so, the highest source's; else the ERP's deepest.
        let main = placed.iter().position(|(_, main)| *main).or(deepest.map(|(_, at)| at));
        if let Some(main) = main {
            let (first, _) = placed.remove(main);
            placed.iter_mut().for_each(|p| p.1 = false);
            placed.insert(0, (first, true));
        }
        Ok(placed)
    }

    async fn in_tree(&self, link: &Link, batch: &Arc<Batch>, records: &[u32]) -> Result<LinkData, Fault> {
        let tree = self.tree().await?;
        let shown = |r: &u32| tree.sees(*r);
        if link.kind == LinkKind::Parent {
            let mut of = vec![NONE; batch.len()];
            for r in records {
                of[*r as usize] =
                    Some(tree.parent[*r as usize]).filter(|p| *p != NONE && shown(p)).unwrap_or(NONE);
            }
            let used: Vec<u32> = of.iter().copied().filter(|r| *r != NONE).collect();
            let level = self.next(&link.node, tree.batch.clone(), used).await;
            return Ok(LinkData::One(of, Box::new(level)));
        }
        let mut of = vec![Vec::new(); batch.len()];
        for r in records {
            of[*r as usize] = match link.kind {
                // It is shown itself, whoever may see it.
                LinkKind::Path => tree.path(*r).into_iter().filter(|p| p == r || shown(p)).collect(),
                _ => tree.children[*r as usize].iter().copied().filter(shown).collect(),
            };
        }
        let used = of.iter().flatten().copied().collect();
        let level = self.next(&link.node, tree.batch.clone(), used).await;
        Ok(LinkData::Many(of, Box::new(level)))
    }

    async fn related(&self, link: &Link, batch: &Arc<Batch>, records: &[u32]) -> Result<LinkData, Fault> {
        let engine = &self.catalog.engine;
        let e = &engine.model.entities[batch.shape.entity];
        let wanted = match self.args.get(link.args) {
            Some(Args::Kind(kind)) => kind.as_deref(),
            _ => None,
        };
        let Some(list) = e.lists.get_index_of("related") else {
            return Err(Fault::Internal("no list of related articles".into()));
        };
        let columns = &e.lists[list].columns;
        let (article, kind) = (columns.get_index_of("article"), columns.get_index_of("kind"));
        let mut codes: Vec<(u32, String)> = Vec::new();
        for r in records {
            let merged = batch.list(&engine.model, list, *r).map_err(Fault::Source)?;
            for item in &merged.items {
                let text = |c: Option<usize>| c.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
                if wanted.is_some_and(|w| text(kind).is_none_or(|k| fold(k) != fold(w))) {
                    continue;
                }
                if let Some(code) = text(article) {
                    codes.push((*r, code.to_owned()));
                }
            }
        }
        let asked: Vec<&str> = codes.iter().map(|(_, c)| c.as_str()).collect();
        let found = engine.by_code(&self.ask, &self.shape(&link.node), &asked).await?;
        let mut of: Vec<Vec<u32>> = vec![Vec::new(); batch.len()];
        for ((r, _), target) in codes.iter().zip(found.of) {
            let list = &mut of[*r as usize];
            if target < DUPLICATE && !list.contains(&target) && self.sees(&found.batch, target)? {
                list.push(target);
            }
        }
        let used = of.iter().flatten().copied().collect();
        let level = self.next(&link.node, Arc::new(found.batch), used).await;
        Ok(LinkData::Many(of, Box::new(level)))
    }

    async fn references(&self, link: &Link, batch: &Arc<Batch>, records: &[u32]) -> Result<LinkData, Fault> {
        let Some(Args::Page(args)) = self.args.get(link.args) else {
            return Err(Fault::Internal("a connection without arguments".into()));
        };
        let engine = &self.catalog.engine;
        self.settle(&args.filter).await?;
        let parents: Vec<&str> = records.iter().map(|r| batch.code(*r)).collect();
        let list = args.ask();
        let shape = &self.shape(&link.node);
        let blame = async |total: bool, fault: Fault| {
            let scope = (Scope::Parents, total);
            engine.blame(&self.ask, shape.entity, &list, scope, shape.language.as_deref(), fault).await
        };
        let read = engine.list(&self.ask, shape, Some(&parents), &list, Some(batch));
        let count = async {
            // What is read whole to be sorted is counted with it.
            if !link.total || !list.keyset() || self.ask.strategy == Strategy::Gather {
                return None;
            }
            let counts = engine.count(&self.ask, shape, Some(&parents), &args.filter);
            Some(match counted(self.ask.moment.journal.as_ref(), counts).await {
                Ok(counts) => Ok(counts),
                Err(fault) => Err(blame(true, fault).await),
            })
        };
        let (read, counts) = futures::join!(read, count);
        let (found, found_pages) = match read {
            Ok(read) => read,
            Err(fault) => return Err(blame(false, fault).await),
        };
        let mut of: Vec<Pages> = (0..batch.len()).map(|_| Pages::default()).collect();
        for (n, (r, page)) in records.iter().zip(found_pages).enumerate() {
            let counted = counts.as_ref().map(|c| c.as_ref().map(|c| c[n]).map_err(Clone::clone));
            let total = counted.or(page.total.map(Ok));
            of[*r as usize] = Pages { page, total };
        }
        let used = of.iter().flat_map(|p| p.page.records.iter().copied()).collect();
        let level = self.next(&link.node, Arc::new(found), used).await;
        Ok(LinkData::Pages(of, Box::new(level)))
    }

    /// The reference of each article whose option values are just these.
    async fn one_reference(
        &self,
        link: &Link,
        batch: &Arc<Batch>,
        records: &[u32],
    ) -> Result<LinkData, Fault> {
        let options = match self.args.get(link.args) {
            Some(Args::Options(options)) => options.as_slice(),
            _ => &[],
        };
        let (found, pages) = self.references_of(&link.node.shape, batch, records).await?;
        let mut of = vec![NONE; batch.len()];
        for (r, page) in records.iter().zip(pages) {
            let matching = page.into_iter().find(|c| {
                let values = self.option_values(&found, *c);
                values.len() == options.len()
                    && options
                        .iter()
                        .all(|(n, v)| values.iter().any(|(name, value)| fold(name) == fold(n) && value == v))
            });
            of[*r as usize] = matching.unwrap_or(NONE);
        }
        let used: Vec<u32> = of.iter().copied().filter(|r| *r != NONE).collect();
        let level = self.next(&link.node, Arc::new(found), used).await;
        Ok(LinkData::One(of, Box::new(level)))
    }

    /// The option values of a reference: (name, value) pairs.
    pub fn option_values(&self, batch: &Batch, record: u32) -> Vec<(String, String)> {
        super::explain::OPTION_CELLS
            .chunks_exact(2)
            .filter_map(|cells| {
                let value = self.text(batch, self.field(batch, cells[0]), record)?;
                let name = self.text(batch, self.field(batch, cells[1]), record);
                Some((name.unwrap_or_default(), value))
            })
            .collect()
    }

    /// Follows a node's links from the records that are really there, each once.
    pub(super) async fn next(&self, node: &Node, batch: Arc<Batch>, mut used: Vec<u32>) -> Level {
        used.sort_unstable();
        used.dedup();
        self.follow(node, batch, &used).await
    }

    pub(super) fn field(&self, batch: &Batch, name: &str) -> Option<usize> {
        self.catalog.engine.model.entities[batch.shape.entity].fields.get_index_of(name)
    }

    pub(super) fn text(&self, batch: &Batch, field: Option<usize>, record: u32) -> Option<String> {
        let merged = batch.merged(&self.catalog.engine.model, field?, record).ok()?;
        merged.value.as_str().map(Into::into)
    }
}
