//! Runs the Markdown cases of `tests/spec/` (its README tells the format) on SQLite, on PostgreSQL, on
//! SQL Server with PostgreSQL, and on SQL Server.

pub(crate) mod case;
mod compare;
mod config;

use std::{collections::BTreeSet, path::PathBuf};

use futures::StreamExt;
use serde_json::{Map, Value as Json};

use self::case::{Case, Step};
use crate::support::{
    block_on,
    gateway::{self, Gateway},
    postgres,
    shops::{self, Engine, Folder, Recipe, Shelf},
    sqlserver,
};

pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(shops::root().join(folder))
        .expect(folder)
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "md") && !path.ends_with("README.md"))
        .collect();
    files.sort();
    files
}

fn cases() -> Vec<Case> {
    let wanted = std::env::var("COMPTOIR_SPEC").unwrap_or_default().to_lowercase();
    files("tests/spec")
        .iter()
        .flat_map(|path| case::parse(path))
        .flat_map(flavours)
        .filter(|case| case.name().to_lowercase().contains(&wanted))
        .collect()
}

/// A case that holds on several versions of Sage is a case on each.
fn flavours(case: Case) -> Vec<Case> {
    let Some((_, named)) = case.notes.iter().find(|(key, _)| key == "sage").cloned() else {
        return vec![case];
    };
    let each = |flavour: &str| {
        let mut case = case.clone();
        case.title = format!("{} ({flavour})", case.title);
        case.notes.retain(|(key, _)| key != "sage");
        case.notes.push(("fixture".into(), format!("sage {flavour}")));
        case
    };
    named.split(',').map(|flavour| each(flavour.trim())).collect()
}

/// The shop a case stands on.
pub(crate) fn recipe(case: &Case) -> Recipe {
    let fixture = case.notes.iter().find(|(key, _)| key == "fixture").map(|(_, value)| value.as_str());
    let mut recipe = match fixture {
        Some("cegid") => shops::cegid(),
        Some("pivot") => shops::pivot(),
        Some(sage) if sage.starts_with("sage ") => shops::sage(&sage["sage ".len()..]),
        _ => shops::base(),
    };
    recipe.erp.extend(case.erp.iter().cloned());
    recipe.isoshop.extend(case.isoshop.iter().cloned());
    recipe.settings.extend(case.settings.iter().cloned());
    recipe.without.clone_from(&case.without);
    for (name, text) in &case.files {
        recipe.files.retain(|(known, _)| known != name);
        recipe.files.push((name.clone(), text.clone()));
    }
    for (n, text) in case.schema.iter().enumerate() {
        recipe.files.push((format!("schema/case{n}.graphql"), text.clone()));
    }
    recipe
}

/// Cases that stand on the same shop, which is made once; a case that breaks a source has its own.
fn groups(cases: &[Case]) -> Vec<(Recipe, Vec<&Case>)> {
    let mut groups: Vec<(String, Recipe, Vec<&Case>)> = Vec::new();
    for case in cases {
        let recipe = recipe(case);
        let key = format!("{recipe:?}");
        match groups.iter_mut().find(|(k, ..)| *k == key && case.broken.is_empty()) {
            Some((.., members)) => members.push(case),
            // A key that nobody else has, so that nobody joins a shop with a broken source.
            None if !case.broken.is_empty() => groups.push((String::new(), recipe, vec![case])),
            None => groups.push((key, recipe, vec![case])),
        }
    }
    groups.into_iter().map(|(_, recipe, members)| (recipe, members)).collect()
}

async fn run_group(
    shelf: &Shelf,
    recipe: &Recipe,
    cases: &[&Case],
    (erp, isoshop): (Engine, Engine),
) -> Vec<String> {
    let folder = if cases.iter().any(|case| !case.broken.is_empty()) {
        recipe.make_on(erp, isoshop).await
    } else {
        recipe.make_shelved(shelf, erp, isoshop).await
    };
    let mut failures = Vec::new();
    for case in cases.iter().filter(|_| gateway::READY) {
        for source in &case.broken {
            folder.break_source(source).await;
        }
        if let Err(text) = run_case(case, &folder).await {
            failures.push(format!("✗ {}\n  {text}", case.name()));
        }
    }
    folder.remove().await;
    failures
}

/// Runs a case on a shop that is there.
pub(crate) async fn run_case(case: &Case, folder: &Folder) -> Result<(), String> {
    let gateway = Gateway::open(folder.path())
        .map_err(|findings| format!("the shop does not open:\n  {}", findings.join("\n  ")))?;
    run_steps(&gateway, case).await
}

