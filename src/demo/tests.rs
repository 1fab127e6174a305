//! The demo keeps its promises: every trap is there, the same seed gives the same shop, a
//! short shop is the beginning of a long one, and no title is numbered or comes twice.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

use super::article::{self, Counters};
use super::vocabulary::Vocabulary;
use super::*;

async fn make(dir: &Path, articles: u32) -> DemoReport {
    create(dir, &DemoOptions { articles, ..DemoOptions::default() }, &mut |_| {}).await.unwrap()
}

struct Shop {
    erp: SqliteConnection,
    isoshop: SqliteConnection,
}

impl Shop {
    async fn open(dir: &Path) -> Self {
        let open = |name: &str| SqliteConnectOptions::new().filename(dir.join(name)).read_only(true);
        Self {
            erp: SqliteConnection::connect_with(&open(folder::ERP)).await.unwrap(),
            isoshop: SqliteConnection::connect_with(&open(folder::ISOSHOP)).await.unwrap(),
        }
    }
}

async fn count(db: &mut SqliteConnection, sql: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(db).await.unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// Every row of every table as text, for comparing shops.
async fn dump(db: &mut SqliteConnection, only: Option<(&str, &str)>) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let mut out = Vec::new();
    for table in tables {
        if only.is_some_and(|o| o.0 != table) {
            continue;
        }
        let columns: Vec<String> = sqlx::query(AssertSqlSafe(format!("PRAGMA table_info(\"{table}\")")))
            .fetch_all(&mut *db)
            .await
            .unwrap()
            .iter()
            .map(|r| format!("quote(\"{}\")", r.get::<String, _>("name")))
            .filter(|c| c != "quote(\"cbMarq\")")
            .collect();
        let condition = only.map_or("1", |o| o.1);
        let sql = format!("SELECT {} FROM \"{table}\" WHERE {condition}", columns.join("||'|'||"));
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *db).await.unwrap();
        out.extend(rows.into_iter().map(|r| format!("{table}: {r}")));
    }
    out
}

