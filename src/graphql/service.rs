//! The executor: one request from its text to its bytes.

use std::{hash::Hash, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use moka::sync::Cache;
use serde_json::Value as Json;

use super::{
    arguments,
    coerce::{self, Variables},
    collect::{Conditions, Selected, collect},
    compile::Compiler,
    describe,
    documents::Documents,
    error::{Code, GraphqlError},
    execute::{self, Judged, Slots},
    guard::{Gate, Guards, Verdict},
    introspect::{Answer, Introspection, Node, meta_types},
    limits,
    operation::{Operations, Prepared},
    plain::{ArgMap, Plain, PlainObject},
    plan::{Out, OutKind, Plan, RouteWhat},
    request::{Executor, GraphqlRequest, GraphqlResponse, Outcome, RequestContext},
    resolve::{Effects, Resolvers, Resolving},
    status,
    syntax::OperationKind,
    types::TypeSystem,
    write::Writer,
};
use crate::{
    auth::{
        people::ContactRight,
        rate::{Rates, Throttle},
        rights::{Grant, Right, Rights},
        viewer::Viewer,
    },
    catalog::{Catalog, Run, assortments::Assortment, levels::Args, sight::Sight, trade::Reckoner},
    config::{Anonymous, ShopConfig},
    connectors::tariff::Buyer,
    federation::engine::{Ask, Fault, Open, Strategy},
    sources::{Circuit, Moment, Trouble},
    telemetry::metrics,
    value::rfc3339,
};

/// Runs the requests of one shop.
pub struct Service {
    types: Arc<TypeSystem>,
    introspection: Option<Introspection>,
    operations: Operations,
    plans: Cache<PlanKey, Arc<Plan>>,
    catalog: Arc<Catalog>,
    resolvers: Resolvers,
    shop: ShopConfig,
    guards: Guards,
    anonymous: Anonymous,
    guard: Guard,
}

/// What stands before an operation: which documents may be run, and how many of them.
#[derive(Clone, Debug)]
pub struct Guard {
    /// Trusted and persisted documents.
    pub documents: Documents,
    /// Points per minute.
    pub rates: Rates,
}

/// A plan depends on the operation, the values in its conditions, and the language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PlanKey {
    /// The prepared operation, by identity: the plan keeps it alive through `held`.
    operation: usize,
    conditions: Conditions,
    language: Option<String>,
}

/// Bytes of a refused document that cost one point.
const REFUSED: usize = 1 << 10;

/// Memory for plans, estimated as below.
const PLANS: u64 = 16 << 20;

/// About how much memory a plan holds: its document, its arguments, and what each level asks.
fn weight(plan: &Plan) -> u32 {
    const LEVEL: usize = 24 << 10;
    const TOKEN: usize = 160;
    let tokens = plan.held.as_ref().map_or(0, |held| held.document.tokens);
    let levels: usize = plan.roots.iter().map(levels).sum();
    u32::try_from((1 << 10) + tokens * 2 * TOKEN + levels * LEVEL).unwrap_or(u32::MAX)
}

/// The levels below a root field.
fn levels(out: &Out) -> usize {
    fn below(node: &crate::catalog::levels::Node) -> usize {
        1 + node.links.iter().map(|link| below(&link.node)).sum::<usize>()
    }
    match &out.kind {
        OutKind::Nodes(targets, _) => targets.iter().map(|t| below(&t.node)).sum(),
        OutKind::Lookup(t) | OutKind::Departments(t) => below(&t.node),
        OutKind::Page(node, ..) => below(node),
        OutKind::Resolved(resolved) => resolved.records.iter().map(|t| below(&t.node)).sum(),
        OutKind::Viewer(_, records) => records.iter().map(|t| below(&t.node)).sum(),
        OutKind::Route(outs) => outs
            .iter()
            .map(|o| match &o.what {
                RouteWhat::Target(t) => below(&t.node),
                _ => 0,
            })
            .sum(),
        _ => 0,
    }
}

/// What the shop lets everybody ask.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doors {
    /// Introspection is answered.
    pub introspection: bool,
    /// What who has no token may see.
    pub anonymous: Anonymous,
}

