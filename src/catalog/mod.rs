//! The catalogue: departments, articles and references, and how one leads to another. Knows which
//! levels there are; how a level is read and merged is the federation's.

pub mod cursor;
pub mod explain;
mod filters;
pub mod levels;
pub mod lookup;
pub(crate) mod placement;
pub mod slug;
pub mod tree;

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::{
    config::DepartmentsConfig,
    federation::{
        engine::{Ask, Engine, Fault},
        model::EntityId,
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
    /// Seals cursors.
    pub sealer: cursor::Sealer,
    /// Put before a file's path.
    pub media_base: String,
}

impl Catalog {
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
    /// Look-ups by code or id show records that are off the web (with their reason).
    pub reveal: bool,
    tree: OnceCell<Result<Arc<tree::Tree>, Fault>>,
}

impl<'a> Run<'a> {
    /// A run for a request.
    pub fn new(
        catalog: &'a Catalog,
        ask: Ask,
        args: Vec<levels::Args>,
        tree_shape: Option<Arc<Shape>>,
        reveal: bool,
    ) -> Self {
        Self { catalog, ask, args, tree_shape, reveal, tree: OnceCell::new() }
    }

    /// The departments, read at first use.
    pub async fn tree(&self) -> Result<Arc<tree::Tree>, Fault> {
        let load = || async {
            // A filter may speak of departments where nothing is selected of any.
            let shape = self.tree_shape.clone().unwrap_or_else(|| self.catalog.tree_shape(None));
            let mut tree =
                tree::Tree::load(&self.catalog.engine, &self.ask, &shape, &self.catalog.departments).await?;
            if self.catalog.departments.hide_empty && self.ask.shopper {
                self.hide_empty(&mut tree).await?;
            }
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

    /// The departments, if they have been read.
    pub fn tree_now(&self) -> Option<&tree::Tree> {
        self.tree.get().and_then(|t| t.as_ref().ok()).map(Arc::as_ref)
    }
}
