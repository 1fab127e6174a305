//! A script of our own in one transaction: how the IsoShop tables are made.

use std::{path::Path, time::Duration};

use super::{Conn, SqlServer, faults};
use crate::sources::{SourceError, pooled::Wire};

/// Asks `question` for names and runs the statements that `answer` makes of them, all or none.
///
/// # Errors
/// [`SourceError::Connect`] without a connection, else what the database said.
pub async fn transact(
    url: &str,
    dir: &Path,
    limit: Duration,
    question: &str,
    answer: impl FnOnce(Vec<String>) -> Vec<String> + Send,
) -> Result<(), SourceError> {
    let server = SqlServer::new(url, dir, limit, Vec::new())?;
    let mut conn = server.connect().await?;
    run(&mut conn, "SET XACT_ABORT ON; BEGIN TRANSACTION").await?;
    let names = run(&mut conn, question).await?;
    // What fails half-way is rolled back by the server when the connection is closed.
    for sql in answer(names) {
        run(&mut conn, &sql).await?;
    }
    run(&mut conn, "COMMIT TRANSACTION").await?;
    Ok(())
}

/// One batch; the first column of its rows.
async fn run(conn: &mut Conn, sql: &str) -> Result<Vec<String>, SourceError> {
    let fail = |e| faults::fault(&e).error;
    let rows = conn.client.simple_query(sql).await.map_err(fail)?.into_first_result().await.map_err(fail)?;
    Ok(rows.iter().filter_map(|row| row.try_get::<&str, _>(0).ok().flatten()).map(str::to_owned).collect())
}
