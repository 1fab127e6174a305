//! `comptoir check` on live databases: a healthy shop, and every finding made on purpose, on SQLite,
//! PostgreSQL and SQL Server.

use std::path::Path;

use serde_json::Value as Json;

use crate::support::{
    block_on, gateway, postgres, process,
    shops::{self, Engine, Folder, Recipe},
    sqlserver,
};

/// What the fixture has wrong on purpose, mended.
const MENDED: &str = "DELETE FROM \"article\" WHERE code = 'ORPHELIN-1'; \
     DELETE FROM \"department\" WHERE code = 'ORPHELIN'; \
     UPDATE \"article\" SET terrain = NULL WHERE code = 'GANT-1'";
const MENDED_ERP: &str =
    "UPDATE \"F_ARTICLE\" SET \"AR_CodeBarre\" = '3760000001301' WHERE \"AR_Ref\" = 'POMPE-2'";

fn engines(test: &str) -> Vec<Engine> {
    if !gateway::ready(test) {
        return Vec::new();
    }
    let mut engines = vec![Engine::Sqlite];
    if postgres::available(test) {
        engines.push(Engine::Postgres);
    }
    if sqlserver::available(test) {
        engines.push(Engine::SqlServer);
    }
    engines
}

fn healthy() -> Recipe {
    let mut recipe = shops::base();
    recipe.isoshop.push(MENDED.into());
    recipe.erp.push(MENDED_ERP.into());
    recipe
}

struct Checked {
    code: Option<i32>,
    json: Json,
}

impl Checked {
    fn run(dir: &Path, args: &[&str]) -> Self {
        let all: Vec<&str> = ["check", "--json"].into_iter().chain(args.iter().copied()).collect();
        let output = process::comptoir(&all, dir);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let json = serde_json::from_str(&text)
            .unwrap_or_else(|e| panic!("{e}: {text}{}", String::from_utf8_lossy(&output.stderr)));
        Self { code: output.status.code(), json }
    }

    fn findings(&self) -> &[Json] {
        self.json["findings"].as_array().map_or(&[], Vec::as_slice)
    }

    fn of(&self, code: &str) -> Vec<&Json> {
        self.findings().iter().filter(|f| f["code"] == code).collect()
    }

    /// The one finding of a code, in which some texts stand.
    fn one(&self, code: &str, severity: &str, parts: &[&str]) -> &Json {
        let found: Vec<&Json> = self
            .of(code)
            .into_iter()
            .filter(|f| {
                let text = f.to_string();
                parts.iter().all(|p| text.contains(p))
            })
            .collect();
        assert_eq!(found.len(), 1, "{code} with {parts:?}: {found:#?} in {:#}", self.json["findings"]);
        assert_eq!(found[0]["severity"], severity, "{:#}", found[0]);
        assert!(!found[0]["message"].as_str().unwrap_or("").is_empty());
        found[0]
    }
}

/// Runs a test on a shop of each engine.
fn on_each(test: &str, recipe: &Recipe, look: &impl AsyncFn(&Folder)) {
    on(&engines(test), recipe, look);
}

fn on(engines: &[Engine], recipe: &Recipe, look: &impl AsyncFn(&Folder)) {
    block_on(async {
        for engine in engines {
            let folder = recipe.make(*engine).await;
            look(&folder).await;
            folder.remove().await;
        }
    });
}

