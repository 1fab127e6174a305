//! How keys compare: what the map says against what the database does. Clients' codes are looked up by
//! the database and told apart by us; where the two differ a record is not found by a code that differs
//! only in case, or two rows take themselves for one.

use super::{
    EXAMPLES, Finding, KeyReport, Level, Live,
    structure::{Known, find},
};
use crate::{
    federation::shape::branch,
    sources::{
        Dialect, Expr, Param, SharedSource, Statement,
        expr::{CastType, CompareOp, Function},
        select::{Branch, Decode, Item, Output, Predicate, Select, Table},
        survey::ColumnInfo,
    },
    value::{KeyCompare, Type, Value},
};

/// Keys in which a letter is looked for.
const LOOKED_AT: i64 = 200;

impl Live<'_> {
    /// Compares every text key of the source with its own lower and upper form.
    pub(super) async fn keys(&mut self, source: usize, known: &Known) {
        let Some(asked) = self.source(source).cloned() else { return };
        let name = self.name(source).to_owned();
        let model = self.engine.model.clone();
        let mut done: Vec<(String, String, String)> = Vec::new();
        for (id, e) in model.entities.iter().enumerate() {
            let Some(map) = e.maps.get(source).and_then(Option::as_ref) else { continue };
            let decides = e.decides == source;
            for row in &map.rows {
                let keys = row.key.iter().filter(|k| matches!(k.ty, CastType::Text(_)));
                for key in keys {
                    let Expr::Column { name: column, .. } = &key.expr else { continue };
                    let of = (e.name.clone(), row.table.name.clone(), column.clone());
                    let columns = known.get(&(row.table.prefix.clone(), row.table.name.clone()));
                    let Some(info) = columns.and_then(|c| find(asked.dialect(), c.as_ref()?, column)) else {
                        continue;
                    };
                    if done.contains(&of) {
                        continue;
                    }
                    done.push(of);
                    let shown = self.behaviour(&asked, &row.table, &key.expr).await;
                    let sensitive = shown.or_else(|| by_name(info));
                    // An overlay's rows are found by the codes of the source that decides.
                    let wanted = if decides { key.compare } else { self.engine.compare(id) };
                    let report = KeyReport {
                        entity: e.name.clone(),
                        table: row.table.name.clone(),
                        column: info.name.clone(),
                        map: word(key.compare),
                        collation: info.collation.clone(),
                        case_sensitive: sensitive,
                    };
                    let finding = judge(wanted, decides, sensitive, &report);
                    if let Some(of_source) = self.of_source(source) {
                        of_source.keys.push(report);
                    }
                    let padded = match asked.dialect() {
                        // It compares as if trailing blanks were not there.
                        Dialect::SqlServer => Vec::new(),
                        _ if key.trim => self.padded(&asked, &row.table, &key.expr).await,
                        _ => Vec::new(),
                    };
                    let padded = (!padded.is_empty()).then(|| {
                        Finding::new(
                            Level::Warning,
                            "PADDED_KEY",
                            format!(
                                "keys of {} end in blanks in `{column}` of `{}`: this database takes them for \
                                 other keys, so these records are listed but not found by their codes, and \
                                 nothing completes them",
                                e.name, row.table.name
                            ),
                            format!("take the blanks away: UPDATE … SET {column} = RTRIM({column})"),
                        )
                        .examples(padded)
                    });
                    for finding in finding.into_iter().chain(padded) {
                        let finding = finding
                            .source(&name)
                            .entity(&e.name)
                            .table(&row.table.name)
                            .column(&info.name)
                            .place(&row.place);
                        self.found(finding);
                    }
                }
            }
        }
    }

    /// Some keys that end in blanks.
    async fn padded(&self, asked: &SharedSource, table: &Table, key: &Expr) -> Vec<String> {
        let trimmed = Expr::Call(Function::RTrim, vec![key.clone()]);
        let length = |of: Expr| Box::new(Expr::Call(Function::Length, vec![of]));
        let longer = Expr::Compare(CompareOp::Ne, length(key.clone()), length(trimmed.clone()));
        let select = Select {
            outputs: vec![Output { decode: Decode::of(Type::Text), label: "key".into() }],
            branches: vec![Branch {
                items: vec![Item::from(trimmed)],
                filter: vec![Predicate::Expr(longer)],
                limit: Some(0),
                ..branch(table.clone())
            }],
            order: Vec::new(),
            descending: false,
            count: false,
        };
        let params = [Param::Value(Value::Int(i64::try_from(EXAMPLES).unwrap_or(i64::MAX)))];
        let rows = asked.run(&Statement::new(select), &params, &self.ask.moment).await.unwrap_or_default();
        (0..rows.len()).filter_map(|r| rows.get(r, 0).as_str().map(str::to_owned)).collect()
    }

    /// Whether the database tells a key from itself in another case; `None` where no key has letters.
    async fn behaviour(&self, asked: &SharedSource, table: &Table, key: &Expr) -> Option<bool> {
        let output = |ty: Type, label: &str| Output { decode: Decode::of(ty), label: label.into() };
        let mut items = vec![Item::from(key.clone())];
        let mut outputs = vec![output(Type::Text, "key")];
        for function in [Function::Lower, Function::Upper] {
            let other = Expr::Call(function, vec![key.clone()]);
            let same = Expr::Compare(CompareOp::Eq, Box::new(key.clone()), Box::new(other.clone()));
            let told = Expr::Case {
                operand: None,
                whens: vec![(same, Expr::Number("1".into()))],
                otherwise: Some(Box::new(Expr::Number("0".into()))),
            };
            items.extend([Item::from(other), Item::from(told)]);
            outputs.extend([output(Type::Text, "other"), output(Type::Boolean, "same")]);
        }
        let select = Select {
            outputs,
            branches: vec![Branch { items, limit: Some(0), ..branch(table.clone()) }],
            order: Vec::new(),
            descending: false,
            count: false,
        };
        let params = [Param::Value(Value::Int(LOOKED_AT))];
        let rows = asked.run(&Statement::new(select), &params, &self.ask.moment).await.ok()?;
        (0..rows.len()).find_map(|r| {
            [1, 3].into_iter().find_map(|c| {
                let (key, other) = (rows.get(r, 0).as_str()?, rows.get(r, c).as_str()?);
                let same = rows.get(r, c + 1) == &Value::Bool(true);
                (key != other).then_some(!same)
            })
        })
    }
}

