//! How the gateway goes to a SQL Server: encryption, named instances, isolation, what it says of itself.

mod real;

use std::time::Duration;

use serde_json::Value as Json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
};

use crate::{
    outages::{fallback, served, shop_on, status, title},
    support::{block_on, gateway, shops, sqlserver, tsql},
};

/// A database that holds the fixture's IsoShop base.
async fn base() -> String {
    let mut scripts = vec![shops::read("migrations/isoshop/sqlserver/0001_isoshop.sql")];
    scripts.extend(tsql::batches(&shops::read("tests/fixtures/base/isoshop.sql")));
    let scripts: Vec<&str> = scripts.iter().map(String::as_str).collect();
    sqlserver::database("French_CI_AS", &scripts).await
}

fn ready(test: &str) -> bool {
    gateway::ready(test) && sqlserver::available(test)
}

/// Whether the server is the stand-in, which tells what its clients said.
fn telling(test: &str) -> bool {
    let telling = ready(test) && sqlserver::is_stand_in();
    if !telling {
        eprintln!("skipped {test}: only the stand-in tells what its clients said");
    }
    telling
}

#[test]
fn encryption_name_and_intent_reach_the_server() {
    if !telling("what reaches SQL Server") {
        return;
    }
    block_on(async {
        let name = base().await;
        for (more, encryption, read_only) in [
            ("", "all", true),
            ("&tls=strict", "strict", true),
            ("&tls=none", "none", true),
            ("&intent=read-write", "all", false),
        ] {
            let url = format!("{}{more}", sqlserver::url_of(&name));
            let (_folder, gateway) = shop_on("sqlserver", &url, "").await;
            assert_eq!(title(&gateway).await, served(), "{more}");
            let logins = sqlserver::logins();
            let ours = |l: &&Json| l["database"] == *name && l["application"] == "comptoir";
            let login = logins.iter().rev().find(ours).expect("its login");
            assert_eq!(
                (&login["encryption"], &login["read_only"]),
                (&encryption.into(), &read_only.into()),
                "{more}"
            );
        }
        sqlserver::drop_database(&name).await;
    });
}

/// A server that gets no further than to say what it thinks of encryption.
async fn undecided(encryption: u8) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0_u8; 512];
            let _ = stream.read(&mut asked).await;
            // One packet, and in it: where the version and the encryption stand, and both.
            let mut answer =
                vec![4, 1, 0, 26, 0, 0, 1, 0, 0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 255, 15, 0, 16, 208, 0, 0];
            answer.push(encryption);
            let _ = stream.write_all(&answer).await;
            let _ = stream.read(&mut asked).await;
        }
    });
    port
}

#[test]
fn a_server_with_another_opinion_of_encryption_is_told_apart() {
    if !gateway::ready("servers without encryption") {
        return;
    }
    block_on(async {
        for (has, tls, says) in [
            (2, "required", "offers no encryption: update it, or set tls = \"none\""),
            (3, "none", "demand encryption; set tls = \"required\""),
            (2, "strict", "set tls = \"required\" for older ones"),
        ] {
            let port = undecided(has).await;
            let url = format!("sqlserver://moi:s3cret@127.0.0.1:{port}/base?tls={tls}");
            let (_folder, gateway) = shop_on("sqlserver", &url, "connect_seconds = 2").await;
            assert_eq!(title(&gateway).await, fallback("CONNECT"));
            let status = status(&gateway).await;
            let problem = status["problem"].as_str().expect("a problem");
            assert!(problem.contains(says) && !problem.contains("s3cret"), "{has}, {tls}: {problem}");
        }
    });
}

/// Without the authority's certificate, or with another's, nobody vouches for the server.
#[test]
fn a_certificate_of_nobody_known_is_refused_with_the_remedy() {
    if !telling("certificates") {
        return;
    }
    block_on(async {
        let url = sqlserver::url_of("master");
        let (before, _) = url.split_once("&ca_file=").expect("a ca_file");
        for (url, says) in [
            (before.to_owned(), "ca_file = \"ca.pem\""),
            (format!("{before}&ca_file=nowhere.pem"), "cannot read ca_file nowhere.pem"),
        ] {
            let (_folder, gateway) = shop_on("sqlserver", &url, "").await;
            assert_eq!(title(&gateway).await, fallback("CONNECT"));
            let status = status(&gateway).await;
            let problem = status["problem"].as_str().expect("a problem");
            assert!(problem.contains(says), "{problem}");
        }
    });
}

/// The SQL Browser's port is 1434 and no other, so that one test plays it, when nobody else does.
#[test]
fn a_named_instance_is_found_through_the_browser() {
    let test = "named instances";
    if !telling(test) {
        return;
    }
    block_on(async {
        let Ok(socket) = UdpSocket::bind("127.0.0.1:1434").await else {
            eprintln!("skipped {test}: UDP port 1434 is in use here");
            return;
        };
        let address = sqlserver::address();
        let browser = tokio::spawn(async move {
            let mut asked = [0_u8; 64];
            while let Ok((length, from)) = socket.recv_from(&mut asked).await {
                // 4 and the name; a browser answers for the instances that it knows.
                if asked[..length] != *b"\x04GESCOM" {
                    continue;
                }
                let told = format!(
                    "ServerName;HERE;InstanceName;GESCOM;IsClustered;No;Version;15.0.4430.1;tcp;{};;",
                    address.port
                );
                let length = u16::try_from(told.len()).expect("a short text").to_le_bytes();
                let answer = [&[5], &length[..], told.as_bytes()].concat();
                socket.send_to(&answer, from).await.expect("an answer");
            }
        });
        let name = base().await;
        let url = sqlserver::url_of(&name);
        let port = format!(":{}/", address.port);
        let named = |instance: &str| format!("{}&instance={instance}", url.replace(&port, "/"));
        let (_folder, gateway) = shop_on("sqlserver", &named("GESCOM"), "").await;
        assert_eq!(title(&gateway).await, served());
        let (_folder, gateway) = shop_on("sqlserver", &named("PAIE"), "").await;
        assert_eq!(title(&gateway).await, fallback("CONNECT"));
        let status = status(&gateway).await;
        let problem = status["problem"].as_str().expect("a problem");
        assert!(problem.contains("SQL Browser") && problem.contains("PAIE"), "{problem}");
        browser.abort();
        sqlserver::drop_database(&name).await;
    });
}

#[test]
fn snapshots_are_asked_of_a_database_that_allows_them() {
    if !ready("snapshots") {
        return;
    }
    block_on(async {
        let name = base().await;
        let url = format!("{}&isolation=snapshot", sqlserver::url_of(&name));
        let (_folder, gateway) = shop_on("sqlserver", &url, "").await;
        assert_eq!(title(&gateway).await, fallback("CONNECT"));
        let status = status(&gateway).await;
        let problem = status["problem"].as_str().expect("a problem");
        let remedy = format!("ALTER DATABASE [{name}] SET ALLOW_SNAPSHOT_ISOLATION ON");
        assert!(problem.contains(&remedy), "{problem}");
        // Done as told, it is used without a restart.
        let mut admin = sqlserver::connect("master").await;
        sqlserver::run(&mut admin, &remedy).await;
        for _ in 0..100 {
            if title(&gateway).await == served() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(title(&gateway).await, served());
        sqlserver::drop_database(&name).await;
    });
}
