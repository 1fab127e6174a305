//! What was asked for one request, level by level: kept only for a request that wants to see it.
//! Parameters are not kept: they may hold personal data.

use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::Either;
use tokio::task::futures::TaskLocalFuture;

use crate::telemetry::traces::{self, Spanned};

tokio::task_local! {
    /// The level that is being read.
    static HERE: Arc<str>;
}

/// One statement that was sent.
#[derive(Clone, Debug)]
pub struct Ran {
    /// To which source.
    pub source: String,
    /// Its text.
    pub sql: Arc<str>,
    /// How many rows came, or the stable cause of why none did.
    pub rows: Result<usize, &'static str>,
    /// How long it took, with sending and reading.
    pub took: Duration,
}

/// What is told of one level.
#[derive(Clone, Debug, Default)]
pub struct LevelNotes {
    /// Its path: response keys from the root, joined by dots.
    pub level: Arc<str>,
    /// How its records are found: a stable word.
    pub strategy: &'static str,
    /// Why so, for people.
    pub because: String,
    /// The conditions that sources were given, for people.
    pub pushed: Vec<String>,
    /// The conditions that were decided on merged values, for people.
    pub rechecked: Vec<String>,
    /// How many records stand in the answer.
    pub returned: usize,
    /// The statements, in the order in which their answers came.
    pub ran: Vec<Ran>,
}

impl LevelNotes {
    /// Rows that the sources gave for it.
    pub fn read(&self) -> usize {
        self.ran.iter().filter_map(|ran| ran.rows.ok()).sum()
    }
}

/// The notes of one request.
#[derive(Debug, Default)]
pub struct Journal(Mutex<Vec<LevelNotes>>);

impl Journal {
    /// Writes to the notes of the level that is being read.
    pub fn here(&self, write: impl FnOnce(&mut LevelNotes)) {
        self.at(HERE.try_with(Arc::clone).unwrap_or_default(), write);
    }

    /// Writes to the notes of a level below the one that is being read.
    pub fn below(&self, name: &str, write: impl FnOnce(&mut LevelNotes)) {
        self.at(below(name), write);
    }

    fn at(&self, path: Arc<str>, write: impl FnOnce(&mut LevelNotes)) {
        let mut levels = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = levels.iter().position(|notes| notes.level == path).unwrap_or_else(|| {
            levels.push(LevelNotes { level: path, ..LevelNotes::default() });
            levels.len() - 1
        });
        if let Some(notes) = levels.get_mut(at) {
            write(notes);
        }
    }

    /// All notes, in the order in which the levels were come to.
    pub fn levels(&self) -> Vec<LevelNotes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A future, or the same with the name of the level that it reads.
type Named<F> = Either<F, TaskLocalFuture<Arc<str>, F>>;

/// A future that knows which level it reads: by name where a journal is kept, by its span where it is traced.
pub type Within<F> = Spanned<Named<F>>;

/// Names the level that a future reads, below the one that is being read. Costs nothing when no journal
/// is kept and nothing is traced.
pub fn within<F: Future>(journal: Option<&Arc<Journal>>, name: &str, read: F) -> Within<F> {
    let named =
        if journal.is_none() { Either::Left(read) } else { Either::Right(HERE.scope(below(name), read)) };
    traces::level(name, named)
}

fn below(name: &str) -> Arc<str> {
    HERE.try_with(|above| format!("{above}.{name}").into()).unwrap_or_else(|_| name.into())
}

/// Names the level that a future reads, whatever level it is read for.
pub fn apart<F: Future>(journal: Option<&Arc<Journal>>, name: &str, read: F) -> Within<F> {
    let named =
        if journal.is_none() { Either::Left(read) } else { Either::Right(HERE.scope(name.into(), read)) };
    traces::level(name, named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn notes_stand_at_the_level_that_is_read() {
        let journal = Arc::new(Journal::default());
        let kept = Some(&journal);
        let note = async |rows| {
            journal.here(|notes| {
                let took = Duration::ZERO;
                notes.ran.push(Ran { source: "erp".into(), sql: "SELECT".into(), rows, took });
            });
        };
        within(kept, "articles", async {
            note(Ok(3)).await;
            let below = within(kept, "references", async { note(Ok(5)).await });
            let tree = apart(kept, "(departments)", async { note(Err("TIMEOUT")).await });
            futures::join!(below, tree);
            note(Ok(1)).await;
        })
        .await;
        let told: Vec<(String, usize, usize)> =
            journal.levels().iter().map(|l| (l.level.to_string(), l.ran.len(), l.read())).collect();
        let told: Vec<(&str, usize, usize)> = told.iter().map(|(l, n, r)| (l.as_str(), *n, *r)).collect();
        assert_eq!(told, [("articles", 2, 4), ("articles.references", 1, 5), ("(departments)", 1, 0)]);
    }

    #[tokio::test]
    async fn nothing_is_named_without_a_journal() {
        assert!(matches!(within(None, "articles", async {}), Either::Left(Either::Left(_))));
    }
}