#[test]
fn a_healthy_shop_is_told_to_be_one() {
    on_each("check of a healthy shop", &healthy(), &async |folder: &Folder| {
        let checked = Checked::run(folder.path(), &[]);
        let json = &checked.json;
        let serious: Vec<&Json> = checked.findings().iter().filter(|f| f["severity"] != "note").collect();
        assert!(serious.is_empty(), "{serious:#?}");
        assert_eq!(checked.code, Some(0));
        assert_eq!((&json["errors"], &json["warnings"], &json["live"]), (&0.into(), &0.into(), &true.into()));
        let erp = &json["sources"][0];
        assert_eq!((&erp["name"], &erp["reachable"]), (&"erp".into(), &true.into()));
        assert_eq!(erp["kind"], folder.engine.name());
        assert!(erp["version"].as_str().is_some_and(|v| v.contains("SQL")), "{erp:#}");
        assert!(erp["connectMs"].as_f64().is_some() && erp["latencyMs"].as_f64().is_some());
        assert!(erp["collation"].as_str().is_some());
        let articles = json["entities"].as_array().and_then(|e| e.iter().find(|e| e["name"] == "Article"));
        let articles = articles.expect("articles");
        assert_eq!((&articles["records"], &articles["decidedBy"]), (&13.into(), &"erp".into()));
        assert_eq!(articles["completedBy"][0]["rows"], 9);
        let variants = erp["rows"].as_array().and_then(|r| r.iter().find(|r| r["rows"] == "variants"));
        assert_eq!(variants.map(|r| &r["count"]), Some(&7.into()));
        let key = erp["keys"].as_array().and_then(|k| k.iter().find(|k| k["entity"] == "Article"));
        let key = key.expect("the article's key");
        assert_eq!((&key["map"], &key["caseSensitive"]), (&"ci_as".into(), &false.into()));
        assert_eq!(json["samples"].as_array().map(Vec::len), Some(3));
        let sample = &json["samples"][0];
        assert_eq!(sample["entity"], "Article");
        let title = sample["fields"].as_array().and_then(|f| f.iter().find(|f| f["field"] == "title"));
        assert!(
            title.is_some_and(|t| t["candidates"].as_array().is_some_and(|c| c.len() == 2)),
            "{sample:#}"
        );

        // The same as text, and the sample as `explain` prints it.
        let printed = process::comptoir(&["check", "--sample", "1"], folder.path());
        let text = String::from_utf8_lossy(&printed.stdout).into_owned();
        assert!(!text.contains('\u{1b}'), "colours: {text}");
        for part in ["erp  ", "reachable", "collation", "Article     ", "0 errors, 0 warnings"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let code = sample["code"].as_str().expect("a code");
        let explained = process::comptoir(&["explain", "article", code], folder.path());
        let explained = String::from_utf8_lossy(&explained.stdout).into_owned();
        assert!(text.contains(explained.trim_end()), "{explained}\nis not in\n{text}");
    });
}

#[test]
fn without_databases_only_the_files_are_judged() {
    on_each("check --no-live", &healthy(), &async |folder: &Folder| {
        folder.break_source("isoshop").await;
        let checked = Checked::run(folder.path(), &["--no-live"]);
        assert_eq!(checked.code, Some(0), "{:#}", checked.json);
        assert_eq!((&checked.json["live"], &checked.json["sources"]), (&false.into(), &Json::Array(vec![])));
        // One source is down: its section says so, the other's goes on.
        let checked = Checked::run(folder.path(), &[]);
        assert_eq!(checked.code, Some(1));
        checked.one("SOURCE_DOWN", "error", &["isoshop", "comptoir.toml"]);
        assert_eq!(checked.json["sources"][1]["reachable"], false);
        let rows = checked.json["sources"][0]["rows"].as_array().map(Vec::len);
        assert_eq!(rows, Some(6), "{:#}", checked.json["sources"]);
        assert_eq!(checked.of("ORPHAN_ROWS").len(), 0);
        let only = Checked::run(folder.path(), &["--source", "erp"]);
        assert_eq!(only.code, Some(0), "{:#}", only.json["findings"]);
        assert_eq!(only.json["sources"].as_array().map(Vec::len), Some(1));
        let unknown = process::comptoir(&["check", "--source", "epr"], folder.path());
        assert_eq!(unknown.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&unknown.stderr).contains("erp, isoshop"));
        // With errors in the files no database is asked.
        let config = std::fs::read_to_string(folder.path().join("comptoir.toml")).expect("a file");
        std::fs::write(folder.path().join("comptoir.toml"), config + "\n[webb]\n").expect("a file");
        let wrong = Checked::run(folder.path(), &[]);
        assert_eq!((wrong.code, &wrong.json["live"]), (Some(1), &false.into()));
    });
}

#[test]
fn missing_tables_and_columns_are_told_with_the_nearest_name() {
    on_each("check of tables and columns", &healthy(), &async |folder: &Folder| {
        folder
            .execute(
                "erp",
                "ALTER TABLE \"F_ARTICLE\" RENAME COLUMN \"AR_Design\" TO \"AR_Desing\"; \
                 ALTER TABLE \"F_ARTGLOSS\" RENAME TO \"F_ARTGLOS\"",
            )
            .await;
        folder
            .execute(
                "isoshop",
                "ALTER TABLE \"article\" DROP COLUMN seo_keywords; ALTER TABLE \"article\" DROP COLUMN terrain",
            )
            .await;
        let checked = Checked::run(folder.path(), &[]);
        assert_eq!(checked.code, Some(1));
        let title = checked.one("MISSING_COLUMN", "error", &["AR_Design", "Article (title)"]);
        assert!(title["help"].as_str().is_some_and(|h| h.contains("`AR_Desing`")), "{title:#}");
        assert_eq!((&title["dbTable"], &title["dbColumn"]), (&"F_ARTICLE".into(), &"AR_Design".into()));
        let table = checked.one("MISSING_TABLE", "error", &["F_ARTGLOSS"]);
        assert!(table["help"].as_str().is_some_and(|h| h.contains("`F_ARTGLOS`")), "{table:#}");
        checked.one("OPTIONAL_COLUMN_MISSING", "note", &["seo_keywords"]);
        checked.one("MISSING_COLUMN", "error", &["`Article.terrain`", "schema/shop.graphql"]);
        checked.one("UNFILLED_FIELD", "error", &["`Article.terrain`", "isoshop"]);
        // Keys and codes are counted all the same.
        assert_eq!(checked.json["entities"][1]["records"], 13, "{:#}", checked.json["entities"]);
        if folder.engine == Engine::Postgres {
            folder.execute("erp", "ALTER TABLE \"F_ARTICLE\" RENAME COLUMN \"AR_Pays\" TO \"ar_pays\"").await;
            let checked = Checked::run(folder.path(), &["--source", "erp"]);
            let case = checked.one("MISSING_COLUMN", "error", &["`Article.origin`"]);
            assert!(case["help"].as_str().is_some_and(|h| h.contains("`ar_pays`")), "{case:#}");
        }
    });
}

