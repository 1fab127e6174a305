//! Rows, texts, numbers and dates.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use futures::TryStreamExt;
use sqlx::{
    Row, Sqlite, SqlitePool,
    query::Query,
    sqlite::{SqliteArguments, SqliteRow},
};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

pub type Result<T> = std::result::Result<T, sqlx::Error>;

/// Runs a statement and makes something of each row.
pub async fn rows<T>(
    pool: &SqlitePool,
    query: Query<'static, Sqlite, SqliteArguments>,
    mut make: impl FnMut(&SqliteRow) -> Result<T>,
) -> Result<Vec<T>> {
    let mut stream = query.fetch(pool);
    let mut all = Vec::new();
    while let Some(row) = stream.try_next().await? {
        all.push(make(&row)?);
    }
    Ok(all)
}

/// Text without blanks at its end; blank is nothing.
pub fn text(row: &SqliteRow, column: usize) -> Result<Option<String>> {
    let text = row.try_get_unchecked::<Option<&str>, _>(column)?;
    Ok(text.map(str::trim_end).filter(|t| !t.is_empty()).map(str::to_owned))
}

pub fn int(row: &SqliteRow, column: usize) -> Result<Option<i64>> {
    row.try_get_unchecked(column)
}

pub fn truth(row: &SqliteRow, column: usize) -> Result<Option<bool>> {
    Ok(int(row, column)?.map(|n| n != 0))
}

/// A number as clients see it.
pub fn number(row: &SqliteRow, column: usize) -> Result<Option<String>> {
    let number: Option<f64> = row.try_get_unchecked(column)?;
    Ok(number.map(|n| n.to_string()))
}

/// A weight: 0 is none.
pub fn weight(row: &SqliteRow, column: usize) -> Result<Option<String>> {
    Ok(number(row, column)?.filter(|n| n != "0"))
}

/// The ERP's local time.
pub fn local(row: &SqliteRow, column: usize) -> Result<Option<DateTime<Utc>>> {
    Ok(moment(row, column)?.and_then(|at| {
        chrono_tz::Europe::Paris.from_local_datetime(&at).earliest().map(|at| at.with_timezone(&Utc))
    }))
}

/// IsoShop's time.
pub fn utc(row: &SqliteRow, column: usize) -> Result<Option<DateTime<Utc>>> {
    Ok(moment(row, column)?.map(|at| at.and_utc()))
}

fn moment(row: &SqliteRow, column: usize) -> Result<Option<NaiveDateTime>> {
    let text = row.try_get_unchecked::<Option<&str>, _>(column)?;
    Ok(text.and_then(|t| NaiveDateTime::parse_from_str(t, "%Y-%m-%d %H:%M:%S").ok()))
}

pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// Today, in Paris.
pub fn today() -> String {
    Utc::now().with_timezone(&chrono_tz::Europe::Paris).date_naive().to_string()
}

/// Codes are the same whatever their case.
pub fn fold(code: &str) -> String {
    code.trim_end().to_uppercase()
}

/// Keys as one JSON array.
pub fn keys<'a>(keys: impl IntoIterator<Item = &'a str>) -> Result<String> {
    let keys: Vec<&str> = keys.into_iter().collect();
    serde_json::to_string(&keys).map_err(|e| sqlx::Error::Encode(e.into()))
}

/// Records by their folded code.
pub fn by_code<T>(items: Vec<T>, code: impl Fn(&T) -> &str) -> HashMap<String, T> {
    items.into_iter().map(|item| (fold(code(&item)), item)).collect()
}

/// The fields that are empty on purpose, in every language or in the shop's own.
#[derive(Default)]
pub struct Markers(HashSet<(String, String)>);

impl Markers {
    pub async fn read(
        pool: &SqlitePool,
        sql: &'static str,
        codes: String,
        fields: &'static str,
    ) -> Result<Self> {
        let query = sqlx::query(sql).bind(codes).bind(fields);
        let found = rows(pool, query, |row| {
            let own = text(row, 2)?.is_none_or(|language| language == "fr");
            Ok(own.then_some((text(row, 0)?, text(row, 1)?)))
        });
        let found = found.await?.into_iter().flatten();
        Ok(Self(found.filter_map(|(code, field)| Some((fold(&code?), field?))).collect()))
    }

    pub fn has(&self, code: &str, field: &str) -> bool {
        !self.0.is_empty() && self.0.contains(&(fold(code), field.to_owned()))
    }

    /// IsoShop's text first, then the ERP's, unless it is empty on purpose.
    pub fn choose<T>(&self, code: &str, field: &str, own: Option<T>, erp: Option<T>) -> Option<T> {
        if self.has(code, field) { None } else { own.or(erp) }
    }
}

/// `title-in-small-letters-code`.
pub fn slug(title: &str, code: &str) -> String {
    let mut slug = String::with_capacity(title.len() + code.len() + 1);
    let mut push = |c: char| {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    };
    if title.is_ascii() {
        title.chars().for_each(&mut push);
    } else {
        for c in title.nfkd() {
            match c {
                'œ' | 'Œ' => ['o', 'e'].into_iter().for_each(&mut push),
                'æ' | 'Æ' => ['a', 'e'].into_iter().for_each(&mut push),
                'ß' | 'ẞ' => ['s', 's'].into_iter().for_each(&mut push),
                'ø' | 'Ø' => push('o'),
                c if is_combining_mark(c) => {}
                c => push(c),
            }
        }
    }
    if !slug.is_empty() && !slug.ends_with('-') {
        slug.push('-');
    }
    for b in code.bytes() {
        match b {
            b'A'..=b'Z' => slug.push(char::from(b.to_ascii_lowercase())),
            b'0'..=b'9' | b'~' => slug.push(char::from(b)),
            b'-' => slug.push('.'),
            b'a'..=b'z' => {
                slug.push('_');
                slug.push(char::from(b));
            }
            other => slug.push_str(&format!("__{other:02x}")),
        }
    }
    slug
}
