//! `make bench`: the gateway against hand-written handlers that send the same SQL and answer the
//! same JSON, over HTTP, each as a process of its own. `docs/performance.md` tells how to read it.

mod doors;
mod handwritten;
mod load;
mod process;
mod report;
mod sql;
mod trade;

use std::{
    collections::BTreeSet,
    error::Error,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use comptoir::{
    graphql::request::{GraphqlRequest, RequestContext},
    shop::{Shop, ShopOptions},
    sources::Trace,
};
use load::Target;
use process::Server;
use serde_json::{Value, json, value::RawValue};

/// The gateway's own allocator, for both sides.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn Error>>;

const USAGE: &str = "\
Measures the gateway against hand-written handlers.

Usage: make bench ARGS='-- [OPTIONS]'

  --articles N      the demo shop's size (2000)
  --rounds N        pairs of measurements (7)
  --seconds N       of each measurement (2)
  --connections N   at once (4)
  --only LETTER     one operation: a, b or c
  --check           only compare answers and statements
  --doors           only what a token and Redis cost, on operation a
  --trade           only what prices and stock cost, on a listing
";

struct Options {
    articles: usize,
    rounds: usize,
    seconds: f64,
    connections: usize,
    only: Option<char>,
    check: bool,
    doors: bool,
    trade: bool,
}

/// One of the three operations.
struct Operation {
    letter: char,
    title: &'static str,
    query: &'static str,
    variables: Value,
    path: String,
}

fn operations() -> Vec<Operation> {
    vec![
        Operation {
            letter: 'a',
            title: "50 articles × 12 fields with department and references",
            query: include_str!("a.graphql"),
            variables: json!({ "first": 50 }),
            path: "/articles?first=50".into(),
        },
        Operation {
            letter: 'b',
            title: "one article page",
            query: include_str!("b.graphql"),
            variables: json!({ "code": "PEI1004" }),
            path: "/articles/PEI1004".into(),
        },
        Operation {
            letter: 'c',
            title: "a rayon tree of 3 levels",
            query: include_str!("c.graphql"),
            variables: json!({}),
            path: "/departments".into(),
        },
    ]
}

fn main() -> Outcome<()> {
    let mut args = std::env::args().skip(1);
    let mut options = Options {
        articles: 2000,
        rounds: 7,
        seconds: 2.0,
        connections: 4,
        only: None,
        check: false,
        doors: false,
        trade: false,
    };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--handwritten" => {
                let dir = PathBuf::from(value()?);
                let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
                return Ok(runtime.block_on(handwritten::serve(&dir))?);
            }
            "--articles" => options.articles = value()?.parse()?,
            "--rounds" => options.rounds = value()?.parse()?,
            "--seconds" => options.seconds = value()?.parse()?,
            "--connections" => options.connections = value()?.parse()?,
            "--only" => options.only = value()?.chars().next(),
            "--check" => options.check = true,
            "--doors" => options.doors = true,
            "--trade" => options.trade = true,
            "--help" | "-h" => {
                print!("{USAGE}");
                return Ok(());
            }
            // What `cargo bench` adds.
            _ => {}
        }
    }
    measure(&options)
}

fn measure(options: &Options) -> Outcome<()> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("bench-{}", options.articles));
    let gateway = env!("CARGO_BIN_EXE_comptoir");
    let made = Command::new(gateway)
        .args(["demo", "--no-serve", "--articles", &options.articles.to_string(), "--dir"])
        .arg(&dir)
        .stdout(Stdio::null())
        .status()?;
    if !made.success() {
        return Err("the demo shop was not made".into());
    }
    let operations: Vec<Operation> =
        operations().into_iter().filter(|o| options.only.is_none_or(|l| l == o.letter)).collect();
    if options.trade {
        return trade::measure(options, gateway, &dir);
    }
    if options.doors {
        return match operations.iter().find(|o| o.letter == 'a') {
            Some(operation) => doors::measure(options, gateway, &dir, operation),
            None => Err("the doors are measured on operation a".into()),
        };
    }
    let sent = statements(&dir, &operations)?;
    let served = doors::variant(&dir, "-served", doors::RATES)?;
    let comptoir = Server::start(
        Command::new(gateway).args(["serve", "--log-level", "warn", "--port", "0", "--shop"]).arg(&served),
    )?;
    let handwritten = Server::start(Command::new(std::env::current_exe()?).arg("--handwritten").arg(&dir))?;
    let mut results = Vec::new();
    for (operation, sent) in operations.iter().zip(sent) {
        let body = json!({ "query": operation.query, "variables": operation.variables }).to_string();
        let theirs = Target::post(comptoir.address, "/graphql", &body);
        let ours = Target::get(handwritten.address, &operation.path);
        let bytes = same(&theirs, &ours).map_err(|e| format!("({}) {e}", operation.letter))?;
        println!(
            "({}) {}: {sent} statements, {bytes} bytes of equal data",
            operation.letter, operation.title
        );
        if options.check {
            continue;
        }
        let mut result = report::Measured::new(operation.letter, operation.title);
        for target in [&theirs, &ours] {
            target.load(options.connections, Duration::from_millis(700))?;
        }
        for _ in 0..options.rounds {
            let mut pair = Vec::with_capacity(2);
            for (server, target) in [(&comptoir, &theirs), (&handwritten, &ours)] {
                let before = server.processor()?;
                let started = std::time::Instant::now();
                let took = target.load(options.connections, Duration::from_secs_f64(options.seconds))?;
                let time = started.elapsed();
                pair.push(report::Sample {
                    took,
                    time,
                    processor: server.processor()?.saturating_sub(before),
                });
            }
            let (Some(second), Some(first)) = (pair.pop(), pair.pop()) else { continue };
            result.pairs.push((first, second));
        }
        results.push(result);
    }
    if !options.check {
        report::print(&results, options.connections, comptoir.memory()?, handwritten.memory()?);
        if let Some(operation) = operations.iter().find(|o| o.letter == 'a') {
            doors::measure(options, gateway, &dir, operation)?;
        }
        trade::measure(options, gateway, &dir)?;
    }
    Ok(())
}