#[tokio::test]
async fn every_trap_of_the_erp_is_there() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path(), FEWEST).await;
    let mut shop = Shop::open(dir.path()).await;
    let at_least_one = [
        ("by coefficient", "SELECT count(*) FROM F_ARTICLE WHERE AR_PrixVen = 0 AND AR_Coef > 0"),
        ("gross article", "SELECT count(*) FROM F_ARTICLE WHERE AR_PrixTTC = 1"),
        ("gross category", "SELECT count(*) FROM F_ARTCLIENT WHERE AC_Categorie = 3 AND AC_PrixTTC = 1"),
        ("category row at 0", "SELECT count(*) FROM F_ARTCLIENT WHERE AC_Categorie = 2 AND AC_PrixVen = 0"),
        (
            "customer and group rows",
            "SELECT count(*) FROM F_ARTCLIENT a JOIN F_ARTCLIENT b USING (AR_Ref) JOIN F_COMPTET c ON c.CT_Num = \
             a.CT_Num WHERE c.CT_NumCentrale = b.CT_Num",
        ),
        (
            "10 + 5 cascade",
            "SELECT count(*) FROM F_TARIFQTE WHERE TQ_Remise01REM_Valeur = 10 AND TQ_Remise02REM_Valeur = 5",
        ),
        ("one option", "SELECT count(*) FROM F_ARTENUMREF WHERE AG_No2 = 0"),
        ("two options", "SELECT count(*) FROM F_ARTENUMREF WHERE AG_No2 <> 0"),
        (
            "combination without a row",
            "SELECT count(*) FROM F_ARTGAMME a JOIN F_ARTGAMME b ON b.AR_Ref = a.AR_Ref AND b.AG_Type = 1 WHERE \
             a.AG_Type = 0 AND NOT EXISTS (SELECT 1 FROM F_ARTENUMREF e WHERE e.AR_Ref = a.AR_Ref AND e.AG_No1 = \
             a.AG_No AND e.AG_No2 = b.AG_No)",
        ),
        ("variant code blank", "SELECT count(*) FROM F_ARTENUMREF WHERE AE_Ref = ''"),
        ("variant code NULL", "SELECT count(*) FROM F_ARTENUMREF WHERE AE_Ref IS NULL"),
        (
            "variant code twice",
            "SELECT count(*) FROM (SELECT 1 FROM F_ARTENUMREF WHERE AE_Ref <> '' GROUP BY AE_Ref HAVING count(*) > 1)",
        ),
        ("asleep variant", "SELECT count(*) FROM F_ARTENUMREF WHERE AE_Sommeil = 1"),
        (
            "barcode in the tariff only",
            "SELECT count(*) FROM F_ARTENUMREF e JOIN F_TARIFGAM t USING (AR_Ref, AG_No1, AG_No2) WHERE \
             e.AE_CodeBarre = '' AND t.TG_CodeBarre <> ''",
        ),
        (
            "barcode twice",
            "SELECT count(*) FROM (SELECT 1 FROM F_ARTICLE WHERE AR_CodeBarre <> '' GROUP BY AR_CodeBarre HAVING \
             count(*) > 1)",
        ),
        (
            "VAT by family only",
            "SELECT count(*) FROM F_ARTICLE a JOIN F_FAMCOMPTA f USING (FA_CodeFamille) WHERE NOT EXISTS (SELECT 1 \
             FROM F_ARTCOMPTA c WHERE c.AR_Ref = a.AR_Ref) AND f.FCP_Champ = 1",
        ),
        ("VAT by article", "SELECT count(*) FROM F_ARTCOMPTA"),
        (
            "family code in two types",
            "SELECT count(*) FROM (SELECT 1 FROM F_FAMILLE GROUP BY FA_CodeFamille HAVING count(*) > 1)",
        ),
        ("date of 1753", "SELECT count(*) FROM F_ARTICLE WHERE AR_DateModif = '1753-01-01 00:00:00'"),
        ("date of 1900", "SELECT count(*) FROM F_ARTICLE WHERE AR_DateModif = '1900-01-01 00:00:00'"),
        ("no date", "SELECT count(*) FROM F_ARTICLE WHERE AR_DateModif IS NULL"),
        ("NULL text", "SELECT count(*) FROM F_ARTICLE WHERE AR_Stat01 IS NULL"),
        ("blank text", "SELECT count(*) FROM F_ARTICLE WHERE AR_Stat01 = ''"),
        ("NULL title", "SELECT count(*) FROM F_ARTICLE WHERE AR_Design IS NULL"),
        ("blank title", "SELECT count(*) FROM F_ARTICLE WHERE AR_Design = ''"),
        ("padded title", "SELECT count(*) FROM F_ARTICLE WHERE AR_Design LIKE '%   '"),
        ("asleep but published", "SELECT count(*) FROM F_ARTICLE WHERE AR_Publie = 1 AND AR_Sommeil = 1"),
        ("web flag NULL", "SELECT count(*) FROM F_ARTICLE WHERE AR_Publie IS NULL"),
        ("no rayon", "SELECT count(*) FROM F_ARTICLE WHERE AR_Publie = 1 AND CL_No1 = 0"),
        ("upper rayon", "SELECT count(*) FROM F_ARTICLE WHERE CL_No2 <> 0 AND CL_No3 = 0"),
        ("replacement", "SELECT count(*) FROM F_ARTICLE a JOIN F_ARTICLE b ON b.AR_Ref = a.AR_Substitut"),
        ("photo with its folder", "SELECT count(*) FROM F_ARTICLE WHERE AR_Photo LIKE '.\\Multimedia\\%'"),
        ("rich text", "SELECT count(*) FROM F_GLOSSAIRE WHERE GL_Text LIKE '{\\rtf1%'"),
        ("blank description", "SELECT count(*) FROM F_GLOSSAIRE WHERE trim(GL_Text) = ''"),
        (
            "two descriptions",
            "SELECT count(*) FROM (SELECT 1 FROM F_ARTGLOSS GROUP BY AR_Ref HAVING count(*) > 1)",
        ),
        ("grams", "SELECT count(*) FROM F_ARTICLE WHERE AR_UnitePoids = 3"),
        ("kit", "SELECT count(*) FROM F_ARTICLE JOIN F_NOMENCLAT USING (AR_Ref) WHERE AR_Nomencl = 2"),
        (
            "kit by parts",
            "SELECT count(*) FROM F_ARTICLE JOIN F_NOMENCLAT USING (AR_Ref) WHERE AR_Nomencl = 3",
        ),
        ("to order", "SELECT count(*) FROM F_ARTICLE WHERE AR_Contremarque = 1"),
        ("pack without code", "SELECT count(*) FROM F_CONDITION WHERE CO_Ref = ''"),
        ("negative stock", "SELECT count(*) FROM F_ARTSTOCK WHERE AS_QteSto < 0"),
        (
            "eco-participation of families",
            "SELECT count(*) FROM F_FAMCOMPTA f JOIN F_TAXE t ON t.TA_Code = f.FCP_ComptaCPT_Taxe2 WHERE t.TA_TTaux = 1",
        ),
        ("steps of families", "SELECT count(*) FROM F_FAMTARIFQTE WHERE FQ_BorneSup = 0"),
        ("two price by coefficient families", "SELECT count(*) FROM F_FAMTARIF WHERE FT_Coef > 0"),
        (
            "order split in three",
            "SELECT count(*) FROM F_DOCENTETE WHERE DO_NoWeb = 'W26-000103' HAVING count(*) = 3",
        ),
        (
            "order wholly invoiced",
            "SELECT count(*) FROM F_DOCLIGNE l WHERE DO_Type IN (6, 7) AND DL_PieceBC <> '' AND NOT EXISTS (SELECT 1 \
             FROM F_DOCENTETE e WHERE e.DO_Type = 1 AND e.DO_Piece = l.DL_PieceBC)",
        ),
        ("deposit", "SELECT count(*) FROM F_DOCENTETE WHERE DO_Provenance = 4"),
        (
            "transfer",
            "SELECT count(*) FROM F_DOCENTETE JOIN F_DEPOT d ON CAST(d.DE_No AS TEXT) = DO_Tiers WHERE DO_Domaine = 2",
        ),
        (
            "number used by two types",
            "SELECT count(*) FROM (SELECT 1 FROM F_DOCENTETE GROUP BY DO_Piece HAVING count(*) > 1)",
        ),
        (
            "kit details",
            "SELECT count(*) FROM F_DOCLIGNE WHERE DL_Valorise = 0 AND AR_RefCompose IS NOT NULL",
        ),
        ("comment line", "SELECT count(*) FROM F_DOCLIGNE WHERE AR_Ref IS NULL AND DL_Design <> ''"),
        (
            "no loose line",
            "SELECT count(*) = 0 FROM F_DOCLIGNE WHERE AR_Ref NOT IN (SELECT AR_Ref FROM F_ARTICLE)",
        ),
        ("own column declared", "SELECT count(*) FROM cbSysLibre WHERE CB_Name = 'Durée garantie'"),
        ("100 rayons", "SELECT count(*) >= 40 AND max(CL_Niveau) = 2 FROM F_CATALOGUE"),
        (
            "stock of variants adds up",
            "SELECT count(*) = 0 FROM F_ARTSTOCK s JOIN (SELECT AR_Ref, DE_No, sum(GS_QteSto) q FROM F_GAMSTOCK GROUP \
             BY 1, 2) g USING (AR_Ref, DE_No) WHERE s.AS_QteSto <> g.q",
        ),
    ];
    for (what, sql) in at_least_one {
        assert!(count(&mut shop.erp, sql).await > 0, "{what}");
    }
    let mut titles: HashMap<String, Vec<String>> = HashMap::new();
    for row in
        sqlx::query("SELECT AR_Design, AR_Ref FROM F_ARTICLE WHERE trim(coalesce(AR_Design, '')) <> ''")
            .fetch_all(&mut shop.erp)
            .await
            .unwrap()
    {
        let title: String = row.get(0);
        assert!(title.chars().count() <= 69, "{title}");
        titles.entry(title.trim_end().to_owned()).or_default().push(row.get(1));
    }
    let twice: Vec<_> = titles.iter().filter(|t| t.1.len() > 1).collect();
    assert_eq!(twice.len(), 1, "{twice:?}");
    assert_eq!(twice[0].0, "Pot en grès flammé Valloris");
    assert!(
        titles.contains_key("PLAID À CHEVRONS MARGERIDE")
            && titles.contains_key("Plaid à chevrons Margeride")
    );
    assert!(titles.contains_key("Devidoir a enroulement guide Tresterel"));
}

