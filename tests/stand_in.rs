//! What the tests' SQL Server must do, whichever it is: the stand-in of `tests/support/tds/`, or the
//! one of `COMPTOIR_TEST_SQLSERVER_URL`. Asked through tiberius alone, in plain T-SQL.

mod changes;
mod queries;
mod types;

use tiberius::{AuthMethod, ColumnData, Config, EncryptionLevel, error::Error};

use crate::support::{
    block_on,
    sqlserver::{self, Connection, connect, rows, run},
};

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
