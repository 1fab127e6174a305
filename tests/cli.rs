//! The command line, as a user meets it: one line and an exit code for what goes wrong.

use std::net::TcpListener;

use serde_json::Value as Json;

use crate::support::{
    block_on,
    gateway::{self, Gateway},
    postgres, process,
    shops::{self, Engine},
    sqlserver,
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn init_writes_a_shop_that_checks() {
    if !gateway::ready("init and check") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let made = process::comptoir(&["init", "boutique"], dir.path());
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(dir.path().join("boutique/comptoir.toml").is_file());
    let own = dir.path().join("boutique/comptoir.toml");
    let written = std::fs::read_to_string(&own).expect("a file") + "# mine\n";
    std::fs::write(&own, &written).expect("a file");
    process::comptoir(&["init", "boutique"], dir.path());
    assert_eq!(std::fs::read_to_string(&own).expect("a file"), written, "nothing is overwritten");
    // Its databases are not there yet: the check says so, and nothing else is wrong.
    let checked = process::comptoir(&["check", "--shop", "boutique"], dir.path());
    let said = format!("{}{}", text(&checked.stdout), text(&checked.stderr));
    assert!(!said.contains("panicked"), "{said}");
    // A missing SQLite file is a wrong url, not an outage: one line and a code.
    let served = process::comptoir(&["serve", "--port", "0"], &dir.path().join("boutique"));
    assert_eq!(served.status.code(), Some(3), "{}", text(&served.stderr));
}

#[test]
fn a_token_is_printed_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let run = |args: &[&str]| process::comptoir(args, dir.path());
    assert!(run(&["init", "."]).status.success());
    let made = run(&["token", "--kind", "staff", "--subject", "ada", "--group", "admin", "--minutes", "5"]);
    let (token, said) = (text(&made.stdout), text(&made.stderr));
    assert!(made.status.success(), "{said}");
    assert_eq!((token.lines().count(), token.trim().split('.').count()), (1, 3), "{token}");
    assert!(said.contains("5 minutes") && said.contains("ada"), "{said}");
    let shop = comptoir::shop::Shop::open(dir.path()).expect("a shop");
    let viewer = block_on(shop.authenticator().tokens().verify(token.trim())).expect("a viewer");
    assert_eq!((viewer.kind.word(), viewer.subject.as_deref()), ("staff", Some("ada")));
    assert_eq!(&*viewer.groups[0], "admin");
    let published = run(&["token", "--jwks"]);
    let set: Json = serde_json::from_slice(&published.stdout).expect("a JWKS");
    assert_eq!(&set, shop.authenticator().tokens().public_set());
    // What could not be used is not issued.
    for wrong in [
        &["token", "--kind", "customer", "--subject", "x"][..],
        &["token", "--kind", "staff"],
        &["token", "--kind", "anonymous", "--subject", "x"],
        &["token", "--kind", "staff", "--subject", "x", "--days", "1", "--minutes", "1"],
        &["token", "--kind", "staff", "--subject", "x", "--days", "4000"],
        &["token", "--jwks", "--kind", "staff"],
    ] {
        let refused = run(wrong);
        assert_eq!((refused.status.code(), text(&refused.stdout).as_str()), (Some(2), ""), "{wrong:?}");
    }
    std::fs::remove_file(dir.path().join("auth.key")).expect("a file");
    let keyless = run(&["token", "--kind", "staff", "--subject", "x"]);
    assert_eq!(keyless.status.code(), Some(3));
    assert!(text(&keyless.stderr).contains("comptoir init"), "{}", text(&keyless.stderr));
}

