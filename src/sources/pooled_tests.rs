//! What the pool does with connections, told by a driver that writes down which one it uses.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use tokio::sync::{Semaphore, oneshot};

use super::*;
use crate::{
    sources::{
        Circuit,
        columns::Known,
        sqlite::tests::{Log, branch, statement, table},
    },
    value::Type,
};

/// What becomes of a statement, other than an answer.
enum Act {
    Fail(SourceError),
    /// It answers when it is told to.
    Wait(oneshot::Receiver<()>),
    Never,
}

/// The server as its tests see it. Connections are numbered from 1.
struct Server {
    opened: AtomicU32,
    open: Mutex<BTreeSet<u32>>,
    dead: Mutex<BTreeSet<u32>>,
    silent: AtomicBool,
    acts: Mutex<VecDeque<Act>>,
    used: Mutex<Vec<u32>>,
    /// One permit for each statement that has begun.
    begun: Semaphore,
}

impl Server {
    fn open(&self) -> Vec<u32> {
        lock(&self.open).iter().copied().collect()
    }

    fn act(&self, act: Act) {
        lock(&self.acts).push_back(act);
    }
}

struct Fake(Arc<Server>);

struct Conn(u32, Arc<Server>);

impl Drop for Conn {
    fn drop(&mut self) {
        lock(&self.1.open).remove(&self.0);
    }
}

#[async_trait]
impl Wire for Fake {
    type Conn = Conn;
    const DIALECT: Dialect = Dialect::Sqlite;
    const COLUMNS: &'static str = "columns";
    const VERSION: &'static str = "version";

    async fn connect(&self) -> Result<Conn, SourceError> {
        if self.0.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let number = self.0.opened.fetch_add(1, Ordering::SeqCst) + 1;
        lock(&self.0.open).insert(number);
        Ok(Conn(number, Arc::clone(&self.0)))
    }

    async fn recycle(&self, conn: &mut Conn, _idle: Duration) -> bool {
        !lock(&self.0.dead).contains(&conn.0)
    }

    async fn rows(&self, conn: &mut Conn, _job: &Job<'_>) -> Result<Rows, Fault> {
        lock(&self.0.used).push(conn.0);
        let act = lock(&self.0.acts).pop_front();
        self.0.begun.add_permits(1);
        match act {
            None => {}
            Some(Act::Fail(error)) => return Err(error.into()),
            Some(Act::Wait(told)) => told.await.unwrap(),
            Some(Act::Never) => std::future::pending().await,
        }
        Ok(Rows::default())
    }

    async fn columns(&self, _: &mut Conn, _: Option<&str>, _: &str, _: Instant) -> Result<Vec<Known>, Fault> {
        Ok(Vec::new())
    }

    async fn texts(&self, _: &mut Conn, _: &str, _: Vec<String>, _: Instant) -> Result<Texts, Fault> {
        Ok(Texts::default())
    }

    async fn version(&self, _: &mut Conn, _: Instant) -> Result<String, Fault> {
        Ok(String::new())
    }
}

#[derive(Clone)]
struct Bench {
    server: Arc<Server>,
    source: Arc<Pooled<Fake>>,
}

/// How long a connection may take: just above what the breaker takes for waiting.
const CONNECT: Duration = Duration::from_millis(1_050);
const STATEMENT: Duration = Duration::from_millis(1_500);

impl Bench {
    fn new(connections: u32) -> Self {
        let server = Arc::new(Server {
            opened: AtomicU32::new(0),
            open: Mutex::default(),
            dead: Mutex::default(),
            silent: AtomicBool::new(false),
            acts: Mutex::default(),
            used: Mutex::default(),
            begun: Semaphore::new(0),
        });
        let limits = SourceLimits { connections, connect: CONNECT, statement: STATEMENT };
        let wire = Fake(Arc::clone(&server));
        let source = Pooled::new("erp", wire, limits, Tz::UTC, Arc::new(Log::default())).unwrap();
        Self { server, source: Arc::new(source) }
    }

    async fn within(&self, limit: Option<Duration>) -> Result<(), SourceError> {
        let asked = statement(&[Type::Int], vec![branch(table("t", "t"), &["t.n"])]);
        self.source.run(&asked, &[], &Moment::now(limit)).await.map(|_| ())
    }

    async fn run(&self) -> Result<(), SourceError> {
        self.within(None).await
    }

    /// The connection that one statement used.
    async fn used(&self) -> u32 {
        self.run().await.unwrap();
        *lock(&self.server.used).last().unwrap()
    }

    /// A statement that has begun, with what tells it to answer.
    async fn held(&self) -> (tokio::task::JoinHandle<Result<(), SourceError>>, oneshot::Sender<()>) {
        let (tell, told) = oneshot::channel();
        self.server.act(Act::Wait(told));
        let task = self.begin().await;
        (task, tell)
    }

    async fn begin(&self) -> tokio::task::JoinHandle<Result<(), SourceError>> {
        let already = self.server.begun.available_permits();
        let bench = self.clone();
        let task = tokio::spawn(async move { bench.run().await });
        while self.server.begun.available_permits() == already {
            tokio::task::yield_now().await;
        }
        task
    }

    /// So many idle connections.
    async fn idle(connections: usize) -> Self {
        let bench = Self::new(u32::try_from(connections).unwrap());
        let mut held = Vec::new();
        for _ in 0..connections {
            held.push(bench.held().await);
        }
        for (task, tell) in held {
            tell.send(()).unwrap();
            task.await.unwrap().unwrap();
        }
        assert_eq!(bench.server.open().len(), connections);
        bench
    }
}