#[test]
fn values_that_are_not_what_their_field_is_are_counted() {
    let mut recipe = healthy();
    recipe.files.push((
        "schema/wrong.graphql".into(),
        "extend type Article { wrongNumber: Int @complement(columns: { erp: \"AR_Pays\" })\n\
         wrongDate: Int @complement(columns: { erp: \"AR_DateCreation\" }) }"
            .into(),
    ));
    recipe
        .isoshop
        .push("UPDATE \"article\" SET terrain = 'plage' WHERE code IN ('GANT-1', 'LAMPE-1')".into());
    on_each("check of values", &recipe, &async |folder: &Folder| {
        let checked = Checked::run(folder.path(), &[]);
        assert_eq!(checked.code, Some(4), "{:#}", checked.json["findings"]);
        let wrong = checked.one("UNREADABLE_VALUES", "warning", &["`Article.wrongNumber`", "3 rows"]);
        assert!(wrong["message"].as_str().is_some_and(|m| m.contains("is not a whole number")), "{wrong:#}");
        assert_eq!(wrong["examples"].as_array().map(Vec::len), Some(3));
        checked.one("MISTYPED_COLUMN", "warning", &["`Article.wrongDate`", "AR_DateCreation"]);
        checked.one("UNLISTED_VALUES", "warning", &["`Article.terrain`", "plage", "2 rows"]);
    });
}

#[test]
fn keys_and_codes_that_are_there_twice_are_counted() {
    let mut recipe = healthy();
    recipe.erp.push(
        "UPDATE \"F_ARTENUMREF\" SET \"AE_Ref\" = 'r200-58', \"AE_CodeBarre\" = '3760000002014' WHERE \"AE_Ref\" = 'VTT-100-RS'"
            .into(),
    );
    // A join that finds two rows makes two of one.
    recipe.files.push((
        "schema/connectors/sage100.toml".into(),
        "[[entity.Article.rows]]\ntable = \"F_ARTICLE\"\n\
         joins = [{ table = \"F_ARTGLOSS\", as = \"x\", on = \"x.AR_Ref = a.AR_Ref\" }]\n\
         visible = \"COALESCE(a.AR_Publie, 0) = 1 AND COALESCE(x.GL_No, 0) >= 0\"\n"
            .into(),
    ));
    on_each("check of duplicates", &recipe, &async |folder: &Folder| {
        let checked = Checked::run(folder.path(), &[]);
        assert_eq!(checked.code, Some(4), "{:#}", checked.json["findings"]);
        let code = checked.one("DUPLICATE_CODE", "warning", &["1 code of Reference belongs"]);
        assert!(code["examples"][0].as_str().is_some_and(|c| c.eq_ignore_ascii_case("R200-58")), "{code:#}");
        let key = checked.one("DUPLICATE_KEY", "warning", &["1 row of Article has"]);
        assert_eq!(key["examples"][0], "GANT-1");
        checked.one("DUPLICATE_BARCODE", "warning", &["3760000002014"]);
    });
}

