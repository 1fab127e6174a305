//! From text to a checked operation, once: parsed, validated, measured and kept by its text. Equal
//! texts that arrive together are prepared once; refusals are kept for a short while too.

use std::{
    borrow::Borrow,
    collections::HashSet,
    hash::{Hash, Hasher},
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::dynamic::Schema;
use async_graphql_value::ConstValue;
use moka::{Expiry, future::Cache};

use super::{
    coerce::Variables,
    collect::condition_variables,
    error::{Code, GraphqlError},
    limits::{self, Size},
    secrets,
    syntax::{self, Document, Operation, Value, ValueNode},
    types::TypeSystem,
    validate::{self, View},
};
use crate::{config::Limits, telemetry::metrics};

/// How long a refusal is remembered.
const KEEP_REFUSALS: Duration = Duration::from_secs(10);
/// Bytes a token costs once it is part of a tree, roughly.
const BYTES_PER_TOKEN: usize = 160;
/// Bytes of an entry beside its text and tree, roughly.
const BYTES_PER_ENTRY: usize = 1_024;

/// A checked operation. Holds nothing of a request: no variables, no viewer.
#[derive(Debug)]
pub struct Prepared {
    /// The whole document, for its fragments.
    pub document: Document,
    /// The operation that runs.
    pub operation: Operation,
    /// The operation's name.
    pub name: Option<Arc<str>>,
    /// The variables that `@skip` and `@include` depend on, sorted.
    pub condition_variables: Vec<Arc<str>>,
    /// What `@inContext(language:)` says, a string or a variable.
    pub language: Option<Value>,
    /// The variables that hold secrets, or may.
    pub secrets: HashSet<Arc<str>>,
    /// Its size.
    pub size: Size,
}

impl Prepared {
    /// The language that `@inContext` asks for.
    pub fn language(&self, variables: &Variables) -> Option<String> {
        match &self.language.as_ref()?.node {
            ValueNode::Str { value, .. } => Some(value.to_string()),
            ValueNode::Variable(name) => match variables.get(name) {
                Some(ConstValue::String(text)) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        }
    }
}

/// Prepared or refused.
type Outcome = Result<Arc<Prepared>, Arc<Vec<GraphqlError>>>;

/// Documents by text and operation name. The text itself is the key, so two documents can never be
/// taken for one another.
#[derive(Clone)]
pub struct Operations {
    types: Arc<TypeSystem>,
    second: Option<Schema>,
    limits: Limits,
    /// Errors may say what was perhaps meant.
    guesses: bool,
    cache: Cache<Key, Outcome>,
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operations").field("entries", &self.cache.entry_count()).finish_non_exhaustive()
    }
}

impl Operations {
    /// A cache of at most about `bytes` bytes over a type system. `second` is the async-graphql schema
    /// of the same types, whose validator is heard too.
    pub fn new(types: Arc<TypeSystem>, second: Option<Schema>, limits: Limits, bytes: u64) -> Self {
        let cache = Cache::builder()
            .max_capacity(bytes)
            .weigher(|key: &Key, outcome: &Outcome| {
                let held = match outcome {
                    Ok(prepared) => prepared.document.tokens.saturating_mul(BYTES_PER_TOKEN),
                    Err(errors) => errors.len().saturating_mul(BYTES_PER_ENTRY),
                };
                let weight = BYTES_PER_ENTRY.saturating_add(key.query.len()).saturating_add(held);
                u32::try_from(weight).unwrap_or(u32::MAX)
            })
            .expire_after(ForgetRefusals)
            .build();
        Self { types, second, limits, guesses: true, cache }
    }

    /// Errors say no more than that something is wrong: for a shop whose schema is not told.
    #[must_use]
    pub fn without_guesses(mut self) -> Self {
        self.guesses = false;
        self
    }

    /// Finds or makes the checked operation of a document.
    ///
    /// # Errors
    /// Everything that is wrong with the document: syntax, validation, limits, the operation's name.
    pub async fn prepare(
        &self,
        query: &str,
        operation_name: Option<&str>,
    ) -> Result<Arc<Prepared>, Vec<GraphqlError>> {
        let asked: &dyn AsKey = &(query, operation_name);
        let kept = self.cache.get(asked).await;
        metrics::cache("documents", kept.is_some());
        let outcome = if let Some(outcome) = kept {
            outcome
        } else {
            let key = Key { query: query.into(), name: operation_name.map(Into::into) };
            let made = self.cache.try_get_with(key, async {
                let made = prepare(&self.types, self.second.as_ref(), &self.limits, query, operation_name);
                match made {
                    Ok(prepared) => Ok(Ok(Arc::new(prepared))),
                    // The text may hold what nobody is to keep.
                    Err(errors) if query.contains("mutation") || errors.iter().any(may_tell) => Err(errors),
                    Err(errors) => Ok(Err(Arc::new(errors))),
                }
            });
            made.await.map_err(|errors| errors.as_ref().clone())?
        };
        outcome.map_err(|errors| {
            let told = errors.iter().cloned();
            if self.guesses { told.collect() } else { told.map(GraphqlError::without_guess).collect() }
        })
    }

    /// How many documents are kept, refused ones included.
    pub fn entries(&self) -> u64 {
        self.cache.entry_count()
    }

    /// The types that documents are checked against.
    pub fn types(&self) -> &Arc<TypeSystem> {
        &self.types
    }
}

/// Whether a refusal is of a text in which a secret stands, or may stand: what cannot be read may be anything.
fn may_tell(error: &GraphqlError) -> bool {
    error.is(Code::SecretInDocument) || error.is(Code::GraphqlParseFailed)
}

/// Parses, validates and measures one operation, without a cache.
///
/// # Errors
/// Everything that is wrong with the document.
pub fn prepare(
    types: &TypeSystem,
    second: Option<&Schema>,
    limits: &Limits,
    query: &str,
    operation_name: Option<&str>,
) -> Result<Prepared, Vec<GraphqlError>> {
    let document = syntax::parse(query, limits.tokens).map_err(|error| vec![error])?;
    // Before validation, whose messages repeat values.
    let secrets = secrets::find(View { types }, &document);
    if !secrets.errors.is_empty() {
        return Err(secrets.errors);
    }
    let errors = validate::validate(types, &document);
    if !errors.is_empty() {
        return Err(errors);
    }
    if let Some(errors) = second.and_then(|schema| validate::second::opinion(schema, &document))
        && !errors.is_empty()
    {
        return Err(errors);
    }
    let index = choose(&document, operation_name).map_err(|error| vec![error])?;
    let Some(operation) = document.operations.get(index).cloned() else {
        return Err(vec![GraphqlError::new(Code::OperationNotFound, "Must provide an operation.")]);
    };
    let size = limits::size(&document, &operation);
    let errors = limits::check(&size, &operation, limits);
    if !errors.is_empty() {
        return Err(errors);
    }
    let language = operation
        .directives
        .iter()
        .find(|directive| &*directive.name.name == "inContext")
        .and_then(|directive| directive.arg("language"))
        .cloned();
    Ok(Prepared {
        name: operation.name.as_ref().map(|name| name.name.clone()),
        condition_variables: condition_variables(&document, &operation.selection),
        secrets: secrets.variables,
        language,
        size,
        operation,
        document,
    })
}

/// Everything that is wrong with any operation of a document.
pub fn check_all(
    types: &TypeSystem,
    second: Option<&Schema>,
    limits: &Limits,
    query: &str,
) -> Vec<GraphqlError> {
    let names: Vec<Option<Arc<str>>> = match syntax::parse(query, limits.tokens) {
        Ok(document) => {
            document.operations.iter().map(|o| o.name.as_ref().map(|name| name.name.clone())).collect()
        }
        Err(error) => return vec![error],
    };
    if names.is_empty() {
        return vec![GraphqlError::new(Code::OperationNotFound, "Must provide an operation.")];
    }
    let mut errors = Vec::new();
    for name in names {
        for error in prepare(types, second, limits, query, name.as_deref()).err().unwrap_or_default() {
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
    errors
}

fn choose(document: &Document, name: Option<&str>) -> Result<usize, GraphqlError> {
    match name {
        Some(name) => document
            .operations
            .iter()
            .position(|operation| operation.name.as_ref().is_some_and(|own| &*own.name == name))
            .ok_or_else(|| {
                GraphqlError::new(Code::OperationNotFound, format!("Unknown operation named \"{name}\"."))
            }),
        None if document.operations.len() > 1 => Err(GraphqlError::new(
            Code::OperationNotFound,
            "Must provide operation name if query contains multiple operations.",
        )),
        None => Ok(0),
    }
}

struct ForgetRefusals;

impl Expiry<Key, Outcome> for ForgetRefusals {
    fn expire_after_create(&self, _: &Key, outcome: &Outcome, _: Instant) -> Option<Duration> {
        outcome.is_err().then_some(KEEP_REFUSALS)
    }
}

#[derive(Clone, Debug)]
struct Key {
    query: Arc<str>,
    name: Option<Arc<str>>,
}

/// A key that is owned or only looked at, so that a hit copies no text.
trait AsKey: Sync {
    fn parts(&self) -> (&str, Option<&str>);
}

impl AsKey for Key {
    fn parts(&self) -> (&str, Option<&str>) {
        (&self.query, self.name.as_deref())
    }
}

impl AsKey for (&str, Option<&str>) {
    fn parts(&self) -> (&str, Option<&str>) {
        *self
    }
}

impl Hash for dyn AsKey + '_ {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for dyn AsKey + '_ {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for dyn AsKey + '_ {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Key {}

impl<'a> Borrow<dyn AsKey + 'a> for Key {
    fn borrow(&self) -> &(dyn AsKey + 'a) {
        self
    }
}

#[cfg(test)]
mod tests;
