//! Documents that need not be sent: the shop's trusted ones, asked for by name or hash, and those that clients have sent
//! before (automatic persisted queries). Where only trusted documents are run, this is what refuses the others.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use async_graphql::dynamic::Schema;
use bytes::Bytes;
use serde_json::Value as Json;

use super::{
    error::{Code, GraphqlError},
    operation,
    request::GraphqlRequest,
    types::TypeSystem,
};
use crate::{
    auth::{
        rights::Right,
        viewer::{Viewer, ViewerKind},
    },
    cache::{Cache, Space},
    config::{DocumentsConfig, Limits},
    diagnostics::{Diagnostics, Place},
    telemetry::metrics,
};

/// How long a persisted query is kept after it was sent.
const KEEP: Duration = Duration::from_hours(24);
/// Bytes of a text that is kept: longer ones run, and are sent in full each time.
const LONGEST: usize = 16 << 10;

/// The documents that may be asked for without their text.
#[derive(Clone, Debug)]
pub struct Documents {
    /// By name and by hash.
    trusted: HashMap<String, Arc<str>>,
    only: bool,
    staff_free: bool,
    automatic: Option<Cache>,
}

/// The document that a request is about.
#[derive(Debug)]
pub struct Asked {
    /// Its text.
    pub text: Arc<str>,
    /// The hash under which it is kept, once it has proved to be valid.
    keep: Option<String>,
}

impl Documents {
    /// Reads and validates a shop's trusted documents. Everything wrong is reported.
    pub fn read(
        config: &DocumentsConfig,
        cache: &Cache,
        (types, second, limits): (&TypeSystem, Option<&Schema>, &Limits),
        diags: &mut Diagnostics,
    ) -> Self {
        let mut reader =
            Reader { shown: &config.shown, types, second, limits, trusted: HashMap::new(), diags };
        reader.folder(config);
        let trusted = reader.trusted;
        if config.only && trusted.is_empty() && !diags.has_errors() {
            diags.error(
                "NO_DOCUMENTS",
                config.place.clone().unwrap_or_else(|| Place::new("comptoir.toml", 0, 0)),
                format!("[documents] takes trusted documents only, and {} holds none", config.shown),
                "put *.graphql files or a manifest there, or remove `only`",
            );
        }
        let automatic = config.automatic.then(|| cache.clone());
        Self { trusted, only: config.only, staff_free: config.staff_free, automatic }
    }

    /// How many names and hashes there are.
    pub fn len(&self) -> usize {
        self.trusted.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.trusted.is_empty()
    }

    /// The document that a request means.
    ///
    /// # Errors
    /// A document that is not known or not trusted; a text that is not the one of its hash.
    pub async fn find(&self, request: &GraphqlRequest, viewer: &Viewer) -> Result<Asked, GraphqlError> {
        let asked = |text: &Arc<str>| Ok(Asked { text: text.clone(), keep: None });
        let text = request.query.as_str();
        if let Some(id) = &request.document_id {
            if !text.is_empty() || request.persisted_hash.is_some() {
                let message =
                    "`documentId` comes together with `query` or a persisted query: send one of them.";
                return Err(GraphqlError::new(Code::BadRequest, message));
            }
            return self.trusted.get(named(id)).map_or_else(|| Err(not_trusted(false)), asked);
        }
        let Some(hash) = request.persisted_hash.as_deref().map(str::to_ascii_lowercase) else {
            if self.free(viewer) {
                return Ok(Asked { text: text.into(), keep: None });
            }
            // A trusted document may come in full.
            return self.trusted.get(&sha256(text)).map_or_else(|| Err(not_trusted(true)), asked);
        };
        if !text.is_empty() && sha256(text) != hash {
            let message = "`sha256Hash` is not the hash of `query`: nothing was run and nothing was kept.";
            return Err(GraphqlError::new(Code::PersistedQueryMismatch, message));
        }
        if let Some(known) = self.trusted.get(&hash) {
            return asked(known);
        }
        if !self.free(viewer) {
            return Err(not_trusted(true));
        }
        let Some(cache) = &self.automatic else {
            // The words that Apollo's clients look for, here and below.
            return if text.is_empty() {
                Err(GraphqlError::new(Code::PersistedQueryNotSupported, "PersistedQueryNotSupported"))
            } else {
                Ok(Asked { text: text.into(), keep: None })
            };
        };
        if !text.is_empty() {
            return Ok(Asked { text: text.into(), keep: Some(hash) });
        }
        let kept = cache.get(Space::Documents, &hash).await;
        // What is shared is not believed: whoever can write to Redis cannot choose what a hash means.
        let kept =
            kept.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok()).filter(|t| sha256(t) == hash);
        metrics::cache("persisted", kept.is_some());
        match kept {
            Some(text) => Ok(Asked { text: text.into(), keep: None }),
            None => Err(GraphqlError::new(Code::PersistedQueryNotFound, "PersistedQueryNotFound")),
        }
    }

    /// Keeps a document that was sent with its hash: called once it is known to be valid.
    pub async fn keep(&self, asked: &Asked) {
        if let (Some(hash), Some(cache)) = (&asked.keep, &self.automatic)
            && asked.text.len() <= LONGEST
            && cache.own(Space::Documents, hash).is_none_or(|(_, age)| age > KEEP / 2)
        {
            let text = Bytes::copy_from_slice(asked.text.as_bytes());
            cache.put(Space::Documents, hash.clone(), text, KEEP).await;
        }
    }

    /// Whether a viewer may send any document.
    fn free(&self, viewer: &Viewer) -> bool {
        let plans = || viewer.rights.allows(Right::Plan);
        !self.only || (self.staff_free && viewer.kind == ViewerKind::Staff && plans())
    }
}

