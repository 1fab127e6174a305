//! The Markdown table of cases: read, written into a base, compared. Its head tells what cells mean.

use std::fmt::Write as _;

use comptoir::{
    connectors::tariff::{Buyer, Item},
    value::Value,
};
use rust_decimal::Decimal;

use crate::support::shops;

/// One line of the table.
#[derive(Debug)]
pub struct Case {
    pub number: usize,
    pub line: usize,
    pub title: String,
    pub rows: Vec<Row>,
    pub buyer: Buyer,
    pub settings: Vec<(String, Value)>,
    pub day: Option<String>,
    pub quantity: Decimal,
    pub expected: Expected,
    thing: Thing,
}

/// A row of a table: its columns with their values, NULL by name.
#[derive(Clone, Debug)]
pub struct Row {
    table: String,
    columns: Vec<(String, String)>,
}

#[derive(Debug)]
enum Thing {
    Article,
    Variant(i64, i64),
    Pack,
    Other,
}

/// What a line says of the answer; columns that its table lacks are not compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expected {
    pub net: String,
    pub gross: String,
    pub kept: String,
    pub before: String,
    pub taken_off: String,
    pub basis: String,
    pub apart: Option<String>,
    pub from: Option<String>,
    pub own: Option<String>,
}

impl Expected {
    pub fn agrees(&self, found: &Self) -> bool {
        let optional = |mine: &Option<String>, other: &Option<String>| mine.is_none() || mine == other;
        optional(&self.apart, &found.apart)
            && optional(&self.from, &found.from)
            && optional(&self.own, &found.own)
            && Self { apart: None, from: None, own: None, ..self.clone() }
                == Self { apart: None, from: None, own: None, ..found.clone() }
    }
}

/// The cases of a file.
pub fn read(path: &str) -> Vec<Case> {
    let text = shops::read(path);
    let mut heads: Vec<String> = Vec::new();
    let mut cases = Vec::new();
    for (line, text) in text.lines().enumerate() {
        let Some(inner) = text.strip_prefix('|') else { continue };
        let cells: Vec<&str> = inner.trim_end().trim_end_matches('|').split('|').map(str::trim).collect();
        if cells[0] == "case" {
            heads = cells.iter().map(|&cell| cell.to_owned()).collect();
        } else if !cells[0].starts_with("---") {
            assert_eq!(cells.len(), heads.len(), "{path}:{}: cells", line + 1);
            cases.push(case(cases.len() + 1, line + 1, &heads, &cells));
        }
    }
    cases
}

