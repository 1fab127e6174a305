//! What a shop file says of a SQL Server.

use std::fs;

use super::super::{Config, SourceKind, load_with};
use crate::diagnostics::Diagnostics;

/// `[sources.erp]` with these lines, and what is found in it.
fn read(lines: &str) -> Result<(Config, Diagnostics), Diagnostics> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("cursor.key"), "5a".repeat(32)).unwrap();
    fs::write(dir.path().join("ca.pem"), "-").unwrap();
    fs::write(dir.path().join("secret"), "p@ss/word\n").unwrap();
    let text = format!(
        "shop.name = 'S'\ncursor.key_file = 'cursor.key'\n[sources.erp]\nconnector = 'sage100'\n{lines}\n"
    );
    fs::write(dir.path().join("comptoir.toml"), text).unwrap();
    load_with(dir.path(), &|_| None)
}

fn found(lines: &str) -> Vec<String> {
    let diags = match read(lines) {
        Ok((_, warnings)) => warnings,
        Err(errors) => errors,
    };
    diags.items.iter().map(|d| format!("{}: {}", d.code, d.message)).collect()
}

const SOUND: &str =
    "kind = 'sqlserver'\nhost = 'srv'\ndatabase = 'BIJOU'\nuser = 'comptoir'\npassword_file = 'secret'\n";

#[test]
fn parts_make_an_address() {
    let (config, warnings) = read(SOUND).unwrap();
    assert!(warnings.items.is_empty(), "{warnings:?}");
    assert_eq!(config.sources["erp"].kind, SourceKind::SqlServer);
    assert_eq!(
        config.sources["erp"].url.0,
        "sqlserver://comptoir:p%40ss%2Fword@srv/BIJOU?tls=required&isolation=read%20committed&intent=read-only"
    );
    let all = format!(
        "{SOUND}instance = 'SAGE 100'\ntls = 'strict'\nca_file = 'ca.pem'\nisolation = 'snapshot'\nread_only = false\n\
         [sources.erp.writer]\nuser = 'orders'\npassword_file = 'secret'\n"
    );
    let (config, warnings) = read(&all).unwrap();
    assert_eq!(
        config.sources["erp"].url.0,
        "sqlserver://comptoir:p%40ss%2Fword@srv/BIJOU?tls=strict&isolation=snapshot&instance=SAGE%20100\
         &ca_file=ca.pem&intent=read-write"
    );
    assert_eq!(config.sources["erp"].writer.as_ref().unwrap().user, "orders");
    assert_eq!(warnings.items.iter().map(|w| w.code).collect::<Vec<_>>(), ["NO_EFFECT_YET"]);
    assert!(!format!("{config:?}{warnings:?}").contains("p@ss"));
}

#[test]
fn each_mistake_has_its_finding() {
    let cases = [
        (
            "tls = 'none'",
            "NO_ENCRYPTION: [sources.erp]: password and data travel readable by everybody on the way",
        ),
        ("tls = 'on'", "BAD_VALUE: `tls` cannot be \"on\""),
        ("tls = 'none'\nca_file = 'ca.pem'", "CONFLICT: [sources.erp] has a `ca_file`, but no encryption"),
        ("ca_file = 'nowhere.pem'", "UNREADABLE_FILE: `ca_file`: there is no file \"nowhere.pem\""),
        ("isolation = 'dirty'", "BAD_VALUE: `isolation` cannot be \"dirty\""),
        ("port = 1433\ninstance = 'X'", "CONFLICT: [sources.erp] has both `port` and `instance`"),
        ("[sources.erp.writer]\nname = 'x'", "MISSING_KEY: [sources.erp.writer] has no `user`"),
    ];
    for (lines, wanted) in cases {
        let found = found(&format!("{SOUND}{lines}\n"));
        assert!(found.iter().any(|line| line == wanted), "{lines}: {found:?}");
    }
    assert!(
        found("kind = 'sqlserver'\nhost = 'h'\n")
            .iter()
            .any(|l| l == "MISSING_KEY: [sources.erp] has no `database`")
    );
    assert!(found("kind = 'sqlserver'\nurl = 'postgres://h/d'\n").iter().any(|l| l.starts_with("BAD_URL")));
    assert!(
        found("kind = 'sqlserver'\nurl = 'sqlserver://u@h/d?tls=none'\n")
            .iter()
            .any(|l| l.starts_with("NO_ENCRYPTION"))
    );
    assert!(
        found("kind = 'sqlite'\nurl = 'sqlite:x'\ntls = 'none'\n")
            .iter()
            .any(|l| l.starts_with("BAD_VALUE: `tls` means nothing"))
    );
}