#[tokio::test]
async fn the_overlay_uses_every_state() {
    let dir = tempfile::tempdir().unwrap();
    let report = make(dir.path(), FEWEST).await;
    assert!(!report.reused && report.references > u64::from(FEWEST));
    let mut shop = Shop::open(dir.path()).await;
    let at_least_one = [
        ("override", "SELECT count(*) FROM article WHERE title <> ''"),
        ("absent by NULL", "SELECT count(*) FROM article WHERE title IS NULL"),
        ("absent by blank", "SELECT count(*) FROM article WHERE title = ''"),
        ("absent by spaces", "SELECT count(*) FROM article WHERE subtitle <> '' AND trim(subtitle) = ''"),
        ("zero", "SELECT count(*) FROM article WHERE warranty_months = 0"),
        ("false", "SELECT count(*) FROM article WHERE made_in_france = 0"),
        ("marker of a text", "SELECT count(*) FROM marker WHERE language = 'fr'"),
        ("marker of a field", "SELECT count(*) FROM marker WHERE language IS NULL"),
        ("hidden", "SELECT count(*) FROM article WHERE published = 0"),
        ("hidden rayon", "SELECT count(*) FROM department WHERE published = 0"),
        ("moved rayon", "SELECT count(*) FROM department WHERE parent_code <> '' AND code NOT LIKE 'w-%'"),
        ("own rayon", "SELECT count(*) FROM department WHERE code = 'PROMOTIONS'"),
        ("main placement", "SELECT count(*) FROM article_department WHERE is_main = 1"),
        ("removed placement", "SELECT count(*) FROM article_department WHERE removed = 1"),
        ("removed relation", "SELECT count(*) FROM article_relation WHERE removed = 1"),
        ("removed document", "SELECT count(*) FROM document WHERE removed = 1"),
        ("usages", "SELECT count(DISTINCT usage) >= 4 FROM document"),
        ("English", "SELECT count(*) FROM text WHERE language = 'en' AND value <> ''"),
        ("reference by code", "SELECT count(*) FROM reference WHERE erp_key IS NULL"),
        ("reference by key", "SELECT count(*) FROM reference WHERE erp_key LIKE '%~%'"),
        ("web price", "SELECT count(*) FROM web_price WHERE customer_code IS NOT NULL"),
        ("stock rule", "SELECT count(*) FROM stock_rule"),
        ("unlisted value", "SELECT count(*) FROM article WHERE energy_class = 'A+++'"),
        ("list", "SELECT count(*) FROM article WHERE materials LIKE '%|%'"),
    ];
    for (what, sql) in at_least_one {
        assert!(count(&mut shop.isoshop, sql).await > 0, "{what}");
    }
    let erp: HashSet<String> = sqlx::query_scalar("SELECT AR_Ref FROM F_ARTICLE")
        .fetch_all(&mut shop.erp)
        .await
        .unwrap()
        .into_iter()
        .collect();
    let overlay: Vec<String> =
        sqlx::query_scalar("SELECT code FROM article").fetch_all(&mut shop.isoshop).await.unwrap();
    let orphans: Vec<_> = overlay.iter().filter(|c| !erp.contains(*c)).collect();
    assert_eq!(orphans, ["COC0999"]);
    let share = overlay.len() * 100 / erp.len();
    assert!((20..=30).contains(&share), "{share} %");
    for example in &report.examples {
        assert!(erp.contains(&example.code), "{example:?}");
    }
    // The example queries name articles that show what they say.
    let sql = "SELECT count(*) FROM article WHERE code = 'COC1001' AND warranty_months = 120";
    assert_eq!(count(&mut shop.isoshop, sql).await, 1);
    let sql = "SELECT count(*) FROM F_ARTICLE WHERE AR_Ref IN ('COC1001', 'POE1001', 'BOU1001', 'PAN1001') AND \
               AR_Publie = 1 AND AR_Sommeil = 0";
    assert_eq!(count(&mut shop.erp, sql).await, 4);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_shop_and_a_short_one_begins_a_long_one() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    make(dirs[0].path(), FEWEST).await;
    make(dirs[1].path(), FEWEST).await;
    make(dirs[2].path(), FEWEST + 60).await;
    let mut first = Shop::open(dirs[0].path()).await;
    let mut again = Shop::open(dirs[1].path()).await;
    let mut longer = Shop::open(dirs[2].path()).await;
    let (one, other) = (dump(&mut first.erp, None).await, dump(&mut again.erp, None).await);
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len());
    // Made within one minute they would not show a time that the clock gave. The shop's own days end in September 2026.
    let today = chrono::Local::now().format("%Y-%m-%d").to_string();
    if today.as_str() > "2026-09-30" {
        let clock: Vec<&String> = one.iter().filter(|row| row.contains(&today)).collect();
        assert!(clock.is_empty(), "{clock:?}");
    }
    assert_eq!(dump(&mut first.isoshop, None).await, dump(&mut again.isoshop, None).await);
    let short = dump(&mut first.erp, Some(("F_ARTENUMREF", "1"))).await;
    let long = dump(&mut longer.erp, Some(("F_ARTENUMREF", "1"))).await;
    assert!(long.len() > short.len() && long.starts_with(&short));
    assert!(dump(&mut longer.isoshop, None).await.len() > dump(&mut first.isoshop, None).await.len());
}

