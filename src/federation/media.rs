//! Files of a record: what a file is by its name, and which of a merged list are served as its images
//! or as its documents.

use std::sync::Arc;

use super::{
    batch::{Batch, Cause},
    lists::ListItem,
    model::Model,
};
use crate::value::Value;

/// Extensions that make a file an image.
const IMAGES: &[&str] = &["jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "tif", "tiff"];

/// Whether a file is an image, by its extension.
pub fn is_image(file: &str) -> bool {
    extension(file).is_some_and(|e| IMAGES.contains(&e.as_str()))
}

/// A file's extension in small letters.
pub fn extension(file: &str) -> Option<String> {
    let name = file.rsplit('/').next()?;
    name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase())
}

/// Which columns of a media list say whether an item is served.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    file: Option<usize>,
    language: Option<usize>,
    images: bool,
    /// The language in which the list is served.
    asked: Option<&'a str>,
}

impl<'a> Files<'a> {
    /// The images, or the documents, of a batch's media list.
    pub fn of(model: &'a Model, batch: &'a Batch, list: usize, images: bool) -> Self {
        let columns = &model.entities[batch.shape.entity].lists[list].columns;
        let asked = batch.shape.language.as_deref().or(model.languages.first().map(String::as_str));
        Self { file: columns.get_index_of("file"), language: columns.get_index_of("language"), images, asked }
    }

    /// The file of an item that is served: of its kind by its extension, and an image in the language
    /// asked for or in none.
    pub fn served<'i>(&self, item: &ListItem<'i>) -> Option<&'i str> {
        let text = |c: Option<usize>| c.and_then(|c| item.fields.get(c)).and_then(Value::as_str);
        let file = text(self.file)?;
        let spoken = !self.images || text(self.language).is_none_or(|l| Some(l) == self.asked);
        (is_image(file) == self.images && spoken).then_some(file)
    }
}

/// A filter by whether a record has images, or documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Media {
    /// The list they are in.
    pub list: usize,
    /// Its images, else its documents.
    pub images: bool,
    /// None may be there, or at least one must.
    pub empty: bool,
}

impl Media {
    /// Whether a record passes, as its list is served.
    ///
    /// # Errors
    /// The list cannot be known.
    pub fn passes(&self, model: &Model, batch: &Batch, record: u32) -> Result<bool, Arc<Cause>> {
        let merged = batch.list(model, self.list, record)?;
        let files = Files::of(model, batch, self.list, self.images);
        Ok(merged.items.iter().all(|item| files.served(item).is_none()) == self.empty)
    }
}