#[test]
fn rows_that_belong_to_nothing_are_counted() {
    let mut recipe = healthy();
    recipe.erp.push(
        "INSERT INTO \"F_ARTENUMREF\" (\"AR_Ref\", \"AG_No1\", \"AG_No2\") VALUES ('PARTI', 1, 0); \
         INSERT INTO \"F_ARTICLE\" (\"AR_Ref\", \"AR_Design\", \"FA_CodeFamille\", \"CL_No1\") VALUES ('PERDU', 'Perdu', 'VELOS', 77); \
         UPDATE \"F_CATALOGUE\" SET \"CL_NoParent\" = 121 WHERE \"CL_No\" = 12; \
         UPDATE \"F_CATALOGUE\" SET \"CL_NoParent\" = 99 WHERE \"CL_No\" = 31"
            .into(),
    );
    recipe.isoshop.push(
        "INSERT INTO \"article\" (code) VALUES ('VÉLO-1'), ('gant1'); \
         INSERT INTO \"text\" (entity, code, language, field, \"value\") VALUES ('article', 'Gänt-1', 'en', 'title', 'x'); \
         INSERT INTO \"marker\" (entity, code, field) VALUES ('reference', 'RIEN', 'unit'); \
         INSERT INTO \"reference\" (code, erp_key, article_code) VALUES ('NEUF', 'VTT-100~9~9', 'VTT-100'), ('BIEN', 'VTT-100~1~3', 'VTT-100'); \
         INSERT INTO \"article_department\" (article_code, department_code) VALUES ('GANT-1', 'w-rien')"
            .into(),
    );
    // As shipped, the map leaves out variants whose article is gone.
    recipe.files.push((
        "schema/connectors/sage100.toml".into(),
        "[[entity.Reference.rows]]\nname = \"variants\"\nfilter = \"e.AG_No1 > 0\"\n".into(),
    ));
    on_each("check of orphans", &recipe, &async |folder: &Folder| {
        let checked = Checked::run(folder.path(), &[]);
        assert_eq!(checked.code, Some(4), "{:#}", checked.json["findings"]);
        let rows = checked.one("ORPHAN_ROWS", "warning", &["2 rows of `article` complete no Article of erp"]);
        assert_eq!(rows["examples"].as_array().map(Vec::len), Some(2), "{rows:#}");
        let accent = checked.one("ORPHAN_DETAILS", "warning", &["`text`"]);
        assert_eq!(accent["examples"][0], "Gänt-1 (there is GANT-1)");
        checked.one("ORPHAN_DETAILS", "warning", &["`marker`", "RIEN"]);
        checked.one("ORPHAN_ROWS", "warning", &["1 row of `reference`", "NEUF"]);
        checked.one("NO_PARENT", "warning", &["1 row of Reference names no Article", "PARTI~1"]);
        checked.one("UNKNOWN_DEPARTMENT", "warning", &["`F_ARTICLE`", "PERDU in 77"]);
        checked.one("UNKNOWN_DEPARTMENT", "warning", &["`article_department`", "GANT-1 in w-rien"]);
        checked.one("UNKNOWN_PARENT", "warning", &["31 under 99"]);
        checked.one("DEPARTMENT_CYCLE", "warning", &["12 under 121 under 12"]);
        // What is not read is not judged, and that is said.
        let cut = Checked::run(folder.path(), &["--rows", "4", "--sample", "0"]);
        let article = cut.of("NOT_READ_TO_THE_END");
        assert!(article.iter().any(|f| f["entity"] == "Article" && f["source"] == "erp"), "{article:#?}");
        assert_eq!(cut.json["samples"], Json::Array(vec![]));
        // The first rows of the overlay are looked up once more, not taken for lost.
        let lost = cut.of("ORPHAN_ROWS");
        let wrong = |f: &&&Json| f["examples"].to_string().contains("VTT-100");
        assert!(!lost.iter().any(|f| wrong(&f)), "{lost:#?}");
    });
}

#[test]
fn columns_of_the_company_come_with_the_line_to_paste() {
    let mut recipe = healthy();
    recipe.erp.push(
        "ALTER TABLE \"F_ARTICLE\" ADD COLUMN \"Total points fidélité\" integer; \
         ALTER TABLE \"F_ARTICLE\" ADD COLUMN \"title\" varchar(9); \
         INSERT INTO \"cbSysLibre\" (\"CB_File\", \"CB_Name\", \"CB_Pos\", \"CB_Type\", \"CB_Len\", \"CB_Formule\") VALUES \
         ('F_ARTICLE', 'Total points fidélité', 2, 7, 8, NULL), ('F_ARTICLE', 'title', 3, 9, 9, 'x'), \
         ('F_ARTICLE', 'Parti', 4, 0, 8, NULL), ('F_COMPTET', 'Autre', 1, 7, 8, NULL)"
            .into(),
    );
    recipe.isoshop.push("ALTER TABLE \"reference\" ADD COLUMN couleur_dominante varchar(20)".into());
    on_each("check of user-defined columns", &recipe, &async |folder: &Folder| {
        let checked = Checked::run(folder.path(), &[]);
        assert_eq!(checked.code, Some(0), "{:#}", checked.json["findings"]);
        let lines: Vec<&str> =
            checked.of("UNDECLARED_COLUMN").iter().filter_map(|f| f["paste"].as_str()).collect();
        assert_eq!(
            lines,
            [
                "extend type Article { totalPointsFidelite: Int @complement(columns: { erp: \"Total points fidélité\" }) }",
                "extend type Article { titleErp: String @complement(columns: { erp: \"title\" }) }",
                "extend type Reference { couleurDominante: String @complement(columns: { isoshop: \"couleur_dominante\" }) }",
            ]
        );
        checked.one("UNDECLARED_COLUMN", "note", &["titleErp", "computes it"]);
        // Pasted, they are served, and nothing is left to say.
        let path = folder.path().join("schema/more.graphql");
        std::fs::write(path, lines.join("\n")).expect("a file");
        let pasted = Checked::run(folder.path(), &[]);
        assert_eq!((pasted.code, pasted.of("UNDECLARED_COLUMN").len()), (Some(0), 0), "{:#}", pasted.json);
    });
}