#[tokio::test]
async fn the_last_one_given_back_is_the_first_used() {
    let bench = Bench::new(4);
    assert_eq!((bench.used().await, bench.used().await), (1, 1), "one is enough for one at a time");
    let (first, tell_first) = bench.held().await;
    let (second, tell_second) = bench.held().await;
    tell_second.send(()).unwrap();
    second.await.unwrap().unwrap();
    tell_first.send(()).unwrap();
    first.await.unwrap().unwrap();
    assert_eq!((bench.used().await, bench.used().await), (1, 1));
    assert_eq!(bench.server.open(), [1, 2]);
}

#[tokio::test]
async fn only_a_proper_end_gives_a_connection_back() {
    let bench = Bench::new(1);
    assert_eq!(bench.used().await, 1);
    bench.server.act(Act::Fail(SourceError::Refused("no".into())));
    assert_eq!(bench.run().await.unwrap_err().cause(), "REFUSED");
    assert_eq!(bench.used().await, 1, "a refusal is a proper end");
    bench.server.act(Act::Fail(SourceError::Decode { column: "n".into(), reason: "no".into() }));
    assert_eq!(bench.run().await.unwrap_err().cause(), "DECODE");
    assert!(bench.server.open().is_empty(), "the rest of its answer was not read");
    bench.server.act(Act::Never);
    assert_eq!(bench.within(Some(Duration::from_millis(50))).await.unwrap_err().cause(), "TIMEOUT");
    assert!(bench.server.open().is_empty());
    bench.server.act(Act::Fail(SourceError::Lost("gone".into())));
    assert_eq!(bench.run().await.unwrap_err().cause(), "CONNECTION_LOST");
    assert!(bench.server.open().is_empty());
    // The caller goes away.
    bench.server.act(Act::Never);
    let task = bench.begin().await;
    assert_eq!(bench.server.open(), [4]);
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(bench.server.open().is_empty());
    assert_eq!(bench.used().await, 5, "its place is free");
}

#[tokio::test]
async fn a_loss_closes_the_idle_ones_too() {
    let bench = Bench::idle(3).await;
    let (under_way, tell) = bench.held().await;
    bench.server.act(Act::Fail(SourceError::Lost("gone".into())));
    assert_eq!(bench.run().await.unwrap_err().cause(), "CONNECTION_LOST");
    assert_eq!(bench.server.open().len(), 1, "what is under way goes on");
    tell.send(()).unwrap();
    under_way.await.unwrap().unwrap();
    assert!(bench.server.open().is_empty(), "and is not used again");
    assert_eq!(bench.used().await, 4);
}

#[tokio::test]
async fn a_dead_one_is_not_handed_out_and_takes_the_others_with_it() {
    let bench = Bench::idle(3).await;
    let before = bench.source.era().number();
    // The last one given back, which is the first to be tried.
    lock(&bench.server.dead).insert(3);
    assert_eq!(bench.used().await, 4);
    assert_eq!(bench.server.open(), [4], "the others are of the same server");
    assert_ne!(bench.source.era().number(), before, "it may be another database");
    assert_eq!(bench.used().await, 4);
    assert_eq!(bench.source.pulse().circuit, Circuit::Closed);
}

#[tokio::test]
async fn each_limit_has_its_error() {
    let bench = Bench::new(1);
    let (task, tell) = bench.held().await;
    assert_eq!(bench.within(Some(Duration::from_millis(50))).await.unwrap_err().cause(), "TIMEOUT");
    assert_eq!(bench.run().await.unwrap_err().cause(), "POOL_TIMEOUT");
    assert_eq!(bench.source.pulse().circuit, Circuit::Closed, "a busy source is not a dead one");
    tell.send(()).unwrap();
    task.await.unwrap().unwrap();
    // Waiting for a place and connecting have one limit between them.
    let (task, tell) = bench.held().await;
    bench.server.silent.store(true, Ordering::SeqCst);
    lock(&bench.server.dead).insert(1);
    let started = Instant::now();
    let release = async {
        tokio::time::sleep(CONNECT / 2).await;
        tell.send(()).unwrap();
        task.await.unwrap().unwrap();
    };
    let (error, ()) = tokio::join!(bench.run(), release);
    let error = error.unwrap_err();
    assert_eq!((error.cause(), error.to_string().contains("1.05s")), ("CONNECT", true), "{error}");
    assert!(started.elapsed() >= CONNECT && started.elapsed() < CONNECT + CONNECT / 3);
    assert_eq!(bench.source.pulse().circuit, Circuit::Open);
    assert_eq!(bench.source.pulse().last_error.unwrap().1.cause(), "CONNECT");
}

#[tokio::test]
async fn a_request_in_a_hurry_says_nothing_of_a_silent_server() {
    let bench = Bench::new(1);
    bench.server.silent.store(true, Ordering::SeqCst);
    assert_eq!(bench.within(Some(Duration::from_millis(50))).await.unwrap_err().cause(), "TIMEOUT");
    assert!(bench.source.pulse().last_error.is_none());
    bench.server.silent.store(false, Ordering::SeqCst);
    assert_eq!(bench.used().await, 1);
}

#[tokio::test]
async fn closed_it_keeps_nothing() {
    let bench = Bench::idle(2).await;
    let (under_way, tell) = bench.held().await;
    bench.source.close().await;
    assert_eq!(bench.server.open(), [2], "the idle one is closed");
    assert_eq!(bench.run().await.unwrap_err().to_string(), "cannot connect: the source is closed");
    tell.send(()).unwrap();
    under_way.await.unwrap().unwrap();
    assert!(bench.server.open().is_empty());
}
