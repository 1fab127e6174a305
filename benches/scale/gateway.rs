//! Our side: the shop opened as a library, asked without HTTP; every statement and row counted.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use comptoir::{
    demo::{self, DemoOptions, FEWEST},
    graphql::request::{Executor, GraphqlRequest, RequestContext},
    shop::{Shop, ShopOptions},
    sources::Trace,
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::{
    Outcome, PAGE,
    cases::Case,
    server::{Server, isoshop},
    single::Item,
};

/// Statements sent and rows read so far.
#[derive(Default)]
struct Counter {
    statements: AtomicUsize,
    rows: AtomicUsize,
}

impl Trace for Counter {
    fn sent(&self, _: &str, _: &str) {
        self.statements.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self, _: &str, rows: usize) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
    }
}

/// What the gateway answers.
#[derive(Debug)]
pub enum Answer {
    /// A page, and whether there is more.
    Page(Vec<Item>, bool),
    /// How many there are.
    Count(i64),
    /// The code of the error, or all of it.
    Refused(String),
}

/// An open shop.
pub struct Gateway {
    shop: Shop,
    executor: Arc<dyn Executor>,
    counter: Arc<Counter>,
}

impl Gateway {
    /// Opens the shop over a database and one of its IsoShops; `dir` is made when it is missing.
    pub async fn open(dir: &Path, server: &Server, database: &str, share: u8) -> Outcome<Self> {
        // The smallest demo shop gives the schema; its bases are not used.
        let options = DemoOptions { articles: FEWEST, ..DemoOptions::default() };
        demo::create(dir, &options, &mut |_| {}).await?;
        let file = dir.join("comptoir.toml");
        let mut settings: toml::Table = std::fs::read_to_string(&file)?.parse()?;
        for (source, schema) in [("erp", "erp".to_owned()), ("isoshop", isoshop(share))] {
            let table = settings.get_mut("sources").and_then(|s| s.get_mut(source)?.as_table_mut());
            let table = table.ok_or("the demo has no such source")?;
            table.insert("kind".into(), "postgres".into());
            table.insert("url".into(), server.url_in(database, &schema).into());
        }
        std::fs::write(&file, toml::to_string(&settings)?)?;
        let counter = Arc::new(Counter::default());
        let trace: Arc<dyn Trace> = counter.clone();
        let shop = Shop::open_with(dir, ShopOptions { trace: Some(trace), ..ShopOptions::default() })
            .map_err(|found| format!("the shop does not open: {found:?}"))?;
        Ok(Self { executor: shop.executor(), shop, counter })
    }

    /// Asks, without looking at the answer.
    pub async fn ask(&self, case: &Case, after: Option<&str>) -> bytes::Bytes {
        self.send(case.query, case.variables(PAGE, after)).await
    }

    async fn send(&self, query: &str, variables: Map<String, Value>) -> bytes::Bytes {
        let request = GraphqlRequest { query: query.to_owned(), variables, ..GraphqlRequest::default() };
        self.executor.execute(request, RequestContext::default()).await.body
    }

    /// Asks, and reads the answer; statements and rows with it.
    pub async fn answer(&self, case: &Case, after: Option<&str>) -> Outcome<(Answer, usize, usize)> {
        let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let before = (read(&self.counter.statements), read(&self.counter.rows));
        let body: Value = serde_json::from_slice(&self.ask(case, after).await)?;
        let statements = read(&self.counter.statements) - before.0;
        let rows = read(&self.counter.rows) - before.1;
        Ok((understood(&body)?, statements, rows))
    }

    /// The cursor and the code of the n-th article in the order of codes (counted from 1).
    pub async fn place(&self, n: usize) -> Outcome<(String, String)> {
        let (mut read, mut after, mut code) = (0, None, String::new());
        while read < n {
            let first = (n - read).min(100);
            let variables = json!({ "first": first, "after": after });
            let variables = variables.as_object().cloned().unwrap_or_default();
            let body: Value = serde_json::from_slice(&self.send(super::cases::LIST, variables).await)?;
            let list = &body["data"]["articles"];
            let nodes = list["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
            let Some(last) = nodes.last() else {
                return Err(format!("there is no article {n}: {body}").into());
            };
            read += nodes.len();
            last["code"].as_str().unwrap_or_default().clone_into(&mut code);
            after = list["pageInfo"]["endCursor"].as_str().map(str::to_owned);
        }
        Ok((after.ok_or("no cursor")?, code))
    }

    pub async fn close(self) {
        self.shop.close().await;
    }
}

fn understood(body: &Value) -> Outcome<Answer> {
    if let Some(error) = body["errors"].get(0) {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        // The refusals that are expected of a long list are told by their code alone.
        let told = match code {
            "SCAN_BUDGET_EXCEEDED" | "SORT_NEEDS_INDEX" => code.to_owned(),
            _ => error.to_string(),
        };
        return Ok(Answer::Refused(told));
    }
    let list = match &body["data"]["department"] {
        Value::Null => &body["data"]["articles"],
        department => &department["articles"],
    };
    if let Some(count) = list["totalCount"].as_i64() {
        return Ok(Answer::Count(count));
    }
    let mut items = Vec::with_capacity(PAGE);
    for node in list["nodes"].as_array().ok_or_else(|| format!("not a list: {body}"))? {
        let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
        let weight = node["weight"].as_str().map(str::parse::<Decimal>).transpose()?;
        let warranty = node["warrantyMonths"].as_i64().map(i32::try_from).transpose()?;
        items.push((text("code"), text("title"), weight, warranty));
    }
    Ok(Answer::Page(items, list["pageInfo"]["hasNextPage"] == Value::Bool(true)))
}
