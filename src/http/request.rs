//! Taking GraphQL requests out of their transport: JSON bodies and query strings, one or a batch.

use axum::http::StatusCode;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use super::respond::Refusal;
use crate::graphql::{
    error::Code,
    request::{GraphqlRequest, Strategy},
};

/// Longest id of a document that is looked up.
const ID_LENGTH: usize = 200;

/// One request and what the transport reads of its `extensions`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Incoming {
    /// Blank when the document is asked for by id or hash.
    pub(super) query: String,
    pub(super) document_id: Option<String>,
    /// `extensions.persistedQuery.sha256Hash`.
    pub(super) persisted_hash: Option<String>,
    pub(super) operation_name: Option<String>,
    pub(super) variables: Map<String, Value>,
    /// `extensions.explain = true`: show plan and statements.
    pub(super) explain: bool,
    /// `extensions.strategy`: how lists are to be read.
    pub(super) strategy: Option<Strategy>,
}

impl From<Incoming> for GraphqlRequest {
    fn from(incoming: Incoming) -> Self {
        Self {
            query: incoming.query,
            document_id: incoming.document_id,
            persisted_hash: incoming.persisted_hash,
            operation_name: incoming.operation_name,
            variables: incoming.variables,
        }
    }
}

/// What a body holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parsed {
    /// A JSON object.
    One(Incoming),
    /// A JSON array of 1 to `http.batch` objects.
    Batch(Vec<Incoming>),
}

/// The parameters before they are checked. Unknown ones are passed over, repeated ones refused by serde.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    #[serde(default)]
    query: Option<Value>,
    #[serde(default)]
    document_id: Option<Value>,
    #[serde(default)]
    operation_name: Option<Value>,
    #[serde(default)]
    variables: Option<Value>,
    #[serde(default)]
    extensions: Option<Value>,
}

/// Reads the body of a POST; `batch` is the number of operations that may come at once (0: none).
pub(super) fn parse_body(body: &[u8], batch: usize) -> Result<Parsed, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| {
        bad(format!(
            "The request body is not UTF-8 (byte {} is wrong): send JSON in UTF-8.",
            error.valid_up_to()
        ))
    })?;
    // A byte order mark says nothing in UTF-8; RFC 8259 lets us pass over it.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    match text.as_bytes().first() {
        None => Err(bad("The request body is empty: send a JSON object with `query`.")),
        Some(b'{') => {
            let parameters = serde_json::from_str(text).map_err(|error| not_json(&error))?;
            check(parameters).map(Parsed::One)
        }
        Some(b'[') => parse_batch(text, batch),
        Some(_) => match serde_json::from_str::<Value>(text) {
            Err(error) => Err(not_json(&error)),
            Ok(_) => Err(bad("The request body must be a JSON object with `query`.")),
        },
    }
}

fn parse_batch(text: &str, limit: usize) -> Result<Parsed, Refusal> {
    // Unread items first: their number is checked before any of them is looked into.
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if limit == 0 {
        return Err(bad(
            "The request body is an array, and batching is off: send one operation as an object, or set \
             `batch` under [http] in comptoir.toml to the number of operations that may come at once.",
        ));
    }
    if items.is_empty() {
        return Err(bad("The batch is empty: send at least one operation."));
    }
    if items.len() > limit {
        return Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            Code::BatchTooLarge,
            format!(
                "The batch has {} operations, at most {limit} are allowed (http.batch): split it.",
                items.len()
            ),
        )
        .with("limit", "http.batch")
        .with("maximum", limit)
        .with("actual", items.len()));
    }
    let parsed = items.into_iter().enumerate().map(|(index, item)| {
        let parameters = if item.get().starts_with('{') {
            serde_json::from_str(item.get()).map_err(|error| bad(format!("It cannot be read: {error}.")))
        } else {
            Err(bad("It must be a JSON object with `query`."))
        };
        parameters
            .and_then(check)
            .map_err(|refusal| refusal.about(&format!("Operation {} of the batch: ", index + 1)))
    });
    parsed.collect::<Result<_, _>>().map(Parsed::Batch)
}

