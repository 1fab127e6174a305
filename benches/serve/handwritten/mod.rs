//! What the gateway is measured against: the three answers as one would write them by hand for this
//! one shop, with axum, sqlx and serde_json. The rules of precedence are plain Rust here.

mod articles;
mod page;
mod read;
mod tree;

use std::{path::Path, sync::Arc};

use axum::{
    Router,
    extract::{Path as Segment, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

/// The two databases, opened as the gateway opens them.
pub struct Shop {
    pub erp: SqlitePool,
    pub overlay: SqlitePool,
}

fn open(file: &Path) -> SqlitePool {
    let folded = |text: &str| text.trim_end().to_uppercase();
    let options = SqliteConnectOptions::new()
        .filename(file)
        .read_only(true)
        .create_if_missing(false)
        .busy_timeout(std::time::Duration::from_secs(10))
        .statement_cache_capacity(256)
        .row_buffer_size(512)
        .pragma("case_sensitive_like", "ON")
        .collation("FRENCH_CI_AS", move |a, b| folded(a).cmp(&folded(b)));
    let options = sqlx::ConnectOptions::disable_statement_logging(options);
    SqlitePoolOptions::new().max_connections(4).test_before_acquire(false).connect_lazy_with(options)
}

#[derive(Serialize)]
struct Answer<T> {
    data: T,
}

/// `{"data":…}`.
fn json<T: Serialize>(data: T) -> read::Result<Vec<u8>> {
    serde_json::to_vec(&Answer { data }).map_err(|e| sqlx::Error::Encode(e.into()))
}

fn answer(json: read::Result<Vec<u8>>) -> Response {
    match json {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// `first` of the query string.
fn first(query: Option<&str>) -> usize {
    let mut pairs = query.unwrap_or_default().split('&');
    pairs.find_map(|p| p.strip_prefix("first=")?.parse().ok()).unwrap_or(20)
}

/// Serves a shop's folder on a free port of 127.0.0.1, which is printed.
pub async fn serve(dir: &Path) -> std::io::Result<()> {
    let shop = Arc::new(Shop { erp: open(&dir.join("erp.db")), overlay: open(&dir.join("isoshop.db")) });
    let app = Router::new()
        .route(
            "/articles",
            get(async |State(shop): State<Arc<Shop>>, RawQuery(query): RawQuery| {
                answer(articles::list(&shop, first(query.as_deref())).await)
            }),
        )
        .route(
            "/articles/{code}",
            get(async |State(shop): State<Arc<Shop>>, Segment(code): Segment<String>| {
                answer(page::article(&shop, &code).await)
            }),
        )
        .route("/departments", get(async |State(shop): State<Arc<Shop>>| answer(tree::menu(&shop).await)))
        .with_state(shop);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(axum::serve::ListenerExt::tap_io(listener, |tcp| drop(tcp.set_nodelay(true))), app).await
}
