//! Changes and their errors, transactions, locks, snapshots.

use std::time::Duration;

use tiberius::{ColumnData, error::Error};

use super::{fails, number, text, whole, with_database};
use crate::support::sqlserver::{connect, rows, run};

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
