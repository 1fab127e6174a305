//! How mutations run: to the specification, against graphql-js on generated operations, and by hand where a response does
//! not show it. The mutations are the test's own: steps that count, and fail in every way there is
//! (`tests/js/lib/mutations.mjs` says the same to the reference).

use std::sync::{Arc, Mutex};

use async_graphql_value::ConstValue;
use async_trait::async_trait;
use comptoir::{
    auth::rate::Rates,
    cache::Cache,
    config::{Anonymous, RateConfig},
    diagnostics::Diagnostics,
    graphql::{
        async_schema,
        documents::Documents,
        error::{Code, GraphqlError},
        operation::Operations,
        plain::{ArgMap, Plain, PlainObject},
        request::{Executor, GraphqlRequest, RequestContext},
        resolve::{Call, Resolver, Resolvers},
        sdl,
        service::{Doors, Guard, Service},
    },
};
use serde_json::{Value as Json, json};

use crate::{
    differential::Ground,
    support::{accounts::MemoryAccounts, block_on, gateway, process},
};

const SCHEMA: &str = "
extend type Mutation {
  bump(by: Int! = 1): Int
  labels(of: [String]): [String!]
  step(input: StepInput!): StepPayload
  strictStep(input: StepInput!): StepPayload!
}
input StepInput { add: Int! = 1 label: String tags: [String] articleCode: ID fail: StepFailure again: StepInput }
enum StepFailure { FIELD NULL DEEP STRICT }
type StepPayload {
  count: Int!
  label: String
  tags: [String!]
  strictTags: [String!]!
  total(times: Int! = 2): Int
  inner: StepInner
  strict: StepInner!
  steps: [StepInner!]!
  article: Article
}
type StepInner { depth: Int! }
";

type Count = Arc<Mutex<i64>>;

struct Bump(Count);
struct Labels;
struct Step(Count);

fn int(value: Option<&ConstValue>) -> i64 {
    match value {
        Some(ConstValue::Number(n)) => n.as_i64().expect("a whole number"),
        other => panic!("{other:?} is no number"),
    }
}

fn text(value: &ConstValue) -> Option<String> {
    match value {
        ConstValue::String(text) => Some(text.clone()),
        ConstValue::Enum(name) => Some(name.to_string()),
        _ => None,
    }
}

fn texts(value: Option<&ConstValue>) -> Option<Vec<Option<String>>> {
    match value {
        Some(ConstValue::List(items)) => Some(items.iter().map(text).collect()),
        _ => None,
    }
}

fn list(items: Option<&Vec<Option<String>>>) -> Plain<'static> {
    items.map_or(Plain::Null, |items| Plain::List(items.iter().cloned().map(Plain::owned).collect()))
}

#[async_trait]
impl Resolver for Bump {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let mut count = self.0.lock().expect("lock");
        *count += int(call.args.get("by"));
        Ok(Plain::Int(*count))
    }
}

#[async_trait]
impl Resolver for Labels {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        Ok(list(texts(call.args.get("of")).as_ref()))
    }
}