async fn run_steps(gateway: &Gateway, case: &Case) -> Result<(), String> {
    for over in &case.overrides {
        gateway.set(over);
    }
    let mut captures = Map::new();
    let mut found = Vec::new();
    for step in &case.steps {
        for over in &step.overrides {
            gateway.set(over);
        }
        gateway.statements();
        if let Err(text) = run_step(gateway, case, step, &mut captures).await {
            found.push(format!("line {}: {text}", step.line));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

async fn run_step(
    gateway: &Gateway,
    case: &Case,
    step: &Step,
    captures: &mut Map<String, Json>,
) -> Result<(), String> {
    let mut variables = step.variables.clone();
    compare::fill(&mut variables, captures);
    let languages: Vec<&str> = step.language.iter().map(String::as_str).collect();
    gateway.asks(gateway::viewer(step.viewer.as_deref().unwrap_or(gateway::READER)));
    let actual =
        gateway.run(&step.query, variables.as_object().cloned().unwrap_or_default(), &languages).await;
    if std::env::var_os("COMPTOIR_SPEC_PRINT").is_some() {
        println!("{} (line {}):\n{actual:#}\n", case.name(), step.line);
    }
    let mut differences = compare::answers(&step.answer, &actual, captures);
    let sent = gateway.statements();
    for source in &step.not_contacted {
        for statement in sent.iter().filter(|s| s.source == *source) {
            differences.push(format!("{source} was contacted: {}", statement.sql));
        }
    }
    if let Some(limit) = step.at_most.filter(|&limit| sent.len() > limit) {
        let all: Vec<String> = sent.iter().map(|s| format!("{}: {}", s.source, s.sql)).collect();
        differences.push(format!("{} statements, at most {limit}:\n    {}", sent.len(), all.join("\n    ")));
    }
    if let Some(expected) = &step.statements {
        let read: BTreeSet<String> = sent
            .iter()
            .flat_map(|s| s.tables().into_iter().map(|table| format!("{}: {table}", s.source)))
            .collect();
        for missing in expected.difference(&read) {
            differences.push(format!("not read: {missing}"));
        }
        for more in read.difference(expected) {
            differences.push(format!("read without need: {more}"));
        }
    }
    if differences.is_empty() {
        Ok(())
    } else {
        Err(format!("{}\n  the whole answer: {actual}", differences.join("\n  ")))
    }
}

fn run_all(engines: (Engine, Engine)) {
    let mut cases = cases();
    cases.retain(|case| !case.not_on.iter().any(|name| name == engines.0.name()));
    let groups = groups(&cases);
    let failures: Vec<String> = block_on(async {
        let shelf = Shelf::default();
        let failures = futures::stream::iter(&groups)
            .map(|(recipe, members)| run_group(&shelf, recipe, members, engines))
            .buffer_unordered(4)
            .concat()
            .await;
        shelf.remove().await;
        failures
    });
    assert!(
        failures.is_empty(),
        "{} of {} cases failed on {} × {}:\n\n{}\n",
        failures.len(),
        cases.len(),
        engines.0.name(),
        engines.1.name(),
        failures.join("\n\n")
    );
}

#[test]
fn cases_are_well_formed() {
    let cases = cases();
    for case in &cases {
        for step in &case.steps {
            if !step.invalid {
                let document = step.query.replace("@inContext", "@include");
                async_graphql_parser::parse_query(&document)
                    .unwrap_or_else(|e| panic!("{} (line {}): {e}", case.name(), step.line));
            }
        }
    }
    if std::env::var_os("COMPTOIR_SPEC").is_none() {
        assert!(cases.len() >= 45, "only {} cases", cases.len());
    }
}

#[test]
fn spec_cases_on_sqlite() {
    gateway::ready("the answers of the spec cases on SQLite");
    run_all((Engine::Sqlite, Engine::Sqlite));
}

#[test]
fn spec_cases_on_postgres() {
    if postgres::available("spec cases on PostgreSQL") {
        gateway::ready("the answers of the spec cases on PostgreSQL");
        run_all((Engine::Postgres, Engine::Postgres));
    }
}

#[test]
fn spec_cases_on_postgres_and_sqlite() {
    if postgres::available("spec cases on PostgreSQL and SQLite") {
        run_all((Engine::Postgres, Engine::Sqlite));
    }
}

#[test]
fn spec_cases_on_sqlserver_and_postgres() {
    if sqlserver::available("spec cases on SQL Server and PostgreSQL")
        && postgres::available("spec cases on SQL Server and PostgreSQL")
    {
        run_all((Engine::SqlServer, Engine::Postgres));
    }
}

#[test]
fn spec_cases_on_sqlserver() {
    if sqlserver::available("spec cases on SQL Server") {
        run_all((Engine::SqlServer, Engine::SqlServer));
    }
}