/// Reads the query string of a GET.
pub(super) fn parse_query_string(raw: &str) -> Result<Incoming, Refusal> {
    let mut parameters = Parameters::default();
    for pair in raw.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = decode(name)?;
        let slot = match name.as_str() {
            "query" => &mut parameters.query,
            "documentId" => &mut parameters.document_id,
            "operationName" => &mut parameters.operation_name,
            "variables" => &mut parameters.variables,
            "extensions" => &mut parameters.extensions,
            // Proxies and trackers add their own.
            _ => continue,
        };
        if slot.is_some() {
            return Err(bad(format!("The parameter `{name}` comes twice in the URL: send it once.")));
        }
        let value = decode(value)?;
        *slot = Some(match name.as_str() {
            "variables" | "extensions" if !value.is_empty() => serde_json::from_str(&value)
                .map_err(|error| bad(format!("The parameter `{name}` is not JSON: {error}.")))?,
            "variables" | "extensions" => Value::Null,
            "operationName" | "documentId" if value.is_empty() => Value::Null,
            _ => Value::String(value),
        });
    }
    check(parameters)
}

/// `application/x-www-form-urlencoded`: `+` is a space, `%` escapes are UTF-8.
fn decode(text: &str) -> Result<String, Refusal> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| bad("The URL's parameters are not UTF-8."))
}

fn check(parameters: Parameters) -> Result<Incoming, Refusal> {
    let Parameters { query, document_id, operation_name, variables, extensions } = parameters;
    let extensions = object("extensions", extensions)?;
    let persisted_hash = persisted(&extensions)?;
    let document_id = match document_id {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if id.len() <= ID_LENGTH => Some(id),
        Some(Value::String(_)) => {
            return Err(bad("The parameter `documentId` is too long to be one of ours."));
        }
        Some(other) => return Err(wrong_type("documentId", "a string or null", &other)),
    };
    let query = match query {
        Some(Value::String(query)) if query.trim().is_empty() => {
            return Err(bad("The parameter `query` is empty: send a GraphQL document."));
        }
        Some(Value::String(query)) => query,
        None | Some(Value::Null) if document_id.is_some() || persisted_hash.is_some() => String::new(),
        None | Some(Value::Null) => {
            return Err(bad("The parameter `query` is missing: send a GraphQL document."));
        }
        Some(other) => return Err(wrong_type("query", "a string", &other)),
    };
    let operation_name = match operation_name {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) => Some(name),
        Some(other) => return Err(wrong_type("operationName", "a string or null", &other)),
    };
    let variables = object("variables", variables)?;
    let explain = extensions.get("explain").and_then(Value::as_bool).unwrap_or(false);
    let strategy = match extensions.get("strategy") {
        None | Some(Value::Null) => None,
        Some(Value::String(word)) => Some(Strategy::named(word).ok_or_else(|| {
            bad(format!("The extension `strategy` cannot be `{word}`: it is `planned` or `gather`."))
        })?),
        Some(other) => return Err(wrong_type("extensions.strategy", "a string", other)),
    };
    Ok(Incoming { query, document_id, persisted_hash, operation_name, variables, explain, strategy })
}

/// `persistedQuery: { version: 1, sha256Hash: "…" }`, as Apollo's clients send it.
fn persisted(extensions: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let told = match extensions.get("persistedQuery") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(told)) => told,
        Some(other) => return Err(wrong_type("extensions.persistedQuery", "an object", other)),
    };
    if told.get("version").is_some_and(|version| *version != Value::from(1)) {
        return Err(bad("The extension `persistedQuery` is of a version that is not known: send version 1."));
    }
    match told.get("sha256Hash") {
        Some(Value::String(hash)) if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            Ok(Some(hash.clone()))
        }
        _ => Err(bad("The extension `persistedQuery` needs `sha256Hash`, 64 hexadecimal digits.")),
    }
}

fn object(name: &str, value: Option<Value>) -> Result<Map<String, Value>, Refusal> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(other) => Err(wrong_type(name, "an object or null", &other)),
    }
}

