//! Whether a database is what its map describes: the signs of `[[detect]]`, looked for at first
//! contact and again after a connection was lost. A database that is another product is refused
//! with what was found or is missing; it is asked nothing else.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::map::{Detect, Presence};
use crate::{
    config::doc::{Node, known_keys},
    diagnostics::Diagnostics,
    sources::{
        Dialect, Moment, Param, Pulse, Rows, SharedSource, Source, SourceError, Statement, Survey,
        columns::Known, select::Table, survey,
    },
};

const PRESENCES: [(&str, Presence); 2] = [("present", Presence::Present), ("absent", Presence::Absent)];

/// Reads the `[[detect]]` of a map.
pub(super) fn read(node: Option<&Node>, diags: &mut Diagnostics) -> Vec<Detect> {
    let Some(items) = node.and_then(|node| node.list("detect", diags)) else { return Vec::new() };
    items.iter().filter_map(|item| one(item, diags)).collect()
}

fn one(node: &Node, diags: &mut Diagnostics) -> Option<Detect> {
    let keys = node.table("detect", diags)?;
    known_keys(keys, "[[detect]]", &["table", "column", "refused_when", "message", "help"], diags);
    let mut text = |key: &str| {
        let Some(value) = node.get(key) else {
            diags.error("MISSING_KEY", node.place(), format!("[[detect]] has no `{key}`"), "add it");
            return None;
        };
        value.filled(key, diags).map(str::to_owned)
    };
    let (table, message, help) = (text("table"), text("message"), text("help"));
    let column = node.get("column").map(|column| column.filled("column", diags).map(str::to_owned));
    let refused_when = match node.get("refused_when") {
        Some(presence) => presence.choice("refused_when", &PRESENCES, diags),
        None => Some(Presence::Absent),
    };
    Some(Detect {
        table: table?,
        column: match column {
            Some(column) => Some(column?),
            None => None,
        },
        refused_when: refused_when?,
        message: message?,
        help: help?,
        place: node.place(),
    })
}

/// Looks for the signs, in their order.
///
/// # Errors
/// [`SourceError::WrongDatabase`] with the first sign's message and help; or why the source cannot
/// be asked.
pub async fn probe(signs: &[Detect], source: &dyn Source) -> Result<(), SourceError> {
    for sign in signs {
        let columns = source.columns(&sign.table).await?;
        let found = match (&columns, &sign.column) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(columns), Some(column)) => columns.iter().any(|c| c.eq_ignore_ascii_case(column)),
        };
        if found == (sign.refused_when == Presence::Present) {
            return Err(SourceError::WrongDatabase(format!("{}; {}", sign.message, sign.help)));
        }
    }
    Ok(())
}

/// A source that is asked nothing before its signs were looked for.
pub struct Guarded {
    inner: SharedSource,
    signs: Vec<Detect>,
    known: AtomicBool,
    refusal: Mutex<Option<(DateTime<Utc>, SourceError)>>,
}

impl Guarded {
    /// Guards a source.
    pub fn new(inner: SharedSource, signs: Vec<Detect>) -> Self {
        Self { inner, signs, known: AtomicBool::new(false), refusal: Mutex::new(None) }
    }

    async fn know(&self) -> Result<(), SourceError> {
        if !self.known.load(Ordering::Acquire) {
            let found = probe(&self.signs, &*self.inner).await;
            // What the lock guards is valid at all times.
            let mut refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner);
            match &found {
                Err(error @ SourceError::WrongDatabase(_)) => {
                    if refusal.is_none() {
                        tracing::error!(source = self.name(), %error, "refused");
                    }
                    *refusal = Some((Utc::now(), error.clone()));
                }
                Err(_) => {}
                Ok(()) => {
                    *refusal = None;
                    self.known.store(true, Ordering::Release);
                }
            }
            return found;
        }
        Ok(())
    }

    /// What comes back after a loss may be another database.
    fn settle<T>(&self, result: Result<T, SourceError>) -> Result<T, SourceError> {
        if matches!(result, Err(SourceError::Connect(_) | SourceError::Lost(_))) {
            self.known.store(false, Ordering::Release);
        }
        result
    }
}