#[test]
fn keys_that_compare_otherwise_than_the_map_says_are_told() {
    let mut recipe = healthy();
    recipe.files.push((
        "schema/connectors/sage100.toml".into(),
        "[[entity.Article.rows]]\ntable = \"F_ARTICLE\"\n\
         key = { code = { expr = \"a.AR_Ref\", type = \"varchar(19)\", compare = \"binary\", trim = true } }\n"
            .into(),
    ));
    on_each("check of keys", &recipe, &async |folder: &Folder| {
        let other = match folder.engine {
            Engine::Postgres => "ALTER TABLE \"reference\" ALTER COLUMN code TYPE text COLLATE \"C\"",
            // Its scripts would be others; what judges is the same.
            Engine::SqlServer => return,
            Engine::Sqlite => {
                "ALTER TABLE \"reference\" RENAME TO \"before\"; \
                 CREATE TABLE \"reference\" AS SELECT * FROM \"before\"; DROP TABLE \"before\""
            }
        };
        folder.execute("isoshop", other).await;
        let checked = Checked::run(folder.path(), &[]);
        let erp = checked.one("KEY_CASE", "warning", &["the key of Article byte by byte", "F_ARTICLE"]);
        assert!(erp["help"].as_str().is_some_and(|h| h.contains("ci_as")), "{erp:#}");
        checked.one("KEY_CASE", "warning", &["which Reference records", "`reference`"]);
        assert_eq!(checked.code, Some(4));
    });
}

#[test]
fn every_built_in_map_fits_the_bases_it_is_for() {
    let recipes = [
        ("Sage, old", shops::sage("old")),
        ("Sage, new", shops::sage("new")),
        ("Cegid", shops::cegid()),
        ("pivot", shops::pivot()),
    ];
    for (name, recipe) in recipes {
        // The pivot's tables are those that the tests' SQL Server can make.
        let look = async |folder: &Folder| {
            let checked = Checked::run(folder.path(), &[]);
            assert_eq!(checked.json["errors"], 0, "{name}: {:#}", checked.json["findings"]);
            let entities = checked.json["entities"].as_array();
            let articles = entities.and_then(|e| e.iter().find(|e| e["name"] == "Article"));
            assert!(articles.is_some_and(|a| a["records"].as_u64() > Some(2)), "{name}: {articles:#?}");
            for source in checked.json["sources"].as_array().expect("sources") {
                let told = source["keys"].as_array().is_some_and(|k| !k.is_empty());
                assert!(told && source["collation"].is_string(), "{name}: {source:#}");
            }
            if std::env::var_os("COMPTOIR_SPEC_PRINT").is_some() {
                let printed = process::comptoir(&["check", "--sample", "0"], folder.path());
                let text = String::from_utf8_lossy(&printed.stdout).into_owned();
                println!("# {name}, {}\n{text}", folder.engine.name());
            }
        };
        let test = format!("check of {name}");
        on_each(&test, &recipe, &look);
    }
}

/// Cegid's dictionary says what the company calls a free field, and that a text of one character is a flag.
#[test]
fn cegid_s_free_fields_are_proposed_by_their_names() {
    on_each("check of Cegid's free fields", &shops::cegid(), &async |folder: &Folder| {
        folder
            .execute(
                "erp",
                "UPDATE \"ARTICLE\" SET \"GA_BOOLLIBRE2\" = 'X', \"GA_VALLIBRE3\" = 7 WHERE \"GA_CODEARTICLE\" = 'GOM'; \
                 INSERT INTO \"DECHAMPS\" VALUES ('GA', 205, 'GA_BOOLLIBRE2', 'Fait \"main\"', 'BOOLEAN', 'LD')",
            )
            .await;
        let checked = Checked::run(folder.path(), &[]);
        let flag = checked.one("UNDECLARED_COLUMN", "note", &["GA_BOOLLIBRE2"]);
        assert_eq!(
            flag["paste"],
            "extend type Article { \"Fait \\\"main\\\"\" gaBoollibre2: Boolean @complement(columns: { erp: \"GA_BOOLLIBRE2\" }) }"
        );
        let number = checked.one("UNDECLARED_COLUMN", "note", &["GA_VALLIBRE3"]);
        assert_eq!(
            number["paste"],
            "extend type Article { gaVallibre3: Decimal @complement(columns: { erp: \"GA_VALLIBRE3\" }) }"
        );
        assert!(
            checked
                .of("UNDECLARED_COLUMN")
                .iter()
                .all(|f| !f["message"].to_string().contains("GA_VALLIBRE1"))
        );
    });
}

