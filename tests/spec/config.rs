//! Runs the cases of `tests/spec/config/`: a broken shop folder in, the exact list of findings out.

use crate::{
    spec::case,
    support::{
        gateway::{self, Gateway},
        shops,
    },
};

/// The files of a case: the fixture's (unless `- fixture: none`), and the blocks named
/// ` ```toml comptoir.toml `, ` ```graphql schema/shop.graphql `… in their place.
fn files(case: &case::Case) -> Vec<(String, String)> {
    let mut files = Vec::new();
    if !case.notes.iter().any(|(key, value)| key == "fixture" && value == "none") {
        files.push(("comptoir.toml".to_owned(), shops::read("tests/fixtures/config/comptoir.toml")));
        files.push(("schema/shop.graphql".to_owned(), shops::read("tests/fixtures/base/shop.graphql")));
        files.push(("cursor.key".to_owned(), "5a".repeat(32)));
    }
    for (name, text) in &case.files {
        files.retain(|(known, _)| known != name);
        files.push((name.clone(), text.clone()));
    }
    files
}

#[test]
fn broken_configurations_are_reported_whole() {
    let cases: Vec<case::Case> =
        super::files("tests/spec/config").iter().flat_map(|path| case::parse(path)).collect();
    let wanted = std::env::var("COMPTOIR_SPEC").unwrap_or_default().to_lowercase();
    let mut failures = Vec::new();
    for case in cases.iter().filter(|case| case.name().to_lowercase().contains(&wanted)) {
        let (_, findings) = case
            .others
            .iter()
            .find(|(info, _)| info == "findings")
            .unwrap_or_else(|| panic!("{}: no findings block", case.name()));
        let mut expected: Vec<&str> = findings.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in files(case) {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        if !gateway::READY {
            continue;
        }
        let mut found = match Gateway::open(dir.path()) {
            Ok(_) => Vec::new(),
            Err(found) => found,
        };
        expected.sort_unstable();
        found.sort_unstable();
        if expected != found {
            failures.push(format!(
                "✗ {}\n  expected:\n    {}\n  found:\n    {}",
                case.name(),
                expected.join("\n    "),
                found.join("\n    ")
            ));
        }
    }
    gateway::ready("the findings of the configuration cases");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
