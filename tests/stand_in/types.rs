//! Types: as columns, as expressions, as parameters.

use rust_decimal::Decimal;
use tiberius::{
    ColumnData, ColumnType, ToSql,
    numeric::Numeric,
    time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time},
};

use super::{bytes, whole, with_database, words};
use crate::support::sqlserver::{connect, run};

/// A parameter that is already what travels.
struct Raw(ColumnData<'static>);

impl ToSql for Raw {
    fn to_sql(&self) -> ColumnData<'_> {
        self.0.clone()
    }
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