/// `82.90` as it is compared: `82.9`.
fn plain(text: &str) -> String {
    let word = |word: &str| {
        let (word, comma) = word.strip_suffix(',').map_or((word, ""), |word| (word, ","));
        let number = word.parse::<Decimal>();
        number.map_or_else(|_| word.to_owned(), |n| n.normalize().to_string()) + comma
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn case(number: usize, line: usize, heads: &[String], cells: &[&str]) -> Case {
    let mut case = Case {
        number,
        line,
        title: cells[0].to_owned(),
        rows: Vec::new(),
        buyer: Buyer::default(),
        settings: Vec::new(),
        day: None,
        quantity: Decimal::ONE,
        expected: Expected::default(),
        thing: Thing::Article,
    };
    for (head, cell) in heads.iter().zip(cells).skip(1) {
        let expected = &mut case.expected;
        match head.as_str() {
            "given" => given(&mut case, cell),
            "quantity" => {
                case.quantity = cell.parse().unwrap_or_else(|_| panic!("line {line}: quantity {cell}"));
            }
            "net" => expected.net = plain(cell),
            "gross" => expected.gross = plain(cell),
            "kept" => (*cell).clone_into(&mut expected.kept),
            "before" => expected.before = plain(cell),
            "taken off" => expected.taken_off = plain(cell),
            "basis" => (*cell).clone_into(&mut expected.basis),
            "apart" => expected.apart = Some(plain(cell)),
            "from" => expected.from = Some(plain(cell)),
            "own" => expected.own = Some((*cell).to_owned()),
            other => panic!("line {line}: no such column: {other}"),
        }
    }
    case
}

fn given(case: &mut Case, text: &str) {
    let line = case.line;
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (word, rest) = part.split_once(' ').unwrap_or_else(|| panic!("line {line}: {part}"));
        match word {
            "buyer" => match rest.strip_prefix("public ") {
                Some(categories) => {
                    let (price, tax) =
                        categories.split_once('/').map_or((categories, None), |(p, t)| (p, Some(t)));
                    case.buyer.price_category = Some(price.into());
                    case.buyer.tax_category = tax.map(Into::into);
                }
                None => case.buyer.customer = Some(own(case.number, rest).into()),
            },
            "item" => {
                let numbers: Vec<i64> = rest.split(' ').filter_map(|n| n.parse().ok()).collect();
                case.thing = match (rest, numbers.as_slice()) {
                    ("pack", _) => Thing::Pack,
                    ("other", _) => Thing::Other,
                    (_, [first, second]) => Thing::Variant(*first, *second),
                    _ => panic!("line {line}: {part}"),
                };
            }
            "set" => {
                let (name, value) = rest.split_once(' ').unwrap_or_else(|| panic!("line {line}: {part}"));
                let value = match (value, value.parse()) {
                    ("true" | "false", _) => Value::Bool(value == "true"),
                    (_, Ok(number)) => Value::Int(number),
                    (text, _) => Value::text(text),
                };
                case.settings.push((name.to_owned(), value));
            }
            "day" => case.day = Some(rest.to_owned()),
            table => {
                let columns = rest.split(',').map(|pair| {
                    let pair = pair.trim().split_once(' ');
                    let (column, value) = pair.unwrap_or_else(|| panic!("line {line}: {part}"));
                    (column.to_owned(), own(case.number, value))
                });
                case.rows.push(Row { table: table.to_owned(), columns: columns.collect() });
            }
        }
    }
}

/// The case's own codes: all cases share one base.
fn own(number: usize, word: &str) -> String {
    match word {
        "CLIENT" => format!("CL{number}"),
        "client" => format!("cl{number}"),
        "GROUP" => format!("GR{number}"),
        "PACK" => number.to_string(),
        "''" => String::new(),
        other => other.to_owned(),
    }
}

impl Case {
    fn article(&self) -> String {
        format!("CASE{}", self.number)
    }

    fn family(&self) -> String {
        format!("FAM{}", self.number)
    }

    /// What is priced.
    pub fn item(&self) -> Item {
        let article = Value::text(self.article());
        let (rows, key): (&str, Vec<Value>) = match self.thing {
            Thing::Article => ("plain", vec![article]),
            Thing::Variant(first, second) => {
                ("variants", vec![article, Value::Int(first), Value::Int(second)])
            }
            Thing::Pack => {
                ("packagings", vec![article, Value::Int(i64::try_from(self.number).unwrap_or_default())])
            }
            Thing::Other => ("plain", vec![Value::text("NOTHING")]),
        };
        Item { code: self.article().into(), rows: rows.into(), key: key.into() }
    }

    /// How many rows of some tables the account of its price tells of: price rows of the buyer's own.
    pub fn told(&self) -> Vec<(&'static str, usize)> {
        let category = self.buyer.price_category.as_deref().unwrap_or("1");
        let changed =
            |row: &&Row| row.table == "F_COMPTET" && row.columns.iter().any(|(c, _)| c == "N_CatTarif");
        if self.rows.iter().any(|row| changed(&row)) {
            return Vec::new();
        }
        let mine = |row: &&Row| {
            let value = |column: &str| row.columns.iter().find(|(c, _)| c == column).map_or("", |(_, v)| v);
            row.table == "F_ARTCLIENT"
                && match value("CT_Num") {
                    "" => value("AC_Categorie") == category,
                    customer => {
                        self.buyer.customer.as_deref().is_some_and(|c| c.eq_ignore_ascii_case(customer))
                    }
                }
        };
        vec![("F_ARTCLIENT", self.rows.iter().filter(mine).count().min(1))]
    }

    /// The case's rows as SQL.
    fn write(&self, sql: &mut String) {
        let (article, family) = (self.article(), self.family());
        let changed = |table: &str, sets: &[(&str, &str)], key: &[(&str, &str)]| {
            let mut columns: Vec<(String, String)> =
                key.iter().chain(sets).map(|(c, v)| ((*c).to_owned(), (*v).to_owned())).collect();
            for row in self.rows.iter().filter(|row| row.table == table) {
                for (column, value) in &row.columns {
                    columns.retain(|(known, _)| known != column);
                    columns.push((column.clone(), value.clone()));
                }
            }
            columns
        };
        let sets = [("AR_PrixVen", "100"), ("AR_PrixAch", "40"), ("AR_Coef", "0"), ("AR_PrixTTC", "0")];
        insert(
            sql,
            "F_ARTICLE",
            &changed("F_ARTICLE", &sets, &[("AR_Ref", &article), ("FA_CodeFamille", &family)]),
        );
        let of = |column: &str, value: &str| (column.to_owned(), value.to_owned());
        insert(
            sql,
            "F_FAMILLE",
            &[of("FA_CodeFamille", &family), of("FA_Type", "0"), of("FA_Intitule", "Famille")],
        );
        let client = own(self.number, "CLIENT");
        let sets = [
            ("CT_Type", "0"),
            ("CT_Sommeil", "0"),
            ("CT_NumCentrale", "NULL"),
            ("N_CatTarif", "1"),
            ("N_CatCompta", "1"),
            ("N_Devise", "0"),
            ("CT_Taux01", "0"),
        ];
        insert(sql, "F_COMPTET", &changed("F_COMPTET", &sets, &[("CT_Num", &client)]));
        for (category, tax) in [("1", "T20"), ("2", "T10")] {
            insert(
                sql,
                "F_FAMCOMPTA",
                &with(
                    &[("FA_CodeFamille", &family), ("FCP_TypeFacture", "0"), ("FCP_Type", "0")],
                    &[
                        ("FCP_Champ".to_owned(), category.to_owned()),
                        ("FCP_ComptaCPT_Taxe1".to_owned(), tax.to_owned()),
                    ],
                ),
            );
        }
        for row in &self.rows {
            let article = ("AR_Ref", article.as_str());
            let family = ("FA_CodeFamille", family.as_str());
            let zero = |names: &[&'static str]| names.iter().map(|name| (*name, "0")).collect::<Vec<_>>();
            let base = match row.table.as_str() {
                "F_ARTICLE" | "F_COMPTET" => continue,
                "F_ARTCLIENT" => {
                    let mut columns = zero(&[
                        "AC_Categorie",
                        "AC_PrixVen",
                        "AC_Coef",
                        "AC_PrixTTC",
                        "AC_QteMont",
                        "EG_Champ",
                        "AC_PrixDev",
                        "AC_Devise",
                        "AC_Remise",
                        "AC_TypeRem",
                    ]);
                    columns.push(article);
                    columns
                }
                "F_TARIFQTE" => vec![
                    article,
                    ("TQ_Remise01REM_Valeur", "0"),
                    ("TQ_Remise01REM_Type", "1"),
                    ("TQ_Remise02REM_Valeur", "0"),
                    ("TQ_Remise02REM_Type", "1"),
                    ("TQ_Remise03REM_Valeur", "0"),
                    ("TQ_Remise03REM_Type", "0"),
                    ("TQ_PrixNet", "0"),
                ],
                "F_TARIFGAM" => vec![article, ("AG_No2", "0")],
                "F_ARTENUMREF" => vec![article, ("AE_Ref", ""), ("AE_PrixAch", "0")],
                "F_CONDITION" | "F_TARIFCOND" => vec![article],
                "F_ARTCOMPTA" => vec![article, ("ACP_Type", "0"), ("ACP_TypeFacture", "0")],
                "F_FAMCOMPTA" => vec![family, ("FCP_Type", "0"), ("FCP_TypeFacture", "0")],
                "F_FAMTARIF" => {
                    vec![
                        family,
                        ("FT_Coef", "0"),
                        ("FT_PrixTTC", "0"),
                        ("FT_Remise", "0"),
                        ("FT_TypeRem", "0"),
                    ]
                }
                "F_FAMTARIFQTE" | "F_FAMCLIENT" => vec![family],
                other => panic!("line {}: no such table: {other}", self.line),
            };
            insert(sql, &row.table, &with(&base, &row.columns));
        }
    }
}

/// Columns, of which later ones go before earlier ones.
fn with(base: &[(&str, &str)], own: &[(String, String)]) -> Vec<(String, String)> {
    let kept = base.iter().filter(|(column, _)| !own.iter().any(|(o, _)| o == column));
    kept.map(|(c, v)| ((*c).to_owned(), (*v).to_owned())).chain(own.iter().cloned()).collect()
}

fn insert(sql: &mut String, table: &str, columns: &[(String, String)]) {
    let names: Vec<String> = columns.iter().map(|(name, _)| format!("\"{name}\"")).collect();
    let values = columns.iter().map(|(_, value)| match value.as_str() {
        "NULL" => "NULL".to_owned(),
        number if number.parse::<Decimal>().is_ok() => number.to_owned(),
        text => format!("'{}'", text.replace('\'', "''")),
    });
    let values: Vec<String> = values.collect();
    let _ = writeln!(sql, "INSERT INTO \"{table}\" ({}) VALUES ({});", names.join(", "), values.join(", "));
}

/// The whole base: what all cases share, then each one's rows.
pub fn script(cases: &[Case]) -> String {
    let mut sql = String::from(
        "INSERT INTO \"P_DOSSIERCIAL\" (\"D_RaisonS\", \"N_DeviseCompte\") VALUES ('Essais SA', 1);\n\
         INSERT INTO \"P_DEVISE\" (\"D_Intitule\", \"D_CodeISO\", \"cbIndice\") VALUES ('Euro', 'EUR', 1);\n\
         INSERT INTO \"P_DEVISE\" (\"D_Intitule\", \"D_CodeISO\", \"cbIndice\") VALUES ('Franc suisse', 'CHF', 2);\n",
    );
    for (number, gross) in [(1, 0), (2, 0), (3, 1)] {
        let _ = writeln!(
            sql,
            "INSERT INTO \"P_CATTARIF\" (\"CT_Intitule\", \"CT_PrixTTC\", \"cbIndice\") VALUES ('Tarif {number}', {gross}, {number});"
        );
    }
    let taxes = [
        ("T20", "20", 0),
        ("T10", "10", 0),
        ("T55", "5.5", 0),
        ("T00", "0", 0),
        ("ECO", "0.50", 1),
        ("DDD", "2", 0),
    ];
    for (n, (code, rate, kind)) in taxes.iter().enumerate() {
        let _ = writeln!(
            sql,
            "INSERT INTO \"F_TAXE\" (\"TA_Code\", \"TA_No\", \"TA_Intitule\", \"TA_Taux\", \"TA_TTaux\", \"CG_Num\") \
             VALUES ('{code}', {n}, 'Taxe {code}', {rate}, {kind}, '445710');"
        );
    }
    for case in cases {
        case.write(&mut sql);
    }
    sql
}
