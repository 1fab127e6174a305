//! What prices and stock cost: a listing with the customer's prices and stock against the same without, by the same
//! gateway, and the statements that each sends.

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use comptoir::{
    auth::viewer::{Viewer, ViewerKind},
    graphql::request::{GraphqlRequest, RequestContext},
    shop::{Shop, ShopOptions},
    sources::Trace,
};
use serde_json::json;

use super::{Options, Outcome, doors, doors::issue, load::Target, report::print_pair};

/// The demo's customer who buys.
const CUSTOMER: &str = "C00007";
/// Articles of the listing.
const PAGE: usize = 24;

/// Measures the pair.
pub fn measure(options: &Options, gateway: &str, dir: &Path) -> Outcome<()> {
    let (with, without) = (include_str!("priced.graphql"), include_str!("listing.graphql"));
    let served = doors::variant(dir, "-trade", doors::RATES)?;
    let (priced, plain) = (statements(&served, with)?, statements(&served, without)?);
    println!("{PAGE} articles with a customer's prices and stock against the same without");
    println!("    statements: {} against {}", priced.len(), plain.len());
    let mut tables: Vec<&str> = priced.iter().filter(|s| !plain.contains(s)).map(|s| table(s)).collect();
    tables.sort_unstable();
    println!("    of prices and stock, by their first table: {}", tables.join(" "));
    if options.check {
        return Ok(());
    }
    let token = issue(gateway, &served, &["--kind", "customer", "--customer", CUSTOMER])?;
    let server = doors::serve(gateway, &served)?;
    let target = |query: &str| {
        let body = json!({ "query": query, "variables": { "first": PAGE } }).to_string();
        Target::post_as(server.address, "/graphql", &body, &token)
    };
    let (with, without) = (target(with), target(without));
    let pairs = doors::pairs(options, (&server, &with), (&server, &without))?;
    print_pair("with prices", "without", &pairs, Some(2.0));
    Ok(())
}

/// The table that a statement reads first.
fn table(sql: &str) -> &str {
    sql.split("FROM \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or("?")
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Trace for Log {
    fn sent(&self, _: &str, sql: &str) {
        if let Ok(mut sent) = self.0.lock()
            && !sql.contains("pragma_table")
        {
            sent.push(sql.to_owned());
        }
    }
}

/// What the gateway sends for a listing, once it knows the tables.
fn statements(dir: &Path, query: &str) -> Outcome<Vec<String>> {
    let log = Arc::new(Log::default());
    let trace: Arc<dyn Trace> = log.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let shop = Shop::open_with(dir, ShopOptions { trace: Some(trace), ..ShopOptions::default() })
            .map_err(|_| "the demo shop does not open")?;
        let viewer =
            Viewer { kind: ViewerKind::Customer, customer: Some(CUSTOMER.into()), ..Viewer::default() };
        for _ in 0..2 {
            if let Ok(mut sent) = log.0.lock() {
                sent.clear();
            }
            let variables = json!({ "first": PAGE }).as_object().cloned().unwrap_or_default();
            let request = GraphqlRequest { query: query.into(), variables, ..GraphqlRequest::default() };
            let context = RequestContext { viewer: Arc::new(viewer.clone()), ..RequestContext::default() };
            shop.executor().execute(request, context).await;
        }
        shop.close().await;
        Ok::<_, &str>(())
    })?;
    Ok(log.0.lock().map(|s| s.clone()).unwrap_or_default())
}
