//! Our executor against graphql-js, the specification's own implementation: the same SDL, over the
//! merged data as the naive twin dumps it; generated operations, valid and invalid.
//! `COMPTOIR_DIFFERENTIAL` says how many (500; a soak takes 5,000), `COMPTOIR_SEED` which.

use std::{fmt::Write as _, path::Path};

use serde_json::{Map, Value as Json, json};

use crate::{
    naive::{Entity, Twin},
    support::{
        block_on,
        gateway::{self, Gateway},
        process,
        shops::{self, Engine},
    },
};

fn number(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// What only the gateway can know of a record: opaque ids, derived slugs and paths, change times.
async fn opaque(gateway: &Gateway, twin: &Twin) -> Map<String, Json> {
    let mut known = Map::new();
    let mut ask = async |entity: &str, code: &str, fields: &str| {
        let query = format!("query ($c: ID!) {{ {entity}(code: $c) {{ id updatedAt {fields} }} }}");
        let answer = gateway.run(&query, Map::from_iter([("c".to_owned(), Json::from(code))]), &[]).await;
        let mut record =
            answer["data"][entity].as_object().cloned().unwrap_or_else(|| panic!("{code}: {answer:#}"));
        if let Some(seo) = record.remove("seo") {
            record.insert("canonicalPath".into(), seo["canonicalPath"].clone());
        }
        known.insert(format!("{entity} {code}"), record.into());
    };
    for code in twin.all_departments().iter().filter(|c| twin.department_visible(c)) {
        ask("department", code, "slug seo { canonicalPath }").await;
    }
    for code in twin.articles() {
        ask("article", &code, "slug seo { canonicalPath }").await;
    }
    for reference in twin.references() {
        ask("reference", &reference.code, "").await;
    }
    known
}

fn write(dir: &Path, name: &str, text: &str) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).expect("a file");
    path.to_string_lossy().into_owned()
}

fn lines(output: &std::process::Output, of: &str) -> String {
    assert!(output.status.success(), "{of}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// A shop of the hand-written company without limits that the reference does not have, and its merged data.
pub struct Ground {
    pub folder: shops::Folder,
    pub gateway: Gateway,
    data: Json,
}

impl Ground {
    pub async fn lay() -> Self {
        let mut recipe = shops::base();
        // Depth and cost are limits of ours that the reference does not have.
        recipe.settings.push(
            "[limits]\ndepth = 20\ncost = 1000000\naliases = 500\nroot_fields = 100\ntokens = 20000\n".into(),
        );
        let folder = recipe.make(Engine::Sqlite).await;
        let gateway = Gateway::open(folder.path()).unwrap_or_else(|found| panic!("{}", found.join("\n")));
        gateway.asks(gateway::viewer("anonymous"));
        let twin = Twin::load(&folder).await;
        let known = opaque(&gateway, &twin).await;
        let shop = gateway.data("{ shop { name currency languages limits { body tokens depth aliases rootFields page cost requestSeconds } } }").await;
        let data = twin.dump(
            &|entity, code| {
                let key = format!("{} {code}", entity.name().to_lowercase());
                known.get(&key).and_then(Json::as_object).cloned().unwrap_or_default()
            },
            &shop["shop"],
        );
        assert_eq!(twin.value(Entity::Article, "VTT-100", "title"), json!("VTT Cime 29 pouces"));
        Self { folder, gateway, data }
    }

    /// Generated operations over `sdl`, answered by the reference and by `answer`.
    pub async fn compare(&self, sdl: &str, more: &[&str], answer: impl AsyncFn(&Json) -> Json) {
        let dir = tempfile::tempdir().expect("a folder");
        let sdl = write(dir.path(), "schema.graphql", sdl);
        let data = write(dir.path(), "data.json", &self.data.to_string());
        let default = if std::env::var_os("COMPTOIR_SOAK").is_some() { 5_000 } else { 500 };
        let count = number("COMPTOIR_DIFFERENTIAL", default).to_string();
        let seed = number("COMPTOIR_SEED", 1).to_string();
        let mut arguments = vec![
            "--sdl",
            &sdl,
            "--data",
            &data,
            "--seed",
            &seed,
            "--count",
            &count,
            "--filters",
            "code.eq,code.in,code.startsWith,family.eq,vatRate.eq",
            "--skip",
            "*.hiddenReason",
        ];
        arguments.extend(more);
        let operations = lines(&process::referee("generate.mjs", &arguments), "generate.mjs");
        let operations_file = write(dir.path(), "operations.jsonl", &operations);
        let input =
            json!({ "sdlFile": sdl, "dataFile": data, "operationsFile": operations_file, "language": "fr" });
        let input = write(dir.path(), "input.json", &input.to_string());
        let expected = lines(&process::referee("differential.mjs", &[&input]), "differential.mjs");
        let expected = write(dir.path(), "expected.jsonl", &expected);
        let mut actual = String::new();
        for line in operations.lines() {
            let operation: Json = serde_json::from_str(line).expect("JSON");
            let result = answer(&operation).await;
            let _ = writeln!(actual, "{}", json!({ "id": operation["id"], "result": result }));
        }
        let actual = write(dir.path(), "actual.jsonl", &actual);
        let compared = process::referee("compare.mjs", &[&expected, &actual, &operations_file]);
        let differences = String::from_utf8_lossy(&compared.stdout);
        assert!(
            compared.status.success(),
            "{}\nthe first differences of seed {seed}:\n{}",
            String::from_utf8_lossy(&compared.stderr),
            differences.lines().take(12).collect::<Vec<_>>().join("\n")
        );
    }
}

#[test]
fn generated_operations_are_answered_as_the_reference_does() {
    let name = "the differential test against graphql-js";
    if !gateway::ready(name) || !process::node(name) {
        return;
    }
    block_on(async {
        let ground = Ground::lay().await;
        let answer = async |operation: &Json| {
            ground
                .gateway
                .run_named(
                    operation["query"].as_str().unwrap_or_default(),
                    operation["operationName"].as_str(),
                    operation["variables"].as_object().cloned().unwrap_or_default(),
                )
                .await
        };
        ground.compare(&ground.gateway.sdl(), &[], answer).await;
        ground.folder.remove().await;
    });
}