impl Service {
    /// A service over a type system and a catalogue. `resolvers` answer the root fields that are no plan's.
    pub fn new(
        types: Arc<TypeSystem>,
        operations: Operations,
        catalog: Arc<Catalog>,
        resolvers: Resolvers,
        shop: ShopConfig,
        doors: Doors,
        guard: Guard,
    ) -> Self {
        let operations = if doors.introspection { operations } else { operations.without_guesses() };
        let introspection = doors.introspection.then(|| Introspection::new(&types));
        let plans = Cache::builder()
            .max_capacity(PLANS)
            .weigher(|_, plan: &Arc<Plan>| weight(plan))
            .time_to_idle(Duration::from_hours(1))
            .build();
        let guards = Guards::of(&types);
        let anonymous = doors.anonymous;
        Self { types, introspection, operations, plans, catalog, resolvers, shop, guards, anonymous, guard }
    }

    /// The answer to a viewer whose points are used up.
    fn limited(
        &self,
        throttle: Option<&Throttle>,
        (points, cost): (u64, u64),
        operation: Option<String>,
    ) -> Option<GraphqlResponse> {
        let throttle = throttle?;
        let (error, retry_after) = limits::rate_limited(points, throttle, throttle.wait?);
        counted(&error);
        let cost = limits::cost_extension(cost, &self.catalog.engine.limits, Some(throttle));
        let body = serde_json::json!({ "errors": [error], "extensions": { "cost": cost } });
        Some(GraphqlResponse {
            body: Bytes::from(serde_json::to_vec(&body).unwrap_or_default()),
            outcome: Outcome::RateLimited { retry_after },
            errors: 1,
            operation,
            refresh_cookie: None,
        })
    }

    /// Refuses a document: looking at it was work, which is paid for too.
    async fn refuse(
        &self,
        errors: &[GraphqlError],
        bytes: usize,
        context: &RequestContext,
    ) -> GraphqlResponse {
        let points = 1 + u64::try_from(bytes / REFUSED).unwrap_or(u64::MAX);
        let throttle = self.guard.rates.charge(&context.viewer, &context.origin, points).await;
        self.limited(throttle.as_ref(), (points, 0), None)
            .unwrap_or_else(|| refused(errors, None, Outcome::Refused))
    }

    async fn answer(&self, request: &GraphqlRequest, context: &RequestContext) -> GraphqlResponse {
        let asked = match self.guard.documents.find(request, &context.viewer).await {
            Ok(asked) => asked,
            Err(error) => return self.refuse(&[error], 0, context).await,
        };
        let prepared = match self.operations.prepare(&asked.text, request.operation_name.as_deref()).await {
            Ok(prepared) => prepared,
            Err(errors) => return self.refuse(&errors, asked.text.len(), context).await,
        };
        let name = prepared.name.as_ref().map(std::string::ToString::to_string);
        let operation = &prepared.operation;
        if context.read_only && operation.kind != OperationKind::Query {
            let error = GraphqlError::new(
                Code::MethodNotAllowed,
                "Only queries may come by GET; send mutations by POST.",
            );
            return refused(&[error], name, Outcome::MethodNotAllowed);
        }
        if operation.kind == OperationKind::Subscription {
            let error = GraphqlError::new(Code::OperationNotFound, "This shop takes no subscription.");
            return refused(&[error], name, Outcome::Refused);
        }
        let mut ready = match self.make_ready(&prepared, request, context) {
            Ok(ready) => ready,
            Err(errors) => return refused(&errors, name, Outcome::Refused),
        };
        // Introspection is free of cost, but not of work.
        let points = ready.cost.max(1);
        ready.throttle = self.guard.rates.charge(&context.viewer, &context.origin, points).await;
        if let Some(limited) = self.limited(ready.throttle.as_ref(), (points, ready.cost), name.clone()) {
            return limited;
        }
        // Only what was paid for is kept.
        self.guard.documents.keep(&asked).await;
        let limit = self.catalog.engine.limits.request;
        let answered = async {
            let judgement = Box::pin(self.judgement(&ready.plan, &context.viewer)).await;
            self.execute(&prepared, (ready, judgement), name.clone(), context).await
        };
        if let Ok(response) = tokio::time::timeout(limit, answered).await {
            response
        } else {
            let seconds = limit.as_secs_f64();
            let help = if operation.kind == OperationKind::Mutation {
                "What it asks for may have been done: look before you send it again."
            } else {
                "Ask for less at once."
            };
            let error = GraphqlError::new(
                Code::RequestTimeout,
                format!("No answer within {seconds} s (limits.request_seconds). {help}"),
            )
            .with("limit", "limits.request_seconds")
            .with("maximum", seconds);
            refused(&[error], name, Outcome::TimedOut)
        }
    }