#[async_trait]
impl Resolver for Step {
    async fn resolve(&self, call: Call<'_>) -> Result<Plain<'static>, GraphqlError> {
        let Some(ConstValue::Object(input)) = call.args.get("input") else { panic!("no input") };
        let before = *self.0.lock().expect("lock");
        let mut now = before;
        let mut one = Some(input);
        while let Some(step) = one {
            now += int(step.get("add"));
            one = match step.get("again") {
                Some(ConstValue::Object(again)) => Some(again),
                _ => None,
            };
        }
        // Whoever ran beside it would be lost here.
        tokio::task::yield_now().await;
        *self.0.lock().expect("lock") = now;
        let fail = input.get("fail").and_then(text).unwrap_or_default();
        match fail.as_str() {
            "FIELD" => return Err(GraphqlError::new(Code::BadArgument, "the step failed")),
            "NULL" => return Ok(Plain::Null),
            _ => {}
        }
        Ok(Plain::object(Payload {
            count: now,
            label: input.get("label").map_or(Some("none".to_owned()), text),
            tags: texts(input.get("tags")),
            fail,
            article: input.get("articleCode").and_then(text),
        }))
    }
}

struct Payload {
    count: i64,
    label: Option<String>,
    tags: Option<Vec<Option<String>>>,
    fail: String,
    article: Option<String>,
}

struct Inner(Option<i64>);

impl PlainObject for Payload {
    fn field(&self, name: &str, args: &ArgMap) -> Plain<'_> {
        match name {
            "count" => Plain::Int(self.count),
            "label" => Plain::text(self.label.as_deref()),
            "tags" => list(self.tags.as_ref()),
            "strictTags" => list(Some(self.tags.as_ref().unwrap_or(&Vec::new()))),
            "total" => Plain::Int(self.count * int(args.get("times"))),
            "inner" => Plain::object(Inner((self.fail != "DEEP").then_some(1))),
            "strict" => Plain::object(Inner((self.fail != "STRICT").then_some(2))),
            "steps" => Plain::List((0..self.count.min(3)).map(|n| Plain::object(Inner(Some(n)))).collect()),
            "article" => self.article.clone().map_or(Plain::Null, Plain::Record),
            other => panic!("no field {other}"),
        }
    }
}

impl PlainObject for Inner {
    fn field(&self, _: &str, _: &ArgMap) -> Plain<'_> {
        self.0.map_or(Plain::Null, Plain::Int)
    }
}

/// A service over the shop's catalogue with the test's mutations.
struct Stepping {
    service: Service,
    count: Count,
    sdl: String,
}

impl Stepping {
    fn over(ground: &Ground) -> Self {
        // A shop may not define mutations, which is reported; the types are good all the same.
        let files = [("schema/steps.graphql".to_owned(), SCHEMA.to_owned())];
        let types = Arc::new(sdl::judge(&files, &mut Diagnostics::default()).types);
        let count = Count::default();
        let mut resolvers = Resolvers::default();
        resolvers.add("Mutation", "bump", Bump(count.clone()));
        resolvers.add("Mutation", "labels", Labels);
        resolvers.add("Mutation", "step", Step(count.clone()));
        resolvers.add("Mutation", "strictStep", Step(count.clone()));
        let (catalog, config) = (ground.gateway.shop.catalog().clone(), ground.gateway.shop.config());
        let second = async_schema::build(&types).expect("async-graphql takes the schema");
        let cache = Cache::new(1 << 20, None);
        let judged = (&*types, Some(&second), &config.limits);
        let documents = Documents::read(&config.documents, &cache, judged, &mut Diagnostics::default());
        let guard = Guard { documents, rates: Rates::new(config.rate.clone(), cache) };
        let operations = Operations::new(types.clone(), Some(second), config.limits, 1 << 20);
        let sdl = sdl::print(&types);
        let doors = Doors { introspection: true, anonymous: Anonymous::default() };
        let service = Service::new(types, operations, catalog, resolvers, config.shop.clone(), doors, guard);
        Self { service, count, sdl }
    }

    async fn answer(&self, operation: &Json) -> Json {
        *self.count.lock().expect("lock") = 0;
        let request = GraphqlRequest {
            query: operation["query"].as_str().unwrap_or_default().to_owned(),
            operation_name: operation["operationName"].as_str().map(str::to_owned),
            variables: operation["variables"].as_object().cloned().unwrap_or_default(),
            ..GraphqlRequest::default()
        };
        let response = self.service.execute(request, RequestContext::default()).await;
        serde_json::from_slice(&response.body).expect("JSON")
    }

    async fn ask(&self, query: &str) -> (Json, i64) {
        let answer = self.answer(&json!({ "query": query })).await;
        (answer, *self.count.lock().expect("lock"))
    }
}

#[test]
fn generated_mutations_run_as_the_reference_does() {
    let name = "the differential test of mutations against graphql-js";
    if !gateway::ready(name) || !process::node(name) {
        return;
    }
    block_on(async {
        let ground = Ground::lay().await;
        let stepping = Stepping::over(&ground);
        let answer = async |operation: &Json| stepping.answer(operation).await;
        ground.compare(&stepping.sdl, &["--mutations", "0.95"], answer).await;
        ground.folder.remove().await;
    });
}

