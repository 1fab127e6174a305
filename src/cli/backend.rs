//! What the commands need of the rest of the product, in one place: opening a shop, and why it cannot be opened.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::{
    config::{Config, SourceKind},
    diagnostics::Diagnostics,
    shop::Shop,
};

/// Why a shop cannot be opened or served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(super) enum OpenError {
    /// The configuration has errors; all of them are inside.
    #[error("the configuration has errors")]
    Invalid(Diagnostics),
    /// The folder has no comptoir.toml, or it cannot be read.
    #[error("{} cannot be read ({source}): is this a shop's folder? `comptoir init DIR` makes one", .path.display())]
    Folder {
        /// What cannot be read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A database that is a file is not there. (Servers may be down and come back; a file does not.)
    #[error("the database of source `{name}` is missing: {} does not exist; correct the source's url", .path.display())]
    Database {
        /// The source.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

/// Reads and checks a shop's folder. No database is contacted.
pub(super) fn open(dir: &Path) -> Result<Shop, OpenError> {
    let path = dir.join("comptoir.toml");
    if let Err(source) = std::fs::File::open(&path) {
        return Err(OpenError::Folder { path, source });
    }
    Shop::open(dir).map_err(OpenError::Invalid)
}

/// As [`open`], for commands that read data: the databases that are files must be there.
pub(super) fn open_with_data(dir: &Path) -> Result<Shop, OpenError> {
    let shop = open(dir)?;
    databases(shop.config())?;
    Ok(shop)
}

fn databases(config: &Config) -> Result<(), OpenError> {
    for source in config.sources.values().filter(|source| source.kind == SourceKind::Sqlite) {
        let Some(path) = file_of(&source.url.0) else { continue };
        let path = config.dir.join(path);
        if !path.exists() {
            return Err(OpenError::Database { name: source.name.clone(), path });
        }
    }
    Ok(())
}

/// The file behind `sqlite:erp.db?mode=ro`; `None` for a base in memory.
fn file_of(url: &str) -> Option<&str> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split('?').next().unwrap_or(path);
    (!path.is_empty() && path != ":memory:").then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_sqlite_urls() {
        assert_eq!(file_of("sqlite:erp.db"), Some("erp.db"));
        assert_eq!(file_of("sqlite:///var/erp.db?mode=ro"), Some("/var/erp.db"));
        assert_eq!(file_of("sqlite::memory:"), None);
    }

    #[test]
    fn a_folder_without_a_shop_is_one_line() {
        let dir = tempfile::tempdir().unwrap();
        let message = open(dir.path()).unwrap_err().to_string();
        assert!(message.contains("comptoir init"), "{message}");
    }
}
