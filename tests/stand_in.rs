//! What the tests' SQL Server must do, whichever it is: the stand-in of `tests/support/tds/`, or the
//! one of `COMPTOIR_TEST_SQLSERVER_URL`. Asked through tiberius alone, in plain T-SQL.

use std::time::Duration;

use rust_decimal::Decimal;
use tiberius::{
    AuthMethod, ColumnData, ColumnType, Config, EncryptionLevel, ToSql,
    error::Error,
    numeric::Numeric,
    time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time},
};

use crate::support::{
    block_on,
    sqlserver::{self, Connection, connect, rows, run},
};

/// A parameter that is already what travels.
struct Raw(ColumnData<'static>);

impl ToSql for Raw {
    fn to_sql(&self) -> ColumnData<'_> {
        self.0.clone()
    }
}

/// Runs a test in a database of its own.
fn with_database<F>(test: &str, check: impl FnOnce(String) -> F)
where
    F: Future<Output = ()>,
{
    if !sqlserver::available(test) {
        return;
    }
    block_on(async {
        let name = sqlserver::database("French_CI_AS", &[]).await;
        check(name.clone()).await;
        sqlserver::drop_database(&name).await;
    });
}

fn text(value: &ColumnData<'_>) -> Option<String> {
    match value {
        ColumnData::String(text) => text.as_ref().map(ToString::to_string),
        other => panic!("no text: {other:?}"),
    }
}

fn whole(value: &ColumnData<'_>) -> i64 {
    match value {
        ColumnData::U8(Some(n)) => i64::from(*n),
        ColumnData::I16(Some(n)) => i64::from(*n),
        ColumnData::I32(Some(n)) => i64::from(*n),
        ColumnData::I64(Some(n)) => *n,
        other => panic!("no whole number: {other:?}"),
    }
}

