//! The folder of the demo shop: may we write there, and the files beside the databases.

use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::{DemoError, DemoOptions};
use crate::auth::tokens::keys::OwnKey;

/// The file that says a folder is the demo's own.
pub(crate) const MARKER: &str = ".demo.json";
/// The ERP's database.
pub(crate) const ERP: &str = "erp.db";
/// IsoShop's database.
pub(crate) const ISOSHOP: &str = "isoshop.db";

/// The content of [`MARKER`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Marker {
    pub(crate) generator: String,
    pub(crate) articles: u32,
    pub(crate) seed: u64,
    /// Not in the markers of older versions, which knew only the usual share.
    #[serde(default)]
    pub(crate) overlay: Option<u8>,
    pub(crate) references: u64,
    /// False while the shop is being made.
    pub(crate) complete: bool,
}

/// What [`prepare`] found.
#[derive(Debug)]
pub(crate) enum Found {
    /// The same shop, whole: nothing to do.
    Same(Marker),
    /// An empty folder, or another shop of the demo's own: write.
    Free,
}

const FILES: [(&str, &str); 13] = [
    ("comptoir.toml", include_str!("shop/comptoir.toml")),
    ("schema/shop.graphql", include_str!("shop/shop.graphql")),
    ("queries/1-completed.graphql", include_str!("shop/queries/1-completed.graphql")),
    ("queries/2-overridden.graphql", include_str!("shop/queries/2-overridden.graphql")),
    ("queries/3-complementary.graphql", include_str!("shop/queries/3-complementary.graphql")),
    ("queries/4-rayon-tree.graphql", include_str!("shop/queries/4-rayon-tree.graphql")),
    ("queries/5-article-page.graphql", include_str!("shop/queries/5-article-page.graphql")),
    ("queries/6-listing.graphql", include_str!("shop/queries/6-listing.graphql")),
    ("queries/7-staff-login.graphql", include_str!("shop/queries/7-staff-login.graphql")),
    ("queries/7-staff-login.json", include_str!("shop/queries/7-staff-login.json")),
    ("queries/8-staff-groups.graphql", include_str!("shop/queries/8-staff-groups.graphql")),
    ("queries/9-prices.graphql", include_str!("shop/queries/9-prices.graphql")),
    ("queries/9-why-this-price.graphql", include_str!("shop/queries/9-why-this-price.graphql")),
];

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> DemoError + '_ {
    move |source| DemoError::Io { path: path.to_owned(), source }
}

/// Looks at the folder, makes it when missing, and refuses what is not ours.
pub(crate) fn prepare(dir: &Path, options: &DemoOptions) -> Result<Found, DemoError> {
    if dir.exists() && !dir.is_dir() {
        return Err(DemoError::Taken { dir: dir.to_owned() });
    }
    fs::create_dir_all(dir).map_err(io(dir))?;
    let path = dir.join(MARKER);
    let marker = match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str::<Marker>(&text).ok(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(e) => return Err(io(&path)(e)),
    };
    let Some(marker) = marker else {
        let empty = fs::read_dir(dir).map_err(io(dir))?.next().is_none();
        return if empty { Ok(Found::Free) } else { Err(DemoError::Taken { dir: dir.to_owned() }) };
    };
    let whole = [ERP, ISOSHOP, "cursor.key"]
        .into_iter()
        .chain(FILES.iter().map(|f| f.0))
        .all(|name| dir.join(name).is_file());
    let same = marker.generator == super::generator()
        && marker.articles == options.articles
        && marker.seed == options.seed
        && marker.overlay == options.overlay;
    Ok(if same && whole && marker.complete { Found::Same(marker) } else { Found::Free })
}

/// Writes the marker.
pub(crate) fn mark(dir: &Path, marker: &Marker) -> Result<(), DemoError> {
    let path = dir.join(MARKER);
    let text = serde_json::to_string_pretty(marker).map_err(|e| DemoError::Vocabulary(e.to_string()))?;
    fs::write(&path, text + "\n").map_err(io(&path))
}

/// Removes the databases of the shop that was here, with what SQLite left beside them.
pub(crate) fn clear(dir: &Path) -> Result<(), DemoError> {
    for name in [ERP, ISOSHOP] {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let path = dir.join(format!("{name}{suffix}"));
            match fs::remove_file(&path) {
                Ok(()) => {}
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(io(&path)(e)),
            }
        }
    }
    Ok(())
}

/// Writes the configuration, the schema, the example queries and the keys.
pub(crate) fn write_files(dir: &Path) -> Result<(), DemoError> {
    for (name, text) in FILES {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io(parent))?;
        }
        fs::write(&path, text).map_err(io(&path))?;
    }
    write_keys(dir)
}

/// Writes the keys that are not there: 32 random bytes in hexadecimal for cursors, and the one that signs tokens. What
/// is there is kept: the cursors and tokens that clients hold stay good.
pub(crate) fn write_keys(dir: &Path) -> Result<(), DemoError> {
    let bytes: [u8; 32] = rand::random();
    let mut text = String::with_capacity(65);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    secret(&dir.join("cursor.key"), &text)?;
    let path = dir.join("auth.key");
    let key = OwnKey::generate()
        .map_err(|reason| DemoError::Io { path: path.clone(), source: std::io::Error::other(reason) })?;
    secret(&path, &key)
}

/// Writes a file for the owner's eyes only, unless it is there.
fn secret(path: &Path, text: &str) -> Result<(), DemoError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()).map_err(io(path)),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io(path)(error)),
    }
}
