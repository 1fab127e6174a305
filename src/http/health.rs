//! `/health/live`: the process answers. `/health/ready`: the sources it cannot do without answer too.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    response::Response,
};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;

use super::{App, pages, respond};

/// How long an answer is used again: many probes ask the databases once.
const FRESH: Duration = Duration::from_secs(1);
/// How long the sources may take to say how they are.
const PATIENCE: Duration = Duration::from_secs(10);

/// The last report. The lock is held while the sources are asked, so that concurrent probes wait for one report.
#[derive(Default)]
pub(super) struct Cache(Mutex<Option<(Instant, Arc<Report>)>>);

struct Report {
    status: StatusCode,
    body: Bytes,
}

/// 200, always.
pub(super) async fn live(request: Request) -> Response {
    if let Some(refusal) = pages::only_get(&request) {
        return refusal;
    }
    answer(StatusCode::OK, json!({ "status": "alive" }).to_string().into())
}

/// 200 when every essential source answers (`ready`, or `degraded` when another one or the shop's own database does
/// not), else 503.
pub(super) async fn ready(State(app): State<App>, request: Request) -> Response {
    if let Some(refusal) = pages::only_get(&request) {
        return refusal;
    }
    let mut last = app.health.0.lock().await;
    let report = match last.as_ref() {
        Some((at, report)) if at.elapsed() < FRESH => Arc::clone(report),
        _ => {
            let report = Arc::new(ask(&app).await);
            *last = Some((Instant::now(), Arc::clone(&report)));
            report
        }
    };
    drop(last);
    answer(report.status, report.body.clone())
}

async fn ask(app: &App) -> Report {
    let site = async {
        match &app.options.site {
            Some(site) => Some(site.health().await),
            None => None,
        }
    };
    let both = async { futures::join!(app.executor.health(), site) };
    let Ok((answers, site)) = tokio::time::timeout(PATIENCE, both).await else {
        let error = format!("The sources did not say within {} seconds how they are.", PATIENCE.as_secs());
        return Report {
            status: StatusCode::SERVICE_UNAVAILABLE,
            body: json!({ "status": "unavailable", "error": error }).to_string().into(),
        };
    };
    let essential = &app.options.essential_sources;
    let (mut missing, mut degraded) = (false, false);
    let mut sources = Map::new();
    for (name, state) in answers {
        let essential = essential.is_empty() || essential.contains(&name);
        let entry = match state {
            Ok(version) => json!({ "up": true, "essential": essential, "version": version }),
            Err(error) => {
                degraded = true;
                missing |= essential;
                json!({ "up": false, "essential": essential, "error": error })
            }
        };
        sources.insert(name, entry);
    }
    // Who has no token is served without it, so no server is taken out of service for it.
    let site = site.map(|state| match state {
        Ok(version) => json!({ "up": true, "version": version }),
        Err(error) => {
            degraded = true;
            json!({ "up": false, "error": error.to_string() })
        }
    });
    let (status, word) = match (missing, degraded) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::OK, "ready"),
    };
    let mut body = json!({ "status": word, "sources": Value::Object(sources) });
    if let Some(site) = site {
        body["site"] = site;
    }
    Report { status, body: body.to_string().into() }
}

fn answer(status: StatusCode, body: Bytes) -> Response {
    let mut response = respond::json(status, "application/json", body);
    respond::no_store(&mut response);
    response
}

/// Whether a method reads only.
pub(super) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
