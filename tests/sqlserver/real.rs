//! What only Microsoft's own SQL Server can show: its collations, readers that wait for writers, index
//! seeks. Skipped, and said so, on the stand-in and on look-alikes; README lists these tests.

use comptoir::value::KeyCompare;
use tiberius::ColumnData;

use super::base;
use crate::{
    outages::{fallback, served, shop_on, title},
    support::{
        block_on,
        gateway::{self, Gateway},
        shops::{self, Engine},
        sqlserver,
    },
};

/// Of the characters that codes have: letters, digits, accents, signs, blanks at the end.
const KEYS: [&str; 20] = [
    "VTT-100", "vtt-100", "VTT100", "VTT 100", "VTT-100 ", " VTT-100", "ÉTÉ", "été", "ETE", "Été", "A.1",
    "A1", "A/1", "A_1", "A+1", "a+1", "ÇA", "ça", "CA", "001",
];

/// What the gateway takes for one key is what the server takes for one key, under the collations that Sage and
/// Cegid bases have. Anything else would join rows that the ERP holds apart, or lose some.
#[test]
fn real_keys_are_equal_where_the_collation_says_so() {
    if !sqlserver::real("keys under a collation", "the stand-in's collations are ICU's") {
        return;
    }
    block_on(async {
        for collation in ["French_CI_AS", "Latin1_General_CI_AS", "SQL_Latin1_General_CP1_CI_AS"] {
            let name = sqlserver::database(collation, &["CREATE TABLE k (a varchar(19) NOT NULL)"]).await;
            let mut client = sqlserver::connect(&name).await;
            let mut differences = Vec::new();
            for a in KEYS {
                sqlserver::run(&mut client, &format!("DELETE FROM k; INSERT INTO k VALUES (N'{a}')")).await;
                for b in KEYS {
                    let sql = format!("SELECT COUNT(*) FROM k WHERE a = CAST(N'{b}' AS varchar(19))");
                    let equal = sqlserver::run(&mut client, &sql).await[0][0] == ColumnData::I32(Some(1));
                    // The maps trim text keys at their end; so does the comparison of a server.
                    let (x, y) = (a.trim_end_matches(' '), b.trim_end_matches(' '));
                    if equal != (KeyCompare::CiAs.fold(x) == KeyCompare::CiAs.fold(y)) {
                        differences.push(format!("{a:?} and {b:?}: the server says {equal}"));
                    }
                }
            }
            let _ = client.close().await;
            sqlserver::drop_database(&name).await;
            assert!(differences.is_empty(), "{collation}:\n{}", differences.join("\n"));
        }
    });
}

/// A code is found whatever its case, and the overlay's row completes it whatever the case it is spelt in.
#[test]
fn real_codes_are_found_whatever_their_case() {
    if !gateway::READY || !sqlserver::real("codes of any case", "the stand-in's collations are ICU's") {
        return;
    }
    block_on(async {
        let mut recipe = shops::base();
        recipe.isoshop.push("UPDATE \"article\" SET code = 'vtt-100' WHERE code = 'VTT-100'".into());
        let folder = recipe.make(Engine::SqlServer).await;
        let gateway = Gateway::open(folder.path()).expect("a shop");
        for code in ["VTT-100", "vtt-100", "Vtt-100"] {
            let data = gateway.data(&format!("{{ article(code: \"{code}\") {{ code title }} }}")).await;
            assert_eq!(data["article"]["code"], "VTT-100", "as the ERP spells it");
            assert_eq!(data["article"]["title"], "VTT Cime 29 pouces", "{code}");
        }
        drop(gateway);
        folder.remove().await;
    });
}

/// Under READ COMMITTED a reader waits for a writer, up to its limit; NOLOCK reads what is not committed yet; a
/// snapshot reads what was before.
#[test]
fn real_readers_wait_for_writers_unless_told_otherwise() {
    if !gateway::READY || !sqlserver::real("readers and writers", "the stand-in's readers wait for nobody") {
        return;
    }
    block_on(async {
        let name = base().await;
        let mut admin = sqlserver::connect("master").await;
        for option in ["READ_COMMITTED_SNAPSHOT OFF", "ALLOW_SNAPSHOT_ISOLATION ON"] {
            sqlserver::run(&mut admin, &format!("ALTER DATABASE [{name}] SET {option}")).await;
        }
        let mut writer = sqlserver::connect(&name).await;
        let write = "BEGIN TRANSACTION; UPDATE article SET title = N'Pas encore' WHERE code = 'VTT-100'";
        sqlserver::run(&mut writer, write).await;
        let limits = "statement_seconds = 2";
        for (isolation, expected) in [
            ("read%20committed", fallback("TIMEOUT")),
            ("nolock", ("Pas encore".to_owned(), None)),
            ("snapshot", served()),
        ] {
            let url = format!("{}&isolation={isolation}", sqlserver::url_of(&name));
            let (_folder, gateway) = shop_on("sqlserver", &url, limits).await;
            assert_eq!(title(&gateway).await, expected, "{isolation}");
        }
        sqlserver::run(&mut writer, "ROLLBACK TRANSACTION").await;
        let (_folder, gateway) = shop_on("sqlserver", &sqlserver::url_of(&name), limits).await;
        assert_eq!(title(&gateway).await, served(), "nobody writes any more");
        sqlserver::drop_database(&name).await;
    });
}

