//! The whole way from text to a checked operation, against graphql-js's verdicts
//! (`tests/graphql/*.jsonl`, recorded from graphql-js 16 over `verdicts.graphql`), and laws that hold
//! for any text.

use std::{fmt::Write as _, sync::LazyLock};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::*;
use crate::graphql::{
    async_schema,
    coerce::{self, Args},
    collect::{Conditions, collect},
    sdl,
    types::{EnumValueDef, Kind, TypeSystem},
};

static TYPES: LazyLock<Arc<TypeSystem>> = LazyLock::new(|| {
    // The SDL parser takes the start of these two for `true` and `null`; our own does not.
    let text = include_str!("../../../tests/graphql/verdicts.graphql").replace("trueish nullable", "");
    let mut types = sdl::of_text(&text);
    if let Kind::Enum { values } = &mut types.types.get_mut("Kind").unwrap().kind {
        for name in ["trueish", "nullable"] {
            let value = EnumValueDef { name: name.into(), ..values["SMALL"].clone() };
            values.insert(name.into(), value);
        }
    }
    Arc::new(types)
});
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| async_schema::build(&TYPES).unwrap());

const VERDICTS: &str = include_str!("../../../tests/graphql/verdicts.jsonl");
const VARIABLES: &str = include_str!("../../../tests/graphql/variables.jsonl");

#[derive(Deserialize)]
struct Verdict {
    query: String,
    #[serde(rename = "verdict")]
    word: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    at: Vec<(usize, usize)>,
}

