//! `/graphql`: from an HTTP request to the executor and back.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Extension, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, future};

use super::{
    App, GUARD,
    caller::Caller,
    negotiate::{self, Media, Unsupported},
    observe::RequestId,
    request::{self, Incoming, Parsed},
    respond::{self, GRAPHQL_METHODS, Refusal},
};
use crate::{
    graphql::{
        error::{Code, GraphqlError},
        request::{GraphqlResponse, Outcome, RequestContext},
    },
    telemetry::metrics,
};

/// How much of a body that is too large is read and thrown away, so that its sender gets to read why.
const DRAIN_BYTES: usize = 8 << 20;
/// How long that may take.
const DRAIN_TIME: Duration = Duration::from_secs(1);

/// Answers any request to `/graphql`.
pub(super) async fn handle(
    State(app): State<App>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let method = request.method().clone();
    if method == Method::OPTIONS {
        // No CORS header: browsers read this as "not from other origins".
        let mut response = respond::json(StatusCode::NO_CONTENT, "application/json", Bytes::new());
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().insert(header::ALLOW, GRAPHQL_METHODS);
        return response;
    }
    let Some(media) = negotiate::media(request.headers()) else {
        return not_acceptable().respond(Media::Json);
    };
    match method {
        Method::POST => post(&app, id, media, request).await,
        Method::GET | Method::HEAD => get(&app, id, media, request).await,
        other => method_not_allowed(&other).respond(media),
    }
}

async fn post(app: &App, id: RequestId, media: Media, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let caller = match Caller::of(app, &head, &id.0, true).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.respond(media),
    };
    if let Err(reason) = negotiate::check_body_type(&head.headers) {
        return unsupported(&reason).respond(media);
    }
    let limit = app.options.limits.body;
    let time = app.options.limits.request;
    let body = match tokio::time::timeout(time, read_body(&head.headers, body, limit)).await {
        Ok(Ok(body)) => body,
        Ok(Err(refusal)) => return refusal.respond(media),
        Err(_) => return slow_body(time).respond(media),
    };
    let parsed = match request::parse_body(&body, app.options.http.batch) {
        Ok(parsed) => parsed,
        Err(refusal) => return refusal.respond(media),
    };
    drop(body);
    let languages = negotiate::languages(&head.headers);
    match parsed {
        Parsed::One(incoming) => {
            let context = context(id.0, languages, false, caller, &incoming);
            respond::one(media, execute(app, incoming, context).await, &app.cookies)
        }
        Parsed::Batch(items) => {
            let runs = items.into_iter().enumerate().map(|(index, incoming)| {
                let id = format!("{}.{}", id.0, index + 1);
                let context = context(id, languages.clone(), false, caller.clone(), &incoming);
                execute(app, incoming, context)
            });
            respond::batch(media, &future::join_all(runs).await, &app.cookies)
        }
    }
}

async fn get(app: &App, id: RequestId, media: Media, request: Request) -> Response {
    // Only the head: a body is not Sync and would keep this future from moving between threads.
    let (head, _) = request.into_parts();
    let caller = match Caller::of(app, &head, &id.0, false).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal.respond(media),
    };
    match request::parse_query_string(head.uri.query().unwrap_or("")) {
        Ok(incoming) => {
            let context = context(id.0, negotiate::languages(&head.headers), true, caller, &incoming);
            respond::one(media, execute(app, incoming, context).await, &app.cookies)
        }
        Err(refusal) => refusal.respond(media),
    }
}

fn context(
    request_id: String,
    languages: Vec<String>,
    read_only: bool,
    caller: Caller,
    incoming: &Incoming,
) -> RequestContext {
    RequestContext {
        request_id,
        languages,
        read_only,
        explain: incoming.explain,
        strategy: incoming.strategy,
        viewer: caller.viewer,
        origin: caller.origin,
        refresh_cookie: caller.refresh_cookie,
    }
}

