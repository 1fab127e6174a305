//! Shop files in, findings out.

use std::{collections::HashMap, fs, path::Path, time::Duration};

use super::*;
use crate::diagnostics::Diagnostics;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn read(dir: &Path, text: &str, variables: &[(&str, &str)]) -> Result<(Config, Diagnostics), Diagnostics> {
    fs::write(dir.join("comptoir.toml"), text).unwrap();
    let variables: HashMap<String, String> =
        variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load_with(dir, &|name| variables.get(name).cloned())
}

fn shop() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("cursor.key"), KEY).unwrap();
    fs::write(dir.path().join("secret"), "p@ss word\n").unwrap();
    fs::write(dir.path().join("blank"), "\n").unwrap();
    fs::write(dir.path().join("url"), "postgres://u:p@h/d\n").unwrap();
    dir
}

/// Findings as lines: `line:column CODE message`.
fn lines(diags: &Diagnostics) -> Vec<String> {
    diags
        .items
        .iter()
        .map(|d| format!("{}:{} {} {}", d.place.line, d.place.column, d.code, d.message))
        .collect()
}

/// The findings of a text that is put after a sound beginning of two lines and `[cursor]`.
fn findings(text: &str) -> Vec<String> {
    let dir = shop();
    let whole = format!("{text}\n[cursor]\nkey_file = \"cursor.key\"\n");
    match read(dir.path(), &whole, &[("PASSWORD", "s3cret"), ("KIND", "mysql")]) {
        Ok((_, warnings)) => lines(&warnings),
        Err(diags) => {
            assert!(diags.items.iter().all(|d| d.place.file == "comptoir.toml" && !d.help.is_empty()));
            lines(&diags)
        }
    }
}

const SOUND: &str =
    "shop.name = 'S'\nsources.erp = { kind = 'sqlite', connector = 'sage100', url = 'sqlite:erp.db' }\n";

#[test]
fn the_least_shop_has_every_default() {
    let dir = shop();
    let text = format!("{SOUND}cursor.key_file = 'cursor.key'\n");
    let (config, warnings) = read(dir.path(), &text, &[]).unwrap();
    assert!(warnings.items.is_empty());
    assert_eq!(config.shop.currency, "EUR");
    assert_eq!(config.shop.languages, ["fr"]);
    assert_eq!(config.shop.timezone, chrono_tz::Europe::Paris);
    assert_eq!(config.limits, Limits::default());
    assert_eq!(config.http.bind.to_string(), "127.0.0.1:8080");
    assert_eq!(config.http.public_url, "http://localhost:8080");
    assert!(config.http.graphiql && config.http.introspection);
    assert_eq!(config.http.batch, 0);
    assert_eq!(config.departments.own_prefix, "w-");
    assert_eq!(config.departments.tree, Tree::Merged);
    assert_eq!(config.access.anonymous, Anonymous::Prices);
    assert_eq!(config.cursor_keys.first[..3], [0x00, 0x11, 0x22]);
    let erp = &config.sources["erp"];
    assert_eq!(erp.url.0, "sqlite:erp.db");
    assert_eq!(erp.limits.connect, Duration::from_secs(5));
}

