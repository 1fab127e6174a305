//! Traces, sent to a collector over OTLP (HTTP, protobuf): a span for each request, one for each level of its plan,
//! one for each statement. Without [`start`] no span is made, and asking costs one load.
//!
//! A span never holds variables, parameters, tokens or anything else a client or a source might keep secret.

use std::{
    future::Future,
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use axum::http::{HeaderMap, Method};
use futures::future::Either;
use opentelemetry::{
    Context, KeyValue,
    propagation::{Extractor, TextMapPropagator},
    trace::{
        FutureExt as _, Span as _, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
        WithContext,
    },
};
use opentelemetry_otlp::{Protocol, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};

/// Where traces go.
#[derive(Clone, Debug, PartialEq)]
pub struct Collector {
    /// Its address, as `http://127.0.0.1:4318`; spans go to `/v1/traces` below it.
    pub endpoint: String,
    /// What this service is called there.
    pub service: String,
    /// Which share of the requests is traced that no caller decided about, from 0 to 1.
    pub sample: f64,
    /// Whether a `traceparent` header is followed. It decides what is traced, and under which trace: only where
    /// whoever sends it, or a proxy that replaces what clients wrote, is one of ours.
    pub trust_traceparent: bool,
}

struct Tracing {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    propagator: TraceContextPropagator,
    trusts: bool,
}

/// Characters of a name that a client chose (an operation's, a path of response keys) in a span at most.
const NAMED: usize = 128;

static TRACING: OnceLock<Tracing> = OnceLock::new();

/// Traces from now on, in this process. A second call changes nothing. The collector may be down: spans that it does
/// not take in time are dropped, requests never wait for it.
///
/// # Errors
/// The collector's address cannot be used; the text says why.
pub fn start(collector: &Collector) -> Result<(), String> {
    if TRACING.get().is_some() {
        return Ok(());
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", collector.endpoint.trim_end_matches('/')))
        .with_timeout(Duration::from_secs(5))
        .build()
        .map_err(|error| error.to_string())?;
    let resource = Resource::builder()
        .with_service_name(collector.service.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(collector.sample))))
        .with_resource(resource)
        .build();
    let tracer = provider.tracer("comptoir");
    let (propagator, trusts) = (TraceContextPropagator::new(), collector.trust_traceparent);
    let tracing = Tracing { provider, tracer, propagator, trusts };
    if let Err(late) = TRACING.set(tracing) {
        let _ = late.provider.shutdown();
    }
    Ok(())
}

/// Sends what is left. Waits a few seconds at most.
pub fn flush() {
    if let Some(tracing) = TRACING.get()
        && let Err(error) = tracing.provider.force_flush()
    {
        tracing::warn!(%error, "the last spans could not be sent to the collector");
    }
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(axum::http::HeaderName::as_str).collect()
    }
}

/// Whether the headers name a caller's span as the W3C's Trace Context (level 1, 3.2) says: one header; `version-trace-span-flags`
/// in small hexadecimal digits of these lengths; later versions may say more behind it. (The library takes shorter ids.)
fn sound_parent(headers: &HeaderMap) -> bool {
    let mut said = headers.get_all("traceparent").iter();
    let (Some(parent), None) = (said.next(), said.next()) else { return false };
    let Ok(parent) = parent.to_str() else { return false };
    let parts: Vec<&str> = parent.split('-').collect();
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let [version, trace, span, flags, more @ ..] = parts.as_slice() else { return false };
    let filled = |id: &str| id.bytes().any(|b| b != b'0');
    hex(version, 2)
        && *version != "ff"
        && (*version != "00" || more.is_empty())
        && hex(trace, 32)
        && filled(trace)
        && hex(span, 16)
        && filled(span)
        && hex(flags, 2)
}

/// The beginning of a name that a client chose.
fn clipped(name: &str) -> String {
    name.chars().take(NAMED).collect()
}

/// The span of a request, below the caller's where a `traceparent` header names one and is to be followed.
#[derive(Clone)]
pub struct RequestSpan(Context);

