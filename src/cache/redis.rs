//! Redis: one connection for all, short limits, and a circuit. What fails opens it; then nothing is asked of Redis but
//! by a probe in the background, so that no request waits for it, until it answers again all that is asked of it.

use std::{
    fmt::Write as _,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use redis::{
    Client, ErrorKind, FromRedisValue, Pipeline, RedisError, Script, TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
};

use super::bucket::{self, Bucket, Taken};
use crate::config::RedisConfig;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a command may take.
const COMMAND: Duration = Duration::from_millis(100);
/// How often a Redis that is down is tried.
const PROBE: Duration = Duration::from_millis(500);

/// Why Redis cannot even be tried.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

/// A Redis that replicas share. Cloning shares the connection.
#[derive(Clone)]
pub struct Shared(Arc<Inner>);

struct Inner {
    client: Client,
    prefix: String,
    script: Script,
    connection: Mutex<Option<ConnectionManager>>,
    up: AtomicBool,
    /// The outage has been told.
    told: AtomicBool,
    probing: AtomicBool,
}

impl Shared {
    /// A Redis as the shop describes it; it is not contacted.
    ///
    /// # Errors
    /// An address that is none, or certificates that cannot be read.
    pub fn new(config: &RedisConfig) -> Result<Self, Refused> {
        let refused = |error: RedisError| Refused(error.to_string());
        let client = match &config.ca {
            Some(ca) => {
                let tls = TlsCertificates { client_tls: None, root_cert: Some(ca.clone()) };
                Client::build_with_tls(config.url.0.as_str(), tls)
            }
            None => Client::open(config.url.0.as_str()),
        };
        Ok(Self(Arc::new(Inner {
            client: client.map_err(refused)?,
            prefix: config.prefix.clone(),
            script: Script::new(bucket::SCRIPT),
            connection: Mutex::default(),
            up: AtomicBool::new(false),
            told: AtomicBool::new(false),
            probing: AtomicBool::new(false),
        })))
    }

    /// Whether it answered when it was last asked.
    pub fn is_up(&self) -> bool {
        self.0.up.load(Ordering::Acquire)
    }

    /// Tries it once, now; from then on it is tried in the background.
    pub(super) async fn connect(&self) {
        if let Err(error) = self.0.attempt().await {
            self.0.fell(&error);
        }
    }

    pub(super) async fn get(&self, space: &str, keys: &[String]) -> Option<Vec<Option<Bytes>>> {
        if keys.is_empty() {
            return Some(Vec::new());
        }
        let mut command = redis::cmd("MGET");
        keys.iter().for_each(|key| {
            command.arg(self.key(space, key));
        });
        let mut connection = self.connection()?;
        let found: Vec<Option<Vec<u8>>> = self.within(command.query_async(&mut connection)).await?;
        Some(found.into_iter().map(|value| value.map(Bytes::from)).collect())
    }

    pub(super) async fn put(&self, space: &str, items: &[(String, Bytes)], ttl: Duration) {
        let Some(mut connection) = self.connection() else { return };
        let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
        if millis == 0 || items.is_empty() {
            return;
        }
        let mut pipeline = Pipeline::with_capacity(items.len());
        for (key, value) in items {
            let mut command = redis::cmd("SET");
            command.arg(self.key(space, key)).arg(&value[..]).arg("PX").arg(millis);
            pipeline.add_command(command).ignore();
        }
        let _: Option<()> = self.within(pipeline.query_async(&mut connection)).await;
    }

    pub(super) async fn take(&self, buckets: &[Bucket], points: u64) -> Option<Taken> {
        let mut connection = self.connection()?;
        let mut call = self.0.script.prepare_invoke();
        for bucket in buckets {
            call.key(self.key(super::Space::Rates.word(), &bucket.key));
        }
        for argument in bucket::arguments(buckets, points).flatten() {
            call.arg(argument);
        }
        let answer: Vec<u64> = self.within(call.invoke_async(&mut connection)).await?;
        bucket::told(buckets, &answer)
    }

    fn key(&self, space: &str, key: &str) -> String {
        let mut whole = String::with_capacity(self.0.prefix.len() + space.len() + key.len() + 1);
        // Writing to a String cannot fail.
        let _ = write!(whole, "{}{space}:{key}", self.0.prefix);
        whole
    }

    /// The connection, when the circuit is closed. Where nobody has tried yet, somebody is sent to.
    fn connection(&self) -> Option<ConnectionManager> {
        if !self.is_up() {
            self.0.probe();
            return None;
        }
        self.0.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// An answer within the time limit; otherwise the circuit opens.
    async fn within<T: FromRedisValue>(
        &self,
        answer: impl Future<Output = Result<T, RedisError>>,
    ) -> Option<T> {
        let error = match tokio::time::timeout(COMMAND, answer).await {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(error)) => error,
            Err(_) => RedisError::from((ErrorKind::Io, "no answer in time")),
        };
        self.0.fell(&error);
        None
    }
}

impl Inner {
    /// Connects, or asks the connection that there is, and closes the circuit.
    async fn attempt(&self) -> Result<(), RedisError> {
        let held = self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let late = |_| RedisError::from((ErrorKind::Io, "no connection in time"));
        let mut connection = if let Some(held) = held {
            held
        } else {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT))
                .set_response_timeout(Some(COMMAND))
                .set_number_of_retries(0);
            let made = ConnectionManager::new_with_config(self.client.clone(), config);
            tokio::time::timeout(CONNECT, made).await.map_err(late)??
        };
        tokio::time::timeout(CONNECT, self.try_all(&mut connection)).await.map_err(late)??;
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        self.up.store(true, Ordering::Release);
        if self.told.swap(false, Ordering::AcqRel) {
            tracing::info!("Redis answers again: replicas share what they cache and count");
        } else {
            tracing::info!("Redis answers");
        }
        Ok(())
    }

    /// Whether it does all that it will be asked to do: one that answers, and refuses scripts or our keys (by its access
    /// list, or because it is full), would fall and rise with every request.
    async fn try_all(&self, connection: &mut ConnectionManager) -> Result<(), RedisError> {
        let key = format!("{}probe", self.prefix);
        let _: Vec<Option<Vec<u8>>> = redis::cmd("MGET").arg(&key).query_async(connection).await?;
        // A bucket that holds a point, of which it is asked for; a millisecond later nothing is left of it.
        let mut call = self.script.prepare_invoke();
        call.key(&key).arg(1_000_u64).arg(1_000_u64);
        let _: Vec<u64> = call.invoke_async(connection).await?;
        Ok(())
    }

    /// Opens the circuit: told once for each outage, and tried in the background.
    fn fell(self: &Arc<Self>, error: &RedisError) {
        self.up.store(false, Ordering::Release);
        if !self.told.swap(true, Ordering::AcqRel) {
            // The reason, and never an address that may hold a password.
            let reason = error.category();
            let detail = error.detail().unwrap_or_default();
            tracing::warn!(reason, detail, "Redis does not answer: this process caches and counts by itself");
        }
        self.probe();
    }

    /// Tries until it answers, one at a time; ends with the last user of it.
    fn probe(self: &Arc<Self>) {
        if tokio::runtime::Handle::try_current().is_err() || self.probing.swap(true, Ordering::AcqRel) {
            return;
        }
        let inner = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                let Some(inner) = inner.upgrade() else { return };
                let Err(error) = inner.attempt().await else {
                    inner.probing.store(false, Ordering::Release);
                    return;
                };
                // A connection that was refused once is made anew.
                *inner.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
                inner.fell(&error);
                drop(inner);
                tokio::time::sleep(PROBE).await;
            }
        });
    }
}