#[test]
fn everything_can_be_said() {
    let dir = shop();
    let text = r#"
[shop]
name = "Cycles"
currency = "CHF"
languages = ["fr", "en", "fr-CA"]
timezone = "Europe/Zurich"
[sources.erp]
kind = "postgres"
connector = "sage100"
host = "db"
port = 5433
database = "bijou"
user = "shop"
password_file = "secret"
[sources.erp.settings]
rayons = "families"
tax_category = 2
packagings = true
[sources.erp.limits]
connections = 3
connect_seconds = 1
statement_seconds = 2
[sources.isoshop]
kind = "postgres"
connector = "isoshop"
url = "postgres://u:${PASSWORD}@h/d"
[sources.more]
kind = "postgres"
connector = "own"
url_file = "url"
[site]
url = "sqlite:site.db"
[http]
bind = "[::1]:9000"
public_url = "https://shop.example/"
graphiql = false
introspection = false
batch = 5
[limits]
body = 2048
request_seconds = 3
cost = 7
[web]
decision = "erp"
on_unknown = "fail"
[departments]
tree = "erp"
own_prefix = ""
own_codes = ["W1"]
hide_empty = true
[references]
code = "generated"
[media]
base_url = "/media/"
roots = ["images"]
[public]
price_category = 1
tax_category = 1
depots = ["PARIS"]
display = "ht"
[access]
anonymous = "none"
[cursor]
key_file = "cursor.key"
"#;
    let (config, warnings) = read(dir.path(), text, &[("PASSWORD", "s3cret")]).unwrap();
    assert!(warnings.items.is_empty(), "{warnings:?}");
    assert_eq!(config.access.anonymous, Anonymous::None);
    assert_eq!(config.sources["erp"].url.0, "postgres://shop:p%40ss%20word@db:5433/bijou");
    assert_eq!(config.sources["isoshop"].url.0, "postgres://u:s3cret@h/d");
    assert_eq!(config.sources["more"].url.0, "postgres://u:p@h/d");
    let printed = format!("{config:?}");
    assert!(!printed.contains("s3cret") && !printed.contains("cursor_keys"));
    assert_eq!(config.sources["erp"].settings["tax_category"], Value::Int(2));
    assert_eq!(config.sources.keys().collect::<Vec<_>>(), ["erp", "isoshop", "more"]);
    assert_eq!(config.limits.request, Duration::from_secs(3));
    assert_eq!((config.limits.body, config.limits.cost), (2048, 7));
    assert!(config.web.fail_on_unknown && config.references.generated_codes);
    assert_eq!(config.media.base_url, "/media");
    assert_eq!(config.http.public_url, "https://shop.example");
    assert_eq!(config.public.display, Display::Net);
}

#[test]
fn findings_come_all_at_once_with_their_places() {
    assert_eq!(
        findings(
            "[shop]\ncurrancy = 'EUR'\nlanguages = ['fr', 'FR', 'fr']\ntimezone = 'Europe/Pari'\n\
             [sources.erp]\nkind = 'oracle'\nconector = 'sage100'\nurl = 'sqlite:x'\n\
             [limits]\ndepth = 99\npage = '10'\n[http]\nbind = '0.0.0.0:81'\n[webb]\n"
        ),
        [
            "1:1 MISSING_KEY [shop] has no `name`",
            "2:1 UNKNOWN_KEY unknown key `currancy` in [shop]",
            "3:20 BAD_VALUE \"FR\" is no language code",
            "3:26 DUPLICATE language \"fr\" is listed twice",
            "4:12 BAD_VALUE `timezone` \"Europe/Pari\" is no time zone",
            "6:8 NOT_AVAILABLE sources of kind \"oracle\" are not in this version",
            // That there is no `connector` is no second mistake.
            "7:1 UNKNOWN_KEY unknown key `conector` in [sources.erp]",
            "10:9 OUT_OF_RANGE `depth` is 99, outside 1 to 25",
            "11:8 WRONG_TYPE `page` is text, not a whole number",
            "13:8 PLAIN_HTTP `bind` \"0.0.0.0:81\" is on the network, and `public_url` is not https: tokens would travel in clear",
            "14:2 UNKNOWN_KEY unknown key `webb` in comptoir.toml",
        ]
    );
}