#[test]
fn schema_explain_and_plan_answer() {
    if !gateway::ready("schema, explain and plan") {
        return;
    }
    block_on(async {
        let folder = shops::base().make(Engine::Sqlite).await;
        let run = |args: &[&str]| process::comptoir(args, folder.path());
        let schema = run(&["schema"]);
        assert!(schema.status.success(), "{}", text(&schema.stderr));
        let sdl = text(&schema.stdout);
        assert!(sdl.contains("warrantyMonths: Int") && sdl.contains("enum Terrain"), "{sdl}");
        let explained = run(&["explain", "article", "VTT-100"]);
        let said = text(&explained.stdout);
        assert!(explained.status.success(), "{}", text(&explained.stderr));
        for part in ["title", "VTT Cime 29 pouces", "VTT Cime", "isoshop", "erp", "PRIORITY"] {
            assert!(said.contains(part), "{part} is missing in:\n{said}");
        }
        let unknown = run(&["explain", "article", "RIEN"]);
        assert_eq!(unknown.status.code(), Some(1), "{}", text(&unknown.stderr));
        let priced = run(&["explain-price", "VTT-300", "--quantity", "2,5", "--date", "2026-03-01"]);
        let said = text(&priced.stdout);
        assert!(priced.status.success(), "{}", text(&priced.stderr));
        for part in ["VTT-300, 2.5 bought on the public's terms on 2026-03-01", "F_ARTICLE", "NO_PRICE"] {
            assert!(said.contains(part), "{part} is missing in:\n{said}");
        }
        let unknown = run(&["explain-price", "RIEN"]);
        assert_eq!(unknown.status.code(), Some(1), "{}", text(&unknown.stderr));
        let wrong = run(&["explain-price", "VTT-300", "--quantity", "0"]);
        assert_eq!(wrong.status.code(), Some(2), "{}", text(&wrong.stderr));
        std::fs::write(folder.path().join("q.graphql"), "{ article(code: \"VTT-100\") { title unit } }")
            .expect("a file");
        let planned = run(&["plan", "--query", "q.graphql"]);
        let said = text(&planned.stdout);
        assert!(planned.status.success(), "{}", text(&planned.stderr));
        assert!(said.contains("F_ARTICLE") && said.contains("isoshop"), "{said}");
        let filtered = "{ articles(filter: { department: { under: \"2\" }, references: { some: { code: { eq: \"R200-52\" } } }, \
                        not: { images: { isEmpty: true } } }) { nodes { code } } }";
        std::fs::write(folder.path().join("q.graphql"), filtered).expect("a file");
        let planned = run(&["plan", "--query", "q.graphql"]);
        let said = text(&planned.stdout);
        assert!(planned.status.success(), "{}", text(&planned.stderr));
        for part in [
            "level departments: all of Department",
            "filter department under: decided on the merged placements",
            "at most 5000 (limits.gather) that are placed there are found first",
            "isoshop, placements: SELECT",
            "filter by a Reference that is shown and passes",
            "the codes it names are looked up first",
            "F_ARTENUMREF",
            "filter images isEmpty: decided on the merged list",
        ] {
            assert!(said.contains(part), "{part} is missing in:\n{said}");
        }
    });
}

#[test]
fn every_configuration_error_comes_at_once() {
    if !gateway::ready("check") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let config =
        shops::read("tests/fixtures/config/comptoir.toml").replace("currency = \"EUR\"", "curency = \"EUR\"");
    std::fs::write(dir.path().join("comptoir.toml"), config).expect("a file");
    std::fs::write(dir.path().join("cursor.key"), "5a".repeat(32)).expect("a file");
    std::fs::create_dir(dir.path().join("schema")).expect("a folder");
    let sdl = "extend type Article @precedence(field: \"titel\", sources: [\"erp\"])\nextend type Article { a: String @unknown }\n";
    std::fs::write(dir.path().join("schema/shop.graphql"), sdl).expect("a file");
    let checked = process::comptoir(&["check"], dir.path());
    let said = format!("{}{}", text(&checked.stdout), text(&checked.stderr));
    assert_eq!(checked.status.code(), Some(1), "{said}");
    for place in ["comptoir.toml:3", "schema/shop.graphql:2"] {
        assert!(said.contains(place), "{place} is missing in:\n{said}");
    }
}

#[test]
fn what_cannot_start_says_one_line_and_a_code() {
    if !gateway::ready("start-up failures") {
        return;
    }
    block_on(async {
        let folder = shops::base().make(Engine::Sqlite).await;
        let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = taken.local_addr().expect("an address").port().to_string();
        let in_use = process::comptoir(&["serve", "--port", &port], folder.path());
        let said = text(&in_use.stderr);
        assert_eq!(in_use.status.code(), Some(3), "{said}");
        assert!(said.lines().any(|l| l.contains("in use") && l.contains(&port)), "{said}");
        let empty = tempfile::tempdir().expect("a folder");
        let nothing = process::comptoir(&["serve", "--shop", "nulle-part"], empty.path());
        assert!(!nothing.status.success());
        assert_eq!(
            text(&nothing.stderr).trim().lines().filter(|l| !l.starts_with('{')).count(),
            1,
            "{}",
            text(&nothing.stderr)
        );
        folder.break_source("erp").await;
        let missing = process::comptoir(&["explain", "article", "VTT-100"], folder.path());
        let said = text(&missing.stderr);
        assert!(!missing.status.success() && said.contains("erp"), "{said}");
    });
}