#[async_trait]
impl Source for Guarded {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn dialect(&self) -> Dialect {
        self.inner.dialect()
    }

    async fn run(
        &self,
        statement: &Statement,
        params: &[Param],
        moment: &Moment,
    ) -> Result<Rows, SourceError> {
        self.know().await?;
        self.settle(self.inner.run(statement, params, moment).await)
    }

    async fn ping(&self) -> Result<String, SourceError> {
        let version = self.settle(self.inner.ping().await)?;
        self.know().await?;
        Ok(version)
    }

    async fn columns(&self, table: &str) -> Result<Option<Vec<String>>, SourceError> {
        self.inner.columns(table).await
    }

    async fn known(&self, table: &Table) -> Result<Option<Arc<[Known]>>, SourceError> {
        self.inner.known(table).await
    }

    async fn survey(&self, question: &Survey<'_>) -> Result<survey::Texts, SourceError> {
        self.inner.survey(question).await
    }

    fn pulse(&self) -> Pulse {
        let pulse = self.inner.pulse();
        let refusal = self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Pulse { last_error: refusal.or(pulse.last_error), ..pulse }
    }

    fn batch(&self) -> usize {
        self.inner.batch()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{diagnostics::Place, sources::Select};

    /// A database with one table, which can be exchanged.
    struct Base {
        columns: Mutex<Vec<String>>,
        lost: AtomicBool,
        asked: Mutex<usize>,
    }

    #[async_trait]
    impl Source for Base {
        fn name(&self) -> &'static str {
            "erp"
        }

        fn dialect(&self) -> Dialect {
            Dialect::Sqlite
        }

        async fn run(&self, _: &Statement, _: &[Param], _: &Moment) -> Result<Rows, SourceError> {
            *self.asked.lock().unwrap() += 1;
            if self.lost.swap(false, Ordering::AcqRel) {
                return Err(SourceError::Lost("gone".into()));
            }
            Ok(Rows::default())
        }

        async fn ping(&self) -> Result<String, SourceError> {
            Ok("1".into())
        }

        async fn columns(&self, table: &str) -> Result<Option<Vec<String>>, SourceError> {
            Ok((table == "ARTICLE").then(|| self.columns.lock().unwrap().clone()))
        }

        async fn survey(&self, _: &Survey<'_>) -> Result<survey::Texts, SourceError> {
            Ok(Vec::new())
        }

        fn pulse(&self) -> Pulse {
            Pulse::default()
        }

        async fn close(&self) {}
    }

    #[tokio::test]
    async fn another_database_is_asked_nothing() {
        let sign = |column: &str, refused_when| Detect {
            table: "ARTICLE".into(),
            column: Some(column.into()),
            refused_when,
            message: format!("{column} tells"),
            help: "name another".into(),
            place: Place::default(),
        };
        let base = Arc::new(Base {
            columns: Mutex::new(vec!["ga_article".into()]),
            lost: AtomicBool::new(false),
            asked: Mutex::new(0),
        });
        let signs = vec![sign("ARKTCODART", Presence::Present), sign("GA_ARTICLE", Presence::Absent)];
        let guarded = Guarded::new(base.clone(), signs);
        let statement = Statement::new(Select::default());
        let moment = Moment::now(None);
        guarded.run(&statement, &[], &moment).await.unwrap();
        // Another base comes back after a loss.
        *base.columns.lock().unwrap() = vec!["ARKTCODART".into()];
        base.lost.store(true, Ordering::Release);
        guarded.run(&statement, &[], &moment).await.unwrap_err();
        let refused = guarded.run(&statement, &[], &moment).await.unwrap_err();
        assert_eq!(refused.cause(), "WRONG_DATABASE");
        assert!(refused.to_string().ends_with("ARKTCODART tells; name another"), "{refused}");
        assert!(guarded.pulse().last_error.is_some());
        assert_eq!(guarded.ping().await.unwrap_err().cause(), "WRONG_DATABASE");
        assert_eq!(*base.asked.lock().unwrap(), 2);
        // And the right one again.
        *base.columns.lock().unwrap() = vec!["GA_ARTICLE".into()];
        guarded.run(&statement, &[], &moment).await.unwrap();
        assert!(guarded.pulse().last_error.is_none());
    }
}
