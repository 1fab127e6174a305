use std::collections::BTreeSet;

use super::*;
use crate::graphql::{sdl, syntax::parse, types::TypeSystem};

fn types() -> TypeSystem {
    let text = "
        directive @secret on INPUT_FIELD_DEFINITION | ARGUMENT_DEFINITION
        schema { query: Query mutation: Mutation }
        type Query { ok(input: In, open: String): Boolean }
        type Mutation { enter(input: In!, pin: String @secret, many: [In!]): Session }
        type Session { again(pin: String @secret): Session ok: Boolean }
        input In { name: String password: String @secret codes: [String!] @secret inner: In }";
    sdl::of_text(text)
}

/// The places of refused literals, and the variables that hold secrets.
fn found(text: &str) -> (Vec<(usize, usize)>, BTreeSet<String>) {
    let types = types();
    let document = parse(text, 1_000).expect("a document");
    let secrets = find(View { types: &types }, &document);
    for error in &secrets.errors {
        assert!(error.is(Code::SecretInDocument));
        assert!(!error.message.contains("hunter"), "{}", error.message);
    }
    let places = secrets.errors.iter().map(|e| (e.locations[0].line, e.locations[0].column)).collect();
    (places, secrets.variables.iter().map(ToString::to_string).collect())
}

fn refused(text: &str) -> usize {
    found(text).0.len()
}

#[test]
fn literal_secrets_are_found_wherever_they_stand() {
    assert_eq!(found(r#"mutation { enter(input: {password: "hunter"}) { ok } }"#).0, [(1, 36)]);
    assert_eq!(refused(r#"mutation { enter(input: {}, pin: "hunter") { ok } }"#), 1);
    assert_eq!(refused(r#"mutation { enter(input: {}, pin: 12) { ok } }"#), 1);
    assert_eq!(refused(r#"mutation { enter(input: {}, pin: {hunter: 1}) { ok } }"#), 1);
    assert_eq!(refused(r#"mutation { enter(input: {inner: {inner: {password: "hunter"}}}) { ok } }"#), 1);
    assert_eq!(refused(r#"mutation { enter(input: {codes: ["hunter", "hunter"]}) { ok } }"#), 2);
    assert_eq!(refused(r#"mutation { enter(input: {codes: "hunter"}) { ok } }"#), 1);
    assert_eq!(refused(r#"mutation { enter(input: {}, many: {password: "hunter"}) { ok } }"#), 1);
    assert_eq!(refused(r#"mutation { enter(input: {}, many: [{password: "hunter"}]) { ok } }"#), 1);
    assert_eq!(refused(r#"mutation { enter(input: {}) { again(pin: "hunter") { ok } } }"#), 1);
    assert_eq!(refused(r#"{ ok(input: {password: "hunter"}) }"#), 1);
    // In a fragment that nothing spreads, under a condition, beside what is not valid.
    assert_eq!(refused(r#"{ ok } fragment F on Session { again(pin: "hunter") { ok } }"#), 1);
    assert_eq!(
        refused(r#"mutation { ... on Mutation { a: enter(pin: "hunter", none: 1) { none } none { x } } }"#),
        1
    );
}

#[test]
fn defaults_of_variables_are_in_the_document_too() {
    assert_eq!(refused(r#"mutation ($p: String = "hunter") { enter(input: {password: $p}) { ok } }"#), 1);
    assert_eq!(refused(r#"mutation ($i: In! = {password: "hunter"}) { enter(input: $i) { ok } }"#), 1);
    assert_eq!(refused(r#"mutation ($p: [String!] = ["hunter"]) { enter(input: {codes: $p}) { ok } }"#), 1);
    assert_eq!(
        refused(
            r#"mutation ($p: String = "hunter") { ...F } fragment F on Mutation { enter(input: {}, pin: $p) { ok } }"#
        ),
        1
    );
    assert_eq!(refused(r#"mutation ($p: String = null) { enter(input: {password: $p}) { ok } }"#), 0);
}

#[test]
fn what_is_no_secret_is_let_pass() {
    assert_eq!(
        refused(r#"query ($p: String = "a") { ok(open: $p, input: {name: "a", password: null}) }"#),
        0
    );
    assert_eq!(refused(r#"mutation { enter(input: {name: "a", unknown: "b"}) { ok } }"#), 0);
}

#[test]
fn variables_that_hold_secrets_are_known() {
    let text = "mutation ($i: In!, $l: [In], $p: String, $q: String, $n: String) {
        enter(input: $i, many: $l, pin: $p) { again(pin: $q) { ok } } other: enter(input: {name: $n}) { ok } }";
    let names = ["i", "l", "p", "q"].map(str::to_owned);
    assert_eq!(found(text).1, BTreeSet::from(names));
}