#[tokio::test]
async fn a_folder_is_reused_made_again_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let shop = dir.path().join("shop");
    assert!(!make(&shop, FEWEST).await.reused);
    let key = std::fs::read_to_string(shop.join("cursor.key")).unwrap();
    assert_eq!(key.trim().len(), 64);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(shop.join("cursor.key")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = make(&shop, FEWEST).await;
    assert!(again.reused && again.references > 0);
    assert!(!make(&shop, FEWEST + 1).await.reused);
    assert_eq!(std::fs::read_to_string(shop.join("cursor.key")).unwrap(), key);

    let theirs = dir.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("comptoir.toml"), "# mine").unwrap();
    let error = create(&theirs, &DemoOptions::default(), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.code(), "DEMO_FOLDER_TAKEN");
    assert_eq!(std::fs::read_dir(&theirs).unwrap().count(), 1);
    let few = DemoOptions { articles: 3, ..DemoOptions::default() };
    assert_eq!(create(&shop, &few, &mut |_| {}).await.unwrap_err().code(), "DEMO_BAD_ARTICLES");
    toml::from_str::<toml::Table>(include_str!("shop/comptoir.toml")).unwrap();
}

#[test]
fn a_hundred_thousand_titles_and_codes_without_a_number_or_a_repeat() {
    let vocabulary = Vocabulary::load().unwrap();
    assert!(vocabulary.lines.len() >= 60);
    assert_eq!(u32::try_from(vocabulary.lines.len()).unwrap(), traps::STEP);
    let (mut titles, mut codes, mut counters) = (HashSet::new(), HashSet::new(), Counters::default());
    let mut shared = 0;
    for i in 0..100_000 {
        let a = article::make(&vocabulary, DemoOptions::default().seed, i, &mut counters);
        assert!(
            a.title.chars().count() <= 69 && !a.title.contains(|c: char| c.is_ascii_digit()),
            "{}",
            a.title
        );
        assert!(a.code.chars().count() <= 18, "{}", a.code);
        assert!(a.cost > 0 && a.net > a.cost, "{} {}", a.code, a.net);
        if traps::fixed_title(i).is_none() {
            assert!(titles.insert(a.title.clone()), "{} twice", a.title);
        }
        for code in a.reference_codes() {
            assert!(code.contains('~') || code.chars().count() <= 19, "{code}");
            if !codes.insert(code.clone()) {
                assert!(code.ends_with("-DBL"), "{code} twice");
                shared += 1;
            }
        }
    }
    assert_eq!(shared, 1);
}

