//! `comptoir serve`: a shop on the network.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use clap::Args;
use tokio::net::TcpListener;

use super::{Failure, ShopArg, backend, err, examples, out, report};
use crate::{
    http::{self, Example, HttpOptions},
    shop::Shop,
    telemetry::{metrics, traces},
};

/// How often measured times are put into their buckets.
const TIDY: Duration = Duration::from_secs(5);

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
    /// The loopback address, instead of the one in comptoir.toml
    #[arg(long, value_name = "ADDRESS")]
    pub(super) bind: Option<IpAddr>,
}

impl Serve {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let shop = open(&self.shop.dir)?;
        let bound = bind(&shop, self.listen).await?;
        let base = format!("http://{}", bound.address);
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

/// Listens where the arguments or the shop say; on loopback only.
pub(super) async fn bind(shop: &Shop, listen: Listen) -> Result<Bound, Failure> {
    let (address, moved) = address(shop.config().http.bind, listen);
    if let Some(wanted) = moved {
        let instead = address.ip();
        tracing::warn!(
            %wanted, %instead,
            "other machines could reach this address, and this version has no access control: listening on loopback only"
        );
    }
    let listener = TcpListener::bind(address).await.map_err(|error| refused(address, &error))?;
    let address = listener.local_addr().map_err(|error| refused(address, &error))?;
    Ok(Bound { listener, address })
}

/// The address to listen on, and the one that was wanted where it is not a loopback address.
fn address(configured: SocketAddr, listen: Listen) -> (SocketAddr, Option<IpAddr>) {
    let ip = listen.bind.unwrap_or(configured.ip());
    let port = listen.port.unwrap_or(configured.port());
    if ip.is_loopback() {
        (SocketAddr::new(ip, port), None)
    } else {
        (SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port), Some(ip))
    }
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
    let router = http::router(shop.executor(), options);
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
    fn only_loopback_is_listened_on() {
        let configured: SocketAddr = "0.0.0.0:8080".parse().unwrap();
        let none = Listen { port: None, bind: None };
        assert_eq!(address(configured, none), ("127.0.0.1:8080".parse().unwrap(), Some(configured.ip())));
        let six = Listen { port: Some(1), bind: Some("::1".parse().unwrap()) };
        assert_eq!(address(configured, six), ("[::1]:1".parse().unwrap(), None));
    }

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