    /// Variables, language, cost and plan of a request.
    fn make_ready(
        &self,
        prepared: &Arc<Prepared>,
        request: &GraphqlRequest,
        context: &RequestContext,
    ) -> Result<Ready, Vec<GraphqlError>> {
        let operation = &prepared.operation;
        let variables =
            coerce::variables(&self.types, &operation.variables, &request.variables, &prepared.secrets)?;
        let one = |e| vec![e];
        let conditions = Conditions::of(&prepared.condition_variables, &variables).map_err(one)?;
        let language = self.language(prepared, &variables, context).map_err(one)?;
        let cost = limits::cost(&self.types, &prepared.document, operation, &variables);
        if let Some(error) = limits::check_cost(cost, operation, &self.catalog.engine.limits) {
            return Err(vec![error]);
        }
        let key = PlanKey {
            operation: Arc::as_ptr(prepared) as usize,
            conditions: conditions.clone(),
            language: language.clone(),
        };
        let mut known = true;
        let plan = self.plans.get_with(key, || {
            known = false;
            Arc::new(self.compile(prepared, &conditions, language.as_deref()))
        });
        metrics::cache("plans", known);
        let asks = plan.roots.iter().any(|o| matches!(o.kind, OutKind::Introspection(_)));
        if asks && self.introspection.is_none() {
            let error = GraphqlError::new(
                Code::IntrospectionDisabled,
                "Introspection is switched off (http.introspection). Ask the shop for its schema.",
            );
            return Err(vec![error]);
        }
        Ok(Ready { plan, variables, cost, language, throttle: None })
    }

    /// What a viewer may see of a plan. Its customer's class and what its contact may are asked of the sources (or were,
    /// within a minute): only of what was paid for, and within the request's time.
    async fn judgement(&self, plan: &Plan, viewer: &Viewer) -> Judgement {
        let moment = || Moment::now(Some(self.catalog.engine.limits.request));
        let of_records = |out: &Out| {
            !matches!(out.kind, OutKind::Typename(_) | OutKind::Introspection(_) | OutKind::Shop(_))
        };
        let (assortment, prices) = if plan.roots.iter().any(of_records) {
            let contacts = &self.catalog.contact_rights;
            tokio::join!(
                self.catalog.assortments.of(&self.catalog, viewer, moment()),
                contacts.allow(&self.catalog, viewer, ContactRight::Prices, moment()),
            )
        } else {
            (Ok(None), Ok(true))
        };
        // Where it cannot be known, it is not so.
        let prices = prices.unwrap_or_else(|silent| {
            tracing::warn!(?silent, "what a contact may is not known: it is shown no prices");
            false
        });
        let (rights, customer) = if prices {
            (Rights::of(viewer, self.anonymous), viewer.customer.clone())
        } else {
            (Rights::without_prices(viewer), None)
        };
        self.judge(plan, (rights, customer), viewer, assortment)
    }

    /// What rights make of a plan. Plans are shared by all viewers: what one of them may is judged for each request.
    fn judge(
        &self,
        plan: &Plan,
        (rights, customer): (Rights, Option<Arc<str>>),
        viewer: &Viewer,
        assortment: Result<Option<Arc<Assortment>>, Fault>,
    ) -> Judgement {
        let mut sight = Sight::new(&self.catalog, rights, viewer, assortment);
        let verdicts = plan.needs.iter().map(|need| Verdict::of(need, &self.catalog, &mut sight)).collect();
        let buyer = self.catalog.trade.pricing.buyer(customer);
        Judgement { sight, buyer, verdicts }
    }

