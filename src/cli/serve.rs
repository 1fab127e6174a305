//! `comptoir serve`: a shop on the network.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use clap::Args;
use tokio::net::TcpListener;

use super::{Failure, ShopArg, backend, err, examples, out, report};
use crate::{
    config,
    http::{self, Example, HttpOptions},
    shop::Shop,
    telemetry::{metrics, traces},
};

/// How often measured times are put into their buckets.
const TIDY: Duration = Duration::from_secs(5);
/// How often the audit log is shortened.
const DAY: Duration = Duration::from_hours(24);

/// Serve a shop: GraphQL at /graphql, GraphiQL at /graphiql, health at /health/live and /health/ready
///
/// Starts while database servers are down: what depends on one answers with an error until it is back. (A SQLite file
/// must be there.)
/// Ctrl-C (or SIGTERM) lets running requests end and exits with 0; a second one exits at once.
#[derive(Args)]
#[command(after_help = "\
Examples:
  comptoir serve --shop my-shop
  comptoir serve --port 9000
  comptoir serve --log json --log-level info,comptoir::request=debug 2> comptoir.log")]
pub(super) struct Serve {
    #[command(flatten)]
    shop: ShopArg,
    #[command(flatten)]
    listen: Listen,
}

/// Where to listen, before what the shop says.
#[derive(Args, Clone, Copy)]
pub(super) struct Listen {
    /// The port, instead of the one in comptoir.toml; 0 takes a free one
    #[arg(long)]
    pub(super) port: Option<u16>,
    /// The address to listen on, instead of the one in comptoir.toml; 0.0.0.0 or :: is all of this machine's
    #[arg(long, value_name = "ADDRESS")]
    pub(super) bind: Option<IpAddr>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let shop = open(&self.shop.dir)?;
        let bound = bind(&shop, self.listen).await?;
        let base = bound.base();
        out(&format!("GraphQL   {base}/graphql\n"));
        if shop.config().http.graphiql {
            out(&format!("GraphiQL  {base}/graphiql\n"));
        }
        let examples = examples::read(&self.shop.dir);
        run(&shop, bound, examples).await
    }
}

/// Opens a shop to serve it, and prints its warnings. What it does is counted from here on.
pub(super) fn open(dir: &Path) -> Result<Shop, Failure> {
    metrics::install().map_err(Failure::cannot_start)?;
    let shop = backend::open_with_data(dir)?;
    if !shop.diagnostics().items.is_empty() {
        err(&report(shop.diagnostics()));
    }
    Ok(shop)
}

/// A port that is ours.
pub(super) struct Bound {
    listener: TcpListener,
    pub(super) address: SocketAddr,
}

impl Bound {
    /// Where it is reached from this machine.
    pub(super) fn base(&self) -> String {
        let mut shown = self.address;
        if shown.ip().is_unspecified() {
            shown.set_ip(if shown.is_ipv4() {
                Ipv4Addr::LOCALHOST.into()
            } else {
                Ipv6Addr::LOCALHOST.into()
            });
        }
        format!("http://{shown}")
    }
}

/// Listens where the arguments or the shop say.
pub(super) async fn bind(shop: &Shop, listen: Listen) -> Result<Bound, Failure> {
    let http = &shop.config().http;
    let wanted =
        SocketAddr::new(listen.bind.unwrap_or(http.bind.ip()), listen.port.unwrap_or(http.bind.port()));
    // What the file says has been warned of when it was read.
    if listen.bind.is_some() && config::in_clear(wanted.ip(), &http.public_url) {
        tracing::warn!(
            address = %wanted.ip(), public_url = http.public_url,
            "this address is on the network and http.public_url is not https: tokens would travel in clear"
        );
    }
    let listener = TcpListener::bind(wanted).await.map_err(|error| refused(wanted, &error))?;
    let address = listener.local_addr().map_err(|error| refused(wanted, &error))?;
    Ok(Bound { listener, address })
}