/// An id without the scheme that GraphQL over HTTP lets clients put before a hash.
fn named(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

fn not_trusted(text: bool) -> GraphqlError {
    let message = if text {
        "This shop runs trusted documents only: ask for one of them by `documentId` ([documents] only)."
    } else {
        "There is no trusted document of this id."
    };
    GraphqlError::new(Code::DocumentNotTrusted, message)
}

/// The SHA-256 of a text, in hexadecimal digits.
pub fn sha256(text: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|b| format!("{b:02x}")).collect()
}

/// Reads a folder of documents.
struct Reader<'a> {
    shown: &'a str,
    types: &'a TypeSystem,
    second: Option<&'a Schema>,
    limits: &'a Limits,
    trusted: HashMap<String, Arc<str>>,
    diags: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn folder(&mut self, config: &DocumentsConfig) {
        let entries = match std::fs::read_dir(&config.dir) {
            Ok(entries) => entries,
            Err(error) => {
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                // Only a folder that somebody named has to be there.
                if let Some(place) = config.place.clone().filter(|_| missing) {
                    let message = format!("`dir`: there is no folder {}", self.shown);
                    self.diags.error("UNREADABLE_FILE", place, message, "make it, or remove `dir`");
                } else if !missing {
                    let place = Place::new(self.shown, 0, 0);
                    let help = "make it a folder that may be read, or take it away";
                    self.diags.error("UNREADABLE_FILE", place, format!("cannot be read: {error}"), help);
                }
                return;
            }
        };
        let mut files: Vec<PathBuf> = entries.filter_map(|e| Some(e.ok()?.path())).collect();
        files.sort();
        for path in files {
            let ending = path.extension().and_then(|e| e.to_str()).unwrap_or("");
            if !matches!(ending, "graphql" | "json") {
                continue;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let shown = format!("{}/{name}", self.shown);
            let text = match std::fs::read_to_string(&path) {
                Ok(text) => text,
                Err(error) => {
                    let help = "check the file's rights and that it is UTF-8 text";
                    let place = Place::new(shown, 0, 0);
                    self.diags.error("UNREADABLE_FILE", place, format!("cannot be read: {error}"), help);
                    continue;
                }
            };
            if ending == "json" {
                self.manifest(&shown, &text);
            } else {
                let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                self.document(&id, &text, &|line, column| Place::new(shown.clone(), line, column));
            }
        }
    }

    /// `{"ID": "TEXT", …}`, or the manifest that Apollo's tools write.
    fn manifest(&mut self, shown: &str, text: &str) {
        let parsed: Json = match serde_json::from_str(text) {
            Ok(parsed) => parsed,
            Err(error) => {
                let place = Place::new(shown, error.line(), error.column());
                self.diags.error(
                    "BAD_MANIFEST",
                    place,
                    format!("not JSON: {error}"),
                    "write {\"ID\": \"TEXT\"}",
                );
                return;
            }
        };
        let entries: Option<Vec<(String, String)>> = match (parsed.get("operations"), &parsed) {
            (Some(Json::Array(operations)), _) => operations
                .iter()
                .map(|o| Some((o.get("id")?.as_str()?.to_owned(), o.get("body")?.as_str()?.to_owned())))
                .collect(),
            (None, Json::Object(map)) => {
                map.iter().map(|(id, text)| Some((id.clone(), text.as_str()?.to_owned()))).collect()
            }
            _ => None,
        };
        let Some(entries) = entries else {
            let message = "the manifest does not give each id its text";
            let help = "write {\"ID\": \"TEXT\"}, or the manifest of Apollo's tools";
            self.diags.error("BAD_MANIFEST", Place::new(shown, 1, 1), message, help);
            return;
        };
        for (id, document) in entries {
            // The text is one line of JSON: where its id stands is the nearest place there is.
            let quoted = Json::String(id.clone()).to_string();
            let at = Place::of_offset(shown, text, text.find(&quoted).unwrap_or(0));
            self.document(&id, &document, &|_, _| at.clone());
        }
    }

    /// One document with an id; `place` is where a line and column of it stand.
    fn document(&mut self, id: &str, text: &str, place: &dyn Fn(usize, usize) -> Place) {
        let hash = sha256(text);
        if id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit()) && !id.eq_ignore_ascii_case(&hash) {
            let help = format!("its hash is {hash}; or give it a name that is no hash");
            self.diags.error(
                "BAD_DOCUMENT_ID",
                place(1, 1),
                format!("{id} is not the hash of its text"),
                help,
            );
            return;
        }
        let errors = operation::check_all(self.types, self.second, self.limits, text);
        for error in &errors {
            let (line, column) = error.locations.first().map_or((1, 1), |at| (at.line, at.column));
            let code = error.extensions.get("code").and_then(Json::as_str).unwrap_or_default();
            self.diags.error(
                "BAD_DOCUMENT",
                place(line, column),
                format!("document `{id}`: {} ({code})", error.message),
                "correct it: it would be refused whenever it is asked for",
            );
        }
        if !errors.is_empty() {
            return;
        }
        let text: Arc<str> = text.into();
        if self.trusted.get(id).is_some_and(|known| *known != text) {
            let help = "give each document a name of its own";
            self.diags.error("DUPLICATE", place(1, 1), format!("two documents are named `{id}`"), help);
            return;
        }
        self.trusted.insert(id.to_owned(), text.clone());
        self.trusted.insert(hash, text);
    }
}

#[cfg(test)]
#[path = "documents_tests.rs"]
mod tests;