/// What a collation's name says, where no key shows it.
fn by_name(info: &ColumnInfo) -> Option<bool> {
    let name = info.collation.as_ref()?.to_uppercase();
    if name.contains("_CI") || name.contains("NOCASE") {
        Some(false)
    } else if name.contains("_CS")
        || name.contains("_BIN")
        || name == "BINARY"
        || name == "C"
        || name == "POSIX"
    {
        Some(true)
    } else {
        None
    }
}

pub(super) fn word(compare: KeyCompare) -> &'static str {
    match compare {
        KeyCompare::Binary => "binary",
        KeyCompare::CiAs | KeyCompare::Ascii => "ci_as",
        KeyCompare::CiAi => "ci_ai",
    }
}

fn judge(wanted: KeyCompare, decides: bool, sensitive: Option<bool>, key: &KeyReport) -> Option<Finding> {
    let KeyReport { entity, table, column, .. } = key;
    let collation = key.collation.as_deref().unwrap_or("its own collation");
    let map = word(wanted);
    match (wanted, sensitive?) {
        (KeyCompare::CiAs | KeyCompare::CiAi | KeyCompare::Ascii, true) if decides => Some(Finding::new(
            Level::Warning,
            "KEY_CASE",
            format!(
                "the map compares the key of {entity} as {map}, but the database tells case apart in `{column}` \
                 of `{table}` ({collation}): a code that a client writes in another case is not found"
            ),
            format!(
                "say compare = \"binary\" of this key in the connector map, or give `{column}` a collation \
                 that ignores case"
            ),
        )),
        (KeyCompare::CiAs | KeyCompare::CiAi | KeyCompare::Ascii, true) => Some(Finding::new(
            Level::Warning,
            "KEY_CASE",
            format!(
                "the source that decides which {entity} records there are ignores case, but `{column}` of \
                 `{table}` ({collation}) does not: a row whose code differs in case completes nothing"
            ),
            format!(
                "give `{column}` a collation that ignores case, or keep its codes spelt as the ERP spells them"
            ),
        )),
        (KeyCompare::Binary, false) if decides => Some(Finding::new(
            Level::Warning,
            "KEY_CASE",
            format!(
                "the map compares the key of {entity} byte by byte, but the database ignores case in `{column}` \
                 of `{table}` ({collation}): a code in another case is looked up in vain"
            ),
            "say compare = \"ci_as\" of this key in the connector map (\"ci_ai\" if accents do not count either)",
        )),
        (KeyCompare::CiAs, false)
            if key.collation.as_deref().is_some_and(|c| c.to_uppercase().contains("_AI")) && decides =>
        {
            Some(Finding::new(
                Level::Warning,
                "KEY_ACCENTS",
                format!(
                    "the map tells accents apart in the key of {entity}, but the collation of `{column}` of \
                     `{table}` ({collation}) does not"
                ),
                "say compare = \"ci_ai\" of this key in the connector map",
            ))
        }
        _ => None,
    }
}
