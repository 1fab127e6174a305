//! The AdventureWorks data in Sage shape with its IsoShop overlay, loaded from CSV by the rules of its
//! README. The data lives outside the project: `COMPTOIR_TEST_ADVENTUREWORKS` names its folder, by
//! default it is looked for beside the project. Tests on it are skipped, saying so, when it is absent.

use std::{
    collections::HashMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::shops::{self, Recipe};

/// The data's folder, if it is there.
pub fn folder(test: &str) -> Option<PathBuf> {
    let given = std::env::var_os("COMPTOIR_TEST_ADVENTUREWORKS").map(PathBuf::from);
    let found = given
        .or_else(|| {
            // Beside the project, or beside the folder that holds several checkouts of it.
            shops::root()
                .ancestors()
                .skip(1)
                .take(2)
                .map(|up| up.join("shared/data/adventureworks"))
                .find(|p| p.is_dir())
        })
        .filter(|path| path.join("sage100/F_ARTICLE.csv").is_file());
    if found.is_none() {
        eprintln!("skipped {test}: no AdventureWorks data; COMPTOIR_TEST_ADVENTUREWORKS may name its folder");
    }
    found
}

/// Parents before children.
const SAGE: &[&str] = &[
    "P_UNITE",
    "P_GAMME",
    "P_CATTARIF",
    "P_DEVISE",
    "P_SOUCHEVENTE",
    "P_EXPEDITION",
    "P_CONDLIVR",
    "P_CATCOMPTA",
    "P_CONDITIONNEMENT",
    "P_DOSSIERCIAL",
    "F_PAYS",
    "F_CATALOGUE",
    "F_FAMILLE",
    "F_TAXE",
    "F_FAMCOMPTA",
    "F_FAMTARIF",
    "F_DEPOT",
    "F_ENUMGAMME",
    "F_ARTICLE",
    "F_ARTCOMPTA",
    "F_ARTGAMME",
    "F_ARTENUMREF",
    "F_CONDITION",
    "F_GLOSSAIRE",
    "F_ARTGLOSS",
    "F_ARTICLEMEDIA",
    "F_NOMENCLAT",
    "F_COMPTET",
    "F_FAMCLIENT",
    "F_LIVRAISON",
    "F_CONTACTT",
    "F_ARTCLIENT",
    "F_TARIFQTE",
    "F_TARIFGAM",
    "F_TARIFCOND",
    "F_ARTSTOCK",
    "F_GAMSTOCK",
    "F_DOCCURRENTPIECE",
    "F_DOCENTETE",
    "F_DOCLIGNE",
    "F_DOCREGL",
    "cbSysLibre",
];

const ISOSHOP: &[&str] = &[
    "department",
    "article",
    "reference",
    "text",
    "article_department",
    "article_relation",
    "document",
    "marker",
    "web_price",
];

/// Text columns whose empty cell is NULL: they are foreign keys, and `''` would break the constraint.
const FOREIGN: &[&str] = &["AR_Substitut", "AR_RefCompose", "DO_CodeTaxe1", "DL_CodeTaxe1", "CT_NumCentrale"];

/// The shop on this data.
pub fn recipe(folder: &Path) -> Recipe {
    let types = types(&shops::read("src/demo/ddl/sage100.sqlite.sql"));
    let mut erp = String::new();
    for table in SAGE {
        load(&folder.join("sage100"), table, &mut erp, &|column, value| {
            if !value.is_empty() {
                return Some(value.to_owned());
            }
            let own = types.get(*table).and_then(|columns| columns.get(column));
            let text = own.is_some_and(|ty| ty == "TEXT");
            let foreign = FOREIGN.contains(&column)
                || (column == "AR_Ref" && *table == "F_DOCLIGNE")
                || (column == "CT_Num" && *table == "F_ARTCLIENT");
            (text && !foreign).then(String::new)
        });
        twins(table, types.get(*table), &mut erp);
    }
    let mut isoshop = String::from(
        "ALTER TABLE \"article\" ADD COLUMN product_line TEXT;\n\
         ALTER TABLE \"article\" ADD COLUMN ride_style TEXT;\n\
         ALTER TABLE \"article\" ADD COLUMN quality_class TEXT;\n",
    );
    for table in ISOSHOP {
        // An empty cell says nothing; `updated_at` then has its default.
        load(&folder.join("isoshop"), table, &mut isoshop, &|_, value| {
            (!value.is_empty()).then(|| value.to_owned())
        });
    }
    Recipe {
        pivot: false,
        shared: 1,
        tables: None,
        erp: vec![erp],
        isoshop: vec![isoshop],
        settings: vec![shops::read("tests/fixtures/adventureworks/comptoir.toml")],
        without: Vec::new(),
        files: vec![(
            "schema/shop.graphql".into(),
            shops::read("tests/fixtures/adventureworks/shop.graphql"),
        )],
    }
}

/// The integer twins of foreign keys: the same value, NULL for 0.
fn twins(table: &str, columns: Option<&HashMap<String, String>>, sql: &mut String) {
    for (column, ty) in columns.into_iter().flatten() {
        if let Some(visible) = column.strip_prefix("cb")
            && ty == "INTEGER"
            && columns.is_some_and(|c| c.contains_key(visible))
        {
            let _ = writeln!(sql, "UPDATE \"{table}\" SET \"{column}\" = NULLIF(\"{visible}\", 0);");
        }
    }
}

/// One file as INSERT statements of many rows. `cell` gives the text of a cell or nothing for NULL.
fn load(folder: &Path, table: &str, sql: &mut String, cell: &dyn Fn(&str, &str) -> Option<String>) {
    let path = folder.join(format!("{table}.csv"));
    let mut reader = csv::Reader::from_path(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let headers: Vec<String> = reader.headers().expect("headers").iter().map(str::to_owned).collect();
    let records: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a record")).collect();
    // Rows without `updated_at` are inserted without the column, so that it has its default.
    for chunk in records.chunks(200) {
        for (skip, rows) in split(&headers, chunk) {
            let kept: Vec<usize> = (0..headers.len()).filter(|n| Some(*n) != skip).collect();
            let names: Vec<String> = kept.iter().map(|n| format!("\"{}\"", headers[*n])).collect();
            let _ = write!(sql, "INSERT INTO \"{table}\" ({}) VALUES", names.join(", "));
            for (r, row) in rows.iter().enumerate() {
                let values: Vec<String> = kept
                    .iter()
                    .map(|n| {
                        cell(&headers[*n], row.get(*n).unwrap_or(""))
                            .map_or("NULL".to_owned(), |v| format!("'{}'", v.replace('\'', "''")))
                    })
                    .collect();
                let _ = write!(sql, "{}\n  ({})", if r == 0 { "" } else { "," }, values.join(", "));
            }
            sql.push_str(";\n");
        }
    }
}

/// Rows in runs: those with `updated_at`, and those without, each with the column to leave out.
fn split<'a>(
    headers: &[String],
    rows: &'a [csv::StringRecord],
) -> Vec<(Option<usize>, Vec<&'a csv::StringRecord>)> {
    let Some(at) = headers.iter().position(|h| h == "updated_at") else {
        return vec![(None, rows.iter().collect())];
    };
    let (without, with): (Vec<_>, Vec<_>) = rows.iter().partition(|r| r.get(at).unwrap_or("").is_empty());
    [(None, with), (Some(at), without)].into_iter().filter(|(_, rows)| !rows.is_empty()).collect()
}

/// table → column → declared type, out of our own DDL.
fn types(ddl: &str) -> HashMap<String, HashMap<String, String>> {
    let mut tables = HashMap::new();
    for part in ddl.split("CREATE TABLE \"").skip(1) {
        let Some((name, rest)) = part.split_once('"') else { continue };
        let body = rest.split("\n);").next().unwrap_or("");
        let mut columns = HashMap::new();
        let mut words = body.split('"').skip(1);
        while let (Some(column), Some(after)) = (words.next(), words.next()) {
            let ty = after.trim_start().split([' ', ',', '(']).next().unwrap_or("");
            // Names inside generated expressions are followed by something else than a type.
            if ["TEXT", "INTEGER", "SMALLINT", "NUMERIC", "DATETIME"].contains(&ty) {
                columns.entry(column.to_owned()).or_insert_with(|| ty.to_owned());
            }
        }
        tables.insert(name.to_owned(), columns);
    }
    tables
}

#[test]
fn the_ddl_tells_types() {
    let types = types(&shops::read("src/demo/ddl/sage100.sqlite.sql"));
    assert_eq!(types["F_ARTICLE"]["AR_Design"], "TEXT");
    assert_eq!(types["F_ARTICLE"]["Durée garantie"], "NUMERIC");
    assert_eq!(types["F_ARTICLE"]["cbCL_No1"], "INTEGER");
    assert!(!types["F_ARTICLE"].contains_key("cbAR_Ref"));
}
