//! How the pool (`deadpool`'s) opens connections, and what one that was idle goes through before it
//! is used again.

use std::time::Duration;

use deadpool::managed::{self, BuildError, Metrics, Object, Pool, QueueMode, RecycleError, RecycleResult};
use tokio::time::{Instant, timeout_at};

use super::{era::Era, wire::Wire};
use crate::sources::SourceError;

/// How long an idle connection may take to show that it lives.
const RECYCLE: Duration = Duration::from_secs(2);

tokio::task_local! {
    /// By when whoever asks the pool needs a connection. The pool knows relative limits only, one for
    /// each of its steps; a request has one end for all of them.
    pub(super) static NEEDED: Instant;
}

/// Opens and recycles one source's connections.
pub(in crate::sources) struct Manager<W> {
    pub wire: W,
    pub era: Era,
    /// How long a connection may take to come about.
    limit: Duration,
}

/// A connection as the pool keeps it.
pub(in crate::sources) struct Kept<W: Wire> {
    pub conn: W::Conn,
    /// The era in which it was opened.
    pub era: u64,
    /// Since when nobody uses it, once it is given back.
    pub since: Instant,
}

/// Why no connection came about.
pub(in crate::sources) enum NoConnection {
    /// The driver says so.
    Failed(SourceError),
    /// Nothing was heard in time.
    Late,
}

impl<W: Wire> Manager<W> {
    /// A pool of at most so many connections, none of them open. The last one that was given back
    /// is the first to be used: what is not needed stays idle.
    pub(in crate::sources) fn pool(
        wire: W,
        connections: usize,
        limit: Duration,
    ) -> Result<Pool<Self, Lease<W>>, BuildError> {
        let manager = Self { wire, era: Era::new(), limit };
        let runtime = deadpool::Runtime::Tokio1;
        Pool::builder(manager).max_size(connections).queue_mode(QueueMode::Lifo).runtime(runtime).build()
    }

    fn needed(&self) -> Instant {
        NEEDED.try_with(|until| *until).unwrap_or_else(|_| Instant::now() + self.limit)
    }
}

impl<W: Wire> managed::Manager for Manager<W> {
    type Type = Kept<W>;
    type Error = NoConnection;

    async fn create(&self) -> Result<Kept<W>, NoConnection> {
        // The database may be lost, and be another one, before this comes about.
        let era = self.era.number();
        match timeout_at(self.needed(), self.wire.connect()).await {
            Ok(Ok(conn)) => Ok(Kept { conn, era, since: Instant::now() }),
            Ok(Err(error)) => Err(NoConnection::Failed(error)),
            Err(_) => Err(NoConnection::Late),
        }
    }

    /// What is refused is closed, and the pool goes on to the next one. A connection that fails
    /// takes the others of its era with it: each is refused as the pool comes to it.
    async fn recycle(&self, kept: &mut Kept<W>, _: &Metrics) -> RecycleResult<NoConnection> {
        if kept.era != self.era.number() {
            return Err(RecycleError::message("it was opened before the last loss"));
        }
        let by = self.needed().min(Instant::now() + RECYCLE);
        if self.wire.current(&kept.conn) {
            let idle = kept.since.elapsed();
            if let Ok(true) = timeout_at(by, self.wire.recycle(&mut kept.conn, idle)).await {
                return Ok(());
            }
        }
        self.era.renew();
        Err(RecycleError::message("it is dead"))
    }
}

/// A connection in use; closed when dropped, unless it is given back.
pub(in crate::sources) struct Lease<W: Wire>(Option<Object<Manager<W>>>);

impl<W: Wire> From<Object<Manager<W>>> for Lease<W> {
    fn from(object: Object<Manager<W>>) -> Self {
        Self(Some(object))
    }
}

impl<W: Wire> Lease<W> {
    /// The connection. It is there until the lease ends; the error says that it is not.
    pub(in crate::sources) fn conn(&mut self) -> Result<&mut W::Conn, SourceError> {
        let kept = self.0.as_mut().map(|object| &mut object.conn);
        kept.ok_or_else(|| SourceError::Lost("the connection is closed".into()))
    }

    /// The era in which it was opened; none has the number 0.
    pub(in crate::sources) fn era(&self) -> u64 {
        self.0.as_ref().map_or(0, |object| object.era)
    }

    /// Puts it back among the idle ones, if this is still its era. A closed pool closes it.
    pub(in crate::sources) fn give_back(mut self, era: &Era) {
        if self.era() == era.number()
            && let Some(mut object) = self.0.take()
        {
            object.since = Instant::now();
        }
    }
}

impl<W: Wire> Drop for Lease<W> {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}
