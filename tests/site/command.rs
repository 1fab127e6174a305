//! The commands on accounts, groups and the site database, as a user meets them.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output, Stdio},
};

use comptoir::{
    auth::{
        accounts::{Accounts, AuditFilter},
        tokens::keys::OwnKey,
    },
    shop::Shop,
};
use serde_json::Value as Json;

use crate::support::{
    block_on, process,
    shops::{self, Engine},
};

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn with_input(args: &[&str], input: &str, dir: &Path) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_comptoir"))
        .args(args)
        .current_dir(dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("written");
    child.wait_with_output().expect("it ends")
}

#[test]
fn accounts_and_groups_are_managed_while_the_shop_is_served() {
    block_on(async {
        let folder = shops::base().make(Engine::Sqlite).await;
        let dir = folder.path();
        std::fs::write(dir.join("auth.key"), OwnKey::generate().expect("a key")).expect("a file");
        let mut server = process::Server::start(dir);
        let ok = |args: &[&str]| {
            let done = process::comptoir(args, dir);
            assert!(done.status.success(), "{args:?}: {}", text(&done));
            String::from_utf8_lossy(&done.stdout).into_owned()
        };
        let wrong = |args: &[&str], part: &str| {
            let done = process::comptoir(args, dir);
            let said = text(&done);
            assert_eq!(done.status.code(), Some(1), "{args:?}: {said}");
            assert!(said.contains(part) && said.lines().count() == 1, "{args:?}: {said}");
        };
        let json = |args: &[&str]| serde_json::from_str::<Json>(&ok(args)).expect("JSON");
        assert_eq!(json(&["staff", "list", "--json"]), serde_json::json!([]));
        // One that is refused is not the first.
        let short = with_input(&["staff", "add", "marie", "--password-stdin"], "short\n", dir);
        assert_eq!(short.status.code(), Some(1), "{}", text(&short));
        // The first account may everything, and its password is told once.
        let said = ok(&["staff", "add", "marie", "--name", "Marie Martin"]);
        let password = said.split_once("password: ").expect("a password").1.trim();
        assert!(password.len() >= 20, "{said}");
        let shown = json(&["staff", "show", "MARIE", "--json"]);
        assert_eq!((&shown["name"], &shown["groups"][0]), (&"Marie Martin".into(), &"admin".into()));
        assert!(!ok(&["staff", "list"]).contains(password));
        wrong(&["staff", "add", "Marie"], "already");
        wrong(&["staff", "add", "paul", "--group", "sales"], "There is no group `sales`: there are admin");
        wrong(&["staff", "disable", "marie"], "Nobody would be left who may manage staff");
        wrong(&["staff", "show", "nobody"], "there is no account `nobody`");

        ok(&["grant", "sales", "provenance", "--entity", "Article", "--department", "1"]);
        ok(&["grant", "sales", "hidden"]);
        wrong(&["grant", "sales", "read", "--entity", "Artcle"], "no records of type `Artcle`");
        wrong(
            &["grant", "sales", "read", "--fields", "purchase"],
            "no field into a group `purchase`; there are `base`",
        );
        wrong(&["grant", "sales", "read", "--department", "nowhere"], "there is no department `nowhere`");
        ok(&["grant", "sales", "read", "--fields", "base", "--department", "2"]);
        ok(&["grant", "sales", "read", "--fields", "base", "--department", "2", "--revoke"]);
        wrong(&["grant", "nobody", "read", "--revoke"], "there is no group `nobody`");
        wrong(&["grant", "sales", "provenance", "--revoke"], "is not granted `provenance`");
        let unknown = process::comptoir(&["grant", "sales", "everything"], dir);
        assert_eq!(unknown.status.code(), Some(2), "{}", text(&unknown));
        ok(&["grant", "sales", "hidden", "--revoke"]);
        let groups = json(&["groups", "--json"]);
        assert_eq!(groups[1]["name"], "sales");
        let expected = serde_json::json!([
            { "right": "provenance", "entity": "Article", "fields": null, "department": "1" }
        ]);
        assert_eq!(groups[1]["grants"], expected);

        let short =
            with_input(&["staff", "add", "paul", "--group", "sales", "--password-stdin"], "short\n", dir);
        assert_eq!(short.status.code(), Some(1), "{}", text(&short));
        let added = with_input(
            &["staff", "add", "paul", "--group", "sales", "--password-stdin"],
            "long enough 1\r\n",
            dir,
        );
        assert!(added.status.success() && !text(&added).contains("long enough"), "{}", text(&added));
        ok(&["staff", "change", "paul", "--group", "admin", "--group", "sales"]);
        ok(&["staff", "disable", "marie"]);
        ok(&["staff", "enable", "marie"]);
        ok(&["staff", "password", "marie"]);
        assert_eq!(ok(&["staff", "logout", "--all"]), "0 sessions ended\n");
        ok(&["groups", "remove", "sales"]);
        assert_eq!(json(&["staff", "show", "paul", "--json"])["groups"], serde_json::json!(["admin"]));
        ok(&["revoke", "--issuer", "https://id.example.com", "--subject", "x"]);

        // A token of the command line is in the log, by the id that takes it back.
        ok(&["token", "--kind", "integration", "--subject", "pim", "--scope", "read"]);
        let shop = Shop::open(dir).unwrap_or_else(|found| panic!("{found:?}"));
        let filter = AuditFilter { action: Some("TOKEN_ISSUED".into()), ..AuditFilter::default() };
        let entries = shop.staff().audit(&filter, None, 5).await.expect("the log");
        shop.close().await;
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((entry.actor.as_str(), entry.target.as_str()), ("system", "pim"));
        assert_eq!(
            (&entry.detail["kind"], &entry.detail["scopes"]),
            (&"integration".into(), &serde_json::json!(["read"]))
        );
        assert!(entry.detail["id"].is_string() && entry.detail["expiresAt"].is_string(), "{entry:?}");

        // Whether a department exists cannot be told without its source: said, and granted.
        let erp = folder.sqlite_file("erp");
        let whole = std::fs::read(&erp).expect("the ERP");
        std::fs::write(&erp, "no database at all").expect("a file");
        let granted = process::comptoir(&["grant", "sales", "hidden", "--department", "nowhere"], dir);
        std::fs::write(&erp, whole).expect("a file");
        assert!(granted.status.success(), "{}", text(&granted));
        assert!(
            text(&granted).contains("warning: whether there is a department `nowhere`"),
            "{}",
            text(&granted)
        );
        ok(&["groups", "remove", "sales"]);

        // A backup while it is served; a restore only when it is not.
        ok(&["site", "backup", "copy.db"]);
        let refused = process::comptoir(&["site", "restore", "copy.db", "--force"], dir);
        assert_eq!(refused.status.code(), Some(3), "{}", text(&refused));
        assert!(text(&refused).contains("in use"), "{}", text(&refused));
        assert_eq!(server.interrupt(), Some(0));
        ok(&["staff", "add", "later"]);
        wrong(&["site", "restore", "copy.db"], "newer than the backup");
        let said = ok(&["site", "restore", "copy.db", "--force"]);
        assert!(said.contains("every session is ended"), "{said}");
        wrong(&["staff", "show", "later"], "there is no account");
        ok(&["staff", "show", "paul"]);
        assert!(ok(&["site", "migrate"]).contains("up to date"));
    });
}

