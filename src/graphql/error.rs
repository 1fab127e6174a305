//! Errors that clients see: one enum of stable codes, and the error object of the response.

use serde::Serialize;

/// The stable codes of `extensions.code`. Clients branch on them; messages may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum Code {
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// A variable's value does not fit its type.
    BadVariable,
    /// The document has several operations and none was named, or not the named one.
    OperationNotFound,
    /// The HTTP request is not a GraphQL request.
    BadRequest,
    /// A mutation came by GET.
    MethodNotAllowed,
    /// An argument is wrong in a way the type cannot say.
    BadArgument,
    /// A cursor that is not one of ours, or of another list.
    BadCursor,
    /// A price that should be there cannot be told: the tariff is not supported, a rate is missing.
    PriceRefused,
    /// `first` above the page limit.
    PageTooLarge,
    /// This filter cannot be answered exactly.
    UnsupportedFilter,
    /// This sort cannot be answered exactly.
    UnsupportedSort,
    /// Answering would read more rows than `limits.scan_rows`, or hold more records than `limits.gather`.
    ScanBudgetExceeded,
    /// The list is too long (`limits.gather`) to be sorted by a text or an inherited field.
    SortNeedsIndex,
    /// The source that a value or an existence depends on did not answer.
    SourceUnavailable,
    /// Two rows for one key in a source.
    DuplicateKey,
    /// A source holds something that does not fit the field's type.
    BadValue,
    /// One barcode on two references.
    AmbiguousBarcode,
    /// A customer's own code for several references.
    AmbiguousCode,
    /// No source of the shop holds customers.
    NoCustomers,
    /// More bytes than `limits.body`.
    BodyTooLarge,
    /// More tokens than `limits.tokens`.
    TooManyTokens,
    /// Deeper than `limits.depth`.
    TooDeep,
    /// More aliases than `limits.aliases`.
    TooManyAliases,
    /// More root fields than `limits.root_fields`.
    TooManyRootFields,
    /// Dearer than `limits.cost`.
    TooExpensive,
    /// More operations in a batch than `http.batch`.
    BatchTooLarge,
    /// Longer than `limits.request_seconds`.
    RequestTimeout,
    /// More than may be asked at this time (`[rate]`).
    RateLimited,
    /// A document that is none of the shop's trusted ones.
    DocumentNotTrusted,
    /// No document of this hash is known: send it with its text.
    PersistedQueryNotFound,
    /// Persisted queries are not taken.
    PersistedQueryNotSupported,
    /// A text that is not the one of its hash.
    PersistedQueryMismatch,
    /// Introspection is switched off.
    IntrospectionDisabled,
    /// The field needs a right the viewer lacks.
    Forbidden,
    /// The token has a mistake.
    TokenInvalid,
    /// The token was good once.
    TokenExpired,
    /// The token is not good yet.
    TokenNotYetValid,
    /// The token, its session or its account was ended.
    TokenRevoked,
    /// Whether the token is good cannot be known now.
    AuthUnavailable,
    /// A password or token is written into the document, where it would be kept.
    SecretInDocument,
    /// The site database does not answer.
    SiteUnavailable,
    /// A fault of ours.
    Internal,
}

/// A line and column of the document, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// A piece of a response path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PathPart {
    /// A response key.
    Key(std::sync::Arc<str>),
    /// A list index.
    Index(usize),
}

/// An error as the response carries it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GraphqlError {
    /// For people.
    pub message: String,
    /// Where in the document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<Location>,
    /// Where in the answer; `None` for request errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<PathPart>>,
    /// For programs: `code` and what else helps (`limit`, `source`, `cause`…).
    pub extensions: serde_json::Map<String, serde_json::Value>,
}

impl GraphqlError {
    /// An error with a code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let mut extensions = serde_json::Map::new();
        extensions.insert("code".into(), serde_json::to_value(code).unwrap_or_default());
        Self { message: message.into(), locations: Vec::new(), path: None, extensions }
    }

    /// Its code, as clients see it.
    pub fn code(&self) -> &str {
        self.extensions.get("code").and_then(serde_json::Value::as_str).unwrap_or("INTERNAL")
    }

    /// Whether this is the error's code.
    pub fn is(&self, code: Code) -> bool {
        serde_json::to_value(code).is_ok_and(|code| self.extensions.get("code") == Some(&code))
    }

    /// With a reason before what it says.
    #[must_use]
    pub fn because(mut self, reason: impl std::fmt::Display) -> Self {
        self.message = format!("{reason} {}", self.message);
        self
    }

    /// Without a guess at what was meant, which would tell the schema to who may not read it.
    #[must_use]
    pub fn without_guess(mut self) -> Self {
        if let Some(at) = self.message.find(" Did you mean") {
            self.message.truncate(at);
        }
        self
    }

    /// Adds a place in the document.
    #[must_use]
    pub fn at(mut self, line: usize, column: usize) -> Self {
        self.locations.push(Location { line, column });
        self
    }

    /// Adds an extension.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<serde_json::Value>) -> Self {
        self.extensions.insert(key.into(), value.into());
        self
    }
}