/// Slugs set by hand that two records share, or that a path cannot hold; keys that end in blanks.
#[test]
fn slugs_and_keys_that_look_ups_miss() {
    let mut recipe = healthy();
    recipe.isoshop.push(
        "UPDATE \"article\" SET slug = 'meme' WHERE code IN ('VTT-100', 'GANT-1'); \
         UPDATE \"article\" SET slug = 'à part/1' WHERE code = 'ROUTE-200'"
            .into(),
    );
    recipe.erp.push("UPDATE \"F_ARTICLE\" SET \"AR_Ref\" = 'POMPE-2  ' WHERE \"AR_Ref\" = 'POMPE-2'".into());
    on_each("check of slugs", &recipe, &async |folder: &Folder| {
        let checked = Checked::run(folder.path(), &[]);
        let told = |finding: &Json| finding["examples"].to_string();
        assert!(told(checked.one("DUPLICATE_SLUG", "warning", &["1 slug of Article"])).contains("meme (of"));
        assert!(told(checked.one("BAD_SLUG", "warning", &["1 slug of Article"])).contains("à part/1"));
        if folder.engine == Engine::SqlServer {
            // It compares as if trailing blanks were not there.
            assert!(checked.of("PADDED_KEY").is_empty());
            return;
        }
        let padded = checked.one("PADDED_KEY", "warning", &["keys of Article", "AR_Ref"]);
        assert!(told(padded).contains("POMPE-2"), "{padded:#}");
    });
}

#[test]
fn a_code_that_is_not_spelled_as_declared_is_told_with_the_setting() {
    let mut recipe = healthy();
    recipe.erp.push("UPDATE \"F_ARTICLE\" SET \"AR_Ref\" = 'Pompe-2' WHERE \"AR_Ref\" = 'POMPE-2'".into());
    on_each("check of spelling", &recipe, &async |folder: &Folder| {
        let checked = Checked::run(folder.path(), &[]);
        let told = checked.one("KEY_SPELLING", "warning", &["1 key of Article", "upper-case"]);
        assert!(told["examples"].to_string().contains("Pompe-2"), "{told:#}");
        assert!(told["help"].to_string().contains("code_spelling"), "{told:#}");
    });
    recipe.settings.push("[sources.erp.settings]\ncode_spelling = \"any\"\n".into());
    on_each("check of any spelling", &recipe, &async |folder: &Folder| {
        assert!(Checked::run(folder.path(), &[]).of("KEY_SPELLING").is_empty());
    });
}

#[test]
fn another_product_is_told_by_its_name() {
    on_each("check of Cegid PMI", &shops::cegid(), &async |folder: &Folder| {
        folder
            .execute("erp", "DROP TABLE \"ARTICLE\"; CREATE TABLE \"ARTICLE\" (\"ARKTCODART\" varchar(20))")
            .await;
        let checked = Checked::run(folder.path(), &[]);
        assert_eq!(checked.code, Some(1));
        checked.one("WRONG_DATABASE", "error", &["erp", "PMI"]);
        assert_eq!(checked.of("MISSING_TABLE").len() + checked.of("MISSING_COLUMN").len(), 0);
    });
}

/// The first code block of a language after some words of a text.
fn block<'a>(text: &'a str, after: &str, language: &str) -> &'a str {
    let (_, rest) = text.split_once(after).expect("the words");
    let (_, rest) = rest.split_once(&format!("```{language}\n")).expect("a block");
    rest.split_once("\n```").expect("its end").0
}

