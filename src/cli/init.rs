//! `comptoir init`: a commented shop folder.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;

use super::{Failure, err, out};
use crate::auth::tokens::keys::OwnKey;

/// Make a commented shop folder to start from
///
/// Writes comptoir.toml with the keys, what they mean and their defaults; schema/shop.graphql with examples of your own
/// fields and rules; a place for connector maps; and two secret keys, which seal cursors and sign tokens (readable by you only).
/// A folder that already is a shop gets only what it lacks; nothing is ever overwritten.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir init my-shop
  comptoir init my-shop && cd my-shop && $EDITOR comptoir.toml && comptoir check; comptoir serve")]
pub(super) struct Init {
    /// The folder to make or to complete
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

const CURSOR_KEY: &str = "cursor.key";
const AUTH_KEY: &str = "auth.key";

/// The files of a new shop beside its keys.
const FILES: [(&str, &str); 4] = [
    ("comptoir.toml", include_str!("templates/comptoir.toml")),
    ("schema/shop.graphql", include_str!("templates/shop.graphql")),
    ("schema/connectors/README.md", include_str!("templates/connectors.md")),
    (".gitignore", include_str!("templates/gitignore")),
];

impl Init {
    pub(super) fn run(self) -> Result<(), Failure> {
        let dir = &self.dir;
        check_folder(dir)?;
        let mut written = Vec::new();
        for (name, text) in FILES {
            if write_new(&dir.join(name), text.as_bytes(), false)
                .map_err(|error| failed(dir, name, &error))?
            {
                written.push(name);
            }
        }
        for (name, key) in
            [(CURSOR_KEY, new_key()?), (AUTH_KEY, OwnKey::generate().map_err(Failure::CannotStart)?)]
        {
            if write_new(&dir.join(name), key.as_bytes(), true).map_err(|error| failed(dir, name, &error))? {
                written.push(name);
            }
        }
        if written.is_empty() {
            err(&format!("{} has all it needs: nothing was written\n", dir.display()));
            return Ok(());
        }
        let mut text = format!("Written in {}:\n", dir.display());
        for name in &written {
            let _ = writeln!(text, "  {name}");
        }
        let _ = write!(
            text,
            "\nNext: say in comptoir.toml where your databases are, then\n  comptoir check --shop {0}\n  comptoir serve --shop {0}\n",
            dir.display()
        );
        out(&text);
        Ok(())
    }
}

/// A folder is fit when it is new, empty, a shop already, or holds nothing but what we write.
fn check_folder(dir: &Path) -> Result<(), Failure> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Failure::CannotStart(format!("{}: {error}", dir.display()))),
    };
    let names: BTreeSet<String> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    if names.contains("comptoir.toml") {
        return Ok(());
    }
    let ours = |name: &str| matches!(name, "schema" | ".gitignore" | ".git" | CURSOR_KEY | AUTH_KEY);
    match names.iter().find(|name| !ours(name)) {
        None => Ok(()),
        Some(stranger) => Err(Failure::CannotStart(format!(
            "{} is not empty and not a shop (it holds `{stranger}`): choose another folder",
            dir.display()
        ))),
    }
}

/// Writes a file that is not there yet; false when it is.
fn write_new(path: &Path, content: &[u8], secret: bool) -> io::Result<bool> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    match options.open(path) {
        Ok(mut file) => file.write_all(content).map(|()| true),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// 32 random bytes in hexadecimal, from the system's own source.
fn new_key() -> Result<String, Failure> {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| {
        Failure::CannotStart("the system gives no random bytes for the cursor key".to_owned())
    })?;
    let mut text = String::with_capacity(65);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text.push('\n');
    Ok(text)
}

fn failed(dir: &Path, name: &str, error: &io::Error) -> Failure {
    Failure::CannotStart(format!("{} cannot be written: {error}", dir.join(name).display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_gets_everything_and_a_shop_only_what_it_lacks() {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("a/shop");
        Init { dir: dir.clone() }.run().unwrap();
        for (name, text) in FILES {
            assert_eq!(fs::read_to_string(dir.join(name)).unwrap(), text);
        }
        let key = fs::read_to_string(dir.join(CURSOR_KEY)).unwrap();
        let auth_key = fs::read_to_string(dir.join(AUTH_KEY)).unwrap();
        assert_eq!(OwnKey::read(&auth_key).map(|keys| keys.len()), Some(1));
        assert_eq!(key.trim().len(), 64);
        assert!(key.trim().bytes().all(|b| b.is_ascii_hexdigit()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            for name in [CURSOR_KEY, AUTH_KEY] {
                assert_eq!(fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777, 0o600);
            }
        }
        fs::write(dir.join("comptoir.toml"), "mine").unwrap();
        fs::remove_file(dir.join("schema/shop.graphql")).unwrap();
        fs::write(dir.join("notes.txt"), "").unwrap();
        Init { dir: dir.clone() }.run().unwrap();
        assert_eq!(fs::read_to_string(dir.join("comptoir.toml")).unwrap(), "mine");
        assert_eq!(fs::read_to_string(dir.join(CURSOR_KEY)).unwrap(), key);
        assert_eq!(fs::read_to_string(dir.join(AUTH_KEY)).unwrap(), auth_key);
        assert!(dir.join("schema/shop.graphql").exists());
    }

    #[test]
    fn a_strangers_folder_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.doc"), "").unwrap();
        let Err(Failure::CannotStart(message)) = (Init { dir: dir.path().into() }).run() else {
            panic!("written")
        };
        assert!(message.contains("thesis.doc"), "{message}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_template_is_toml() {
        let parsed: Result<toml::Table, _> = toml::from_str(FILES[0].1);
        assert!(parsed.is_ok(), "{parsed:?}");
    }
}