#[test]
fn a_server_starts_with_its_site_database_down_and_not_with_one_it_cannot_use() {
    block_on(async {
        let folder = shops::base().make(Engine::Sqlite).await;
        std::fs::write(folder.path().join("auth.key"), OwnKey::generate().expect("a key")).expect("a file");
        let toml = folder.path().join("comptoir.toml");
        let before = std::fs::read_to_string(&toml).expect("a file");
        let site = |section: &str| {
            std::fs::write(&toml, format!("{before}\n[site]\n{section}\n")).expect("a file");
        };
        std::fs::write(folder.path().join("site.password"), "a-secret-word\n").expect("a file");
        // A closed port: the shop is served, and commands on accounts say why they cannot.
        site(
            "host = \"127.0.0.1\"\nport = 1\ndatabase = \"site\"\nuser = \"comptoir\"\npassword_file = \"site.password\"",
        );
        let log = folder.path().join("log");
        let mut server = process::Server::start_logged(folder.path(), "info", &log);
        let issued = process::comptoir(
            &["token", "--kind", "integration", "--subject", "pim", "--scope", "read"],
            folder.path(),
        );
        assert!(issued.status.success(), "a token needs no database: {}", text(&issued));
        assert!(text(&issued).contains("it is not in the audit log"), "{}", text(&issued));
        let token = String::from_utf8_lossy(&issued.stdout).trim().to_owned();
        for _ in 0..3 {
            let asked = reqwest::Client::new().post(format!("{}/graphql", server.base));
            let asked = asked.bearer_auth(&token).json(&serde_json::json!({ "query": "{ shop { name } }" }));
            assert_eq!(asked.send().await.expect("an answer").status(), 503);
        }
        let told = std::fs::read_to_string(&log).expect("the log");
        let told = told.lines().filter(|line| line.contains("does not answer: who has a token"));
        assert_eq!(told.count(), 1, "told once for an outage");
        let ready = reqwest::get(format!("{}/health/ready", server.base)).await.expect("an answer");
        assert_eq!(ready.status(), 200, "who has no token is served");
        let ready: Json = ready.json().await.expect("JSON");
        assert_eq!((&ready["status"], &ready["site"]["up"]), (&"degraded".into(), &false.into()), "{ready}");
        assert!(!ready.to_string().contains("a-secret-word"));
        let listed = process::comptoir(&["staff", "list"], folder.path());
        assert_eq!(listed.status.code(), Some(3), "{}", text(&listed));
        assert!(text(&listed).contains("the site database does not answer"), "{}", text(&listed));
        assert!(!text(&listed).contains("a-secret-word"));
        assert_eq!(server.interrupt(), Some(0));
        // A file that cannot be is an error at once, as with sources.
        site("url = \"sqlite:missing/folder/site.db\"");
        let served = process::comptoir(&["serve", "--port", "0"], folder.path());
        assert_eq!(served.status.code(), Some(3), "{}", text(&served));
        // What is wrong in the section is told with its place.
        site("url = \"mysql://x\"");
        let checked = process::comptoir(&["check", "--no-live"], folder.path());
        assert_eq!(checked.status.code(), Some(1));
        assert!(text(&checked).contains("BAD_URL"), "{}", text(&checked));
    });
}
