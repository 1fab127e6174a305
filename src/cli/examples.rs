//! Example queries of a shop: `queries/*.graphql`, with variables in a `.json` file of the same name. They become tabs
//! of GraphiQL and are printed by `demo`.

use std::path::Path;

use serde_json::{Map, Value};

use crate::http::Example;

/// The examples in order of their file names. What cannot be read is left out and logged: examples stop nobody.
pub(super) fn read(dir: &Path) -> Vec<Example> {
    let Ok(entries) = std::fs::read_dir(dir.join("queries")) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "graphql"))
        .collect();
    files.sort();
    files.iter().filter_map(|path| one(path)).collect()
}

fn one(path: &Path) -> Option<Example> {
    let query = match std::fs::read_to_string(path) {
        Ok(query) => query,
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "an example query cannot be read");
            return None;
        }
    };
    let variables = match std::fs::read_to_string(path.with_extension("json")) {
        Ok(text) => serde_json::from_str::<Map<String, Value>>(&text).unwrap_or_else(|error| {
            tracing::warn!(file = %path.display(), %error, "the variables of an example are not a JSON object");
            Map::new()
        }),
        Err(_) => Map::new(),
    };
    let stem = path.file_stem()?.to_string_lossy();
    Some(Example { title: title(&stem), query, variables, headers: Map::new() })
}

/// Gives those examples that ask for what only staff may see a token to ask with.
pub(super) fn authorize(examples: &mut [Example], token: &str) {
    for example in examples.iter_mut().filter(|example| for_staff(&example.query)) {
        example.headers.insert("Authorization".into(), format!("Bearer {token}").into());
    }
}

/// Fills the password into the variables of those examples that log in as `login`.
pub(super) fn log_in(examples: &mut [Example], login: &str, password: &str) {
    for input in examples.iter_mut().filter_map(|example| example.variables.get_mut("input")) {
        if input.get("login").and_then(Value::as_str) == Some(login) && input.get("password").is_some() {
            input["password"] = password.into();
        }
    }
}

/// Whether a document names a field that is staff's.
fn for_staff(query: &str) -> bool {
    const FIELDS: [&str; 10] = [
        "provenance",
        "hiddenReason",
        "explain",
        "rules",
        "sources",
        "staffGroups",
        "staffMembers",
        "saveStaffGroup",
        "saveStaffMember",
        "auditLog",
    ];
    let code = query.lines().map(|line| line.split('#').next().unwrap_or(""));
    code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'))
        .any(|word| FIELDS.contains(&word))
}

/// `1-completed-field` → `Completed field`.
fn title(stem: &str) -> String {
    let name = stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '_');
    let name = if name.is_empty() { stem } else { name };
    let spaced = name.replace(['-', '_'], " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A `curl` line that one can paste into a shell.
pub(super) fn curl(url: &str, example: &Example) -> String {
    // One line without comments; the demo's queries hold no block strings, whose line breaks would matter.
    let query = if example.query.contains("\"\"\"") {
        example.query.clone()
    } else {
        let lines =
            example.query.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.collect::<Vec<_>>().join(" ")
    };
    let mut body = Map::new();
    body.insert("query".into(), query.into());
    if !example.variables.is_empty() {
        body.insert("variables".into(), Value::Object(example.variables.clone()));
    }
    let body = Value::Object(body).to_string().replace('\'', r"'\''");
    let mut headers = String::new();
    for (name, value) in &example.headers {
        let value = value.as_str().unwrap_or_default().replace('\'', r"'\''");
        headers.push_str(&format!(" -H '{}: {value}'", name.to_lowercase()));
    }
    format!("curl -s {url} -H 'content-type: application/json'{headers} -d '{body}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_read_in_order() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).is_empty());
        let queries = dir.path().join("queries");
        std::fs::create_dir(&queries).unwrap();
        std::fs::write(queries.join("2-b_c.graphql"), "{ b }").unwrap();
        std::fs::write(queries.join("1-a.graphql"), "query($x: Int) { a }").unwrap();
        std::fs::write(queries.join("1-a.json"), "{\"x\": 1}").unwrap();
        std::fs::write(queries.join("notes.txt"), "").unwrap();
        let examples = read(dir.path());
        let titles: Vec<_> = examples.iter().map(|example| example.title.as_str()).collect();
        assert_eq!(titles, ["A", "B c"]);
        assert_eq!(examples[0].variables["x"], 1);
    }

    #[test]
    fn examples_for_staff_carry_the_token() {
        let example = |query: &str| Example { query: query.to_owned(), ..Example::default() };
        let mut examples = [
            example("{ a { provenance(fields: [\"title\"]) { winner } } }"),
            example("# no provenance here\n{ a { title } }"),
            example("{ article { hiddenReason } }"),
        ];
        authorize(&mut examples, "T0K");
        assert_eq!(examples[0].headers["Authorization"], "Bearer T0K");
        assert!(examples[1].headers.is_empty());
        assert!(!examples[2].headers.is_empty());
        let line = curl("http://127.0.0.1:1/graphql", &examples[0]);
        assert!(line.contains(" -H 'authorization: Bearer T0K' -d "), "{line}");
    }

    #[test]
    fn the_login_example_has_the_password_of_its_login() {
        let example = |input: Value| {
            let variables = Map::from_iter([("input".to_owned(), input)]);
            Example { variables, ..Example::default() }
        };
        let mut examples = [
            example(serde_json::json!({ "login": "demo", "password": "" })),
            example(serde_json::json!({ "login": "eva", "password": "" })),
            example(serde_json::json!({ "login": "demo" })),
            Example::default(),
        ];
        log_in(&mut examples, "demo", "Pa55");
        assert_eq!(examples[0].variables["input"]["password"], "Pa55");
        assert_eq!(examples[1].variables["input"]["password"], "");
        assert_eq!(examples[2].variables["input"], serde_json::json!({ "login": "demo" }));
    }

    #[test]
    fn the_curl_line_survives_a_shell() {
        let query = "# What it's for\n{\n  a(b: \"l'eau\")\n}\n".to_owned();
        let line = curl("http://127.0.0.1:1/graphql", &Example { query, ..Example::default() });
        let expected = r#"-d '{"query":"{ a(b: \"l'\''eau\") }"}'"#;
        assert!(line.ends_with(expected), "{line}");
    }
}