    /// The operation's language, when it is not the shop's first: `@inContext`, else the best of
    /// `Accept-Language` that the shop speaks.
    fn language(
        &self,
        prepared: &Prepared,
        variables: &Variables,
        context: &RequestContext,
    ) -> Result<Option<String>, GraphqlError> {
        let spoken = &self.shop.languages;
        let known = |wanted: &str| {
            let same = |l: &&String| l.eq_ignore_ascii_case(wanted);
            let base = wanted.split('-').next().unwrap_or(wanted);
            spoken.iter().find(same).or_else(|| spoken.iter().find(|l| l.eq_ignore_ascii_case(base)))
        };
        let chosen = match prepared.language(variables) {
            Some(asked) => Some(known(&asked).ok_or_else(|| {
                GraphqlError::new(
                    Code::BadArgument,
                    format!("This shop does not speak `{asked}`; it speaks {}.", spoken.join(", ")),
                )
            })?),
            None => context.languages.iter().find_map(|l| known(l)),
        };
        Ok(chosen.filter(|l| spoken.first() != Some(*l)).cloned())
    }

    fn compile(&self, prepared: &Arc<Prepared>, conditions: &Conditions, language: Option<&str>) -> Plan {
        let (document, operation) = (&prepared.document, &prepared.operation);
        let root = match operation.kind {
            OperationKind::Mutation => self.types.mutation.as_deref().unwrap_or_default(),
            _ => &self.types.query,
        };
        let roots = collect(document, &self.types, root, &[&operation.selection], conditions);
        let ground = (&*self.catalog, &self.guards);
        let mut plan = compile_with(&self.types, ground, language, document, conditions, (root, roots));
        plan.held = Some(prepared.clone());
        plan
    }

    async fn execute(
        &self,
        prepared: &Prepared,
        (ready, judgement): (Ready, Judgement),
        name: Option<String>,
        context: &RequestContext,
    ) -> GraphqlResponse {
        let (slots, args) = self.arguments(&ready, &judgement);
        let Ready { plan, cost, language, throttle, .. } = ready;
        let Judgement { sight, buyer, verdicts } = judgement;
        let plan = plan.as_ref();
        if let Some(error) = nested_limit(plan, &slots) {
            return refused(&[error], name, Outcome::Refused);
        }
        let mut moment = Moment::now(Some(self.catalog.engine.limits.request));
        let strategy = context.strategy.filter(|_| sight.rights().allows(Right::Plan)).unwrap_or_default();
        let mut text = None;
        if context.explain && sight.rights().allows(Right::Plan) {
            text = Some(self.describe(prepared, plan, &slots, &args, (sight.open(), strategy)).await);
            moment.journal = Some(Arc::default());
        }
        let whole = self.sees_whole(plan, &sight);
        let ask = Ask::new(moment, sight.open(), strategy);
        let effects = Effects::default();
        let first = self.shop.languages.first().map_or("", String::as_str);
        let resolving = Resolving {
            resolvers: &self.resolvers,
            context,
            language: language.as_deref().unwrap_or(first),
            effects: &effects,
        };
        let judged = Judged { plan, verdicts: &verdicts };
        let mut written = (Vec::with_capacity(4096), Vec::new());
        written.0.extend_from_slice(b"{\"data\":");
        if prepared.operation.kind == OperationKind::Mutation {
            written =
                self.one_by_one(judged, &slots, &args, (&ask, &sight, &buyer), resolving, written).await;
        } else {
            let run = self.run(judged, ask.clone(), args, (sight, buyer));
            let roots = execute::run(&run, judged, &slots, resolving).await;
            let introspect = |root: &str, args: &ArgMap| self.introspect(root, args);
            let viewer = &*context.viewer;
            let mut writer =
                Writer::new(&run, &slots, &self.shop, &introspect, (viewer, judged)).resume(written);
            writer.data(&roots);
            written = (writer.buf, writer.errors);
        }
        let (mut body, errors) = written;
        metrics::operation(cost);
        ask.moment.tally.close();
        errors.iter().for_each(counted);
        if !errors.is_empty() {
            body.extend_from_slice(b",\"errors\":");
            let _ = serde_json::to_writer(&mut body, &errors);
        }
        let cost = limits::cost_extension(cost, &self.catalog.engine.limits, throttle.as_ref());
        body.extend_from_slice(b",\"extensions\":{\"cost\":");
        let _ = serde_json::to_writer(&mut body, &cost);
        let troubles = ask.moment.troubles.list();
        if !troubles.is_empty() {
            body.extend_from_slice(b",\"degraded\":");
            let _ = serde_json::to_writer(&mut body, &degraded(troubles));
        }
        if let (Some(text), Some(journal)) = (text, &ask.moment.journal) {
            body.extend_from_slice(b",\"plan\":");
            let _ = serde_json::to_writer(&mut body, &describe::journal::told(&text, journal, whole));
        }
        body.extend_from_slice(b"}}");
        GraphqlResponse {
            body: Bytes::from(body),
            outcome: Outcome::Executed,
            errors: errors.len(),
            operation: name,
            refresh_cookie: effects.into_refresh_cookie(),
        }
    }