fn wrong_type(name: &str, wanted: &str, got: &Value) -> Refusal {
    let got = match got {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    bad(format!("The parameter `{name}` must be {wanted}, and is {got}."))
}

fn not_json(error: &serde_json::Error) -> Refusal {
    // serde's texts for its own faults and for ours (a repeated parameter) name line and column.
    bad(format!("The request body is not a JSON object of a GraphQL request: {error}."))
}

fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, Code::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(result: Result<impl std::fmt::Debug, Refusal>) -> String {
        result.unwrap_err().error.message
    }

    #[test]
    fn a_whole_request() {
        let body = br#"{"query":"query A($x:Int){a}","operationName":"A","variables":{"x":1},"extensions":{"explain":true},"other":1}"#;
        let Ok(Parsed::One(one)) = parse_body(body, 0) else { panic!("refused") };
        assert_eq!(one.operation_name.as_deref(), Some("A"));
        assert_eq!(one.variables["x"], 1);
        assert!(one.explain);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (body, expected) in [
            (&b""[..], "empty"),
            (b"  ", "empty"),
            (b"{ \"not a JSON", "line 1"),
            (b"{}", "missing"),
            (b"{\"query\":null}", "missing"),
            (b"{\"query\":\" \"}", "`query` is empty"),
            (b"{\"query\":{}}", "an object"),
            (b"{\"query\":\"{a}\",\"operationName\":0}", "a number"),
            (b"{\"query\":\"{a}\",\"variables\":[]}", "an array"),
            (b"{\"query\":\"{a}\",\"extensions\":false}", "a boolean"),
            (b"{\"query\":\"{a}\",\"query\":\"{b}\"}", "duplicate field `query`"),
            (b"\"text\"", "must be a JSON object"),
            (b"nope", "line 1"),
            (b"[{}]", "batching is off"),
            (b"{\"query\":\"\xff\"}", "not UTF-8"),
        ] {
            let message = message(parse_body(body, 0));
            assert!(message.contains(expected), "{body:?}: {message}");
        }
        // Nesting that would overflow a naive reader.
        let deep = format!("{{\"query\":\"{{a}}\",\"variables\":{}", "[".repeat(100_000));
        assert!(message(parse_body(deep.as_bytes(), 0)).contains("recursion limit"));
    }

    #[test]
    fn batches() {
        assert!(
            matches!(parse_body(b"[{\"query\":\"{a}\"},{\"query\":\"{b}\"}]", 2), Ok(Parsed::Batch(items)) if items.len() == 2)
        );
        assert!(message(parse_body(b"[]", 2)).contains("empty"));
        let many = b"[{\"query\":\"{a}\"},{\"query\":\"{a}\"},{\"query\":\"{a}\"}]";
        let refusal = parse_body(many, 2).unwrap_err();
        assert_eq!(refusal.error.extensions["code"], "BATCH_TOO_LARGE");
        assert_eq!(refusal.error.extensions["maximum"], 2);
        assert!(
            message(parse_body(b"[{\"query\":\"{a}\"},{}]", 2)).starts_with("Operation 2 of the batch: ")
        );
        assert!(message(parse_body(b"[1]", 2)).contains("Operation 1"));
    }

    #[test]
    fn query_strings() {
        let one =
            parse_query_string("query=%7Ba%7D+%23%C3%A9&variables=%7B%22x%22%3A1%7D&operationName=&utm=1")
                .unwrap();
        assert_eq!(one.query, "{a} #é");
        assert_eq!(one.variables["x"], 1);
        assert_eq!(one.operation_name, None);
        assert!(message(parse_query_string("query={a}&query={b}")).contains("twice"));
        assert!(message(parse_query_string("query={a}&variables=%7B")).contains("`variables` is not JSON"));
        assert!(message(parse_query_string("query={a}&variables=1")).contains("a number"));
        assert!(message(parse_query_string("query=%ff")).contains("UTF-8"));
        assert!(message(parse_query_string("")).contains("missing"));
    }
}