/// The ERP that docs/connectors.md invents, as it stands there.
#[test]
fn a_map_of_ones_own_is_checked_like_the_built_in_ones() {
    if !gateway::ready("check of an own map") {
        return;
    }
    let docs = shops::read("docs/connectors.md");
    let dir = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let sources = block(&docs, "The shop says in `comptoir.toml`:", "toml");
    let shop =
        "[shop]\nname = \"Gesto\"\nlanguages = [\"fr\", \"en\"]\n[cursor]\nkey_file = \"cursor.key\"\n";
    write("comptoir.toml", &format!("{shop}{sources}"));
    write("cursor.key", &"5a".repeat(32));
    let map = block(&docs, "And `schema/connectors/gesto.toml`:", "toml");
    write("schema/connectors/gesto.toml", map);
    let tables = block(&docs, "*Gesto* is an invented ERP. Its tables:", "sql");
    let rows = "INSERT INTO rayon VALUES (1, 'Tables', 0, 1); \
         INSERT INTO produit VALUES ('TAB-20', 'Table', 'Worktable', 12000, 20, 1, 'tab.jpg', 1, 0, '2026-01-10', 24), \
         ('TAB-30', 'Table basse', NULL, 9000, 20, 2, NULL, 1, 0, '2026-01-10', NULL), \
         ('LAMPE', 'Lampe', NULL, 900, 20, 1, NULL, 1, 1, '2026-01-10', NULL); \
         INSERT INTO taille VALUES ('TAB-20', 1, 'S', NULL), ('TAB-20', 2, 'M', '3760000000024'); \
         INSERT INTO notice VALUES ('TAB-20', 1, 'Laver')";
    block_on(shops::sqlite(&dir.path().join("erp.db"), &[tables.to_owned(), rows.to_owned()]));
    let checked = Checked::run(dir.path(), &[]);
    assert_eq!(
        (checked.code, &checked.json["errors"]),
        (Some(4), &0.into()),
        "{:#}",
        checked.json["findings"]
    );
    let line = checked.one("UNDECLARED_COLUMN", "note", &["garantie"]);
    assert_eq!(
        line["paste"],
        "extend type Article { garantie: Int @complement(columns: { erp: \"garantie\" }) }"
    );
    checked.one("UNKNOWN_DEPARTMENT", "warning", &["TAB-30 in 2"]);
    assert_eq!(checked.json["entities"][2]["records"], 4, "{:#}", checked.json["entities"]);
    // What it is for: the shop answers, in each of its languages.
    let gateway = gateway::Gateway::open(dir.path()).expect("the shop opens");
    let answered = |language: &str| {
        let query = r#"{
            departments { code title }
            table: article(code: "TAB-20") {
                title description weight vatRate department { code } options { name values } images { url usage }
                references(first: 5) { nodes { code barcode optionValues { name value } } }
            }
            low: article(code: "TAB-30") { title references(first: 5) { nodes { code } } }
            size: reference(code: "TAB-20~2") { code weight article { code } }
            lamp: article(code: "LAMPE") { code }
        }"#;
        block_on(gateway.run(query, serde_json::Map::new(), &[language]))
    };
    let french = answered("fr");
    assert_eq!(
        french["data"],
        serde_json::json!({
            "departments": [{"code": "1", "title": "Tables"}],
            "table": {
                "title": "Table", "description": "Laver", "weight": "12", "vatRate": "20", "department": {"code": "1"},
                "options": [{"name": "Taille", "values": ["S", "M"]}],
                "images": [{"url": french["data"]["table"]["images"][0]["url"], "usage": "principal"}],
                "references": {"nodes": [
                    {"code": "TAB-20~1", "barcode": null, "optionValues": [{"name": "Taille", "value": "S"}]},
                    {"code": "TAB-20~2", "barcode": "3760000000024", "optionValues": [{"name": "Taille", "value": "M"}]}
                ]}
            },
            "low": {"title": "Table basse", "references": {"nodes": [{"code": "TAB-30"}]}},
            "size": {"code": "TAB-20~2", "weight": "12", "article": {"code": "TAB-20"}},
            "lamp": null
        }),
        "{french:#}"
    );
    let english = answered("en");
    assert_eq!(
        (&english["data"]["table"]["title"], &english["data"]["low"]["title"]),
        (&"Worktable".into(), &"Table basse".into())
    );
    write(
        "schema/connectors/gesto.toml",
        &map.replace("\"p.libelle\"", "\"p.libele\"").replace("\"notice\"\nas", "\"notices\"\nas"),
    );
    let wrong = Checked::run(dir.path(), &[]);
    let column = wrong.one("MISSING_COLUMN", "error", &["libele", "Article (title)"]);
    let help = column["help"].as_str().unwrap_or("");
    assert!(help.contains("`libelle`") && help.contains("correct schema/connectors/gesto.toml"), "{help}");
    assert_eq!(column["file"], "schema/connectors/gesto.toml");
    wrong.one("MISSING_TABLE", "error", &["`notices`", "the database has `notice`"]);
}