    /// The root fields of a mutation: each is done and written before the next one begins, and sees the shop as it is
    /// by then. When one takes `data` with it, those after it are not done.
    async fn one_by_one(
        &self,
        judged: Judged<'_>,
        slots: &Slots,
        args: &[Args],
        (ask, sight, buyer): (&Ask, &Sight, &Buyer),
        resolving: Resolving<'_>,
        mut written: (Vec<u8>, Vec<GraphqlError>),
    ) -> (Vec<u8>, Vec<GraphqlError>) {
        let start = written.0.len();
        written.0.push(b'{');
        for (index, out) in judged.plan.roots.iter().enumerate() {
            let run = self.run(judged, ask.clone(), args.to_vec(), (sight.clone(), buyer.clone()));
            let data = execute::one(&run, out, judged, slots, resolving).await;
            let introspect = |root: &str, args: &ArgMap| self.introspect(root, args);
            let viewer = &*resolving.context.viewer;
            let mut writer =
                Writer::new(&run, slots, &self.shop, &introspect, (viewer, judged)).resume(written);
            let done = writer.root_field(index, out, &data);
            written = (writer.buf, writer.errors);
            if done.is_err() {
                written.0.truncate(start);
                written.0.extend_from_slice(b"null");
                return written;
            }
        }
        written.0.push(b'}');
        written
    }