fn words(text: &'static str) -> ColumnData<'static> {
    ColumnData::String(Some(text.into()))
}

fn bytes(bytes: &'static [u8]) -> ColumnData<'static> {
    ColumnData::Binary(Some(bytes.into()))
}

/// The number of the error a batch ends with.
async fn fails(client: &mut Connection, batch: &str) -> u32 {
    match rows(client, batch).await {
        Err(Error::Server(error)) => error.code(),
        Err(other) => panic!("{other}\nin: {batch}"),
        Ok(found) => panic!("worked: {found:?}\nin: {batch}"),
    }
}

/// One number.
async fn number(client: &mut Connection, batch: &str) -> i64 {
    whole(&run(client, batch).await[0][0])
}

const DAY: u32 = 738_944; // 2024-02-29, from 0001-01-01

/// Every type: how it is declared, a literal of it, what arrives, the type told.
fn every_type() -> Vec<(&'static str, &'static str, ColumnData<'static>, ColumnType)> {
    use ColumnType as T;
    let noon = 45_296; // 12:34:56 in seconds
    vec![
        ("bit", "1", ColumnData::Bit(Some(true)), T::Bitn),
        ("tinyint", "200", ColumnData::U8(Some(200)), T::Int1),
        ("smallint", "-3", ColumnData::I16(Some(-3)), T::Int2),
        ("int", "-2147483648", ColumnData::I32(Some(i32::MIN)), T::Int4),
        ("bigint", "9223372036854775807", ColumnData::I64(Some(i64::MAX)), T::Int8),
        ("real", "1.5", ColumnData::F32(Some(1.5)), T::Float4),
        ("float", "-2.25", ColumnData::F64(Some(-2.25)), T::Float8),
        (
            "numeric(24,6)",
            "-123456789012345678.123456",
            ColumnData::Numeric(Some(Numeric::new_with_scale(-123_456_789_012_345_678_123_456, 6))),
            T::Numericn,
        ),
        (
            "numeric(38,0)",
            "12345678901234567890123456789012345678",
            ColumnData::Numeric(Some(Numeric::new_with_scale(
                12_345_678_901_234_567_890_123_456_789_012_345_678,
                0,
            ))),
            T::Numericn,
        ),
        ("money", "-12.3456", ColumnData::F64(Some(-12.3456)), T::Money),
        ("smallmoney", "1.5", ColumnData::F64(Some(1.5)), T::Money),
        ("date", "'20240229'", ColumnData::Date(Some(Date::new(DAY))), T::Daten),
        ("time(3)", "'12:34:56.789'", ColumnData::Time(Some(Time::new(noon * 1000 + 789, 3))), T::Timen),
        (
            "smalldatetime",
            "'2024-02-29T12:34:31'",
            ColumnData::SmallDateTime(Some(SmallDateTime::new(45_349, 12 * 60 + 35))),
            T::Datetimen,
        ),
        (
            "datetime",
            "'2024-02-29T12:34:56.005'",
            ColumnData::DateTime(Some(DateTime::new(45_349, 45_296 * 300 + 2))),
            T::Datetimen,
        ),
        (
            "datetime2(3)",
            "'2024-02-29T12:34:56.123'",
            ColumnData::DateTime2(Some(DateTime2::new(Date::new(DAY), Time::new(noon * 1000 + 123, 3)))),
            T::Datetime2,
        ),
        (
            "datetime2(7)",
            "'0001-01-01T00:00:00'",
            ColumnData::DateTime2(Some(DateTime2::new(Date::new(0), Time::new(0, 7)))),
            T::Datetime2,
        ),
        (
            "datetimeoffset(0)",
            "'2024-02-29T12:34:56+00:00'",
            ColumnData::DateTimeOffset(Some(DateTimeOffset::new(
                DateTime2::new(Date::new(DAY), Time::new(noon, 0)),
                0,
            ))),
            T::DatetimeOffsetn,
        ),
        ("char(5)", "'é'", words("é    "), T::BigChar),
        ("varchar(19)", "'Durée €'", words("Durée €"), T::BigVarChar),
        ("varchar(max)", "'long'", words("long"), T::BigVarChar),
        ("nchar(3)", "N'☃'", words("☃  "), T::NChar),
        ("nvarchar(50)", "N'☃ 😀'", words("☃ 😀"), T::NVarchar),
        ("nvarchar(max)", "N''", words(""), T::NVarchar),
        ("binary(4)", "0x0102", bytes(&[1, 2, 0, 0]), T::BigBinary),
        ("varbinary(20)", "0x4142FF", bytes(b"AB\xff"), T::BigVarBin),
        ("varbinary(max)", "0x", bytes(b""), T::BigVarBin),
        (
            "uniqueidentifier",
            "'6F9619FF-8B86-D011-B42D-00C04FC964FF'",
            ColumnData::Guid(Some("6F9619FF-8B86-D011-B42D-00C04FC964FF".parse().expect("a uuid"))),
            T::Guid,
        ),
    ]
}

#[test]
fn every_type_as_a_column() {
    with_database("every_type_as_a_column", |database| async move {
        let mut client = connect(&database).await;
        let types = every_type();
        let declared: Vec<_> =
            types.iter().enumerate().map(|(i, (ty, ..))| format!("[c {i}] {ty} NULL")).collect();
        let values: Vec<_> = types.iter().map(|(_, literal, ..)| *literal).collect();
        let nulls = vec!["NULL"; types.len()].join(", ");
        run(
            &mut client,
            &format!("CREATE TABLE dbo.[Every type] (id int NOT NULL, {})", declared.join(", ")),
        )
        .await;
        run(
            &mut client,
            &format!(
                "INSERT INTO [Every type] VALUES (1, {}); INSERT INTO [Every type] VALUES (2, {nulls})",
                values.join(", ")
            ),
        )
        .await;
        let sources = [
            "SELECT * FROM [Every type] ORDER BY id",
            "SELECT q.* FROM (SELECT * FROM [every TYPE]) q ORDER BY id",
        ];
        for source in sources {
            let mut stream = client.simple_query(source).await.expect("a query");
            let columns = stream.columns().await.expect("columns").expect("columns").to_vec();
            let found = stream.into_first_result().await.expect("rows");
            assert_eq!(found.len(), 2, "{source}");
            let mut cells: Vec<Vec<ColumnData<'static>>> =
                found.into_iter().map(|row| row.into_iter().collect()).collect();
            let (null, value) = (cells.pop().expect("NULLs"), cells.pop().expect("values"));
            for (i, (ty, _, expected, told)) in types.iter().enumerate() {
                assert_eq!(value[i + 1], *expected, "{ty}");
                assert_eq!(columns[i + 1].name(), format!("c {i}"), "{ty}");
                assert_eq!(columns[i + 1].column_type(), *told, "{ty}");
                assert!(format!("{:?}", null[i + 1]).ends_with("(None)"), "{ty}: {:?}", null[i + 1]);
            }
        }
        // Columns that cannot be NULL travel in forms of their own.
        run(
            &mut client,
            &format!("CREATE TABLE strict ({})", declared.join(", ").replace(" NULL", " NOT NULL")),
        )
        .await;
        run(&mut client, &format!("INSERT INTO strict VALUES ({})", values.join(", "))).await;
        let found = run(&mut client, "SELECT * FROM strict").await;
        for (cell, (ty, _, expected, _)) in found[0].iter().zip(&types) {
            assert_eq!(cell, expected, "{ty} NOT NULL");
        }
        let found = run(&mut client, "SELECT s.* FROM (SELECT 1 AS one) o LEFT JOIN strict s ON 1 = 0").await;
        assert!(found[0].iter().all(|cell| format!("{cell:?}").ends_with("(None)")), "{found:?}");
        // The same as the types of expressions.
        for (ty, literal, expected, _) in &types {
            let cast = run(&mut client, &format!("SELECT CAST({literal} AS {ty}), CAST(NULL AS {ty})")).await;
            assert_eq!(cast[0][0], *expected, "CAST AS {ty}");
            assert!(format!("{:?}", cast[0][1]).ends_with("(None)"), "CAST(NULL AS {ty})");
        }
    });
}

#[test]
fn every_type_as_a_parameter() {
    with_database("every_type_as_a_parameter", |database| async move {
        let mut client = connect(&database).await;
        for (ty, _, value, _) in every_type() {
            // A text or some bytes come as what was sent; a number of a table's own type, by a cast.
            let sql = format!("SELECT CAST(@P1 AS {ty}), CASE WHEN @P1 IS NULL THEN 1 ELSE 0 END");
            let money = ty.ends_with("money");
            let sent = if money {
                ColumnData::Numeric(Some(Numeric::new_with_scale(15_000, 4)))
            } else {
                value.clone()
            };
            let row = client
                .query(sql.as_str(), &[&Raw(sent)])
                .await
                .unwrap_or_else(|e| panic!("{ty}: {e}"))
                .into_row()
                .await
                .unwrap_or_else(|e| panic!("{ty}: {e}"))
                .expect("a row");
            let cells: Vec<ColumnData<'static>> = row.into_iter().collect();
            let expected = if money { ColumnData::F64(Some(1.5)) } else { value };
            assert_eq!(cells[0], expected, "{ty}");
            assert_eq!(whole(&cells[1]), 0, "{ty}");
        }
        let nulls: Vec<ColumnData<'static>> = vec![
            ColumnData::Bit(None),
            ColumnData::U8(None),
            ColumnData::I16(None),
            ColumnData::I32(None),
            ColumnData::I64(None),
            ColumnData::F32(None),
            ColumnData::F64(None),
            ColumnData::Numeric(None),
            ColumnData::String(None),
            ColumnData::Binary(None),
            ColumnData::Guid(None),
            ColumnData::Date(None),
            ColumnData::DateTime2(None),
            ColumnData::DateTime(None),
        ];
        for null in nulls {
            let shown = format!("{null:?}");
            let row = client
                .query("SELECT CASE WHEN @P1 IS NULL THEN 1 ELSE 0 END", &[&Raw(null)])
                .await
                .unwrap_or_else(|e| panic!("{shown}: {e}"))
                .into_row()
                .await
                .unwrap_or_else(|e| panic!("{shown}: {e}"))
                .expect("a row");
            assert_eq!(row.get::<i32, _>(0), Some(1), "{shown}");
        }
        // Over 4,000 characters and 8,000 bytes they travel in pieces.
        let long = "é☃".repeat(3_000);
        let much = vec![7_u8; 9_000];
        let row = client
            .query("SELECT @P1, LEN(@P1), @P2, DATALENGTH(@P2)", &[&long.as_str(), &much.as_slice()])
            .await
            .expect("a query")
            .into_row()
            .await
            .expect("an answer")
            .expect("a row");
        assert_eq!(row.get::<&str, _>(0), Some(long.as_str()));
        assert_eq!(row.get::<&[u8], _>(2), Some(much.as_slice()));
        let decimal: Decimal = "12345678901234567890.123456".parse().expect("a number");
        let row = client
            .query("SELECT @P1 + @P1 AS twice", &[&decimal])
            .await
            .expect("a query")
            .into_row()
            .await
            .expect("an answer")
            .expect("a row");
        assert_eq!(row.get::<Decimal, _>("twice"), Some(decimal + decimal));
    });
}

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

#[test]
fn changes_and_what_they_put_out() {
    with_database("changes_and_what_they_put_out", |database| async move {
        let mut client = connect(&database).await;
        run(
            &mut client,
            "CREATE TABLE a (id int IDENTITY(10,1) NOT NULL PRIMARY KEY, code varchar(9) NOT NULL, n int NOT NULL DEFAULT 5, made datetime NOT NULL DEFAULT GETDATE())",
        )
        .await;
        run(&mut client, "CREATE TABLE b (code varchar(9) NOT NULL PRIMARY KEY, n int NULL)").await;
        let made = run(
            &mut client,
            "INSERT INTO a (code, n) OUTPUT INSERTED.id, INSERTED.code VALUES ('x', 1), ('y', DEFAULT)",
        )
        .await;
        assert_eq!((whole(&made[0][0]), whole(&made[1][0])), (10, 11));
        assert_eq!(
            number(&mut client, "INSERT INTO a (code) VALUES ('z'); SELECT CAST(SCOPE_IDENTITY() AS int)")
                .await,
            12
        );
        let changed = run(
            &mut client,
            "UPDATE a SET n = n + 100 OUTPUT DELETED.n, INSERTED.n, INSERTED.code WHERE code IN ('x', 'y')",
        )
        .await;
        let mut shown: Vec<_> = changed.iter().map(|row| (whole(&row[0]), whole(&row[1]))).collect();
        shown.sort_unstable();
        assert_eq!(shown, [(1, 101), (5, 105)]);
        run(&mut client, "INSERT INTO b (code, n) SELECT code, n FROM a WHERE code <> 'z'").await;
        let done = client
            .execute(
                "UPDATE t SET t.n = b.n * 2 FROM a AS t JOIN b ON b.code = t.code WHERE b.code = @P1",
                &[&"X"],
            )
            .await
            .expect("an update");
        assert_eq!(done.total(), 1);
        assert_eq!(number(&mut client, "SELECT n FROM a WHERE code = 'x'").await, 202);
        assert_eq!(number(&mut client, "UPDATE a SET n = 0 WHERE id > 10; SELECT @@ROWCOUNT").await, 2);
        let gone = run(&mut client, "DELETE FROM a OUTPUT DELETED.id WHERE code = 'z'").await;
        assert_eq!(whole(&gone[0][0]), 12);
        run(&mut client, "DELETE t FROM a AS t JOIN b ON b.code = t.code WHERE b.code = 'y'").await;
        assert_eq!(number(&mut client, "SELECT COUNT(*) FROM a").await, 1);
        run(&mut client, "INSERT INTO b VALUES ('p', 1), ('q', 2), ('r', 3)").await;
        assert_eq!(run(&mut client, "DELETE TOP (2) FROM b OUTPUT DELETED.code WHERE n < 9").await.len(), 2);
        run(
            &mut client,
            "SET IDENTITY_INSERT a ON; INSERT INTO a (id, code) VALUES (50, 'i'); SET IDENTITY_INSERT a OFF",
        )
        .await;
        assert_eq!(number(&mut client, "INSERT INTO a (code) OUTPUT INSERTED.id VALUES ('j')").await, 51);
        run(&mut client, "ALTER TABLE a ADD extra nvarchar(20) NULL").await;
        run(&mut client, "UPDATE a SET extra = N'é' WHERE code = 'j'").await;
        run(&mut client, "CREATE VIEW v AS SELECT code AS Ref, extra, CAST(n AS money) AS price FROM a")
            .await;
        let seen = run(&mut client, "SELECT * FROM v WHERE extra = N'É'").await;
        assert_eq!((text(&seen[0][0]), &seen[0][2]), (Some("j".into()), &ColumnData::F64(Some(5.0))));
        run(&mut client, "SELECT code, n INTO #t FROM a").await;
        assert_eq!(number(&mut client, "SELECT COUNT(*) FROM #t").await, 3);
        run(&mut client, "DROP VIEW v; DROP TABLE b").await;
        assert_eq!(fails(&mut client, "SELECT * FROM b").await, 208);
    });
}

#[test]
fn errors_have_their_numbers() {
    with_database("errors_have_their_numbers", |database| async move {
        let mut client = connect(&database).await;
        run(
            &mut client,
            "CREATE TABLE t (id int NOT NULL CONSTRAINT PK_t PRIMARY KEY, code varchar(5) NOT NULL CONSTRAINT UQ_code UNIQUE, \
             small tinyint NULL, p int NULL CONSTRAINT CK_p CHECK (p > 0), raw varbinary(2) NULL)",
        )
        .await;
        run(&mut client, "CREATE UNIQUE INDEX IX_small ON t (small)").await;
        run(&mut client, "CREATE TABLE u (t int NOT NULL CONSTRAINT FK_u_t REFERENCES t (id))").await;
        run(&mut client, "INSERT INTO t VALUES (1, 'a', 1, 1, NULL)").await;
        for (batch, expected) in [
            ("SELECT * FROM nowhere", &[208][..]),
            ("SELECT * FROM nodatabase.dbo.t", &[208]),
            ("SELECT nothing FROM t", &[207]),
            ("SELEC 1", &[102, 2812]),
            ("SELECT * FROM", &[102]),
            ("SELECT nofunction(1)", &[195]),
            ("SELECT @undeclared", &[137]),
            ("INSERT INTO t VALUES (1, 'b', 2, 1, NULL)", &[2627]),
            ("INSERT INTO t VALUES (2, 'A', 2, 1, NULL)", &[2627]),
            ("INSERT INTO t VALUES (2, 'b', 1, 1, NULL)", &[2601]),
            ("INSERT INTO t VALUES (2, 'b', 2, 0, NULL)", &[547]),
            ("INSERT INTO u VALUES (9)", &[547]),
            ("INSERT INTO u VALUES (1); DELETE FROM t WHERE id = 1", &[547]),
            ("INSERT INTO t (id) VALUES (2)", &[515]),
            ("INSERT INTO t VALUES (2, 'too long', 2, 1, NULL)", &[8152, 2628]),
            ("INSERT INTO t VALUES (2, 'b', 2, 1, 0x010203)", &[8152, 2628]),
            ("INSERT INTO t VALUES (2, 'b', 300, 1, NULL)", &[220]),
            ("INSERT INTO t VALUES (2, 'b', 2, 99999999999, NULL)", &[8115]),
            ("SELECT CAST(12345.6 AS numeric(4,1))", &[8115]),
            ("SELECT CAST('x' AS int)", &[245]),
            ("SELECT CAST('x' AS numeric(9,2))", &[8114]),
            ("SELECT CAST('2024-13-45' AS datetime)", &[241, 242]),
            ("SELECT 1 / 0", &[8134]),
            ("SELECT (SELECT id FROM (VALUES (1), (2)) AS v(id))", &[512]),
            ("USE nodatabase", &[911]),
            ("CREATE TABLE t (id int)", &[2714]),
            ("DROP TABLE nowhere", &[3701]),
            ("COMMIT", &[3902]),
            (
                "SELECT id FROM t, u WHERE t.id = u.t AND code COLLATE French_BIN = code COLLATE French_CI_AS",
                &[468],
            ),
        ] {
            let found = fails(&mut client, batch).await;
            assert!(expected.contains(&found), "{found} instead of {expected:?} for {batch}");
        }
        match rows(&mut client, "INSERT INTO t VALUES (1, 'b', 2, 1, NULL)").await {
            Err(Error::Server(error)) => {
                assert!(error.message().contains("'PK_t'") && error.message().contains("'dbo.t'"), "{error}");
                assert_eq!(error.class(), 14);
            }
            other => panic!("{other:?}"),
        }
        // A statement that fails ends itself, not the batch nor the connection.
        match client
            .simple_query(
                "INSERT INTO t VALUES (1, 'b', 2, 1, NULL); INSERT INTO t VALUES (3, 'c', 3, 3, NULL)",
            )
            .await
        {
            Ok(stream) => assert!(stream.into_results().await.is_err()),
            Err(error) => assert_eq!(error.code(), Some(2627)),
        }
        assert_eq!(number(&mut client, "SELECT COUNT(*) FROM t WHERE id = 3").await, 1);
        assert_eq!(
            number(&mut client, "BEGIN TRY SELECT 1 / 0 END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH")
                .await,
            8134
        );
    });
}

#[test]
fn transactions_end_as_they_should() {
    with_database("transactions_end_as_they_should", |database| async move {
        let mut client = connect(&database).await;
        let mut other = connect(&database).await;
        run(&mut client, "CREATE TABLE t (id int NOT NULL PRIMARY KEY)").await;
        run(&mut client, "BEGIN TRAN; INSERT INTO t VALUES (1); COMMIT").await;
        run(&mut client, "BEGIN TRANSACTION; INSERT INTO t VALUES (2)").await;
        // An error leaves the transaction open.
        assert_eq!(fails(&mut client, "INSERT INTO t VALUES (1)").await, 2627);
        assert_eq!(number(&mut client, "SELECT @@TRANCOUNT").await, 1);
        assert_eq!(number(&mut client, "SELECT XACT_STATE()").await, 1);
        run(
            &mut client,
            "SAVE TRANSACTION s; INSERT INTO t VALUES (3); ROLLBACK TRANSACTION s; INSERT INTO t VALUES (4)",
        )
        .await;
        run(&mut client, "IF @@TRANCOUNT > 0 COMMIT TRANSACTION").await;
        let found = run(&mut other, "SELECT id FROM t ORDER BY id").await;
        assert_eq!(found.iter().map(|row| whole(&row[0])).collect::<Vec<_>>(), [1, 2, 4]);
        // XACT_ABORT rolls all of it back.
        assert_eq!(
            fails(
                &mut client,
                "SET XACT_ABORT ON; BEGIN TRAN; INSERT INTO t VALUES (5); INSERT INTO t VALUES (1); COMMIT"
            )
            .await,
            2627
        );
        assert_eq!(number(&mut client, "SET XACT_ABORT OFF; SELECT @@TRANCOUNT").await, 0);
        // The client's own requests.
        client.begin_transaction().await.expect("begin");
        run(&mut client, "INSERT INTO t VALUES (6)").await;
        client.rollback_transaction().await.expect("rollback");
        client.begin_transaction().await.expect("begin");
        run(&mut client, "INSERT INTO t VALUES (7)").await;
        client.commit_transaction().await.expect("commit");
        // A connection that goes takes its transaction along.
        let mut gone = connect(&database).await;
        run(&mut gone, "BEGIN TRAN; INSERT INTO t VALUES (8)").await;
        drop(gone);
        run(&mut client, "SET LOCK_TIMEOUT 5000").await;
        run(&mut client, "DELETE FROM t WHERE id = 8").await;
        let found = run(&mut other, "SELECT id FROM t ORDER BY id").await;
        assert_eq!(found.iter().map(|row| whole(&row[0])).collect::<Vec<_>>(), [1, 2, 4, 7]);
    });
}

#[test]
fn locks_are_waited_for_and_cancelled() {
    with_database("locks_are_waited_for_and_cancelled", |database| async move {
        let mut one = connect(&database).await;
        let mut two = connect(&database).await;
        run(&mut one, "CREATE TABLE t (id int NOT NULL PRIMARY KEY, n int NOT NULL); INSERT INTO t VALUES (1, 0), (2, 0)").await;
        run(&mut one, "BEGIN TRAN; UPDATE t SET n = 1 WHERE id = 1").await;
        assert_eq!(fails(&mut two, "SET LOCK_TIMEOUT 200; UPDATE t SET n = 2 WHERE id = 1").await, 1222);
        let skipped = run(&mut two, "SELECT id FROM t WITH (UPDLOCK, READPAST)").await;
        assert_eq!(skipped.len(), 1);
        // Cancelled half-way, the connection is good for more.
        run(&mut two, "SET LOCK_TIMEOUT -1").await;
        let blocked = tokio::time::timeout(Duration::from_millis(300), async {
            rows(&mut two, "UPDATE t SET n = 2 WHERE id = 1").await
        })
        .await;
        assert!(blocked.is_err(), "it waits");
        two.cancel_query().await.expect("a cancelled query");
        assert_eq!(number(&mut two, "SELECT 1").await, 1);
        // Each waits for the other.
        run(&mut two, "BEGIN TRAN; UPDATE t SET n = 2 WHERE id = 2").await;
        let (left, right) = tokio::join!(
            rows(&mut one, "UPDATE t SET n = 3 WHERE id = 2; COMMIT"),
            rows(&mut two, "UPDATE t SET n = 3 WHERE id = 1; COMMIT")
        );
        let codes: Vec<_> = [left.err(), right.err()].into_iter().flatten().map(|e| e.code()).collect();
        assert_eq!(codes, [Some(1205)], "one of the two");
    });
}

#[test]
fn snapshots_keep_what_they_saw() {
    with_database("snapshots_keep_what_they_saw", |database| async move {
        let mut one = connect(&database).await;
        let mut two = connect(&database).await;
        run(
            &mut one,
            "CREATE TABLE t (id int NOT NULL PRIMARY KEY, n int NOT NULL); INSERT INTO t VALUES (1, 0)",
        )
        .await;
        run(&mut two, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT").await;
        assert_eq!(fails(&mut two, "BEGIN TRAN; SELECT n FROM t").await, 3952);
        run(&mut two, "IF @@TRANCOUNT > 0 ROLLBACK").await;
        run(&mut one, &format!("ALTER DATABASE [{database}] SET ALLOW_SNAPSHOT_ISOLATION ON")).await;
        assert_eq!(
            number(
                &mut one,
                "SELECT CAST(snapshot_isolation_state AS int) FROM sys.databases WHERE name = DB_NAME()"
            )
            .await,
            1
        );
        assert_eq!(number(&mut two, "BEGIN TRAN; SELECT n FROM t").await, 0);
        run(&mut one, "UPDATE t SET n = 1").await;
        assert_eq!(number(&mut two, "SELECT n FROM t").await, 0);
        assert_eq!(fails(&mut two, "UPDATE t SET n = 2").await, 3960);
        assert_eq!(number(&mut two, "SELECT @@TRANCOUNT").await, 0);
    });
}

#[test]
fn logins_and_encryption() {
    if !sqlserver::available("logins_and_encryption") {
        return;
    }
    block_on(async {
        let code = |result: tiberius::Result<Connection>| result.err().and_then(|e| e.code());
        let address = sqlserver::address();
        let mut wrong = sqlserver::config("master");
        wrong.authentication(AuthMethod::sql_server(&address.user, "not this one"));
        assert_eq!(code(sqlserver::open(&wrong).await), Some(18456));
        let elsewhere = sqlserver::config("nowhere_at_all");
        let refused = code(sqlserver::open(&elsewhere).await);
        assert!(matches!(refused, Some(4060 | 18456)), "{refused:?}");
        if !sqlserver::is_stand_in() {
            eprintln!(
                "skipped the rest of logins_and_encryption: what encryption a server takes is its own affair"
            );
            return;
        }
        // Its certificate is signed by an authority of its own: nobody trusts it unasked.
        let mut unknown = Config::new();
        unknown.host(&address.host);
        unknown.port(address.port);
        unknown.authentication(AuthMethod::sql_server(&address.user, &address.password));
        unknown.encryption(EncryptionLevel::Required);
        assert!(sqlserver::open(&unknown).await.is_err());
        for level in [
            EncryptionLevel::NotSupported,
            EncryptionLevel::Off,
            EncryptionLevel::On,
            EncryptionLevel::Required,
            EncryptionLevel::Strict,
        ] {
            let mut config = sqlserver::config("master");
            config.encryption(level);
            let mut client = sqlserver::open(&config).await.unwrap_or_else(|e| panic!("{level:?}: {e}"));
            let long = "é".repeat(10_000);
            let row =
                client.query("SELECT @P1", &[&long]).await.expect("a query").into_row().await.expect("a row");
            assert_eq!(row.expect("a row").get::<&str, _>(0), Some(long.as_str()), "{level:?}");
        }
    });
}

#[test]
fn many_at_once() {
    with_database("many_at_once", |database| async move {
        let mut client = connect(&database).await;
        run(&mut client, "CREATE TABLE t (id int IDENTITY(1,1) NOT NULL PRIMARY KEY, who int NOT NULL)")
            .await;
        let tasks: Vec<_> = (0..30)
            .map(|who| {
                let database = database.clone();
                tokio::spawn(async move {
                    let mut client = connect(&database).await;
                    for _ in 0..5 {
                        client.execute("INSERT INTO t (who) VALUES (@P1)", &[&who]).await.expect("an insert");
                    }
                    let _ = client.close().await;
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("a task");
        }
        assert_eq!(number(&mut client, "SELECT COUNT(*) FROM t").await, 150);
    });
}
