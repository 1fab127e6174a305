//! Binary copies of text columns (Sage's `cbAR_Ref` beside `AR_Ref`): whether a table has them, and
//! whether they can be trusted. What a map says of them is taken for true only once the database has
//! shown it, at first contact with each table.

use tiberius::{Client, Query};
use tokio::net::TcpStream;
use tokio_util::compat::Compat;

use super::faults;
use crate::sources::{
    SourceError,
    columns::{Known, SqlType, Twin, TwinRule},
    pooled::Fault,
    render::tsql_prefix,
};

/// Rows in which text and copy are compared. A copy is computed by the table itself, the same way in
/// every row: what the first rows show, all do.
const SAMPLE: u32 = 1_000;

/// Gives the text columns of a table the binary copies that hold what they do. Where the database does
/// not answer the question, because it refuses it or takes too long, text is compared.
///
/// # Errors
/// Only a lost connection.
pub(super) async fn find(
    client: &mut Client<Compat<TcpStream>>,
    rules: &[TwinRule],
    (prefix, table): (Option<&str>, &str),
    columns: &mut [Known],
) -> Result<(), Fault> {
    for rule in rules {
        let Some((at, bytes)) = candidate(rule, columns) else { continue };
        let question = question(rule, bytes, prefix, table);
        let answer = match Query::new(question).query(client).await {
            Ok(stream) => stream.into_row().await,
            Err(error) => Err(error),
        };
        let reason = match answer.map_err(|e| faults::fault(&e).error) {
            Ok(Some(row)) if row.try_get::<i32, _>(0).ok().flatten() == Some(1) => {
                let at_home = rule.home.eq_ignore_ascii_case(table);
                let home = (!at_home).then(|| rule.home.clone());
                columns[at].twin = Some(Twin { name: rule.twin.clone(), bytes, home });
                continue;
            }
            Ok(_) => "it does not hold the text's bytes".to_owned(),
            Err(error @ (SourceError::Refused(_) | SourceError::Timeout(_))) => error.to_string(),
            Err(error) => return Err(error.into()),
        };
        tracing::warn!(
            table,
            column = rule.column,
            twin = rule.twin,
            reason,
            "a binary copy is not used: keys are compared as text"
        );
    }
    Ok(())
}

/// The text column of a rule and the bytes of its copy, when the table has both and they fit.
fn candidate(rule: &TwinRule, columns: &[Known]) -> Option<(usize, u32)> {
    let named = |name: &str| columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
    let text = named(&rule.column)?;
    match (columns[text].ty?, columns[named(&rule.twin)?].ty?) {
        (SqlType::VarChar(n), SqlType::Binary(bytes)) if n > 0 && bytes >= n => Some((text, bytes)),
        _ => None,
    }
}

/// Whether the copies hold the texts: 1 or 0. The second answer is of no interest: it names the rule's
/// home as statements will, so that a home that is not there is refused here. Rows are read past any lock: text and copy are of one row,
/// whatever becomes of it.
fn question(rule: &TwinRule, bytes: u32, prefix: Option<&str>, table: &str) -> String {
    let quoted = |name: &str| format!("[{}]", name.replace(']', "]]"));
    let (text, twin) = (quoted(&rule.column), quoted(&rule.twin));
    let named = |table: &str| format!("{}{} WITH (NOLOCK)", tsql_prefix(prefix), quoted(table));
    format!(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM (SELECT TOP ({SAMPLE}) {text} AS [t], {twin} AS [b] FROM {}) AS [s] \
         WHERE ([b] IS NULL AND [t] IS NOT NULL) OR [b] <> CAST([t] AS varbinary({bytes}))) THEN 0 \
         ELSE 1 END, (SELECT TOP (1) {text} FROM {})",
        named(table),
        named(&rule.home),
    )
}