#[test]
fn each_mistake_has_its_finding() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("shop.name = 'S'\n", "1:1 MISSING_KEY the shop has no source"),
        ("[shop]\nname = ' '\nx = \n", "3:5 TOML_SYNTAX "),
        ("http.bind = 'here'\n", "3:13 BAD_VALUE `bind` \"here\" is no address with a port"),
        ("web.decision = 'epr'\n", "3:16 BAD_VALUE `decision` cannot be \"epr\""),
        ("access.anonymous = 'price'\n", "3:20 BAD_VALUE `anonymous` cannot be \"price\""),
        ("media.base_url = 'cdn'\n", "3:18 BAD_VALUE `base_url` \"cdn\" is no web address"),
        ("departments.own_codes = [1]\n", "3:26 WRONG_TYPE `own_codes` is a whole number, not text"),
        ("media.base_url = '${NONE}'\n", "3:18 MISSING_VARIABLE the environment has no variable NONE"),
        (
            "sources.site = { kind = 'sqlite', connector = 'isoshop', url = 'sqlite:s.db' }\n",
            "3:9 RESERVED_NAME a source cannot be called `site`",
        ),
        (
            "sources.1st = { kind = 'sqlite', connector = 'isoshop', url = 'sqlite:s.db' }\n",
            "3:9 BAD_NAME `1st` is no name for a source",
        ),
        (
            "sources.i = { kind = '${KIND}', connector = 'isoshop', url = 'sqlite:s.db' }\n",
            "3:22 BAD_VALUE `kind` cannot be the value given by the environment",
        ),
        (
            "sources.i = { kind = 'sqlite', connector = 'isoshop', url = 'postgres://h/d' }\n",
            "3:61 BAD_URL `url` of [sources.i] is no address of this kind",
        ),
        (
            "sources.i = { kind = 'sqlite', connector = 'isoshop', url = 'sqlite::memory:' }\n",
            "3:61 BAD_URL `url` of [sources.i] is a database in memory, which holds nothing",
        ),
        (
            "sources.i = { kind = 'sqlite', connector = '../x', url = 'sqlite:s.db' }\n",
            "3:44 BAD_VALUE `connector` \"../x\" is no name",
        ),
        (
            "sources.i = { kind = 'postgres', connector = 'isoshop' }\n",
            "3:15 MISSING_KEY [sources.i] does not say where its database is",
        ),
        (
            "sources.i = { kind = 'postgres', connector = 'x', database = 'd', user = 'u', password = 'p' }\n",
            "3:79 PLAIN_SECRET [sources.i] holds a password in plain text",
        ),
        (
            "sources.i = { kind = 'postgres', connector = 'x', url = 'postgres://u:p@h/d' }\n",
            "3:57 PLAIN_SECRET the `url` of [sources.i] holds a password in plain text",
        ),
        (
            "sources.i = { kind = 'postgres', connector = 'x', url_file = 'nowhere' }\n",
            "3:62 UNREADABLE_FILE `url_file`: cannot read \"nowhere\": no such file",
        ),
        (
            "sources.i = { kind = 'postgres', connector = 'x', url_file = 'blank' }\n",
            "3:62 EMPTY_FILE `url_file`: the first line of \"blank\" is blank",
        ),
        (
            "sources.a = { kind = 'sqlite', connector = 'isoshop', url = 'sqlite:a.db' }\n\
             sources.b = { kind = 'sqlite', connector = 'isoshop', url = 'sqlite:b.db' }\n",
            "4:9 TWO_ISOSHOP `a` and `b` are both IsoShop bases",
        ),
        (
            "sources.i = { kind = 'sqlite', connector = 'x', url = 'sqlite:a', host = 'h' }\n",
            "3:67 CONFLICT [sources.i] has both `url` and `host`",
        ),
    ] {
        let whole = if text.contains("shop") && text.contains("name =") {
            text.to_owned()
        } else {
            format!("{SOUND}{text}")
        };
        let found = findings(&whole);
        if found.len() != 1 || !found[0].starts_with(expected) {
            wrong.push(format!("{whole}wanted {expected}\n found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_cursor_key_is_checked() {
    let dir = shop();
    fs::write(dir.path().join("short.key"), "abc").unwrap();
    for (text, expected) in [
        ("", "1:1 MISSING_KEY [cursor] has no `key_file`"),
        (
            "cursor.key_file = 'none.key'\n",
            "3:19 UNREADABLE_FILE `key_file`: cannot read \"none.key\": no such file",
        ),
        (
            "cursor.key_file = 'short.key'\n",
            "3:19 BAD_KEY `key_file`: \"short.key\" does not hold 64 hexadecimal digits",
        ),
    ] {
        let diags = read(dir.path(), &format!("{SOUND}{text}"), &[]).unwrap_err();
        assert_eq!(lines(&diags), [expected]);
        assert!(diags.items[0].help.contains("comptoir init"));
    }
    let nothing = tempfile::tempdir().unwrap();
    assert_eq!(load_with(nothing.path(), &|_| None).unwrap_err().items[0].code, "NO_SHOP_FILE");
}
