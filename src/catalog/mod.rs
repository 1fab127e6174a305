//! The catalogue: departments, articles and references, and how one leads to another. Knows which
//! levels there are; how a level is read and merged is the federation's.

pub mod assortments;
pub mod cursor;
pub mod customer_codes;
pub mod explain;
mod filters;
pub mod levels;
pub mod lookup;
pub mod people;
pub(crate) mod placement;
pub mod sight;
pub mod slug;
pub mod trade;
pub mod tree;

use std::sync::Arc;

use tokio::sync::OnceCell;

use self::{
    assortments::Assortments,
    sight::{Place, Sight},
};
use crate::{
    auth::people::People,
    config::DepartmentsConfig,
    connectors::{customer_codes::CustomerCodes, tariff::Buyer},
    federation::{
        engine::{Ask, Engine, Fault},
        model::{EntityId, SourceId},
        related::Subtree,
        shape::{Shape, Want},
    },
    sources::journal::apart,
};

/// The level at which the departments are read.
pub const TREE: &str = "(departments)";

/// The catalogue of one shop.
#[derive(Debug)]
pub struct Catalog {
    /// Its federation.
    pub engine: Arc<Engine>,
    /// How departments make a tree.
    pub departments: DepartmentsConfig,
    /// `Department` in the model.
    pub department: EntityId,
    /// `Article` in the model.
    pub article: EntityId,
    /// `Reference` in the model.
    pub reference: EntityId,
    /// `Customer` in the model; none where no source holds customers.
    pub customer: Option<EntityId>,
    /// Addresses and contacts that are kept here.
    pub people: Arc<dyn People>,
    /// What contacts may, kept for a while.
    pub contact_rights: people::ContactRights,
    /// The codes that customers have for articles, and the source that holds them.
    pub customer_codes: Option<(SourceId, Arc<dyn CustomerCodes>)>,
    /// What classes of customers are limited to.
    pub assortments: Assortments,
    /// Seals cursors.
    pub sealer: cursor::Sealer,
    /// Put before a file's path.
    pub media_base: String,
    /// Prices.
    pub trade: trade::Trade,
}

impl Catalog {
    /// Every entity that has a node id, and whose fields can be explained.
    pub fn entities(&self) -> Vec<EntityId> {
        [self.department, self.article, self.reference].into_iter().chain(self.customer).collect()
    }

    /// What the tree itself stands on, whatever is selected of departments.
    pub fn tree_shape(&self, language: Option<&str>) -> Arc<Shape> {
        self.tree_shape_with(Want::default(), language)
    }

    /// What the tree stands on, and what else is wanted of departments.
    pub fn tree_shape_with(&self, mut want: Want, language: Option<&str>) -> Arc<Shape> {
        let fields = &self.engine.model.entities[self.department].fields;
        want.fields.extend(["parentCode", "position"].iter().filter_map(|n| fields.get_index_of(*n)));
        Arc::new(Shape::new(&self.engine, self.department, want, language))
    }
}

/// One operation's reading of the catalogue.
pub struct Run<'a> {
    /// The catalogue.
    pub catalog: &'a Catalog,
    /// The request.
    pub ask: Ask,
    /// The arguments of each link, by slot.
    pub args: Vec<levels::Args>,
    /// What the operation wants of departments; the tree is read once, with all of it.
    pub tree_shape: Option<Arc<Shape>>,
    /// What its viewer may see.
    pub sight: Sight,
    /// Which needs of the operation's links its viewer does not fulfil for any record: such links are not followed.
    pub closed: Vec<bool>,
    /// Who buys.
    pub buyer: Buyer,
    tree: OnceCell<Result<Arc<tree::Tree>, Fault>>,
}