/// Rows enough that a scan would cost; a SQL collation, under which a parameter of the wrong type makes one.
const MANY: &str = "INSERT INTO F_ARTICLE (AR_Ref, AR_Design, FA_CodeFamille) \
     SELECT 'ZZ' + RIGHT('00000' + CAST(q.n AS varchar(5)), 5), 'x', 'VELOS' FROM (SELECT TOP (20000) \
     ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b) AS q";

/// The plans that the server made of what the gateway sent: keys are sought, not scanned for.
#[test]
fn real_keys_are_sought_not_scanned_for() {
    if !gateway::READY || !sqlserver::real("index seeks", "the stand-in's plans are PostgreSQL's") {
        return;
    }
    block_on(async {
        let folder = shops::base().make(Engine::SqlServer).await;
        let erp = folder.database("erp").to_owned();
        let mut client = sqlserver::connect(&erp).await;
        let retype = "ALTER TABLE F_ARTICLE ALTER COLUMN AR_Ref varchar(19) COLLATE SQL_Latin1_General_CP1_CI_AS NOT NULL";
        // What stands on the column goes first, and comes back.
        let found = sqlserver::run(
            &mut client,
            "SELECT DISTINCT CAST(i.name AS nvarchar(128)) FROM sys.indexes AS i \
             JOIN sys.index_columns AS x ON x.object_id = i.object_id AND x.index_id = i.index_id \
             JOIN sys.columns AS c ON c.object_id = i.object_id AND c.column_id = x.column_id \
             WHERE i.object_id = OBJECT_ID('F_ARTICLE') AND c.name IN ('AR_Ref', 'cbAR_Ref')",
        )
        .await;
        for row in &found {
            let ColumnData::String(Some(index)) = &row[0] else { continue };
            sqlserver::run(&mut client, &format!("DROP INDEX [{index}] ON F_ARTICLE")).await;
        }
        let twin =
            sqlserver::run(&mut client, "SELECT 1 WHERE COL_LENGTH('F_ARTICLE', 'cbAR_Ref') IS NOT NULL")
                .await;
        if !twin.is_empty() {
            sqlserver::run(&mut client, "ALTER TABLE F_ARTICLE DROP COLUMN cbAR_Ref").await;
        }
        for sql in [
            retype,
            "CREATE UNIQUE INDEX IAR_REF ON F_ARTICLE (AR_Ref)",
            MANY,
            "UPDATE STATISTICS F_ARTICLE WITH FULLSCAN",
        ] {
            sqlserver::run(&mut client, sql).await;
        }
        let gateway = Gateway::open(folder.path()).expect("a shop");
        gateway.statements();
        gateway.data("{ a: article(code: \"VTT-100\") { title } b: article(code: \"GANT-1\") { title } c: article(code: \"ZZ00777\") { title } }").await;
        let mut seen = 0;
        for sent in
            gateway.statements().iter().filter(|s| s.source == "erp" && s.tables().contains("F_ARTICLE"))
        {
            let plan = client
                .query(
                    "SELECT TOP (1) CAST(p.query_plan AS nvarchar(max)) FROM sys.dm_exec_cached_plans AS c \
                     CROSS APPLY sys.dm_exec_sql_text(c.plan_handle) AS t CROSS APPLY sys.dm_exec_query_plan(c.plan_handle) AS p \
                     WHERE CHARINDEX(@P1, t.text) > 0 AND p.query_plan IS NOT NULL AND t.text NOT LIKE '%dm_exec_cached_plans%'",
                    &[&sent.sql.as_str()],
                )
                .await
                .expect("a query")
                .into_row()
                .await
                .expect("an answer");
            let plan = plan.and_then(|row| row.get::<&str, _>(0).map(str::to_owned));
            let plan = plan.unwrap_or_else(|| panic!("no plan was kept of {}", sent.sql));
            for (at, _) in plan.match_indices("Table=\"[F_ARTICLE]\"") {
                let operator =
                    plan[..at].rsplit_once("PhysicalOp=\"").and_then(|(_, rest)| rest.split('"').next());
                let operator = operator.unwrap_or_default();
                assert!(!operator.ends_with("Scan"), "{operator} in the plan of {}\n{plan}", sent.sql);
                seen += usize::from(operator.ends_with("Seek"));
            }
            assert!(!plan.contains("CONVERT_IMPLICIT(nvarchar"), "{}\n{plan}", sent.sql);
        }
        assert!(seen > 0, "no plan seeks a key");
        let _ = client.close().await;
        drop(gateway);
        folder.remove().await;
    });
}
