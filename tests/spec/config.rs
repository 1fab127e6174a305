//! Runs the cases of `tests/spec/config/`: a shop's folder in, exactly what `comptoir check` prints of
//! it out; and for a shop without errors, the answers to its queries.

use comptoir::shop::Shop;

use crate::{
    spec::case,
    support::{block_on, gateway::Gateway, shops},
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

/// What `comptoir check` says of a folder, without its last line.
fn findings(dir: &std::path::Path) -> String {
    let diagnostics = match Shop::open(dir) {
        Ok(shop) => shop.diagnostics().clone(),
        Err(found) => found,
    };
    let found: Vec<String> = diagnostics.items.iter().map(ToString::to_string).collect();
    found.join("\n\n")
}

#[test]
fn configurations_are_judged_whole() {
    let cases: Vec<case::Case> =
        super::files("tests/spec/config").iter().flat_map(|path| case::parse(path)).collect();
    let wanted = std::env::var("COMPTOIR_SPEC").unwrap_or_default().to_lowercase();
    let mut failures = Vec::new();
    for case in cases.iter().filter(|case| case.name().to_lowercase().contains(&wanted)) {
        let (_, expected) = case
            .others
            .iter()
            .find(|(info, _)| info == "findings")
            .unwrap_or_else(|| panic!("{}: no findings block", case.name()));
        let dir = tempfile::tempdir().expect("a folder");
        for (name, text) in files(case) {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let found = findings(dir.path());
        if std::env::var_os("COMPTOIR_SPEC_PRINT").is_some() {
            println!("## {}\n\n```findings\n{found}\n```\n", case.name());
        }
        if expected.trim() != found.trim() {
            failures.push(format!("✗ {}\n--- expected\n{expected}\n--- found\n{found}", case.name()));
        } else if !case.steps.is_empty() {
            let answered = block_on(async {
                let gateway = Gateway::open(dir.path()).map_err(|found| found.join("\n"))?;
                super::run_steps(&gateway, case).await
            });
            failures.extend(answered.err().map(|text| format!("✗ {}\n  {text}", case.name())));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}