#[test]
fn the_tables_of_an_isoshop_base_are_made_once() {
    if !gateway::ready("isoshop create") {
        return;
    }
    block_on(async {
        let folder = shops::base().make(Engine::Sqlite).await;
        let create = |args: &[&str]| {
            let all = [&["isoshop", "create"], args].concat();
            let done = process::comptoir(&all, folder.path());
            (done.status.code(), text(&done.stdout), text(&done.stderr))
        };
        folder.execute("isoshop", "DROP TABLE \"marker\"; DROP TABLE \"text\"").await;
        let (code, said, _) = create(&[]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("made 2: text, marker") || said.contains("made 2: marker, text"), "{said}");
        assert!(said.contains("kept 16: department, article"), "{said}");
        let explained = process::comptoir(&["explain", "article", "VTT-100"], folder.path());
        assert!(text(&explained.stdout).contains("VTT Cime"), "its rows are still there");
        // A base that is not there yet is made whole; again, nothing happens.
        std::fs::remove_file(folder.sqlite_file("isoshop")).expect("its file");
        assert!(create(&["--source", "isoshop"]).1.starts_with("made 18: "));
        assert!(create(&[]).1.starts_with("kept 18: "));
        let (code, _, said) = create(&["--source", "nulle-part"]);
        assert_eq!(code, Some(1));
        assert!(said.contains("no source `nulle-part`; it has erp, isoshop"), "{said}");
        let (code, _, said) = create(&["--source", "erp"]);
        assert_eq!(code, Some(1));
        assert!(said.contains("`erp` is no IsoShop base"), "an ERP's base is never written: {said}");
        let (code, said, _) = create(&["--print", "postgres"]);
        assert!(code == Some(0) && said.contains("french_ci_as"));
    });
}

#[test]
fn the_tables_of_an_isoshop_base_are_made_once_on_a_server() {
    let test = "isoshop create on a server";
    let mut engines = Vec::new();
    if postgres::available(test) {
        engines.push(Engine::Postgres);
    }
    if sqlserver::available(test) {
        engines.push(Engine::SqlServer);
    }
    block_on(async {
        for engine in engines {
            let folder = shops::base().make_on(Engine::Sqlite, engine).await;
            let create = || {
                let done = process::comptoir(&["isoshop", "create"], folder.path());
                assert_eq!(done.status.code(), Some(0), "{engine:?}: {}", text(&done.stderr));
                text(&done.stdout)
            };
            folder.execute("isoshop", "DROP TABLE \"marker\"; DROP TABLE \"text\"").await;
            let said = create();
            assert!(said.contains("made 2: text, marker") || said.contains("made 2: marker, text"), "{said}");
            assert!(said.contains("kept 16: department, article"), "{said}");
            assert!(create().starts_with("kept 18: "));
            let explained = process::comptoir(&["explain", "article", "VTT-100"], folder.path());
            assert!(text(&explained.stdout).contains("VTT Cime 29 pouces"), "its rows are still there");
            // What was made is what the map reads, and what may be written to.
            folder
                .execute(
                    "isoshop",
                    "INSERT INTO \"text\" (entity, code, language, field, \"value\") VALUES ('article', 'VTT-100', 'en', 'title', 'Summit')",
                )
                .await;
            let checked = process::comptoir(&["check", "--source", "isoshop"], folder.path());
            let said = text(&checked.stdout);
            assert!(!said.contains("MISSING") && said.contains("0 errors"), "{engine:?}: {said}");
            // A base that is not there is an error with its source's name.
            folder.break_source("isoshop").await;
            let gone = process::comptoir(&["isoshop", "create"], folder.path());
            let said = text(&gone.stderr);
            assert!(gone.status.code() != Some(0) && said.contains("isoshop"), "{engine:?}: {said}");
            folder.remove().await;
        }
    });
}