impl RequestSpan {
    /// Begins it; `None` when nothing is traced.
    pub fn begin(
        headers: &HeaderMap,
        method: &Method,
        route: &'static str,
        request_id: &str,
    ) -> Option<Self> {
        let tracing = TRACING.get()?;
        let mut above = Context::new();
        if tracing.trusts && sound_parent(headers) {
            above = tracing.propagator.extract_with_context(&above, &Headers(headers));
        }
        let span = tracing
            .tracer
            .span_builder(format!("{method} {route}"))
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method.as_str().to_owned()),
                KeyValue::new("http.route", route),
                KeyValue::new("comptoir.request_id", request_id.to_owned()),
            ])
            .start_with_context(&tracing.tracer, &above);
        Some(Self(above.with_span(span)))
    }

    /// The trace's id, for the log line; `None` when this request is not sampled.
    pub fn trace_id(&self) -> Option<String> {
        let span = self.0.span();
        let context = span.span_context();
        context.is_sampled().then(|| context.trace_id().to_string())
    }

    /// Runs what belongs to it.
    pub fn around<F: Future>(&self, run: F) -> WithContext<F> {
        run.with_context(self.0.clone())
    }

    /// Ends it. `operation` is the name a client gave its operation.
    pub fn end(&self, status: u16, operation: Option<&str>, errors: usize) {
        let span = self.0.span();
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
        if let Some(operation) = operation {
            span.set_attribute(KeyValue::new("graphql.operation.name", clipped(operation)));
        }
        if errors > 0 {
            span.set_attribute(KeyValue::new("comptoir.errors", i64::try_from(errors).unwrap_or(i64::MAX)));
        }
        if status >= 500 {
            span.set_status(Status::error(""));
        }
        span.end();
    }
}

/// A future, or the same with the span of what it reads.
pub type Spanned<F> = Either<F, WithContext<F>>;

/// Gives a level a span of its own, which ends with the future. Nothing where the request is not traced.
pub fn level<F: Future>(name: &str, read: F) -> Spanned<F> {
    let Some(tracing) = TRACING.get() else { return Either::Left(read) };
    let above = Context::current();
    if !above.span().span_context().is_sampled() {
        return Either::Left(read);
    }
    let span = tracing.tracer.span_builder(clipped(name)).start_with_context(&tracing.tracer, &above);
    Either::Right(read.with_context(above.with_span(span)))
}

/// One statement, told when it has its answer.
pub struct StatementSpan<'a> {
    /// The source.
    pub source: &'a str,
    /// What it runs on, as OpenTelemetry calls it (`postgresql`, `sqlite`, `microsoft.sql_server`).
    pub system: &'static str,
    /// Its text: parameters are not in it.
    pub sql: &'a str,
    /// How long it took.
    pub took: Duration,
    /// How many rows came, or the stable cause of why none did.
    pub rows: Result<usize, &'static str>,
}

/// Tells of a statement, below the level that is being read.
pub fn statement(told: &StatementSpan<'_>) {
    let Some(tracing) = TRACING.get() else { return };
    let above = Context::current();
    if !above.span().span_context().is_sampled() {
        return;
    }
    let end = SystemTime::now();
    let mut span = tracing
        .tracer
        .span_builder(format!("SELECT {}", told.source))
        .with_kind(SpanKind::Client)
        .with_start_time(end.checked_sub(told.took).unwrap_or(end))
        .with_attributes([
            KeyValue::new("db.system.name", told.system),
            KeyValue::new("db.query.text", told.sql.to_owned()),
            KeyValue::new("comptoir.source", told.source.to_owned()),
        ])
        .start_with_context(&tracing.tracer, &above);
    match told.rows {
        Ok(rows) => {
            let rows = i64::try_from(rows).unwrap_or(i64::MAX);
            span.set_attribute(KeyValue::new("db.response.returned_rows", rows));
        }
        Err(cause) => {
            span.set_attribute(KeyValue::new("error.type", cause));
            span.set_status(Status::error(cause));
        }
    }
    span.end_with_timestamp(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(lines: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("traceparent", line.parse().unwrap());
        }
        sound_parent(&headers)
    }

    /// The examples of the W3C's Trace Context, and what its rules exclude.
    #[test]
    fn only_a_well_formed_parent_is_followed() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(sound(&[good]));
        assert!(sound(&["cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-comes-later"]));
        assert!(!sound(&[]) && !sound(&[good, good]));
        for bad in [
            "",
            "00-af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-1-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        ] {
            assert!(!sound(&[bad]), "{bad}");
        }
    }
}