/// The questions in T-SQL: tables, columns, collations, keys, counts, on a map of one's own.
#[test]
fn sql_server_tells_of_itself() {
    const TABLES: &str = "CREATE TABLE rayon (num int PRIMARY KEY, nom nvarchar(50), pere int, rang int); \
         CREATE TABLE produit (ref varchar(20) PRIMARY KEY, libelle nvarchar(50), libelle_en nvarchar(50), poids_g int, \
         tva decimal(5,2), rayon int, photo varchar(50), web int, arret int, modifie datetime, garantie int); \
         CREATE TABLE taille (ref varchar(20), rang int, libelle nvarchar(50), code_barres varchar(20), PRIMARY KEY (ref, rang)); \
         CREATE TABLE notices (ref varchar(20), ligne int, texte nvarchar(50)); \
         INSERT INTO rayon VALUES (1, 'Tables', 0, 1); \
         INSERT INTO produit VALUES ('TAB-20', 'Table', 'Table', 12000, 20, 1, NULL, 1, 0, '2026-01-10T00:00:00', 24)";
    if !gateway::ready("check of SQL Server") || !sqlserver::available("check of SQL Server") {
        return;
    }
    let name = block_on(sqlserver::database("French_CI_AS", &[TABLES]));
    let dir = tempfile::tempdir().expect("a folder");
    let map =
        block(&shops::read("docs/connectors.md"), "And `schema/connectors/gesto.toml`:", "toml").to_owned();
    std::fs::create_dir_all(dir.path().join("schema/connectors")).expect("a folder");
    std::fs::write(dir.path().join("schema/connectors/gesto.toml"), map).expect("a file");
    std::fs::write(dir.path().join("cursor.key"), "5a".repeat(32)).expect("a file");
    std::fs::write(dir.path().join("erp.url"), sqlserver::url_of(&name)).expect("a file");
    let config = "[shop]\nname = \"Gesto\"\n[cursor]\nkey_file = \"cursor.key\"\n[sources.erp]\nkind = \"sqlserver\"\n\
                  connector = \"gesto\"\nurl_file = \"erp.url\"\n";
    std::fs::write(dir.path().join("comptoir.toml"), config).expect("a file");
    let checked = Checked::run(dir.path(), &[]);
    block_on(sqlserver::drop_database(&name));
    checked.one("MISSING_TABLE", "error", &["`notice`", "the database has `notices`"]);
    let line = checked.one("UNDECLARED_COLUMN", "note", &["garantie"]);
    assert_eq!(
        line["paste"],
        "extend type Article { garantie: Int @complement(columns: { erp: \"garantie\" }) }"
    );
    checked.one("KEY_CASE", "warning", &["the key of Article byte by byte", "French_CI_AS"]);
    let erp = &checked.json["sources"][0];
    assert_eq!((&erp["kind"], &erp["collation"]), (&"sqlserver".into(), &"French_CI_AS".into()), "{erp:#}");
    assert_eq!(checked.json["entities"][1]["records"], 1, "{:#}", checked.json);
}

#[test]
fn the_demo_shop_has_its_traps_and_no_error() {
    if !gateway::ready("check of the demo") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let made = process::comptoir(
        &["demo", "--no-serve", "--dir", "shop", "--articles", "200", "--seed", "7"],
        dir.path(),
    );
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let checked = Checked::run(&dir.path().join("shop"), &[]);
    assert_eq!(
        (checked.code, &checked.json["errors"]),
        (Some(4), &0.into()),
        "{:#}",
        checked.json["findings"]
    );
    for code in ["DUPLICATE_CODE", "UNLISTED_VALUES", "ORPHAN_ROWS", "UNKNOWN_DEPARTMENT", "UNKNOWN_PARENT"] {
        assert!(!checked.of(code).is_empty(), "{code}: {:#}", checked.json["findings"]);
    }
}

#[test]
fn promotions_that_are_not_applied_are_told() {
    let mut recipe = healthy();
    recipe.erp.push(
        "CREATE TABLE \"F_TARIF\" (\"TF_No\" integer, \"TF_Intitule\" varchar(35), \"TF_Domaine\" smallint, \
         \"TF_Debut\" timestamp, \"TF_Fin\" timestamp); \
         INSERT INTO \"F_TARIF\" VALUES (1, 'Soldes', 0, '2020-01-01', '2090-12-31'); \
         INSERT INTO \"F_TARIF\" VALUES (2, 'Sans fin', 0, '2020-01-01', '1900-01-01'); \
         INSERT INTO \"F_TARIF\" VALUES (3, 'Finie', 0, '2020-01-01', '2020-12-31'); \
         INSERT INTO \"F_TARIF\" VALUES (4, 'A venir', 0, '2089-01-01', '2089-12-31'); \
         INSERT INTO \"F_TARIF\" VALUES (5, 'Achats', 1, '2020-01-01', '2090-12-31')"
            .into(),
    );
    on_each("check of promotions", &recipe, &async |folder: &Folder| {
        let checked = Checked::run(folder.path(), &[]);
        let found =
            checked.one("PROMOTIONS_NOT_APPLIED", "warning", &["F_TARIF", "2 of the dated promotions"]);
        let expected = ["Sans fin (from 2020-01-01)", "Soldes (2020-01-01 to 2090-12-31)"];
        assert_eq!(found["examples"], serde_json::json!(expected));
        assert_eq!(checked.code, Some(4));
    });
}
