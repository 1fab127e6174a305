//! Connections: accepting them, their time limits, and letting them end in peace.

use std::{
    collections::HashMap,
    future::Future,
    io,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, Request},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use ipnet::IpNet;
use tokio::{net::TcpListener, net::TcpStream, task::JoinSet};
use tower::ServiceExt;

use super::patient::Patient;
use crate::{
    auth::rate::{exempt, place},
    config::{ConnectionLimits, HttpConfig},
};

/// How long a client may take for the headers of a request, the wait for the next one on a kept connection included:
/// longer than the 60 seconds for which proxies keep one, so that it is they who close it.
const HEADERS: Duration = Duration::from_secs(65);
/// How long a new connection may take until its first request is read.
const FIRST_REQUEST: Duration = Duration::from_secs(15);
/// How long running requests have after the signal to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// The pause after the system refused a connection (out of file descriptors): others must end first.
const BREATH: Duration = Duration::from_millis(200);

/// Serves until `shutdown` is done, then drains: no new connections, running requests end (at most 10 seconds).
/// Fails only where listening is not possible any more.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    http: &HttpConfig,
    shutdown: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    serve_within(listener, router, http, shutdown, FIRST_REQUEST, DRAIN).await
}

pub(super) async fn serve_within(
    listener: TcpListener,
    router: Router,
    http: &HttpConfig,
    shutdown: impl Future<Output = ()> + Send,
    first_request: Duration,
    drain: Duration,
) -> io::Result<()> {
    let limits = http.connections;
    let builder = Arc::new(builder(limits));
    let open = Open::new(limits, http.trusted_proxies.clone());
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) if of_one_connection(&error) => continue,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
        };
        // Answers are written at once; waiting for more to send only adds latency.
        let _ = stream.set_nodelay(true);
        let Some(ticket) = open.enter(peer.ip()) else { continue };
        let stream = Patient::new(stream, limits.write);
        let (router, builder, watcher) = (router.clone(), Arc::clone(&builder), graceful.watcher());
        connections.spawn(async move {
            connection((stream, peer), router, builder, watcher, first_request).await;
            drop(ticket);
        });
    }
    drop(listener);
    let running = graceful.count();
    if running > 0 {
        tracing::info!(connections = running, "draining");
    }
    if tokio::time::timeout(drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.len(), "not drained in {} s: closing", drain.as_secs());
    }
    connections.shutdown().await;
    Ok(())
}

/// The connections that are open, in all and by address. One too many is hung up on: it has not asked anything yet.
#[derive(Clone)]
struct Open {
    limits: ConnectionLimits,
    proxies: Vec<IpNet>,
    counts: Arc<Mutex<HashMap<String, usize>>>,
    all: Arc<tokio::sync::Semaphore>,
}

/// A place among the open connections, until it is dropped.
struct Ticket {
    counts: Arc<Mutex<HashMap<String, usize>>>,
    place: Option<String>,
    _one: tokio::sync::OwnedSemaphorePermit,
}

impl Open {
    fn new(limits: ConnectionLimits, proxies: Vec<IpNet>) -> Self {
        let all = Arc::new(tokio::sync::Semaphore::new(limits.total));
        Self { limits, proxies, counts: Arc::default(), all }
    }

    fn enter(&self, peer: IpAddr) -> Option<Ticket> {
        let Ok(one) = Arc::clone(&self.all).try_acquire_owned() else {
            tracing::debug!("connection closed: http.connections are open");
            return None;
        };
        // Behind a proxy of ours are many clients.
        let place = (!exempt(&self.proxies, peer)).then(|| place(peer));
        if let Some(place) = &place {
            let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
            let count = counts.entry(place.clone()).or_default();
            if *count >= self.limits.per_address {
                tracing::debug!(%peer, "connection closed: http.connections_per_address are open");
                return None;
            }
            *count += 1;
        }
        Some(Ticket { counts: Arc::clone(&self.counts), place, _one: one })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(place) = &self.place else { return };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(place) {
            *count -= 1;
            if *count == 0 {
                counts.remove(place);
            }
        }
    }
}

fn builder(limits: ConnectionLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .max_buf_size(limits.header_bytes)
        .max_headers(limits.headers);
    // HTTP/2 without TLS is nobody's but an attacker's: one connection could hold a hundred answers and take none.
    builder.http1_only()
}

async fn connection(
    (stream, peer): (Patient<TcpStream>, SocketAddr),
    router: Router,
    builder: Arc<Builder<TokioExecutor>>,
    watcher: hyper_util::server::graceful::Watcher,
    first_request: Duration,
) {
    let seen = Arc::new(AtomicBool::new(false));
    let service = {
        let seen = Arc::clone(&seen);
        let marked = router.map_request(move |mut request: Request<_>| {
            seen.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.map(axum::body::Body::new)
        });
        TowerToHyperService::new(marked)
    };
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    let mut connection = pin!(watcher.watch(connection));
    // hyper's own limit on headers starts only when it knows the protocol: a silent connection needs ours.
    let result = tokio::select! {
        result = &mut connection => result,
        () = tokio::time::sleep(first_request) => {
            if !seen.load(Ordering::Relaxed) {
                tracing::debug!("connection closed: no request in time");
                return;
            }
            connection.await
        }
    };
    if let Err(error) = result {
        // Clients that hang up, or speak something else: of interest when looking for it.
        tracing::debug!(%error, "connection ended");
    }
}

/// Errors of `accept` that concern the one connection and not the listener.
fn of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}