/// Both answers, which must be the same byte for byte but for `extensions`.
fn same(gateway: &Target, handwritten: &Target) -> Outcome<usize> {
    #[derive(serde::Deserialize)]
    struct Answer<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
        errors: Option<Value>,
    }
    let (theirs, ours) = (gateway.body()?, handwritten.body()?);
    let theirs: Answer<'_> = serde_json::from_slice(&theirs)?;
    let ours: Answer<'_> = serde_json::from_slice(&ours)?;
    if let Some(errors) = theirs.errors {
        return Err(format!("the gateway answers with errors: {errors}").into());
    }
    let (theirs, ours) = (theirs.data.get(), ours.data.get());
    if theirs == ours {
        return Ok(theirs.len());
    }
    let at = theirs.bytes().zip(ours.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        let part = text.as_bytes().get(at.saturating_sub(120)..(at + 120).min(text.len()));
        String::from_utf8_lossy(part.unwrap_or_default()).into_owned()
    };
    let (theirs, ours) = (around(theirs), around(ours));
    Err(format!("the answers differ at byte {at}:\n  gateway:      …{theirs}…\n  hand-written: …{ours}…")
        .into())
}

/// Keeps what was sent.
#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl Trace for Log {
    fn sent(&self, _: &str, sql: &str) {
        if let Ok(mut sent) = self.0.lock() {
            sent.push(plain(sql));
        }
    }
}

/// Without the line breaks that make the files of statements readable.
fn plain(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many statements the gateway sends for each operation. Warns about those that the
/// hand-written handlers lack, or still have: the comparison is only fair over the same SQL.
fn statements(dir: &Path, operations: &[Operation]) -> Outcome<Vec<usize>> {
    let log = Arc::new(Log::default());
    let trace: Arc<dyn Trace> = log.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let counts = runtime.block_on(async {
        let shop = Shop::open_with(dir, ShopOptions { trace: Some(trace), ..ShopOptions::default() })
            .map_err(|_| "the demo shop does not open")?;
        let mut counts = Vec::new();
        for operation in operations {
            let request = GraphqlRequest {
                query: operation.query.into(),
                variables: operation.variables.as_object().cloned().unwrap_or_default(),
                ..GraphqlRequest::default()
            };
            let before = log.0.lock().map_or(0, |s| s.len());
            shop.executor().execute(request, RequestContext::default()).await;
            counts.push(log.0.lock().map_or(0, |s| s.len()) - before);
        }
        shop.close().await;
        Ok::<_, &str>(counts)
    })?;
    let sent: BTreeSet<String> =
        log.0.lock().map(|s| s.iter().cloned().collect()).map_err(|_| "no statements")?;
    let ours: Vec<(&str, String)> = sql::ALL.iter().map(|(name, sql)| (*name, plain(sql))).collect();
    for sql in &sent {
        if !ours.iter().any(|(_, own)| own == sql) && !sql.contains("pragma_table_info") {
            println!("warning: the hand-written handlers do not send: {sql}");
        }
    }
    if operations.len() == 3 {
        for (name, own) in &ours {
            if !sent.contains(own) {
                println!("warning: the gateway does not send the hand-written {name}");
            }
        }
    }
    Ok(counts)
}