#[test]
fn root_fields_run_one_after_the_other() {
    block_on(async {
        let ground = Ground::lay().await;
        let stepping = Stepping::over(&ground);
        let (answer, count) = stepping
            .ask(
                "mutation { b: step(input: {}) { count } a: bump(by: 10) ...F c: bump @skip(if: true) \
                 b: step(input: {}) { label } } fragment F on Mutation { d: step(input: { add: 100 }) { count } }",
            )
            .await;
        let expected = json!({ "b": { "count": 1, "label": "none" }, "a": 11, "d": { "count": 111 } });
        assert_eq!((&answer["data"], count), (&expected, 111), "{answer:#}");
        // Keys stand in the order of the document.
        assert!(answer["data"].to_string().starts_with("{\"b\""), "{answer}");
        // One that fails leaves the others.
        let (answer, count) =
            stepping.ask("mutation { a: bump b: step(input: { fail: FIELD }) { count } c: bump }").await;
        assert_eq!((&answer["data"], count), (&json!({ "a": 1, "b": null, "c": 3 }), 3));
        assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1));
        assert_eq!(answer["errors"][0]["path"], json!(["b"]));
        // One that takes `data` with it ends the operation: what comes after is not done.
        let (answer, count) = stepping
            .ask("mutation { a: bump b: strictStep(input: { fail: STRICT }) { strict { depth } } c: bump(by: 100) }")
            .await;
        assert_eq!((&answer["data"], count), (&Json::Null, 2));
        assert_eq!(answer["errors"][0]["path"], json!(["b", "strict", "depth"]));
        // Nothing is done when the operation is refused.
        for query in [
            "mutation { a: bump b: bump(by: \"x\") }",
            "mutation ($by: Int!) { a: bump b: bump(by: $by) }",
            "mutation { a: bump nothing }",
            "mutation { a: bump @skip }",
        ] {
            let (answer, count) = stepping.ask(query).await;
            assert!(answer.get("data").is_none() && count == 0, "{query}: {answer:#}");
        }
        ground.folder.remove().await;
    });
}

#[test]
fn records_in_a_payload_are_read_by_plans() {
    block_on(async {
        let ground = Ground::lay().await;
        let stepping = Stepping::over(&ground);
        ground.gateway.statements();
        let (answer, _) = stepping
            .ask(
                "mutation { step(input: { articleCode: \"VTT-100\" }) { article { code title references(first: 1) { nodes \
                 { code article { title } } } department { title } } again: article { slug } } \
                 none: step(input: { articleCode: \"NO-SUCH\" }) { count article { code } } }",
            )
            .await;
        let article = ground
            .gateway
            .data("{ article(code: \"VTT-100\") { code title references(first: 1) { nodes { code article { title } } } department { title } slug } }")
            .await;
        let mut expected = article["article"].clone();
        let slug = expected.as_object_mut().expect("an article").remove("slug");
        assert_eq!(answer["data"]["step"]["article"], expected, "{answer:#}");
        assert_eq!(answer["data"]["step"]["again"], json!({ "slug": slug }));
        assert_eq!(answer["data"]["none"], json!({ "count": 2, "article": null }));
        ground.folder.remove().await;
    });
}

#[test]
fn every_mutation_of_the_schema_is_answered() {
    block_on(async {
        let ground = Ground::lay().await;
        let types = sdl::build(&[], &mut Diagnostics::default()).expect("the built-in schema");
        let mut resolvers = comptoir::graphql::staff::resolvers(
            Arc::new(MemoryAccounts::new()),
            Rates::new(RateConfig::default(), Cache::new(1 << 10, None)),
            ground.gateway.shop.catalog(),
        );
        let (catalog, limits) = (ground.gateway.shop.catalog(), comptoir::graphql::people::Limits::default());
        comptoir::graphql::people::resolvers(&mut resolvers, catalog, limits, Anonymous::default());
        assert_eq!(resolvers.missing(&types), Vec::<&str>::new());
        ground.folder.remove().await;
    });
}
