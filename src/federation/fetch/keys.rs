//! Keys and codes between statements and records: key chunks, parameters by code, the code of a row.

use crate::{
    connectors::{
        code::{is_padded, trimmed},
        map::RowSource,
    },
    federation::{batch::Batch, model::SourceId, page::Position, shape::SourceShape},
    sources::{Keys, Param, Rows, expr::CastType},
    value::{KeyCompare, Value},
};

/// Codes as keys of statements, shared by all that ask about one batch.
pub(super) fn text_keys<'a>(codes: impl Iterator<Item = &'a str>) -> Keys {
    codes.map(|c| Box::from([Value::text(c)])).collect()
}

/// The keys, at most `size` at a time.
pub(super) fn chunks(keys: &Keys, size: usize) -> Vec<Keys> {
    match keys.len() {
        0 => Vec::new(),
        n if n <= size => vec![keys.clone()],
        _ => keys.chunks(size).map(Keys::from).collect(),
    }
}

/// The row source that a row came from.
pub(in crate::federation) fn row_source<'a>(shape: &'a SourceShape, row: &[Value]) -> Option<&'a RowSource> {
    match row.first() {
        Some(Value::Int(n)) => shape.map.rows.get(usize::try_from(*n).ok()?),
        _ => None,
    }
}

/// The native key in a row.
pub(in crate::federation) fn key_of<'a>(source: &RowSource, row: &'a [Value]) -> &'a [Value] {
    row.get(1..1 + source.key.len()).unwrap_or(&[])
}

/// The code that clients use for a row; NULL where the row has no key, which makes it no record.
pub fn code_of(shape: &SourceShape, row: &[Value]) -> Value {
    let Some(source) = row_source(shape, row) else { return Value::Null };
    // Of the first column blanks read as NULL.
    if key_of(source, row).first().is_none_or(Value::is_null) {
        return Value::Null;
    }
    let own = row.get(shape.columns.own).and_then(Value::as_str);
    Value::text(source.code.encode(own, key_of(source, row)))
}

/// Adds a row of nothing but its key for each code that no row has: which codes those are. Their records are
/// looked into like any other's, and exist for nobody.
pub(super) fn add_phantoms<'a>(
    shape: &SourceShape,
    rows: &mut Rows,
    codes: &[&'a str],
    compare: KeyCompare,
) -> Vec<&'a str> {
    let known: Vec<String> = (0..rows.len())
        .filter_map(|r| Some(compare.fold(code_of(shape, rows.row(r)).as_str()?).into_owned()))
        .collect();
    let width = shape.width();
    let mut added = Vec::new();
    for code in codes.iter().filter(|c| !known.iter().any(|k| *k == compare.fold(c))) {
        let decoded =
            (0i64..).zip(&shape.map.rows).find_map(|(i, row)| Some((i, row.code.decode(code, &row.key)?)));
        let own = || shape.map.rows.iter().position(|row| row.code.own.is_some());
        let (i, key) = match decoded {
            Some(found) => found,
            // Rows that have codes of their own are found by those, whatever their keys.
            None => match own().and_then(|i| Some((i64::try_from(i).ok()?, &shape.map.rows.get(i)?.key))) {
                Some((i, columns)) => (i, columns.iter().map(|c| any_key(c.ty, code)).collect()),
                None => continue,
            },
        };
        let mut cells = vec![Value::Null; width];
        cells[0] = Value::Int(i);
        cells[1..].iter_mut().zip(key).for_each(|(cell, part)| *cell = part);
        for column in [Some(shape.columns.own), shape.columns.parent].into_iter().flatten() {
            cells[column] = Value::text(*code);
        }
        rows.width = width;
        rows.cells.extend(cells);
        added.push(*code);
    }
    added
}

/// A value that a key column may hold.
fn any_key(ty: CastType, code: &str) -> Value {
    match ty {
        CastType::Text(_) => Value::text(code),
        CastType::Integer => Value::Int(0),
        CastType::Decimal => Value::Decimal(rust_decimal::Decimal::ZERO),
        CastType::Date => Value::Date(chrono::NaiveDate::default()),
        CastType::DateTime => Value::DateTime(chrono::DateTime::default()),
    }
}

/// The parent code of each record, from the deciding source's rows.
pub(super) fn parent_codes(batch: &Batch, decides: SourceId) -> Vec<Option<&str>> {
    let column = batch.shape.sources.get(decides).and_then(Option::as_ref).and_then(|s| s.columns.parent);
    (0u32..).zip(&batch.codes).map(|(record, _)| batch.row(decides, record)?.get(column?)?.as_str()).collect()
}

/// The parameters of `by_code` for records whose places are known, which are asked for by their keys as they
/// are stored, too.
pub(super) fn place_params(shape: &SourceShape, wanted: &[(&str, &Position)]) -> Vec<Param> {
    let mut params = vec![Param::Keys(text_keys(wanted.iter().map(|(code, _)| *code)))];
    for (n, row) in shape.map.rows.iter().enumerate() {
        let decoded = wanted.iter().filter_map(|(code, _)| row.code.decode(code, &row.key));
        let padded = wanted.iter().filter(|(_, at)| at.row == n && at.key.iter().any(is_padded));
        let stored = padded.flat_map(|(_, at)| [at.key.clone(), at.key.iter().map(trimmed).collect()]);
        params.push(Param::Keys(decoded.chain(stored).map(Vec::into_boxed_slice).collect()));
    }
    params.push(Param::Keys(text_keys(std::iter::empty())));
    params
}

/// The parameters of `by_code`: codes, decoded keys per row source, generated codes. `None` when no
/// code can be one of this source's: then no statement is sent.
pub(super) fn code_params(
    shape: &SourceShape,
    codes: &[&str],
    codes_as_keys: Keys,
    natives: &[String],
) -> Option<Vec<Param>> {
    let mut params = vec![Param::Keys(codes_as_keys)];
    let mut possible =
        natives.iter().any(|n| !n.is_empty()) && !shape.map.exists && shape.columns.native.is_some();
    for row in &shape.map.rows {
        let keys: Keys =
            codes.iter().filter_map(|c| row.code.decode(c, &row.key)).map(Vec::into_boxed_slice).collect();
        possible |= !keys.is_empty() || row.code.own.is_some();
        params.push(Param::Keys(keys));
    }
    params.push(Param::Keys(text_keys(natives.iter().map(String::as_str))));
    possible.then_some(params)
}
