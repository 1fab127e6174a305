//! What a query may say: names, collations, functions, parameters.

use tiberius::ToSql;

use super::{bytes, fails, number, text, whole, with_database};
use crate::support::sqlserver::{self, connect, run};

#[test]
fn names_of_other_databases_and_the_catalogue() {
    with_database("names_of_other_databases_and_the_catalogue", |here| async move {
        let there = sqlserver::database("Latin1_General_CS_AS", &[]).await;
        let mut client = connect(&here).await;
        run(
            &mut client,
            "CREATE TABLE [F_ARTICLE] (cbMarq int IDENTITY(1,1) NOT NULL CONSTRAINT PK_F_ARTICLE PRIMARY KEY, \
             AR_Ref varchar(19) NOT NULL, [Durée garantie] nvarchar(30) NULL, AR_PrixVen numeric(24,6) NULL, \
             Bin varchar(5) COLLATE French_BIN NULL)",
        )
        .await;
        run(&mut client, "CREATE UNIQUE NONCLUSTERED INDEX IAR_REF ON dbo.F_ARTICLE (AR_Ref ASC)").await;
        run(
            &mut client,
            &format!("CREATE TABLE [{there}].dbo.Side (Ref varchar(19) NOT NULL PRIMARY KEY, Title nvarchar(40) NULL)"),
        )
        .await;
        run(
            &mut client,
            "INSERT INTO F_ARTICLE (AR_Ref, [Durée garantie], Bin) VALUES ('A-1', N'2 ans', 'x')",
        )
        .await;
        run(&mut client, &format!("INSERT INTO [{there}]..Side VALUES ('A-1', N'Côté')")).await;
        let joined = run(
            &mut client,
            &format!(
                "SELECT TOP (1) a.AR_Ref, s.Title, a.[durée GARANTIE] FROM [{here}].dbo.f_article AS a WITH (NOLOCK) \
                 LEFT JOIN [{there}].dbo.[Side] AS s ON s.Ref COLLATE DATABASE_DEFAULT = a.AR_Ref ORDER BY a.cbMarq"
            ),
        )
        .await;
        let texts: Vec<_> = joined[0].iter().map(text).collect();
        assert_eq!(texts, [Some("A-1".into()), Some("Côté".into()), Some("2 ans".into())]);

        // What was created, found whatever the case, shown as it was written.
        let columns = run(
            &mut client,
            "SELECT CAST(COLUMN_NAME AS nvarchar(128)), CAST(DATA_TYPE AS nvarchar(128)), \
             CAST(CHARACTER_MAXIMUM_LENGTH AS int), CAST(NUMERIC_PRECISION AS int), CAST(NUMERIC_SCALE AS int), \
             CAST(IS_NULLABLE AS varchar(3)), CAST(COLLATION_NAME AS nvarchar(128)) \
             FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'dbo' AND TABLE_NAME = 'f_article' ORDER BY ORDINAL_POSITION",
        )
        .await;
        let shown: Vec<_> = columns.iter().map(|row| format!("{row:?}")).collect();
        insta::assert_snapshot!(shown.join("\n"), @r#"
        [String(Some("cbMarq")), String(Some("int")), I32(None), I32(Some(10)), I32(Some(0)), String(Some("NO")), String(None)]
        [String(Some("AR_Ref")), String(Some("varchar")), I32(Some(19)), I32(None), I32(None), String(Some("NO")), String(Some("French_CI_AS"))]
        [String(Some("Durée garantie")), String(Some("nvarchar")), I32(Some(30)), I32(None), I32(None), String(Some("YES")), String(Some("French_CI_AS"))]
        [String(Some("AR_PrixVen")), String(Some("numeric")), I32(None), I32(Some(24)), I32(Some(6)), String(Some("YES")), String(None)]
        [String(Some("Bin")), String(Some("varchar")), I32(Some(5)), I32(None), I32(None), String(Some("YES")), String(Some("French_BIN"))]
        "#);
        let typed = run(
            &mut client,
            &format!(
                "SELECT c.name, t.name, c.max_length, c.precision, c.scale, CAST(c.is_nullable AS int) \
                 FROM [{there}].sys.columns AS c JOIN [{there}].sys.types AS t ON t.user_type_id = c.user_type_id \
                 WHERE c.object_id = OBJECT_ID('[{there}].dbo.side') ORDER BY c.column_id"
            ),
        )
        .await;
        assert_eq!(typed.len(), 2);
        assert_eq!((text(&typed[1][0]), text(&typed[1][1])), (Some("Title".into()), Some("nvarchar".into())));
        assert_eq!((whole(&typed[1][2]), whole(&typed[1][5])), (80, 1));
        let tables = run(&mut client, "SELECT name FROM sys.tables ORDER BY name").await;
        assert_eq!(text(&tables[0][0]), Some("F_ARTICLE".into()));
        assert_eq!(tables.len(), 1, "only this database's");
        let indexes = run(
            &mut client,
            "SELECT name, CAST(is_unique AS int), CAST(is_primary_key AS int) FROM sys.indexes \
             WHERE object_id = OBJECT_ID('F_ARTICLE') ORDER BY name",
        )
        .await;
        assert_eq!(text(&indexes[0][0]), Some("IAR_REF".into()));
        assert_eq!((text(&indexes[1][0]), whole(&indexes[1][2])), (Some("PK_F_ARTICLE".into()), 1));

        let known = run(
            &mut client,
            &format!(
                "SELECT DB_NAME(), CAST(DATABASEPROPERTYEX('{there}', 'Collation') AS nvarchar(128)), \
                 CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), CAST(SERVERPROPERTY('Collation') AS nvarchar(128)), \
                 (SELECT collation_name FROM sys.databases WHERE name = DB_NAME())"
            ),
        )
        .await;
        assert_eq!(text(&known[0][0]), Some(here));
        assert_eq!(text(&known[0][1]), Some("Latin1_General_CS_AS".into()));
        assert!(text(&known[0][2]).expect("a version").split('.').count() >= 3);
        assert!(text(&known[0][3]).is_some());
        assert_eq!(text(&known[0][4]), Some("French_CI_AS".into()));
        sqlserver::drop_database(&there).await;
    });
}

#[test]
fn collations_say_what_is_equal() {
    with_database("collations_say_what_is_equal", |database| async move {
        let mut client = connect(&database).await;
        run(
            &mut client,
            "CREATE TABLE t (ci varchar(10) NOT NULL UNIQUE, bin varchar(10) COLLATE French_BIN NOT NULL); \
             INSERT INTO t VALUES ('Été', 'Été'), ('ete', 'ete')",
        )
        .await;
        let count = |condition: &str| format!("SELECT COUNT(*) FROM t WHERE {condition}");
        for (condition, expected) in [
            ("ci = 'ÉTÉ'", 1),
            ("bin = 'ÉTÉ'", 0),
            ("bin COLLATE French_CI_AS = 'ÉTÉ'", 1),
            ("ci COLLATE Latin1_General_BIN2 = 'ÉTÉ'", 0),
            ("ci LIKE 'ÉT_'", 1),
            ("ci LIKE '%T%'", 2),
            ("bin LIKE '%T%'", 0),
            ("ci LIKE '[d-f]te'", 1),
            ("ci LIKE 'e!te' ESCAPE '!'", 1),
            ("ci IN ('ETE', 'x')", 1),
            ("CHARINDEX('T', ci) = 2", 2),
            ("REPLACE(ci, 'T', '') = 'ee'", 1),
            ("UPPER(ci) = 'ÉTÉ'", 1),
        ] {
            assert_eq!(number(&mut client, &count(condition)).await, expected, "{condition}");
        }
        assert_eq!(fails(&mut client, "INSERT INTO t VALUES ('ETE', 'x')").await, 2627);
        let ordered = run(&mut client, "SELECT ci FROM t ORDER BY ci COLLATE Latin1_General_BIN2").await;
        assert_eq!(text(&ordered[0][0]), Some("ete".into()));
    });
}

#[test]
fn what_a_query_may_say() {
    with_database("what_a_query_may_say", |database| async move {
        let mut client = connect(&database).await;
        run(
            &mut client,
            "CREATE TABLE item (id int NOT NULL PRIMARY KEY, parent int NULL, code varchar(10) NULL, price numeric(24,6) NULL); \
             INSERT INTO item VALUES (1, NULL, 'a', 1.5), (2, 1, 'b ', NULL), (3, 1, '', 2.25), (4, 2, NULL, 0)",
        )
        .await;
        for (query, expected) in [
            ("SELECT TOP (2) id FROM item ORDER BY id DESC", "4 3"),
            (
                "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY parent ORDER BY id DESC) AS n FROM item) AS w WHERE n <= 1 ORDER BY id",
                "1 3 4",
            ),
            ("SELECT id FROM item ORDER BY code, id", "4 3 1 2"),
            ("SELECT id FROM item WHERE NULLIF(RTRIM(code), '') IS NOT NULL ORDER BY id", "1 2"),
            ("SELECT LEN(code) FROM item WHERE id = 2", "1"),
            ("SELECT CAST(2.7 AS int)", "2"),
            ("SELECT CAST('' AS int)", "0"),
            ("SELECT 7 / 2", "3"),
            ("SELECT CAST(AVG(id) AS int) FROM item", "2"),
            ("SELECT COALESCE(CAST(price AS int), -1) FROM item ORDER BY id", "1 -1 2 0"),
            ("SELECT CASE WHEN price > 1 THEN 1 ELSE 0 END FROM item ORDER BY id", "1 0 1 0"),
            ("SELECT COUNT(*) FROM item AS a CROSS JOIN item AS b", "16"),
            (
                "WITH up AS (SELECT id, parent FROM item WHERE id = 4 UNION ALL SELECT i.id, i.parent FROM item AS i JOIN up ON up.parent = i.id) SELECT id FROM up ORDER BY id OPTION (MAXRECURSION 10)",
                "1 2 4",
            ),
            (
                "SELECT id FROM item WHERE EXISTS (SELECT 1 FROM item AS c WHERE c.parent = item.id) ORDER BY id",
                "1 2",
            ),
            ("SELECT v.n FROM (VALUES (1), (2)) AS v(n) UNION ALL SELECT 3 ORDER BY 1", "1 2 3"),
            ("SELECT DATEDIFF(day, '20240228', '20240301')", "2"),
            (
                "SELECT CAST(CONVERT(varchar(8), DATEADD(month, 1, CAST('20240131' AS date)), 112) AS int)",
                "20240229",
            ),
            ("SELECT id FROM item WITH (UPDLOCK, READPAST) WHERE id IN (2, 3) ORDER BY id", "2 3"),
            (
                "DECLARE @n int; SET @n = 3; SELECT @n = @n + id FROM item WHERE id = 4; IF @n > 5 SELECT @n ELSE SELECT 0",
                "7",
            ),
            ("IF EXISTS (SELECT 1 FROM item WHERE id = 9) SELECT 1 ELSE BEGIN SELECT 2 SELECT 3 END", "2 3"),
            (
                "SELECT ASCII(SUBSTRING('abc', 2, 1)), CHARINDEX('c', 'abc'), LEN('a' + 'bc' + LEFT('xyz', 2))",
                "98 3 5",
            ),
        ] {
            let found = run(&mut client, query).await;
            let shown: Vec<_> = found.iter().flatten().map(|cell| whole(cell).to_string()).collect();
            assert_eq!(shown.join(" "), expected, "{query}");
        }
        let texts = run(
            &mut client,
            "SELECT 'a' + code + N'é', CONVERT(varchar(23), CAST('2024-02-29T12:34:56.007' AS datetime), 121), \
             CONVERT(varchar(10), CAST('20240229' AS date), 103), CAST(CAST(1.5 AS numeric(24,6)) AS varchar(20)), \
             CAST(id AS varchar(5)) + '!' FROM item WHERE id = 1",
        )
        .await;
        let texts: Vec<_> = texts[0].iter().map(|cell| text(cell).expect("a text")).collect();
        assert_eq!(texts, ["aaé", "2024-02-29 12:34:56.007", "29/02/2024", "1.500000", "1!"]);
        let twin = run(
            &mut client,
            "SELECT CAST(code AS varbinary(20)), CAST(N'é' AS varbinary(4)) FROM item WHERE id = 1",
        )
        .await;
        assert_eq!(twin[0], [bytes(b"a"), bytes(b"\xe9\x00")]);
    });
}

#[test]
fn two_thousand_parameters() {
    with_database("two_thousand_parameters", |database| async move {
        let mut client = connect(&database).await;
        run(&mut client, "CREATE TABLE k (code varchar(19) NOT NULL PRIMARY KEY); INSERT INTO k VALUES ('C7'), ('c1999'), ('other')").await;
        for count in [1, 2, 24, 500, 2_000] {
            let keys: Vec<String> = (0..count).map(|n| format!("C{n}")).collect();
            let places: Vec<String> = (1..=count).map(|n| format!("CAST(@P{n} AS varchar(19))")).collect();
            let sql = format!("SELECT COUNT(*) FROM k WHERE code IN ({})", places.join(", "));
            let values: Vec<&dyn ToSql> = keys.iter().map(|key| key as &dyn ToSql).collect();
            let row =
                client.query(sql.as_str(), &values).await.expect("a query").into_row().await.expect("rows");
            let expected = i32::from(count > 7) + i32::from(count > 1999);
            assert_eq!(row.expect("a row").get::<i32, _>(0), Some(expected), "{count}");
        }
        let places: Vec<String> = (1..=2_101).map(|n| format!("@P{n}")).collect();
        let values: Vec<&dyn ToSql> = places.iter().map(|key| key as &dyn ToSql).collect();
        let sql = format!("SELECT COUNT(*) FROM k WHERE code IN ({})", places.join(", "));
        let answer = match client.query(sql.as_str(), &values).await {
            Ok(stream) => stream.into_results().await.map(|_| ()),
            Err(error) => Err(error),
        };
        assert_eq!(answer.expect_err("too many").code(), Some(8003));
    });
}
