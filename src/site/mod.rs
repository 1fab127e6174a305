//! The site database: the tables that are ours, in a SQLite file of the shop's folder or in PostgreSQL. It keeps staff
//! accounts, groups and what they are granted, login sessions, revocations and the audit log; addresses and contacts of
//! customers that the ERP does not know yet.
//!
//! It is opened when it is first needed, and again when that failed: a shop whose site database is down goes on
//! answering who has no token, and refuses whoever needs it.

mod accounts;
pub mod backup;
mod connect;
mod db;
mod delay;
mod grants;
mod log;
mod login;
mod members;
mod password;
mod people;
mod staff_groups;
mod store;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

pub use self::{
    accounts::{Lifetimes, SiteAccounts},
    grants::SiteGrants,
    login::Revoke,
    password::generate as generate_password,
    people::SitePeople,
};
use self::{
    connect::{Address, Held},
    db::{Pool, reason},
};
use crate::{auth::accounts::AccountError, config::SiteConfig};

/// How long a failed opening is not tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Where the site database is when the shop says nothing.
const DEFAULT_URL: &str = "sqlite:site.db";

/// Why the site database cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// Its address cannot be read.
    #[error("the address of the site database cannot be read: {0}")]
    Address(String),
    /// It does not answer.
    #[error("the site database does not answer: {0}")]
    Unreachable(String),
    /// A file cannot be written or read.
    #[error("{}: {reason}", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// A later version of the program has changed its tables.
    #[error(
        "the site database is newer than this program (its migration {0} is not known here): use the version that made it, or restore a backup"
    )]
    Newer(i64),
    /// Its tables are not those of this program.
    #[error("the site database is not as this program made it: {0}")]
    Foreign(String),
    /// Somebody uses it.
    #[error("the site database is in use: stop `comptoir serve` first")]
    InUse,
    /// A backup that is not to be restored here.
    #[error("{0}")]
    Refused(String),
}

impl SiteError {
    /// Whether waiting may help.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::File { .. })
    }
}

/// What time it is.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The system's clock.
pub fn system_clock() -> Clock {
    Arc::new(Utc::now)
}

/// The site database of a shop. Copies are of one and the same.
#[derive(Clone)]
pub struct Site(Arc<Inner>);

struct Inner {
    address: Address,
    /// The shop says where it is.
    explicit: bool,
    clock: Clock,
    pool: OnceLock<Pool>,
    opening: Mutex<Opening>,
}

#[derive(Default)]
struct Opening {
    failed: Option<(Instant, SiteError)>,
    /// Held while the file is in use, so that nobody restores over it.
    held: Option<Held>,
    closed: bool,
}

impl Site {
    /// The site database of a shop's folder. Nothing is contacted.
    ///
    /// # Errors
    /// Its address cannot be read.
    pub fn of(config: &SiteConfig, dir: &Path) -> Result<Self, SiteError> {
        Self::with_clock(config, dir, system_clock())
    }

    /// As [`Site::of`], by another clock.
    pub fn with_clock(config: &SiteConfig, dir: &Path, clock: Clock) -> Result<Self, SiteError> {
        let url = config.url.as_ref().map_or(DEFAULT_URL, |url| url.0.as_str());
        let address = Address::read(url, dir)?;
        Ok(Self(Arc::new(Inner {
            address,
            explicit: config.url.is_some(),
            clock,
            pool: OnceLock::new(),
            opening: Mutex::default(),
        })))
    }

    /// Where it is, without secrets.
    pub fn place(&self) -> String {
        self.0.address.shown()
    }

    /// The engine: `sqlite` or `postgres`.
    pub fn engine(&self) -> &'static str {
        self.0.address.engine()
    }

    /// Opens it now: connects, makes or updates its tables.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub async fn prepare(&self) -> Result<(), SiteError> {
        self.open(true).await.map(|_| ())
    }

    /// Opens it at the start of a server. `Ok(false)`: not now; it is tried again in the background, and whenever
    /// somebody needs it. A file that the shop names and that cannot be used is an error, as with sources.
    ///
    /// # Errors
    /// It will never do: made by a later version, not ours, or a file that cannot be made.
    pub async fn start(&self) -> Result<bool, SiteError> {
        let error = match self.prepare().await {
            Ok(()) => return Ok(true),
            Err(error) => error,
        };
        let own_file = matches!(self.0.address, Address::Sqlite { .. }) && self.0.explicit;
        if own_file || !error.passes() {
            return Err(error);
        }
        tracing::warn!(
            reason = error.to_string(),
            "the site database cannot be used now: who has a token is refused, and nobody can log in, until it can"
        );
        let site = self.clone();
        tokio::spawn(async move {
            let mut pause = PAUSE;
            loop {
                tokio::time::sleep(pause).await;
                match site.open(true).await {
                    Ok(_) => return tracing::info!("the site database answers now"),
                    Err(SiteError::Refused(_)) => return,
                    Err(error) if !error.passes() => {
                        return tracing::error!(
                            reason = error.to_string(),
                            "the site database cannot be used"
                        );
                    }
                    Err(_) => pause = (pause * 2).min(Duration::from_secs(30)),
                }
            }
        });
        Ok(false)
    }

    /// The connections; opens the database where that is still to do.
    async fn pool(&self) -> Result<Pool, AccountError> {
        if let Some(pool) = self.0.pool.get() {
            return Ok(pool.clone());
        }
        self.open(false).await.map_err(|error| {
            tracing::debug!(reason = error.to_string(), "the site database cannot be used");
            AccountError::Unavailable
        })
    }

    async fn open(&self, again: bool) -> Result<Pool, SiteError> {
        let mut opening = self.0.opening.lock().await;
        if let Some(pool) = self.0.pool.get() {
            return Ok(pool.clone());
        }
        if opening.closed {
            return Err(SiteError::Refused("the site database has been closed".to_owned()));
        }
        if let Some((at, error)) = &opening.failed
            && !again
            && at.elapsed() < PAUSE
        {
            return Err(error.clone());
        }
        match self.0.address.open().await {
            Ok((pool, held)) => {
                opening.failed = None;
                opening.held = held;
                Ok(self.0.pool.get_or_init(|| pool).clone())
            }
            Err(error) => {
                opening.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Now, as both engines keep it.
    fn now(&self) -> DateTime<Utc> {
        db::to_micros((self.0.clock)())
    }

    /// Whether it answers, and its engine's version.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn health(&self) -> Result<String, SiteError> {
        let pool = self.open(false).await?;
        let sql = match pool {
            Pool::Sqlite(_) => "SELECT sqlite_version()",
            Pool::Postgres(_) => "SELECT current_setting('server_version')",
        };
        let failed = |error: sqlx::Error| SiteError::Unreachable(reason(&error));
        let row = pool.row(sql, Vec::new()).await.map_err(failed)?;
        let version: String = match row {
            Some(row) => row.get(0).map_err(failed)?,
            None => String::new(),
        };
        Ok(format!("{} {version}", self.engine()))
    }

    /// Closes it for good.
    pub async fn close(&self) {
        let mut opening = self.0.opening.lock().await;
        opening.closed = true;
        if let Some(pool) = self.0.pool.get() {
            pool.close().await;
        }
        opening.held = None;
    }
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("place", &self.place()).finish_non_exhaustive()
    }
}
