//! Binary copies of text columns (Sage's `cbAR_Ref` beside `AR_Ref`): whether a table has them, and
//! whether they can be trusted. What a map says of them is taken for true only once the database has
//! shown it, at first contact with each table.

use std::fmt::Write;

use tiberius::{Client, Query};
use tokio::net::TcpStream;
use tokio_util::compat::Compat;

use super::faults;
use crate::sources::{
    columns::{Known, SqlType, Twin, TwinRule},
    pooled::Fault,
    render::tsql_prefix,
};

/// Rows in which text and copy are compared. A copy is computed by the table itself, the same way in
/// every row: what the first rows show, all do.
const SAMPLE: u32 = 1_000;

/// Gives the text columns of a table the binary copies that hold what they do. Where the database
/// refuses the question, text is compared.
///
/// # Errors
/// Only a lost connection.
pub(super) async fn find(
    client: &mut Client<Compat<TcpStream>>,
    rules: &[TwinRule],
    (prefix, table, hint): (Option<&str>, &str, &str),
    columns: &mut [Known],
) -> Result<(), Fault> {
    for rule in rules {
        let Some((at, bytes)) = candidate(rule, columns) else { continue };
        let question = question(rule, bytes, prefix, table, hint);
        let answer = match Query::new(question).query(client).await {
            Ok(stream) => stream.into_row().await,
            Err(error) => Err(error),
        };
        let row = match answer.map_err(|e| faults::fault(&e)) {
            Ok(row) => row,
            Err(fault) if matches!(fault.error, crate::sources::SourceError::Refused(_)) => None,
            Err(fault) => return Err(fault),
        };
        let says = |i: usize| row.as_ref().and_then(|r| r.try_get::<i32, _>(i).ok().flatten()) == Some(1);
        let at_home = rule.home.eq_ignore_ascii_case(table);
        if says(0) && (at_home || says(2)) {
            columns[at].twin = Some(Twin {
                name: rule.twin.clone(),
                bytes,
                home: (!at_home).then(|| rule.home.clone()),
                ordered: says(1),
            });
        } else {
            tracing::warn!(
                table,
                column = rule.column,
                twin = rule.twin,
                "the binary copy does not hold the text's bytes: keys are compared as text"
            );
        }
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

/// Three answers, 1 or 0: the copies hold the texts; they order as code points do (no text has one
/// of the characters that code page 1252 keeps between 0x80 and 0x9F, or a blank at its end); the rule's home is there.
fn question(rule: &TwinRule, bytes: u32, prefix: Option<&str>, table: &str, hint: &str) -> String {
    let quoted = |name: &str| format!("[{}]", name.replace(']', "]]"));
    let (text, twin) = (quoted(&rule.column), quoted(&rule.twin));
    let from = format!("{}{}{hint}", tsql_prefix(prefix), quoted(table));
    let literal = |name: &str| name.replace('\'', "''");
    let mut sql = String::with_capacity(600);
    // Writing to a String cannot fail.
    let _ = write!(
        sql,
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM (SELECT TOP ({SAMPLE}) {text} AS [t], {twin} AS [b] FROM {from}) \
         AS [s] WHERE ([b] IS NULL AND [t] IS NOT NULL) OR [b] <> CAST([t] AS varbinary({bytes}))) \
         THEN 0 ELSE 1 END, \
         CASE WHEN EXISTS (SELECT 1 FROM {from} WHERE {text} COLLATE Latin1_General_BIN2 LIKE N'%[{SPECIAL}]%' \
         OR {text} LIKE '% ') \
         THEN 0 ELSE 1 END, \
         CASE WHEN EXISTS (SELECT 1 FROM {}INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = '{}' \
         AND COLUMN_NAME = '{}') THEN 1 ELSE 0 END",
        database(prefix),
        literal(&rule.home),
        literal(&rule.column),
    );
    sql
}

/// The characters of 0x80 to 0x9F in code page 1252.
const SPECIAL: &str = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";

fn database(prefix: Option<&str>) -> String {
    let database = prefix.map_or("", |p| p.split_once('.').map_or(p, |(database, _)| database));
    if database.is_empty() { String::new() } else { tsql_prefix(Some(database)).replace("..", ".") }
}