    /// The reading of a plan for its viewer.
    fn run(
        &self,
        judged: Judged<'_>,
        mut ask: Ask,
        args: Vec<Args>,
        (sight, buyer): (Sight, Buyer),
    ) -> Run<'_> {
        let reckons = |args: &Args| matches!(args, Args::Page(page) if page.filter.reckons());
        if args.iter().any(reckons) {
            let (catalog, sight, buyer) = (self.catalog.clone(), sight.clone(), buyer.clone());
            ask.reckon = Some(Arc::new(Reckoner { catalog, sight, buyer }));
        }
        let mut run = Run::new(&self.catalog, ask, args, judged.plan.tree.clone(), sight);
        run.buyer = buyer;
        run.closed = judged.verdicts.iter().map(|v| matches!(v, Verdict::Closed(_))).collect();
        run
    }

    /// The coerced arguments of every field that has some, and what they mean to links.
    fn arguments(&self, ready: &Ready, judgement: &Judgement) -> (Slots, Vec<Args>) {
        let plan = &ready.plan;
        let (sight, buyer) = (&judgement.sight, &judgement.buyer);
        let gate = Gate { guards: &self.guards, catalog: &self.catalog, sight, buyer };
        let mut slots: Slots = Vec::with_capacity(plan.slots.len());
        let mut args = Vec::with_capacity(plan.slots.len());
        for slot in &plan.slots {
            let definition = self
                .types
                .fields(&slot.parent)
                .or_else(|| meta_types().fields(&slot.parent))
                .and_then(|f| f.get(&slot.field));
            let own;
            let definitions = match (definition, slot.field.as_str()) {
                (Some(d), _) => &d.args,
                (None, "__type") => {
                    own = type_argument();
                    &own
                }
                (None, _) => {
                    own = indexmap::IndexMap::new();
                    &own
                }
            };
            let coerced =
                coerce::arguments(&self.types, definitions, &slot.written, &ready.variables, slot.pos);
            let checked = coerced.and_then(|coerced| {
                if slot.parent == self.types.query {
                    arguments::look_up(&gate, &slot.field, &coerced)?;
                }
                let link = if slot.is_link() {
                    arguments::link(&gate, &slot.field, &coerced, ready.language.as_deref())?
                } else {
                    Args::None
                };
                Ok((coerced, link))
            });
            match checked {
                Ok((coerced, link)) => {
                    slots.push(Ok(coerced));
                    args.push(link);
                }
                Err(error) => {
                    slots.push(Err(error));
                    args.push(Args::None);
                }
            }
        }
        (slots, args)
    }

    /// Whether a viewer may know how many rows the sources gave: it sees every record behind them. An assortment, or a
    /// customer that a program acts for, narrows that.
    fn sees_whole(&self, plan: &Plan, sight: &Sight) -> bool {
        let allows = |right| sight.rights().allows(right);
        let customers = plan.needs.iter().flatten().any(|need| {
            need.right == Right::CustomerRead || need.entity.is_some() && need.entity == self.catalog.customer
        });
        allows(Right::Read)
            && allows(Right::Hidden)
            && sight.own().is_none()
            && (!customers || allows(Right::CustomerRead))
    }

    /// A plan in words. Sources are asked for the kinds of their columns, and which of their rows may pass a filter.
    async fn describe(
        &self,
        prepared: &Prepared,
        plan: &Plan,
        slots: &Slots,
        args: &[Args],
        (open, strategy): (Open, Strategy),
    ) -> String {
        let asked = describe::Asked { slots, args };
        let moment = Moment::now(Some(self.catalog.engine.limits.request));
        let ask = Ask::new(moment, open, strategy);
        let lists = describe::lists::settle(&self.catalog, &ask, plan, asked).await;
        describe::plan(&self.catalog, prepared.name.as_deref(), plan, asked, &lists)
    }

    /// The plan of an operation as text: levels, strategies, statements; for who may read every field, and sees what is
    /// on the web. None of its lists is read.
    pub async fn explain_plan(&self, request: &GraphqlRequest) -> Result<String, Vec<GraphqlError>> {
        let prepared = self.operations.prepare(&request.query, request.operation_name.as_deref()).await?;
        let context = RequestContext::default();
        let ready = self.make_ready(&prepared, request, &context)?;
        let rights = Rights(Arc::from([Right::Read, Right::CustomerRead].map(Grant::whole)));
        let judgement = self.judge(&ready.plan, (rights, None), &context.viewer, Ok(None));
        let (slots, args) = self.arguments(&ready, &judgement);
        if let Some(error) = nested_limit(&ready.plan, &slots) {
            return Err(vec![error]);
        }
        let how = (Open::NONE, Strategy::Planned);
        Ok(self.describe(&prepared, &ready.plan, &slots, &args, how).await)
    }

    fn introspect<'a>(&'a self, root: &str, args: &ArgMap) -> Plain<'a> {
        let Some(introspection) = &self.introspection else { return Plain::Null };
        let node = if root == "__schema" {
            Some(introspection.schema())
        } else {
            arguments::text(args, "name").and_then(|n| introspection.type_named(&n))
        };
        node.map_or(Plain::Null, |node| Plain::object(Meta { node, introspection }))
    }
}

/// The sources that did not answer, so that a client knows what the answer may lack; `asOf`: how old what stands in for
/// it is.
fn degraded(troubles: Vec<(String, Trouble)>) -> Vec<Json> {
    let told = troubles.into_iter().map(|(source, trouble)| {
        let mut told = serde_json::json!({ "source": source, "cause": trouble.cause });
        if let Some(at) = trouble.stale {
            told["asOf"] = rfc3339(&at).into();
        }
        told
    });
    told.collect()
}

