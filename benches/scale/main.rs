//! `make bench`: how the gateway's lists grow with the shop, from 1,000 to 1,000,000 articles in
//! PostgreSQL, and how they compare to one engine that holds both databases, with the LEFT JOIN and
//! COALESCE written by hand. `docs/performance.md` tells how to read it.
//!
//! Both sides run in this process, on the same server, over connections of their own; the answers
//! are compared before anything is timed, and a difference gives no figures.

mod cases;
mod gateway;
mod memory;
mod report;
mod server;
mod single;

use std::{
    error::Error,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use cases::{Case, Start};
use gateway::{Answer, Gateway};
use report::{Figures, Outcome as Told, Result};
use server::Server;
use single::Engine;

/// The gateway's own allocator, for both sides.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = std::result::Result<T, Box<dyn Error>>;

/// Articles of a page.
const PAGE: usize = 24;

const USAGE: &str = "\
Measures how lists grow with the shop, against one engine holding both databases.

Usage: make bench SCALE='[OPTIONS]'

  --sizes N,N       numbers of articles (1000,10000,100000,1000000)
  --seconds N       of each case and size at most (4)
  --only TEXT       the cases whose name has it
  --check           only compare answers, and count statements and rows
";

struct Options {
    sizes: Vec<u32>,
    seconds: f64,
    only: String,
    check: bool,
}

fn main() -> Outcome<()> {
    let mut options = Options {
        sizes: vec![1_000, 10_000, 100_000, 1_000_000],
        seconds: 4.0,
        only: String::new(),
        check: false,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--sizes" => {
                options.sizes =
                    value()?.split(',').map(|n| n.trim().parse()).collect::<std::result::Result<_, _>>()?;
            }
            "--seconds" => options.seconds = value()?.parse()?,
            "--only" => options.only = value()?,
            "--check" => options.check = true,
            "--help" | "-h" => {
                print!("{USAGE}");
                return Ok(());
            }
            // What `cargo bench` adds.
            _ => {}
        }
    }
    // Two threads for the gateway, as on a machine that a database shares.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(&options))
}

async fn run(options: &Options) -> Outcome<()> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("scale");
    std::fs::create_dir_all(&folder)?;
    let server = Server::start(&folder.join("postgres"))?;
    let cases: Vec<Case> = cases::all().into_iter().filter(|c| c.name().contains(&options.only)).collect();
    let mut results = Vec::new();
    for size in &options.sizes {
        let database = server.database(*size).await?;
        let mut engine = Engine::connect(&server.url(&database)).await?;
        report::size(*size);
        for share in server::SHARES {
            let dir = folder.join(format!("shop-{size}-{share}"));
            let gateway = Gateway::open(&dir, &server, &database, share).await?;
            for (n, case) in cases.iter().enumerate().filter(|(_, c)| c.share == share) {
                let told = measure(&gateway, &mut engine, case, *size, options).await?;
                let result = Result { case: n, size: *size, told };
                report::line(case, &result);
                results.push(result);
            }
            gateway.close().await;
        }
    }
    report::summary(&cases, &results);
    Ok(())
}

async fn measure(
    gateway: &Gateway,
    engine: &mut Engine,
    case: &Case,
    size: u32,
    options: &Options,
) -> Outcome<Told> {
    let from = match case.start {
        Start::First => None,
        Start::Page500 => {
            // Less than half of a short list: some articles are off the web.
            let before = (499 * PAGE).min(usize::try_from(size)? * 2 / 5 / PAGE * PAGE);
            Some(gateway.place(before).await?)
        }
    };
    let (cursor, code) = from.unzip();
    let cursor = cursor.as_deref();
    let question = case.question(code);
    // The first time columns are looked up, connections opened and statements prepared.
    if let (Answer::Refused(code), ..) = gateway.answer(case, cursor).await? {
        return Ok(Told::Refused(code));
    }
    memory::forget_peak();
    let (answer, statements, rows) = gateway.answer(case, cursor).await?;
    let memory = memory::peak();
    let returned = match answer {
        Answer::Refused(code) => return Ok(Told::Refused(code)),
        Answer::Count(count) => {
            let other = engine.count(&question).await?;
            if count != other {
                return Ok(Told::Differ(format!("the gateway counts {count}, the one engine {other}")));
            }
            1
        }
        Answer::Page(ours, more) => {
            let (theirs, theirs_more) = engine.page(&question).await?;
            if let Some(at) = (0..ours.len().max(theirs.len())).find(|i| ours.get(*i) != theirs.get(*i)) {
                let (ours, theirs) = (ours.get(at), theirs.get(at));
                return Ok(Told::Differ(format!("article {at}: {ours:?} here, {theirs:?} there")));
            }
            if more != theirs_more {
                return Ok(Told::Differ(format!("more: {more} here, {theirs_more} there")));
            }
            ours.len()
        }
    };
    let mut figures = Figures { statements, rows, returned, memory, ours: Vec::new(), theirs: Vec::new() };
    let until = Instant::now() + Duration::from_secs_f64(options.seconds);
    // In turn, so that what else the machine does meets both sides.
    while !options.check && figures.ours.len() < 1_000 && (Instant::now() < until || figures.ours.len() < 5) {
        let started = Instant::now();
        black_box(gateway.ask(case, cursor).await);
        let middle = Instant::now();
        if case.counts() {
            black_box(engine.count(&question).await?);
        } else {
            black_box(engine.page(&question).await?);
        }
        figures.ours.push(middle - started);
        figures.theirs.push(middle.elapsed());
    }
    Ok(Told::Measured(figures))
}