impl<'a> Run<'a> {
    /// A run for a request.
    pub fn new(
        catalog: &'a Catalog,
        ask: Ask,
        args: Vec<levels::Args>,
        tree_shape: Option<Arc<Shape>>,
        sight: Sight,
    ) -> Self {
        let buyer = catalog.trade.pricing.buyer(None);
        Self { catalog, ask, args, tree_shape, sight, closed: Vec::new(), buyer, tree: OnceCell::new() }
    }

    /// Looks up what the viewer's grants lean on, before anything else is read.
    ///
    /// # Errors
    /// The source that decides on departments does not answer, or one that may have a granted rayon of its own.
    pub async fn prepare(&self) -> Result<(), Fault> {
        if let Some(fault) = self.sight.barred() {
            return Err(fault.clone());
        }
        if self.sight.regions().is_empty() { Ok(()) } else { self.tree().await.map(|_| ()) }
    }

    /// The departments, read at first use.
    pub async fn tree(&self) -> Result<Arc<tree::Tree>, Fault> {
        let load = || async {
            // A filter may speak of departments where nothing is selected of any.
            let shape = self.tree_shape.clone().unwrap_or_else(|| self.catalog.tree_shape(None));
            let tree = self.load_tree(&shape).await?;
            if let Some(journal) = &self.ask.moment.journal {
                journal.here(|level| {
                    level.strategy = "ALL";
                    level.because = "departments are few: they are read whole, once per request".into();
                    level.returned = tree.batch.len();
                });
            }
            Ok(Arc::new(tree))
        };
        let load = || apart(self.ask.moment.journal.as_ref(), TREE, load());
        self.tree.get_or_init(load).await.clone()
    }

    /// Reads the departments, and tells which of them are on the web, and which the viewer sees.
    async fn load_tree(&self, shape: &Arc<Shape>) -> Result<tree::Tree, Fault> {
        let catalog = self.catalog;
        let mut tree = tree::Tree::load(&catalog.engine, &self.ask, shape, &catalog.departments).await?;
        for region in self.sight.regions().iter().filter(|r| r.subtree.get().is_none()) {
            let subtree = self.region(&tree, &region.codes)?;
            let _ = region.subtree.set(subtree);
        }
        if catalog.departments.hide_empty {
            self.hide_empty(&mut tree).await?;
        }
        self.see(&mut tree)?;
        Ok(tree)
    }

    /// Marks the departments that the viewer sees.
    fn see(&self, tree: &mut tree::Tree) -> Result<(), Fault> {
        let [read, hidden] = self.sight.departments();
        let holds = |place: &Place, record: u32| match place {
            Place::Nowhere => Ok(false),
            Place::Everywhere => Ok(true),
            Place::In(filter) => {
                filter.passes(&self.catalog.engine, &tree.batch, record).map_err(Fault::Source)
            }
        };
        let mut seen = Vec::with_capacity(tree.batch.len());
        for (record, shown) in (0..).zip(&tree.shown) {
            seen.push(holds(read, record)? && (*shown || holds(hidden, record)?));
        }
        tree.seen = seen;
        Ok(())
    }

    /// Some departments and all below them, whether on the web or not.
    fn region(&self, tree: &tree::Tree, codes: &[Arc<str>]) -> Result<Subtree, Fault> {
        let compare = self.catalog.engine.compare(self.catalog.department);
        let mut departments = std::collections::HashSet::new();
        for code in codes {
            match tree.find(code) {
                Some(top) => {
                    let below = tree.below(top, |_| true);
                    departments.extend(below.iter().map(|d| compare.fold(tree.batch.code(*d)).into_owned()));
                }
                None => {
                    if let Some(cause) = self.unknown_department(tree, code) {
                        return Err(Fault::Source(cause));
                    }
                }
            }
        }
        Ok(Subtree { departments, compare })
    }

    /// The departments, if they have been read.
    pub fn tree_now(&self) -> Option<&tree::Tree> {
        self.tree.get().and_then(|t| t.as_ref().ok()).map(Arc::as_ref)
    }
}