/// A page below the root that is larger than allowed: known before any source is asked, so none is.
/// (A root field's own error stands at its path, and sends nothing either.)
fn nested_limit(plan: &Plan, slots: &Slots) -> Option<GraphqlError> {
    (0..).zip(slots).zip(&plan.slots).find_map(|((index, coerced), slot)| {
        let error = coerced.as_ref().err().filter(|e| e.is(Code::PageTooLarge))?;
        let root = plan.roots.iter().any(|out| out.slot == Some(index));
        (!root).then(|| error.clone().at(slot.pos.line as usize, slot.pos.column as usize))
    })
}

/// A request made ready to run.
struct Ready {
    plan: Arc<Plan>,
    variables: Variables,
    cost: u64,
    language: Option<String>,
    throttle: Option<Throttle>,
}

/// What a viewer may see of a plan.
struct Judgement {
    /// What the viewer may see.
    sight: Sight,
    /// On whose terms the viewer buys.
    buyer: Buyer,
    /// What the viewer's rights make of each of the plan's needs.
    verdicts: Vec<Verdict>,
}

fn compile_with<'d>(
    types: &TypeSystem,
    (catalog, guards): (&Catalog, &Guards),
    language: Option<&str>,
    document: &'d super::syntax::Document,
    conditions: &Conditions,
    (root, roots): (&str, Vec<Selected<'d>>),
) -> Plan {
    let fields = |object: &str, s: &Selected<'d>| -> Vec<Selected<'d>> {
        collect(document, types, object, &s.sub(), conditions)
    };
    Compiler::new(types, meta_types(), catalog, guards, language, &fields).plan(root, roots)
}

/// `__type(name: String!)`.
fn type_argument() -> indexmap::IndexMap<String, super::types::InputDef> {
    use super::types::{InputDef, TypeRef};
    let name = InputDef {
        name: "name".into(),
        description: None,
        ty: TypeRef::NonNull(Box::new(TypeRef::Named("String".into()))),
        default: None,
        deprecated: None,
        applied: Vec::new(),
        place: crate::diagnostics::Place::default(),
    };
    indexmap::IndexMap::from([("name".to_owned(), name)])
}

/// A thing of introspection as a plain object.
struct Meta<'a> {
    node: Node<'a>,
    introspection: &'a Introspection,
}

impl PlainObject for Meta<'_> {
    fn field(&self, name: &str, args: &ArgMap) -> Plain<'_> {
        let get = |n: &str| args.get(n).cloned();
        match self.node.field(self.introspection, name, &get) {
            Answer::Null => Plain::Null,
            Answer::Bool(b) => Plain::Bool(b),
            Answer::Text(text) => Plain::Text(text),
            Answer::Texts(texts) => Plain::List(texts.into_iter().map(|t| Plain::Text(t.into())).collect()),
            Answer::Node(node) => Plain::object(Meta { node, introspection: self.introspection }),
            Answer::Nodes(nodes) => Plain::List(
                nodes
                    .into_iter()
                    .map(|node| Plain::object(Meta { node, introspection: self.introspection }))
                    .collect(),
            ),
        }
    }
}

/// Counts an error by its code.
fn counted(error: &GraphqlError) {
    metrics::error(error.code());
}

/// An answer without data.
fn refused(errors: &[GraphqlError], operation: Option<String>, outcome: Outcome) -> GraphqlResponse {
    let count = errors.len();
    errors.iter().for_each(counted);
    let body = serde_json::to_vec(&serde_json::json!({ "errors": errors })).unwrap_or_default();
    GraphqlResponse { body: Bytes::from(body), outcome, errors: count, operation, refresh_cookie: None }
}

#[async_trait]
impl Executor for Service {
    async fn execute(&self, request: GraphqlRequest, context: RequestContext) -> GraphqlResponse {
        self.answer(&request, &context).await
    }

    fn gauge(&self) {
        for source in &self.catalog.engine.sources {
            metrics::circuit(source.name(), source.pulse().circuit.word(), &Circuit::WORDS);
        }
        metrics::cache_entries("plans", self.plans.entry_count());
        metrics::cache_entries("documents", self.operations.entries());
    }

    async fn health(&self) -> Vec<(String, Result<String, String>)> {
        let asked = status::ask(&self.catalog.engine).await;
        asked.into_iter().map(|source| (source.name, source.state)).collect()
    }
}