#[test]
fn a_million_codes_fit_and_never_come_twice() {
    let vocabulary = Vocabulary::load().unwrap();
    let code = |i| article::code_at(&vocabulary, i);
    assert_eq!((code(8_999 * 62 - 62).as_str(), code(8_999 * 62).as_str()), ("COC9999", "COCA000"));
    let (mut codes, mut counters) = (HashSet::new(), Counters::default());
    // The step has no factor in common with the number of lines: it meets all of them.
    for i in (100_000..MOST).step_by(61) {
        let a = article::make(&vocabulary, DemoOptions::default().seed, i, &mut counters);
        assert_eq!(a.code.len(), 7, "{}", a.code);
        assert!(a.title.chars().count() <= 69, "{}", a.title);
        for code in a.reference_codes() {
            // Those that we would generate are nowhere in the ERP.
            assert!(code.contains('~') || code.chars().count() <= 19, "{code}");
            assert!(codes.insert(code.clone()), "{code} twice");
        }
    }
}

#[tokio::test]
async fn the_overlay_is_as_dense_as_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let shop = dir.path().join("shop");
    let mut articles = None;
    for share in [1, 20, 100] {
        let options = DemoOptions { articles: 1_000, overlay: Some(share), ..DemoOptions::default() };
        assert!(!create(&shop, &options, &mut |_| {}).await.unwrap().reused);
        let mut shop = Shop::open(&shop).await;
        let erp = dump(&mut shop.erp, Some(("F_ARTICLE", "1"))).await;
        assert_eq!(articles.get_or_insert_with(|| erp.clone()), &erp, "the ERP is another");
        let sql = "SELECT count(*) FROM article WHERE weight_kg IS NOT NULL AND warranty_months IS NOT NULL";
        let said = count(&mut shop.isoshop, sql).await;
        // The cases that are shown come on top.
        let share = i64::from(share) * 10;
        assert!((said - share).abs() <= 40, "{said} for {share}");
    }
    let options = DemoOptions { overlay: Some(101), ..DemoOptions::default() };
    let error = create(&shop, &options, &mut |_| {}).await.unwrap_err();
    assert_eq!(error.code(), "DEMO_BAD_OVERLAY");
}

#[test]
fn barcodes_pass_their_check() {
    assert_eq!(article::barcode(0), "2100000000005");
    for n in [1, 62, 9_999, 1_000_123] {
        let code = article::barcode(n);
        let sum: u32 =
            code.bytes().enumerate().map(|(i, b)| u32::from(b - b'0') * if i % 2 == 0 { 1 } else { 3 }).sum();
        assert_eq!((code.len(), sum % 10), (13, 0), "{code}");
    }
}

/// A shop of the largest size, timed: `cargo test -- --ignored the_largest_shop`.
#[tokio::test]
#[ignore = "takes a while without optimisation"]
async fn the_largest_shop() {
    let dir = tempfile::tempdir().unwrap();
    let report = make(dir.path(), MOST).await;
    println!("{} references in {:?}", report.references, report.elapsed);
    let mut shop = Shop::open(dir.path()).await;
    assert_eq!(count(&mut shop.erp, "SELECT count(*) FROM F_ARTICLE").await, i64::from(MOST));
}