#[test]
fn help_is_there_for_every_command() {
    if !gateway::ready("--help") {
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    for command in ["demo", "init", "check", "serve", "schema", "explain", "plan", "isoshop"] {
        let help = process::comptoir(&[command, "--help"], dir.path());
        assert!(help.status.success(), "{command}");
        assert!(text(&help.stdout).lines().count() > 8, "{command} --help says little");
    }
    assert_eq!(process::comptoir(&["rien"], dir.path()).status.code(), Some(2));
}

/// Every key that the test below writes: none of them may ever be said.
const KEYS: [&str; 3] = [
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddee01",
    "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221102",
    "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e103",
];

fn no_key_in(said: &str) {
    let said = said.to_lowercase();
    for key in KEYS {
        assert!(!said.contains(&key[..16]) && !said.contains(&key[48..]), "a key is said in:\n{said}");
    }
}

#[test]
fn a_cursor_outlives_the_change_of_its_key() {
    if !gateway::ready("cursor keys") {
        return;
    }
    block_on(async {
        let folder = shops::base().make(Engine::Sqlite).await;
        // The gateway as it starts with these lines in its key file, and the page it gives.
        let page = async |lines: &[&str], after: Option<&Json>| {
            std::fs::write(folder.path().join("cursor.key"), lines.join("\n") + "\n").expect("a file");
            let gateway = Gateway::open(folder.path()).expect("the shop opens");
            no_key_in(&format!("{:?} {:?}", gateway.shop, gateway.shop.config()));
            let query = "query ($after: String) { articles(first: 2, after: $after, sort: [{ field: TITLE }]) { nodes { code } pageInfo { endCursor } } }";
            let variables = after.map(|cursor| ("after".to_owned(), cursor.clone()));
            let answer = gateway.run(query, variables.into_iter().collect(), &[]).await;
            no_key_in(&answer.to_string());
            answer
        };
        let end = |answer: &Json| answer["data"]["articles"]["pageInfo"]["endCursor"].clone();
        let bad = |answer: &Json| answer["errors"][0]["extensions"]["code"] == "BAD_CURSOR";
        let [old, new, next] = KEYS;
        let first = page(&[old], None).await;
        let cursor = end(&first);
        let second = page(&[old], Some(&cursor)).await;
        assert!(second["data"]["articles"]["nodes"].as_array().is_some_and(|n| n.len() == 2), "{second}");
        // Everywhere the new key first opens, then seals; all cursors that are out there go on.
        assert_eq!(page(&[old, new], Some(&cursor)).await, second);
        let rotated = page(&[new, old], Some(&cursor)).await;
        assert_eq!(rotated["data"]["articles"]["nodes"], second["data"]["articles"]["nodes"]);
        let fresh = end(&rotated);
        assert_ne!(fresh, end(&second), "the first key seals");
        let third = page(&[new, old], Some(&fresh)).await;
        assert_eq!(page(&[new], Some(&fresh)).await, third);
        assert_eq!(
            page(&[old, new], Some(&fresh)).await["data"]["articles"]["nodes"],
            third["data"]["articles"]["nodes"]
        );
        // The old key is gone, and so are its cursors.
        for lines in [&[new][..], &[new, next], &[next, new]] {
            let answer = page(lines, Some(&cursor)).await;
            assert!(bad(&answer), "{answer}");
        }
        assert!(bad(&page(&[next], Some(&fresh)).await));
        folder.remove().await;
    });
}

#[test]
fn what_is_wrong_with_cursor_keys_is_said_without_them() {
    if !gateway::ready("cursor keys") {
        return;
    }
    block_on(async {
        let folder = shops::base().make(Engine::Sqlite).await;
        let [a, b, c] = KEYS;
        let (short, odd) = (&a[..60], format!("{}zz", &b[..62]));
        for (text, code, part) in [
            (format!("{a}\n{a}\n"), "DUPLICATE", "both keys of \"cursor.key\" are the same"),
            (format!("{a}\n\n{b}\n{c}\n"), "BAD_KEY", "\"cursor.key\" holds 3 keys"),
            (
                format!("{a}\n{odd}\n"),
                "BAD_KEY",
                "line 2 of \"cursor.key\" does not hold 64 hexadecimal digits",
            ),
            (
                format!("{short}\n{b}\n"),
                "BAD_KEY",
                "line 1 of \"cursor.key\" does not hold 64 hexadecimal digits",
            ),
            (short.to_owned(), "BAD_KEY", "`key_file`: \"cursor.key\" does not hold 64 hexadecimal digits"),
            ("\n  \n".to_owned(), "EMPTY_FILE", "\"cursor.key\" is blank"),
        ] {
            std::fs::write(folder.path().join("cursor.key"), text).expect("a file");
            for command in [&["check"][..], &["serve", "--port", "0", "--log-level", "trace"]] {
                let run = process::comptoir(command, folder.path());
                let said = format!("{}{}", self::text(&run.stdout), self::text(&run.stderr));
                assert!(!run.status.success() && said.contains(code) && said.contains(part), "{said}");
                assert!(said.contains("comptoir.toml:"), "{said}");
                no_key_in(&said);
            }
        }
        // The key itself where its file should be named.
        let config = std::fs::read_to_string(folder.path().join("comptoir.toml")).expect("a file");
        std::fs::write(
            folder.path().join("comptoir.toml"),
            config.replace("\"cursor.key\"", &format!("\"{a}\"")),
        )
        .expect("a file");
        let run = process::comptoir(&["check"], folder.path());
        let said = format!("{}{}", text(&run.stdout), text(&run.stderr));
        assert!(said.contains("PLAIN_SECRET"), "{said}");
        no_key_in(&said);
        folder.remove().await;
    });
}