/// The recorded verdicts, and those of a file of more of them that `COMPTOIR_VERDICTS` names.
fn verdicts() -> Vec<Verdict> {
    let more = std::env::var("COMPTOIR_VERDICTS").map(|file| std::fs::read_to_string(file).unwrap());
    VERDICTS
        .lines()
        .chain(more.as_deref().unwrap_or("").lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Limits out of the way: graphql-js has none.
fn wide() -> Limits {
    Limits { depth: 1_000, aliases: 1_000, root_fields: 1_000, ..Limits::default() }
}

/// Syntax and validation alone; a document with several operations is asked for its first.
fn check(query: &str) -> Result<(), Vec<GraphqlError>> {
    match prepare(&TYPES, Some(&SCHEMA), &wide(), query, None) {
        Err(errors) if !errors.iter().all(|e| e.extensions["code"] == "OPERATION_NOT_FOUND") => Err(errors),
        _ => Ok(()),
    }
}

#[test]
fn verdicts_are_those_of_graphql_js() {
    let mut wrong = Vec::new();
    let mut messages = 0;
    let all = verdicts();
    assert!(all.len() > 800);
    for case in &all {
        let (ours, first) = match check(&case.query) {
            Ok(()) => ("valid", None),
            Err(errors) => {
                let kind =
                    if errors[0].extensions["code"] == "GRAPHQL_PARSE_FAILED" { "syntax" } else { "invalid" };
                assert!(errors.iter().all(|e| !e.message.is_empty()));
                (kind, errors.into_iter().next())
            }
        };
        if ours != case.word {
            let said = first.map(|e| e.message).unwrap_or_default();
            // Type definitions are refused at their keyword; graphql-js reads to their end first.
            if said.ends_with("definition is not executable.") && case.word == "syntax" {
                continue;
            }
            wrong.push(format!(
                "{}\n  ours {ours}: {said}\n  theirs {}: {}",
                case.query, case.word, case.message
            ));
            continue;
        }
        if let Some(error) = first {
            messages += usize::from(error.message == case.message);
            // The place of a syntax error is as good as its verdict.
            if ours == "syntax"
                && error.locations.first().map(|l| (l.line, l.column)) != case.at.first().copied()
            {
                wrong.push(format!(
                    "{}\n  place {:?}, theirs {:?}: {}",
                    case.query, error.locations, case.at, case.message
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong ({messages} same messages):\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_second_opinion_is_heard_and_agrees() {
    let (mut valid, mut silent, mut objections) = (0, 0, 0);
    for case in verdicts() {
        let Ok(document) = syntax::parse(&case.query, 5_000) else { continue };
        if case.word == "valid" {
            valid += 1;
            match validate::second::opinion(&SCHEMA, &document) {
                None => silent += 1,
                Some(errors) => assert!(errors.is_empty(), "{}: {errors:?}", case.query),
            }
            continue;
        }
        // Its visitors do not end on cycles and panic over unknown types in defaults, which is why they
        // only see what our rules pass.
        let ours = validate::validate(&TYPES, &document);
        if !ours.iter().any(|e| e.message.contains("within itself") || e.message.contains("Unknown type")) {
            let errors = validate::second::opinion(&SCHEMA, &document).unwrap_or_default();
            objections += usize::from(!errors.is_empty());
            assert!(errors.iter().all(|e| e.locations.iter().all(|l| l.line >= 1 && l.column >= 1)));
        }
    }
    assert!(valid > 300 && silent <= valid / 100, "{silent} of {valid}");
    assert!(objections > 60, "{objections}");
}

#[derive(Deserialize)]
struct Coercion {
    query: String,
    variables: Map<String, Json>,
    errors: Option<Vec<String>>,
    coerced: Option<Json>,
}

/// JSON numbers compared as JavaScript compares them.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a.as_f64() == b.as_f64(),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

#[test]
fn variables_are_coerced_as_by_graphql_js() {
    let mut wrong = Vec::new();
    for line in VARIABLES.lines() {
        let case: Coercion = serde_json::from_str(line).unwrap();
        let document = syntax::parse(&case.query, 1_000).unwrap();
        let definitions = &document.operations[0].variables;
        let ours = coerce::variables(&TYPES, definitions, &case.variables, &HashSet::new());
        let good = match (&ours, &case.coerced) {
            (Ok(ours), Some(theirs)) => {
                let ours = ours.get("v").map_or(json!({}), |v| json!({"v": v.clone().into_json().unwrap()}));
                same(&ours, theirs)
            }
            (Err(ours), None) => Some(ours.len()) == case.errors.as_ref().map(Vec::len),
            _ => false,
        };
        if !good {
            wrong.push(format!("{line}\n  ours {ours:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn args_of(query: &str, variables: &Json) -> Result<Args, GraphqlError> {
    let prepared = prepare(&TYPES, Some(&SCHEMA), &wide(), query, None).unwrap();
    let given = coerce::variables(
        &TYPES,
        &prepared.operation.variables,
        variables.as_object().unwrap(),
        &prepared.secrets,
    )
    .unwrap();
    let selected = collect(
        &prepared.document,
        &TYPES,
        "Query",
        &[&prepared.operation.selection],
        &Conditions::default(),
    );
    let field = TYPES.fields("Query").unwrap().get(&*selected[0].name).unwrap();
    coerce::arguments(&TYPES, &field.args, selected[0].args(), &given, selected[0].pos())
}

fn args_json(query: &str, variables: &Json) -> Json {
    let args = args_of(query, variables).unwrap();
    args.iter().map(|(k, v)| (k.to_owned(), v.clone().into_json().unwrap())).collect::<Map<_, _>>().into()
}

#[test]
fn arguments_tell_absent_from_null_and_fill_defaults() {
    let none = json!({});
    assert_eq!(args_json("{ required(int: 1) }", &none), json!({"int": 1, "withDefault": 5}));
    assert_eq!(args_json("{ lists(ints: 1) }", &none), json!({"ints": [1], "strict": [1]}));
    assert_eq!(args_json("{ scalars(int: null) }", &none), json!({"int": null}));
    assert_eq!(args_json("query ($x: Int) { scalars(int: $x) }", &none), json!({}));
    assert_eq!(args_json("query ($x: Int) { scalars(int: $x) }", &json!({"x": null})), json!({"int": null}));
    assert_eq!(
        args_json("query ($x: Int) { lists(ints: [$x, 2]) }", &none),
        json!({"ints": [null, 2], "strict": [1]})
    );
    assert_eq!(
        args_json("query ($x: Int) { required(int: 1, withDefault: $x) }", &none),
        json!({"int": 1, "withDefault": 5})
    );
    let error =
        args_of("query ($x: Int) { required(int: 1, withDefault: $x) }", &json!({"x": null})).unwrap_err();
    assert!(error.message.contains("must not be null"), "{error:?}");
    assert_eq!(
        args_json("query ($x: Int) { input(value: {a: 1, c: $x, d: {x: 1, back: {a: 2}}}) }", &none),
        json!({"value": {"a": 1, "b": 4, "d": {"x": 1, "back": {"a": 2, "b": 4}}}})
    );
    assert_eq!(
        args_json("{ scalars(decimal: 12345678901234567890123) }", &none),
        json!({"decimal": "12345678901234567890123"})
    );
    assert_eq!(args_json("{ scalars(json: {a: [1, X]}) }", &none), json!({"json": {"a": [1, "X"]}}));
}

#[test]
fn fields_are_collected_in_order_of_first_appearance() {
    let query = "query ($on: Boolean!) { node(id: 1) { b: id ...F ... on Person { age } a: id @include(if: $on) } }
        fragment F on Named { ... on Article { code b: id } name ...G } fragment G on Article { weight name }";
    let prepared = prepare(&TYPES, Some(&SCHEMA), &wide(), query, None).unwrap();
    assert_eq!(prepared.condition_variables, [std::sync::Arc::<str>::from("on")]);
    let keys = |on: bool| {
        let mut variables = Variables::default();
        variables.insert("on", ConstValue::Boolean(on));
        let conditions = Conditions::of(&prepared.condition_variables, &variables).unwrap();
        let root =
            collect(&prepared.document, &TYPES, "Query", &[&prepared.operation.selection], &conditions);
        collect(&prepared.document, &TYPES, "Article", &root[0].sub(), &conditions)
            .iter()
            .map(|field| format!("{}×{}", field.response_key, field.nodes.len()))
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(true), ["b×2", "code×1", "name×2", "weight×1", "a×1"]);
    assert_eq!(keys(false), ["b×2", "code×1", "name×2", "weight×1"]);
}

#[test]
fn limits_are_named_and_cost_knows_lists() {
    let refused = |query: &str, limits: Limits| {
        let errors = prepare(&TYPES, Some(&SCHEMA), &limits, query, None).unwrap_err();
        format!("{} {}", errors[0].extensions["code"], errors[0].extensions["limit"])
    };
    let deep =
        "{ department { parent { parent { title } } } __schema { types { fields { type { name } } } } }";
    assert_eq!(refused(deep, Limits { depth: 3, ..wide() }), "\"TOO_DEEP\" \"limits.depth\"");
    assert!(prepare(&TYPES, Some(&SCHEMA), &Limits { depth: 4, ..wide() }, deep, None).is_ok());
    let aliases = "{ ...F x: hello } fragment F on Query { a: hello b: hello }";
    assert_eq!(refused(aliases, Limits { aliases: 2, ..wide() }), "\"TOO_MANY_ALIASES\" \"limits.aliases\"");
    assert_eq!(
        refused(aliases, Limits { root_fields: 2, ..wide() }),
        "\"TOO_MANY_ROOT_FIELDS\" \"limits.root_fields\""
    );
    assert_eq!(refused(aliases, Limits { tokens: 5, ..wide() }), "\"TOO_MANY_TOKENS\" \"limits.tokens\"");
    let cost = |query: &str, variables: Json| {
        let prepared = prepare(&TYPES, Some(&SCHEMA), &wide(), query, None).unwrap();
        let given = coerce::variables(
            &TYPES,
            &prepared.operation.variables,
            variables.as_object().unwrap(),
            &prepared.secrets,
        )
        .unwrap();
        limits::cost(&TYPES, &prepared.document, &prepared.operation, &given)
    };
    assert_eq!(cost("{ hello article { title } }", json!({})), 1);
    assert_eq!(
        cost("{ articles(first: 5) { nodes { title department { id } } totalCount } }", json!({})),
        11
    );
    assert_eq!(cost("query ($n: Int) { articles(first: $n) { edges { node { title } } } }", json!({})), 41);
    assert_eq!(
        cost("query ($n: Int) { articles(first: $n) { edges { node { title } } } }", json!({"n": 3})),
        7
    );
    assert_eq!(cost("{ nodes(ids: [1, 2, 3]) { id } }", json!({})), 3);
    assert_eq!(cost("query ($i: [ID!]!) { nodes(ids: $i) { id } }", json!({"i": [1, 2]})), 2);
    assert_eq!(cost("{ department { children { children { id } } } }", json!({})), 111);
    assert_eq!(cost("{ article @skip(if: true) { id } __schema { types { name } } }", json!({})), 0);
    // Fields that merge are answered once, and cost once, wherever they stand.
    let repeated = format!("{{ {} }}", "department { children { id } } ".repeat(600));
    // Comparing each with each would take too long; what differs is found all the same.
    let other = repeated.replacen("{ ", "{ department { children { id: __typename } } ", 1);
    let errors = prepare(&TYPES, Some(&SCHEMA), &wide(), &other, None).unwrap_err();
    assert!(errors[0].message.contains("\"id\" conflict because"), "{}", errors[0].message);
    assert_eq!(cost(&repeated, json!({})), 11);
    assert_eq!(
        cost(
            "{ department { ...A children { id } } department { children { ...B } } other: department { id } } \
             fragment A on Department { children { children { id } } } fragment B on Department { children { id } }",
            json!({})
        ),
        112
    );
    let mut doubling = String::from("{ department { ...F0 } }");
    for i in 0..40 {
        let _ =
            write!(doubling, " fragment F{i} on Department {{ children {{ ...F{} ...F{} }} }}", i + 1, i + 1);
    }
    doubling.push_str(" fragment F40 on Department { id }");
    assert_eq!(cost(&doubling, json!({})), u64::MAX);
}

/// Runs on a thread with the stack of a tokio worker.
fn on_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn nothing_overflows_a_small_stack() {
    LazyLock::force(&SCHEMA);
    let limits = || Limits { tokens: 100_000, ..wide() };
    for levels in [30, 60, 90, 99, 101, 5_000, 40_000] {
        let nested =
            |open: &str, middle: &str, close: &str| open.repeat(levels) + middle + &close.repeat(levels);
        let mut texts = vec![
            nested("{department", "{id}", "}"),
            nested("{...", "{hello}", "}"),
            nested("{... on Query", "{hello}", "}"),
            format!("{{ scalars(json: {}) }}", nested("[", "1", "]")),
            format!("{{ scalars(json: {}) }}", nested("{a:", "1", "}")),
            format!("query ($x: {}) {{ hello }}", nested("[", "Int", "]")),
            format!("query ($x: JSON = {}) {{ scalars(json: $x) }}", nested("[", "1", "]")),
            format!("{{ articles(filter: {}) {{ totalCount }} }}", nested("{not:", "{}", "}")),
            nested("{", "", ""),
            nested("[", "", ""),
            nested("{a(b:", "", ""),
        ];
        for (head, spread) in [
            ("department {", "parent { ...F@ }"),
            ("department {", "...F@"),
            ("department {", "parent { ...F@ ...F@ children { ...F@ } }"),
        ] {
            let mut text = format!("{{ {head} ...F0 }} }}");
            for i in 0..levels {
                let spread = spread.replace('@', &(i + 1).to_string());
                let _ = write!(text, " fragment F{i} on Department {{ {spread} }}");
            }
            let _ = write!(text, " fragment F{levels} on Department {{ id }}");
            texts.push(text.clone());
            // The same as a cycle.
            texts.push(text.replace(
                &format!("fragment F{levels} on Department {{ id }}"),
                &format!("fragment F{levels} on Department {{ ...F0 }}"),
            ));
        }
        on_small_stack(move || {
            for text in texts {
                let _ = prepare(&TYPES, Some(&SCHEMA), &limits(), &text, None);
            }
        });
    }
}

/// Texts near valid ones: a corpus document with a few characters changed, cut or doubled.
fn mutated() -> impl Strategy<Value = String> {
    let corpus: Vec<String> = verdicts().into_iter().map(|v| v.query).collect();
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ":",
        "$",
        "!",
        "...",
        "@",
        "\"",
        "\"\"\"",
        "\\",
        "on",
        "null",
        "1",
        "-",
        ".",
        "#",
        "\n",
        "é",
        "😀",
        " ",
        "fragment F on Query",
        "\\u",
    ]);
    (
        prop::sample::select(corpus),
        prop::collection::vec((any::<prop::sample::Index>(), 0usize..4, piece), 1..4),
    )
        .prop_map(|(text, edits)| {
            let mut chars: Vec<char> = text.chars().collect();
            for (index, cut, piece) in edits {
                let at = index.index(chars.len() + 1);
                let end = (at + cut).min(chars.len());
                chars.splice(at..end, piece.chars());
            }
            chars.into_iter().collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let _ = prepare(&TYPES, Some(&SCHEMA), &wide(), &text, None);
    }

    #[test]
    fn almost_valid_texts_are_answered_with_places(text in mutated()) {
        if let Err(errors) = prepare(&TYPES, Some(&SCHEMA), &wide(), &text, None) {
            for error in errors {
                if error.extensions["code"] == "GRAPHQL_PARSE_FAILED" {
                    let lines = text.replace("\r\n", "\n").split(['\n', '\r']).count();
                    prop_assert!(error.locations[0].line <= lines);
                }
            }
        }
    }
}

#[tokio::test]
async fn equal_texts_share_one_preparation() {
    let operations = Operations::new(TYPES.clone(), Some(SCHEMA.clone()), wide(), 1 << 20);
    let query = "query A { hello } query B { article { id } }";
    let (a, again, b) = tokio::join!(
        operations.prepare(query, Some("A")),
        operations.prepare(query, Some("A")),
        operations.prepare(query, Some("B")),
    );
    let (a, again, b) = (a.unwrap(), again.unwrap(), b.unwrap());
    assert!(Arc::ptr_eq(&a, &again) && !Arc::ptr_eq(&a, &b));
    assert!(Arc::ptr_eq(&a, &operations.prepare(query, Some("A")).await.unwrap()));
    assert_eq!(b.name.as_deref(), Some("B"));
    let errors = operations.prepare(query, Some("C")).await.unwrap_err();
    assert_eq!(errors[0].extensions["code"], "OPERATION_NOT_FOUND");
    let errors = operations.prepare(query, None).await.unwrap_err();
    assert_eq!(errors[0].extensions["code"], "OPERATION_NOT_FOUND");
    let errors = operations.prepare("{ nope }", None).await.unwrap_err();
    assert_eq!(errors[0].locations.len(), 1);
}

#[test]
fn the_built_in_schema_takes_the_questions_it_documents() {
    let mut diags = crate::diagnostics::Diagnostics::default();
    let types = sdl::build(&[], &mut diags).unwrap();
    let schema = async_schema::build(&types).unwrap();
    let sizes = [
        r#"query @inContext(language: "en") { article(code: "VTT-ALPIN") { title } }"#,
        r#"{ articles(first: 20, filter: { department: { under: "12" } }) { nodes { code title } pageInfo { endCursor hasNextPage } } }"#,
        r#"query ($c: ID!) { article(code: $c) { ... on Node { id } title weight provenance(fields: "title") { winner } } }"#,
        r#"{ department(code: "12") { title path { title } children { title children { title } } } }"#,
        r#"{ route(path: "/velos") { kind article { title } redirectTo } node(id: "x") { id ... on Article { code } } }"#,
        "{ __schema { types { name fields { name type { name ofType { name } } } } directives { name args { name } } } }",
    ]
    .map(|query| prepare(&types, Some(&schema), &Limits::default(), query, None).map(|prepared| prepared.size));
    assert!(sizes.iter().all(Result::is_ok), "{sizes:?}");
    let language = prepare(
        &types,
        Some(&schema),
        &Limits::default(),
        "query ($l: String!) @inContext(language: $l) { shop { name } }",
        None,
    )
    .unwrap();
    let mut variables = Variables::default();
    variables.insert("l", ConstValue::String("fr".into()));
    assert_eq!(language.language(&variables).as_deref(), Some("fr"));
    for wrong in [
        "{ article { nope } }",
        "{ articles(first: \"1\") { totalCount } }",
        "{ shop { name } } mutation { x }",
    ] {
        assert!(prepare(&types, Some(&schema), &Limits::default(), wrong, None).is_err(), "{wrong}");
    }
}

#[test]
fn hostile_documents_end_soon() {
    let spread_all = |n: usize| {
        let mut text = String::from("{ department { ...F0 } }");
        for i in 0..n {
            let _ = write!(text, " fragment F{i} on Department {{ id a{i}: title");
            (i + 1..n).for_each(|j| {
                let _ = write!(text, " ...F{j}");
            });
            text.push_str(" }");
        }
        text
    };
    let mut operations: String =
        (0..400).map(|i| format!("query Q{i} {{ department {{ ...F0 }} }} ")).collect::<Vec<_>>().concat();
    for i in 0..90 {
        let _ = write!(operations, "fragment F{i} on Department {{ parent {{ ...F{} }} }} ", i + 1);
    }
    operations.push_str("fragment F90 on Department { id }");
    let texts = [
        format!("{{ {} }}", "hello ".repeat(4_900)),
        format!("{{ {} }}", "department { id } ".repeat(1_200)),
        format!("{{ department {{ {} }} }}", "... { id parent { id } } ".repeat(600)),
        format!("{{ {} }}", (0..1_200).map(|i| format!("a{i}: hello ")).collect::<Vec<_>>().concat()),
        format!(
            "{{ scalars(json: {{ {} }}) }}",
            (0..1_600).map(|i| format!("a{i}: 1 ")).collect::<Vec<_>>().concat()
        ),
        spread_all(60),
        operations,
    ];
    for text in texts {
        let start = Instant::now();
        let _ = prepare(&TYPES, Some(&SCHEMA), &wide(), &text, None);
        let took = start.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?} for {}…", &text[..60]);
    }
}

#[tokio::test]
async fn a_text_that_may_hold_a_secret_is_not_kept() {
    let mut diags = crate::diagnostics::Diagnostics::default();
    let types = Arc::new(sdl::build(&[], &mut diags).expect("the built-in schema"));
    let operations = Operations::new(types, None, Limits::default(), 1 << 20);
    let login =
        |input: &str| format!("mutation {{ login(input: {{ login: \"eva\", {input} }}) {{ expiresAt }} }}");
    for (text, code) in [
        (login("password: \"hunter2\""), "SECRET_IN_DOCUMENT"),
        (login("pasword: \"hunter2\""), "GRAPHQL_VALIDATION_FAILED"),
        (login("password: \"hunter2"), "GRAPHQL_PARSE_FAILED"),
    ] {
        let errors = operations.prepare(&text, None).await.expect_err("refused");
        assert_eq!(errors[0].extensions["code"], code);
        assert!(errors.iter().all(|e| !e.message.contains("hunter2")), "{errors:?}");
        let key: &dyn AsKey = &(text.as_str(), None);
        assert!(operations.cache.get(key).await.is_none(), "{text}");
    }
    let text = "mutation ($i: LoginInput!) { login(input: $i) { expiresAt } }";
    let prepared = operations.prepare(text, None).await.expect("prepared");
    assert!(operations.cache.get(&(text, None) as &dyn AsKey).await.is_some());
    for given in [
        json!({ "i": { "login": "eva", "password": ["hunter2"] } }),
        json!({ "i": { "login": "eva", "password": "hunter2", "transport": "hunter2" } }),
        json!({ "i": { "login": "eva", "password": "hunter2", "more": 1 } }),
        json!({ "i": "hunter2" }),
    ] {
        let definitions = &prepared.operation.variables;
        let given = given.as_object().expect("variables");
        let errors = coerce::variables(operations.types(), definitions, given, &prepared.secrets)
            .expect_err("refused");
        assert!(errors.iter().all(|e| !e.message.contains("hunter2")), "{errors:?}");
    }
}