/// Runs one operation. The executor keeps the time limit itself; this is the net below it.
async fn execute(app: &App, incoming: Incoming, context: RequestContext) -> GraphqlResponse {
    let limit = app.options.limits.request;
    let trace = context.request_id.clone();
    let operation = incoming.operation_name.clone();
    let run = app.executor.execute(incoming.into(), context);
    if let Ok(answer) = tokio::time::timeout(limit + GUARD, run).await {
        return answer;
    }
    let error = GraphqlError::new(
        Code::RequestTimeout,
        format!(
            "The request took longer than {} seconds (limits.request_seconds): ask for less at once.",
            limit.as_secs_f64()
        ),
    )
    .with("limit", "limits.request_seconds")
    .with("traceId", trace);
    metrics::error(error.code());
    GraphqlResponse {
        body: respond::error_body(&error),
        outcome: Outcome::TimedOut,
        errors: 1,
        operation,
        refresh_cookie: None,
    }
}

/// The whole body, at most `limit` bytes of it.
async fn read_body(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Refusal> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok());
    let mut stream = body.into_data_stream();
    let mut collected = BytesMut::with_capacity(announced.unwrap_or(0).min(limit));
    let mut too_large = announced.is_some_and(|length| length > limit);
    while !too_large {
        match stream.next().await {
            None => return Ok(collected.freeze()),
            Some(Ok(chunk)) if collected.len() + chunk.len() > limit => too_large = true,
            Some(Ok(chunk)) => collected.extend_from_slice(&chunk),
            Some(Err(_)) => {
                return Err(Refusal::new(
                    StatusCode::BAD_REQUEST,
                    Code::BadRequest,
                    "The request body broke off before its end.",
                ));
            }
        }
    }
    drop(collected);
    let drain = async {
        let mut drained = 0;
        while let Some(Ok(chunk)) = stream.next().await {
            drained += chunk.len();
            if drained > DRAIN_BYTES {
                break;
            }
        }
    };
    // Whether it was drained or not, the answer is the same.
    let _ = tokio::time::timeout(DRAIN_TIME, drain).await;
    Err(Refusal::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        Code::BodyTooLarge,
        format!("The request body is larger than {limit} bytes (limits.body): send less, or use variables."),
    )
    .with("limit", "limits.body")
    .with("maximum", limit))
}

fn slow_body(time: Duration) -> Refusal {
    Refusal::new(
        StatusCode::REQUEST_TIMEOUT,
        Code::RequestTimeout,
        format!(
            "The request body took longer than {} seconds to arrive (limits.request_seconds).",
            time.as_secs_f64()
        ),
    )
    .with("limit", "limits.request_seconds")
}

fn not_acceptable() -> Refusal {
    Refusal::new(
        StatusCode::NOT_ACCEPTABLE,
        Code::BadRequest,
        "`Accept` must allow application/json or application/graphql-response+json.",
    )
}

fn method_not_allowed(method: &Method) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Code::MethodNotAllowed,
        format!("{method} is not answered here: use POST, or GET for queries."),
    )
    .header(header::ALLOW, GRAPHQL_METHODS)
}

fn unsupported(reason: &Unsupported) -> Refusal {
    let message = match reason {
        Unsupported::NoType => "`Content-Type` is missing: send `application/json`.".to_owned(),
        Unsupported::Type(media) => {
            format!("`Content-Type: {media}` is not taken: send `application/json`.")
        }
        Unsupported::Charset(charset) => {
            format!("The charset `{charset}` is not taken: send JSON in UTF-8.")
        }
        Unsupported::Encoding(encoding) => {
            format!("`Content-Encoding: {encoding}` is not taken: send the body uncompressed.")
        }
    };
    let refusal = Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::BadRequest, message);
    match reason {
        Unsupported::Encoding(_) => {
            refusal.header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"))
        }
        _ => refusal.header(header::ACCEPT, HeaderValue::from_static("application/json")),
    }
}