fn refused(address: SocketAddr, error: &io::Error) -> Failure {
    let port = address.port();
    Failure::CannotStart(match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("port {port} is in use: stop the program that has it, or choose another port with --port")
        }
        io::ErrorKind::PermissionDenied => {
            format!("port {port} is not allowed to this user: choose one above 1023 with --port")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{} is not an address of this machine: choose another with --bind", address.ip())
        }
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// Serves until a signal says to stop.
pub(super) async fn run(shop: &Shop, bound: Bound, examples: Vec<Example>) -> Result<(), Failure> {
    let config = shop.config();
    let options = HttpOptions {
        http: config.http.clone(),
        limits: config.limits,
        rate: config.rate.clone(),
        telemetry: config.telemetry.clone(),
        examples,
        essential_sources: shop.deciding_sources(),
        authenticator: shop.authenticator().clone(),
        site: Some(shop.site().clone()),
    };
    // Before anything is served: what is wrong with it is told at once, and no request waits for its tables.
    shop.site().start().await.map_err(Failure::cannot_start)?;
    let asked_to_end = signal().map_err(|error| {
        Failure::CannotStart(format!("the system does not say when to stop (signals): {error}"))
    })?;
    shop.cache().connect().await;
    if let Some(collector) = &config.telemetry.collector {
        traces::start(collector).map_err(|error| {
            Failure::CannotStart(format!(
                "traces cannot be sent to {} ({error}): correct telemetry.otlp_endpoint",
                collector.endpoint
            ))
        })?;
    }
    let tidy = tokio::spawn(async {
        let mut often = tokio::time::interval(TIDY);
        loop {
            often.tick().await;
            metrics::tidy();
        }
    });
    let forget = config.site.audit_days.map(|days| {
        let staff = shop.staff().clone();
        tokio::spawn(async move {
            let mut daily = tokio::time::interval(DAY);
            loop {
                daily.tick().await;
                match staff.forget_audit(days).await {
                    Ok(0) => (),
                    Ok(entries) => tracing::info!(entries, days, "old entries of the audit log are gone"),
                    // The next day is early enough.
                    Err(error) => tracing::debug!(%error, "the audit log could not be shortened"),
                }
            }
        })
    });
    let router = http::router(shop.executor(), options);
    shop.authenticator().tokens().warm();
    tracing::info!(address = %bound.address, shop = config.shop.name, "serving");
    http::serve(bound.listener, router, &config.http, async {
        asked_to_end.await;
        tracing::info!("stopping: running requests may end (again to stop at once)");
        tokio::spawn(async {
            if let Ok(again) = signal() {
                again.await;
                std::process::exit(130);
            }
        });
    })
    .await
    .map_err(Failure::cannot_start)?;
    tidy.abort();
    if let Some(forget) = forget {
        forget.abort();
    }
    shop.close().await;
    // The exporter's own thread sends; only waiting for it blocks.
    let _ = tokio::task::spawn_blocking(traces::flush).await;
    tracing::info!("stopped");
    Ok(())
}

/// Done at the first Ctrl-C or SIGTERM. Handlers are in place when this returns, before anything is served.
#[cfg(unix)]
fn signal() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
        }
    })
}

/// Done at the first Ctrl-C.
#[cfg(not(unix))]
fn signal() -> io::Result<impl Future<Output = ()> + Send> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_one_line() {
        let error = io::Error::from(io::ErrorKind::AddrInUse);
        let Failure::CannotStart(text) = refused("127.0.0.1:8080".parse().unwrap(), &error) else { panic!() };
        assert_eq!(
            text,
            "port 8080 is in use: stop the program that has it, or choose another port with --port"
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_signal_asks_to_end() {
        let asked = signal().unwrap();
        let pid = std::process::id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        tokio::time::timeout(std::time::Duration::from_secs(5), asked).await.unwrap();
    }
}
