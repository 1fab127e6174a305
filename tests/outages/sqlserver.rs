//! The same on SQL Server. Where the server itself must die it is a stand-in of the test's own; all else
//! happens in a database of whichever server the tests have.

use std::time::Duration;

use super::{ERP_SAYS, fallback, recovers, served, shop_on, status, title};
use crate::support::{
    block_on, gateway, shops,
    sqlserver::{self, Own},
    tsql,
};

/// What makes the fixture's IsoShop base, batch by batch.
fn scripts() -> Vec<String> {
    let mut scripts = vec![shops::read("migrations/isoshop/sqlserver/0001_isoshop.sql")];
    scripts.extend(tsql::batches(&shops::read("tests/fixtures/base/isoshop.sql")));
    scripts
}

async fn base() -> String {
    let scripts = scripts();
    let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
    sqlserver::database("French_CI_AS", &scripts).await
}

fn ready(test: &str) -> bool {
    gateway::ready(test) && sqlserver::available(test)
}

#[test]
fn a_server_killed_in_the_middle_of_a_statement_and_started_again() {
    if !gateway::ready("a killed SQL Server") {
        return;
    }
    let Some(own) = Own::start("a killed SQL Server") else { return };
    block_on(async {
        let scripts = scripts();
        let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
        let name = sqlserver::database_in(&own.url, "French_CI_AS", &scripts).await;
        let url = sqlserver::url_in(&own.url, &name);
        let (_folder, gateway) = shop_on("sqlserver", &url, "statement_seconds = 30").await;
        assert_eq!(title(&gateway).await, served());
        // The statement waits for a lock; meanwhile the server is killed.
        let held = sqlserver::hold(&own.url, &name, "article").await;
        let (answer, ()) = futures::join!(title(&gateway), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            own.kill();
        });
        assert_eq!(answer, fallback("CONNECTION_LOST"));
        assert_eq!(title(&gateway).await, fallback("CONNECT"), "nobody listens");
        let down = status(&gateway).await;
        assert_eq!((&down["reachable"], &down["lastError"]["cause"]), (&false.into(), &"CONNECT".into()));
        held.release().await;
        own.restart();
        recovers(&gateway).await;
        assert_eq!(status(&gateway).await["reachable"], true);
    });
}

#[test]
fn a_server_that_is_down_at_the_start() {
    if !gateway::ready("a SQL Server down at the start") {
        return;
    }
    let Some(own) = Own::start("a SQL Server down at the start") else { return };
    block_on(async {
        let scripts = scripts();
        let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
        let name = sqlserver::database_in(&own.url, "French_CI_AS", &scripts).await;
        own.kill();
        let (_folder, gateway) = shop_on("sqlserver", &sqlserver::url_in(&own.url, &name), "").await;
        assert_eq!(title(&gateway).await, fallback("CONNECT"));
        own.restart();
        recovers(&gateway).await;
    });
}

#[test]
fn a_session_killed_in_the_middle_of_a_statement() {
    if !ready("a killed session") {
        return;
    }
    block_on(async {
        let name = base().await;
        let (_folder, gateway) =
            shop_on("sqlserver", &sqlserver::url_of(&name), "statement_seconds = 30").await;
        assert_eq!(title(&gateway).await, served());
        let held = sqlserver::hold(sqlserver::server().expect("a server"), &name, "article").await;
        let (answer, ()) = futures::join!(title(&gateway), async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let mut admin = sqlserver::connect("master").await;
            for mode in ["SINGLE_USER WITH ROLLBACK IMMEDIATE", "MULTI_USER"] {
                sqlserver::run(&mut admin, &format!("ALTER DATABASE [{name}] SET {mode}")).await;
            }
        });
        assert_eq!(answer, fallback("CONNECTION_LOST"));
        // A writer's own session was ended with the others.
        if let sqlserver::Held::Postgres(_) = held {
            held.release().await;
        }
        recovers(&gateway).await;
        sqlserver::drop_database(&name).await;
    });
}

#[test]
fn a_locked_table_and_an_exhausted_pool() {
    if !ready("a locked table") {
        return;
    }
    block_on(async {
        let name = base().await;
        let limits = "connections = 2\nconnect_seconds = 1\nstatement_seconds = 2";
        let (_folder, gateway) = shop_on("sqlserver", &sqlserver::url_of(&name), limits).await;
        assert_eq!(title(&gateway).await, served());
        let held = sqlserver::hold(sqlserver::server().expect("a server"), &name, "article").await;
        assert_eq!(title(&gateway).await, fallback("TIMEOUT"));
        // Each waits for the table with one connection; the fourth finds none in time.
        let all = futures::future::join_all((0..4).map(|_| title(&gateway))).await;
        assert!(all.iter().all(|one| one.0 == ERP_SAYS && one.1.is_some()), "{all:?}");
        assert!(all.contains(&fallback("POOL_TIMEOUT")), "{all:?}");
        held.release().await;
        recovers(&gateway).await;
        sqlserver::drop_database(&name).await;
    });
}

#[test]
fn a_statement_that_takes_longer_than_it_may() {
    // Every row waits for a count of ten thousand million.
    const SLOW: [&str; 5] = [
        "CREATE TABLE d (i int NOT NULL)",
        "INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)",
        "SELECT * INTO article_kept FROM article",
        "DROP TABLE article",
        "CREATE VIEW article AS SELECT k.* FROM article_kept AS k CROSS JOIN (SELECT COUNT_BIG(*) AS n \
         FROM d AS q CROSS JOIN d AS r CROSS JOIN d AS s CROSS JOIN d AS t CROSS JOIN d AS u CROSS JOIN d AS v \
         CROSS JOIN d AS w CROSS JOIN d AS x CROSS JOIN d AS y CROSS JOIN d AS z) AS c WHERE c.n > 0",
    ];
    if !ready("a slow statement") {
        return;
    }
    block_on(async {
        let name = base().await;
        let limits = "statement_seconds = 1";
        let (_folder, gateway) = shop_on("sqlserver", &sqlserver::url_of(&name), limits).await;
        assert_eq!(title(&gateway).await, served());
        sqlserver::execute(&name, &SLOW).await;
        let started = std::time::Instant::now();
        assert_eq!(title(&gateway).await, fallback("TIMEOUT"));
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        assert_eq!(status(&gateway).await["lastError"]["cause"], "TIMEOUT");
        sqlserver::execute(&name, &["DROP VIEW article", "SELECT * INTO article FROM article_kept"]).await;
        recovers(&gateway).await;
        sqlserver::drop_database(&name).await;
    });
}

#[test]
fn a_refused_login_and_an_unknown_database() {
    if !ready("a refused login to SQL Server") {
        return;
    }
    block_on(async {
        let url = sqlserver::url_of("master");
        let address = sqlserver::address();
        let (_, rest) = url.split_once('@').expect("a login");
        for (url, says) in [
            (sqlserver::url_of("nulle_part"), "nulle_part".to_owned()),
            (format!("sqlserver://personne:s3cret@{rest}"), "personne".to_owned()),
            (
                format!("sqlserver://{}:s3cret@{rest}", address.user),
                format!("refuses the login {}", address.user),
            ),
        ] {
            let (_folder, gateway) = shop_on("sqlserver", &url, "").await;
            assert_eq!(title(&gateway).await, fallback("CONNECT"));
            let status = status(&gateway).await;
            let problem = status["problem"].as_str().expect("a problem");
            assert!(problem.contains(&says), "{problem}");
            let all = status.to_string();
            assert!(!all.contains("s3cret") && !all.contains(&address.password), "{all}");
        }
    });
}
