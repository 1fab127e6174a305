//! Reads a Markdown file of cases.

use std::{collections::BTreeSet, path::Path};

use comptoir::value::Value;
use serde_json::Value as Json;

use crate::support::gateway::{Override, Say};

/// One case: a shop and what it answers.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub file: String,
    pub title: String,
    pub erp: Vec<String>,
    pub isoshop: Vec<String>,
    pub settings: Vec<String>,
    pub schema: Vec<String>,
    pub overrides: Vec<Override>,
    pub broken: Vec<String>,
    /// Engines of the ERP on which it cannot be shown here.
    pub not_on: Vec<String>,
    /// Sources that the shop does not declare.
    pub without: Vec<String>,
    /// Who asks, in words.
    pub viewer: Option<String>,
    pub steps: Vec<Step>,
    /// Blocks named by a path: files of the shop's folder.
    pub files: Vec<(String, String)>,
    /// Blocks with other names, `(info, text)`.
    pub others: Vec<(String, String)>,
    /// `- key: value` lines that are not the harness's own.
    pub notes: Vec<(String, String)>,
}

/// One query and its answer.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub line: usize,
    pub query: String,
    pub variables: Json,
    pub language: Option<String>,
    pub viewer: Option<String>,
    pub answer: Json,
    pub not_contacted: Vec<String>,
    pub at_most: Option<usize>,
    pub statements: Option<BTreeSet<String>>,
    /// The document is meant to be broken.
    pub invalid: bool,
    /// Set before the query, and kept for the rest of the case.
    pub overrides: Vec<Override>,
}

impl Case {
    /// `file: title`.
    pub fn name(&self) -> String {
        format!("{}: {}", self.file, self.title)
    }
}

/// Reads the cases of a file.
pub fn parse(path: &Path) -> Vec<Case> {
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    parse_text(&file, &text)
}

fn parse_text(file: &str, text: &str) -> Vec<Case> {
    let mut common = Case { file: file.to_owned(), ..Case::default() };
    let mut cases: Vec<Case> = Vec::new();
    let mut step = Step::default();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let fail = |why: &str| -> ! { panic!("tests/spec/{file}:{}: {why}", number + 1) };
        if let Some(title) = line.strip_prefix("# ") {
            title.clone_into(&mut common.title);
        } else if let Some(title) = line.strip_prefix("## ") {
            if cases.is_empty() && !common.steps.is_empty() {
                fail("a query before the first case");
            }
            let mut case = common.clone();
            title.trim().clone_into(&mut case.title);
            cases.push(case);
            step = Step::default();
        } else if let Some(info) = line.strip_prefix("```") {
            let mut block = String::new();
            loop {
                match lines.next() {
                    Some((_, "```")) => break,
                    Some((_, line)) => {
                        block.push_str(line);
                        block.push('\n');
                    }
                    None => fail("a block without end"),
                }
            }
            let case = cases.last_mut().unwrap_or(&mut common);
            match info.trim() {
                "sql erp" => case.erp.push(block),
                "sql isoshop" => case.isoshop.push(block),
                "toml" => case.settings.push(block),
                "graphql schema" => case.schema.push(block),
                "overrides" => {
                    for line in block.lines().filter(|l| !l.trim().is_empty()) {
                        case.overrides.push(override_of(line).unwrap_or_else(|| fail(line)));
                    }
                }
                "json variables" => step.variables = json(&block).unwrap_or_else(|e| fail(&e)),
                "graphql" | "graphql invalid" => {
                    step.invalid = info.contains("invalid");
                    step.line = number + 1;
                    step.query = block;
                }
                "json answer" => {
                    step.answer = json(&block).unwrap_or_else(|e| fail(&e));
                    if step.query.is_empty() {
                        // A further answer to nothing would silently test nothing.
                        fail("an answer without query");
                    }
                    step.viewer.clone_from(&case.viewer);
                    case.steps.push(std::mem::take(&mut step));
                }
                "statements" => {
                    let last = case.steps.last_mut().unwrap_or_else(|| fail("before any answer"));
                    last.statements = Some(
                        block.lines().map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect(),
                    );
                }
                other => match other.split_once(' ') {
                    Some((_, path)) if path.contains('/') || path.contains('.') => {
                        case.files.push((path.to_owned(), block));
                    }
                    _ => case.others.push((other.to_owned(), block)),
                },
            }
        } else if let Some((key, value)) = line.strip_prefix("- ").and_then(|l| l.split_once(": ")) {
            let case = cases.last_mut().unwrap_or(&mut common);
            let list = || value.split(',').map(|v| v.trim().to_owned());
            match key {
                "viewer" => case.viewer = Some(value.trim().to_owned()),
                "language" => step.language = Some(value.trim().to_owned()),
                "not contacted" => step.not_contacted.extend(list()),
                "at most" => step.at_most = value.split(' ').next().and_then(|n| n.parse().ok()),
                "broken" => case.broken.extend(list()),
                "without" => case.without.extend(list()),
                "not on" => case.not_on.extend(list()),
                "override" => step.overrides.push(override_of(value).unwrap_or_else(|| fail(value))),
                _ => case.notes.push((key.to_owned(), value.trim().to_owned())),
            }
        }
    }
    if cases.is_empty() { vec![common] } else { cases }
}

fn json(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|e| format!("{e} in {text}"))
}

/// `Article VTT-100 title [en] = "…"` or `Article VTT-100 title empty`.
fn override_of(line: &str) -> Option<Override> {
    let (entity, rest) = line.trim().split_once(' ')?;
    let (code, rest) = rest.split_once(' ')?;
    let (field, mut rest) = rest.split_once(' ')?;
    let mut language = None;
    if let Some(inner) = rest.strip_prefix('[') {
        let (name, after) = inner.split_once(']')?;
        language = Some(name.to_owned());
        rest = after.trim_start();
    }
    let say = match rest.trim() {
        "empty" => Say::Empty,
        text => Say::Value(value_of(&json(text.strip_prefix('=')?.trim()).ok()?)?),
    };
    Some(Override { entity: entity.into(), code: code.into(), field: field.into(), language, say })
}

/// JSON as a value: whole numbers as integers, others as decimals.
pub fn value_of(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => match n.as_i64() {
            Some(n) => Value::Int(n),
            None => Value::Decimal(n.to_string().parse().ok()?),
        },
        Json::String(s) => Value::text(s.as_str()),
        Json::Array(items) => Value::List(items.iter().map(value_of).collect::<Option<Box<[_]>>>()?),
        Json::Object(_) => return None,
    })
}

#[test]
fn a_file_of_two_cases_is_read() {
    let cases = parse_text(
        "x.md",
        "# T\n```overrides\nArticle A title [en] = \"x\"\n```\n## One\n- language: en\n```graphql\n{ a }\n```\n```json answer\n{}\n```\n```statements\nerp: T\n```\n## Two\n```toml\na = 1\n```\n",
    );
    assert_eq!(cases.len(), 2);
    assert_eq!(cases[0].overrides[0].language.as_deref(), Some("en"));
    assert_eq!(cases[0].steps[0].language.as_deref(), Some("en"));
    assert_eq!(cases[0].steps[0].statements.as_ref().map(BTreeSet::len), Some(1));
    assert!(cases[1].steps.is_empty());
    assert_eq!(cases[1].settings, ["a = 1\n"]);
}
