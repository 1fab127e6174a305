//! Law 4: pages that a filter and a sort choose hold what the naive list holds, in its order, forward
//! and backward.

use std::sync::atomic::{AtomicUsize, Ordering};

use comptoir::graphql::request::Strategy as Way;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value as Json, json};

use super::{
    law_on, law_with,
    shop::{self, RandomShop, TEXTS},
};
use crate::{
    naive::{Entity, Twin},
    support::{
        gateway::{self, Gateway},
        postgres,
        shops::Engine,
        sqlserver,
    },
};

/// Whose list.
#[derive(Clone, Debug)]
pub(super) enum Scope {
    Articles,
    References,
    /// A department's articles, its sub-departments' too.
    Department(usize, bool),
    /// An article's references.
    Article(usize),
}

/// A list as a client may ask for it.
#[derive(Clone, Debug)]
pub(super) struct RandomList {
    pub(super) scope: Scope,
    pub(super) filter: Json,
    pub(super) sort: Json,
    pub(super) page: usize,
    /// Where a client turns round.
    pub(super) turn: usize,
    pub(super) english: bool,
}

/// How many random shops: `COMPTOIR_LAWS`, else 150, or 3,000 in a soak.
fn shops() -> u32 {
    if std::env::var_os("COMPTOIR_LAWS").is_some() {
        return super::shops();
    }
    if std::env::var_os("COMPTOIR_SOAK").is_some() { 3_000 } else { 150 }
}

// --- filters and sorts ---------------------------------------------------------------------------

/// What the folding tests look for: parts of [`TEXTS`], and what only looks like one.
const PARTS: &[&str] = &[
    "oe",
    "Œ",
    "ss",
    "ß",
    "ẞ",
    "ae",
    "e",
    "É",
    "\u{301}",
    "ve\u{301}",
    "lo ",
    "%",
    "_",
    "[x]",
    "\\",
    "'",
    "’",
    "",
    "  ",
    " v",
    "i",
    "İ",
    "ı",
    "o",
    "0",
    "🚲",
    "noir",
];

/// What else is served: by the back office, by default, in English, by the ERP.
const SERVED: &[&str] = &[
    "Titre du site",
    "Du site",
    "du SITE",
    "ART-1",
    "art-2",
    "V-0-0",
    "Bike",
    "helmet",
    "English",
    "France",
    "thailande",
    "Pièce",
    "FAM1",
    "376000",
];

/// Moments, of both nights in which clocks are changed too.
const MOMENTS: &[&str] = &[
    "2024-03-30T23:00:00Z",
    "2024-03-31T00:00:00+01:00",
    "2023-07-13T22:00:00Z",
    "2024-01-01T00:00:00Z",
    "2024-03-31T00:59:00Z",
    "2024-03-31T01:00:00Z",
    "2024-10-27T00:30:00Z",
    "2024-10-27T01:15:00Z",
    "2024-10-27T02:00:00Z",
];

type Op = (&'static str, Json);

fn ops(names: &'static [&'static str], value: BoxedStrategy<Json>) -> BoxedStrategy<Op> {
    (select(names), value).boxed()
}

/// A list of values behind `in` or `notIn`.
fn sets(names: &'static [&'static str], value: BoxedStrategy<Json>) -> BoxedStrategy<Op> {
    ops(names, vec(value, 0..4).prop_map(Json::from).boxed())
}

fn null() -> BoxedStrategy<Op> {
    prop_oneof![
        any::<bool>().prop_map(|is| ("isNull", json!(is))),
        select(&["eq", "ne"][..]).prop_map(|op| (op, Json::Null)),
    ]
    .boxed()
}

/// Several tests of one value.
fn object(op: BoxedStrategy<Op>) -> BoxedStrategy<Json> {
    let one = op.prop_map(|op| vec![op]);
    let ops = prop_oneof![6 => one.clone(), 1 => (one.clone(), one).prop_map(|(a, b)| [a, b].concat()), 1 => Just(vec![])];
    ops.prop_map(|ops| ops.into_iter().map(|(op, arg)| (op.to_owned(), arg)).collect::<Map<_, _>>().into())
        .boxed()
}

fn one_of(values: &'static [&'static str]) -> BoxedStrategy<Json> {
    select(values).prop_map(Json::from).boxed()
}

fn texts() -> BoxedStrategy<Json> {
    let whole = || prop_oneof![2 => one_of(TEXTS), 1 => one_of(SERVED)].boxed();
    object(
        prop_oneof![
            4 => ops(&["eq", "ne"], whole()),
            2 => sets(&["in", "notIn"], whole()),
            4 => ops(&["contains", "startsWith", "endsWith"], one_of(PARTS)),
            4 => ops(&["matches", "contains", "startsWith", "endsWith"], whole()),
            2 => null(),
        ]
        .boxed(),
    )
}

fn ordered(value: BoxedStrategy<Json>) -> BoxedStrategy<Json> {
    object(
        prop_oneof![
            3 => ops(&["eq", "ne"], value.clone()),
            2 => sets(&["in"], value.clone()),
            5 => ops(&["gt", "gte", "lt", "lte"], value),
            2 => null(),
        ]
        .boxed(),
    )
}

fn codes() -> BoxedStrategy<Json> {
    let known =
        (0..14_usize, select(&["ART-", "art-", "V-"][..]), select(&["", "-0", "-1", "-P", "~1", "  "][..]))
            .prop_map(|(n, start, end)| Json::from(format!("{start}{n}{end}")))
            .boxed();
    object(
        prop_oneof![
            2 => ops(&["eq"], known.clone()),
            2 => sets(&["in"], known),
            2 => ops(&["startsWith"], one_of(&["ART-1", "art-", "V-", "v-1", "%", ""])),
        ]
        .boxed(),
    )
}

/// A test of one field, as `{ field: … }`.
fn field(entity: Entity) -> BoxedStrategy<Json> {
    let decimal =
        || one_of(&["0", "1.25", "0.5", "1.250", "12.000001", "0.28", "280", "13.25", "20", "5.5", "-1"]);
    let named = |name: BoxedStrategy<&'static str>, value: BoxedStrategy<Json>| {
        (name, value).prop_map(|(name, value)| json!({ name: value })).boxed()
    };
    match entity {
        Entity::Article => prop_oneof![
            8 => named(select(&["title", "brand", "subtitle"][..]).boxed(), texts()),
            2 => named(select(&["summary", "unit", "family", "origin"][..]).boxed(), texts()),
            1 => named(Just("origin").boxed(), object(prop_oneof![ops(&["eq", "ne", "matches"], one_of(&["France", "thailande", "Du site"])), sets(&["in", "notIn"], one_of(&["France", "Thaïlande", "Du site"]))].boxed())),
            1 => named(Just("family").boxed(), object(sets(&["in"], one_of(&["FAM1", "FAM2", "fam3"])))),
            3 => named(select(&["weight", "vatRate"][..]).boxed(), ordered(decimal())),
            3 => named(Just("warrantyMonths").boxed(), ordered(select(&[0, 1, 6, 12, 24, 36][..]).prop_map(Json::from).boxed())),
            3 => named(select(&["createdAt", "updatedAt"][..]).boxed(), ordered(one_of(MOMENTS))),
            2 => named(Just("electric").boxed(), object(prop_oneof![ops(&["eq"], any::<bool>().prop_map(Json::from).boxed()), null_only()].boxed())),
            2 => named(Just("terrain").boxed(), object(prop_oneof![
                ops(&["eq", "ne"], one_of(&["ROUTE", "SENTIER", "RANDONNEE"])),
                sets(&["in"], one_of(&["ROUTE", "SENTIER"])),
                null(),
            ].boxed())),
            1 => named(Just("code").boxed(), codes()),
            3 => named(Just("department").boxed(), departments()),
            3 => named(Just("references").boxed(), option_object("some", vec(field(Entity::Reference), 0..3).prop_map(joined).boxed())),
            1 => named(Just("references").boxed(), option_object("some", field(Entity::Reference).prop_map(|not| json!({ "not": not })).boxed())),
            2 => named(select(&["images", "documents"][..]).boxed(), option_object("isEmpty", any::<bool>().prop_map(Json::from).boxed())),
        ]
        .boxed(),
        _ => prop_oneof![
            6 => named(Just("title").boxed(), texts()),
            2 => named(select(&["unit", "barcode"][..]).boxed(), texts()),
            1 => named(Just("barcode").boxed(), object(ops(&["eq", "startsWith"], one_of(&["376000", "376001"])))),
            3 => named(Just("weight").boxed(), ordered(decimal())),
            1 => named(Just("updatedAt").boxed(), ordered(one_of(MOMENTS))),
            2 => named(Just("code").boxed(), codes()),
            2 => named(select(&["images", "documents"][..]).boxed(), option_object("isEmpty", any::<bool>().prop_map(Json::from).boxed())),
        ]
        .boxed(),
    }
}

/// What a department's subtree is asked by: ones that are there, hidden or not, an overlay's own, and none.
fn departments() -> BoxedStrategy<Json> {
    option_object("under", one_of(&["1", "2", "3", "4", "5", "w-a", "9", "w-b", "x"]))
}

/// An input of one member, which may be null or left out.
fn option_object(name: &'static str, value: BoxedStrategy<Json>) -> BoxedStrategy<Json> {
    prop_oneof![
        12 => value.prop_map(move |value| json!({ name: value })),
        1 => Just(json!({ name: null })),
        1 => Just(json!({})),
    ]
    .boxed()
}

/// `isNull` alone: a yes or no has no `ne`.
fn null_only() -> BoxedStrategy<Op> {
    any::<bool>().prop_map(|is| ("isNull", json!(is))).boxed()
}

/// Several conditions in one object; the later of one name stays.
fn joined(parts: Vec<Json>) -> Json {
    parts
        .into_iter()
        .flat_map(|part| part.as_object().cloned().unwrap_or_default())
        .collect::<Map<_, _>>()
        .into()
}

fn filters(entity: Entity) -> BoxedStrategy<Json> {
    let some = vec(field(entity), 0..3).prop_map(joined).boxed();
    let deep = some.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            (vec(inner.clone(), 0..3), field(entity))
                .prop_map(|(all, beside)| joined(vec![json!({ "and": all }), beside])),
            vec(inner.clone(), 0..3).prop_map(|any| json!({ "or": any })),
            inner.clone().prop_map(|not| json!({ "not": not })),
            (inner.clone(), inner, field(entity))
                .prop_map(|(not, a, b)| joined(vec![json!({ "not": not, "or": [a, b] })])),
        ]
    });
    prop_oneof![1 => Just(Json::Null), 8 => deep].boxed()
}

fn sorts(entity: Entity) -> BoxedStrategy<Json> {
    let fields: &[&str] = match entity {
        Entity::Article => &[
            "TITLE",
            "BRAND",
            "SUBTITLE",
            "SUMMARY",
            "FAMILY",
            "UNIT",
            "ORIGIN",
            "WEIGHT",
            "VAT_RATE",
            "WARRANTY_MONTHS",
            "CREATED_AT",
            "UPDATED_AT",
            "UPDATED_AT",
            "ELECTRIC",
            "TERRAIN",
            "CODE",
        ],
        _ => &["TITLE", "WEIGHT", "UNIT", "BARCODE", "UPDATED_AT", "CODE"],
    };
    let key = (
        select(fields),
        option::of(select(&["DESC", "ASC"][..])),
        option::of(select(&["FIRST", "LAST"][..])),
    )
        .prop_map(|(field, direction, nulls)| {
            let mut key = Map::from_iter([("field".to_owned(), Json::from(field))]);
            key.extend(direction.map(|d| ("direction".to_owned(), d.into())));
            key.extend(nulls.map(|n| ("nulls".to_owned(), n.into())));
            Json::from(key)
        });
    vec(key, 0..4).prop_map(Json::from).boxed()
}

pub(super) fn list() -> BoxedStrategy<RandomList> {
    let scope = prop_oneof![
        4 => Just(Scope::Articles),
        3 => Just(Scope::References),
        2 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(n, deep)| Scope::Department(n.index(100), deep)),
        1 => any::<prop::sample::Index>().prop_map(|n| Scope::Article(n.index(100))),
    ];
    scope
        .prop_flat_map(|scope| {
            let entity = entity_of(&scope);
            (Just(scope), filters(entity), sorts(entity), 1..6_usize, 0..16_usize, prop::bool::weighted(0.2))
        })
        .prop_map(|(scope, filter, sort, page, turn, english)| {
            let english = english && entity_of(&scope) == Entity::Article;
            RandomList { scope, filter, sort, page, turn, english }
        })
        .boxed()
}

pub(super) fn entity_of(scope: &Scope) -> Entity {
    match scope {
        Scope::Articles | Scope::Department(..) => Entity::Article,
        Scope::References | Scope::Article(_) => Entity::Reference,
    }
}

// --- pages ---------------------------------------------------------------------------------------

/// One list of a gateway, asked for page by page.
pub(super) struct Asked<'a> {
    gateway: &'a Gateway,
    query: String,
    path: &'static [&'static str],
    variables: Map<String, Json>,
    language: &'a [&'a str],
    strategy: Way,
}

/// The strategies that the planner chose.
static WAYS: std::sync::Mutex<std::collections::BTreeSet<String>> =
    std::sync::Mutex::new(std::collections::BTreeSet::new());

/// A page as it came.
pub(super) struct Page {
    pub(super) codes: Vec<String>,
    pub(super) cursors: Vec<Json>,
    pub(super) total: Json,
    pub(super) before: bool,
    pub(super) after: bool,
    pub(super) start: Json,
    pub(super) end: Json,
}

impl Asked<'_> {
    pub(super) async fn page(&self, with: &[(&str, Json)]) -> Result<Page, String> {
        let mut variables = self.variables.clone();
        variables.extend(with.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let first = variables.get("count") == Some(&Json::Bool(true));
        let answer =
            self.gateway.run_by((self.strategy, first), &self.query, variables.clone(), self.language);
        let answer = answer.await;
        if answer.get("errors").is_some() {
            return Err(format!("{} with {variables:?}: {answer}", self.query));
        }
        if first && self.strategy == Way::Planned {
            let levels = answer["extensions"]["plan"]["levels"].as_array().cloned().unwrap_or_default();
            let mut ways = WAYS.lock().expect("lock");
            ways.extend(levels.iter().filter_map(|level| level["strategy"].as_str().map(str::to_owned)));
        }
        let connection = self.path.iter().fold(&answer["data"], |at, step| &at[*step]);
        let edges = connection["edges"].as_array().ok_or_else(|| format!("{answer}"))?;
        let of = |name: &str| connection["pageInfo"][name].clone();
        Ok(Page {
            codes: edges.iter().filter_map(|e| e["node"]["code"].as_str().map(str::to_owned)).collect(),
            cursors: edges.iter().map(|e| e["cursor"].clone()).collect(),
            total: connection["totalCount"].clone(),
            before: of("hasPreviousPage") == true,
            after: of("hasNextPage") == true,
            start: of("startCursor"),
            end: of("endCursor"),
        })
    }
}

/// The list's records in CODE order, and how a client asks for it. `None`: the shop has no such list.
pub(super) fn asked<'a>(
    list: &RandomList,
    gateway: &'a Gateway,
    twin: &Twin,
    strategy: Way,
) -> Option<(Vec<String>, Asked<'a>)> {
    let mut variables =
        Map::from_iter([("filter".to_owned(), list.filter.clone()), ("sort".to_owned(), list.sort.clone())]);
    let mut among = |known: Vec<String>, n: usize| -> Option<String> {
        let code = known.get(n % known.len().max(1))?.clone();
        variables.insert("in".to_owned(), code.clone().into());
        Some(code)
    };
    let of = |references: Vec<crate::naive::Native>| {
        references.into_iter().map(|r| r.code).collect::<Vec<String>>()
    };
    let (codes, before, connection, after, path): (_, _, _, _, &[&str]) = match list.scope {
        Scope::Articles => (twin.articles(), "", "articles", "", &["articles"]),
        Scope::References => (of(twin.references()), "", "references", "", &["references"]),
        Scope::Department(n, deep) => {
            let visible = twin.all_departments().into_iter().filter(|d| twin.department_visible(d)).collect();
            let department = among(visible, n)?;
            variables.insert("deep".to_owned(), deep.into());
            let codes = if deep { twin.articles_below(&department) } else { twin.articles_in(&department) };
            (codes, "department(code: $in) { ", "articles", " }", &["department", "articles"])
        }
        Scope::Article(n) => {
            let article = among(twin.articles(), n)?;
            let references = twin.references().into_iter().filter(|r| r.article == article).collect();
            (of(references), "article(code: $in) { ", "references", " }", &["article", "references"])
        }
    };
    let entity = entity_of(&list.scope).name();
    let mut declared = String::new();
    if !before.is_empty() {
        declared.push_str("$in: ID!, ");
    }
    let mut deep = "";
    if matches!(list.scope, Scope::Department(..)) {
        declared.push_str("$deep: Boolean!, ");
        deep = ", deep: $deep";
    }
    let query = format!(
        "query ({declared}$filter: {entity}Filter, $sort: [{entity}Sort!], $first: Int, $after: String, $last: Int, $before: String, $count: Boolean = false) {{ \
         {before}{connection}(filter: $filter, sort: $sort, first: $first, after: $after, last: $last, before: $before{deep}) {{ \
         edges {{ cursor node {{ code }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} totalCount @include(if: $count) }}{after} }}"
    );
    let language: &[&str] = if list.english { &["en"] } else { &[] };
    Some((codes, Asked { gateway, query, path, variables, language, strategy }))
}

/// Whether a list that is longer than a small `limits.gather` may be refused: not one in CODE order, or by one
/// number that the back office does not give, where no condition hangs on other records.
fn refusable(shop: &RandomShop, list: &RandomList, strategy: Way) -> bool {
    let Some(gather) = shop.gather else { return false };
    let keys: Vec<&str> =
        list.sort.as_array().into_iter().flatten().filter_map(|key| key["field"].as_str()).collect();
    let hangs = ["department", "references", "images", "documents"];
    let filter = list.filter.to_string();
    let in_order = match keys.as_slice() {
        [] | ["CODE", ..] => true,
        // Dates may be spelled in many ways, and be one moment: those are gathered.
        ["WEIGHT"] => shop.overrides.len() <= gather && shop.upper(),
        _ => false,
    };
    strategy == Way::Gather
        || !matches!(list.scope, Scope::Articles)
        || !in_order
        || hangs.iter().any(|name| filter.contains(name))
}

/// What says that a list is too long.
fn is_refusal(text: &str) -> bool {
    ["SCAN_BUDGET_EXCEEDED", "SORT_NEEDS_INDEX", "UNSUPPORTED_FILTER"].iter().any(|code| text.contains(code))
}

/// The lists that differ from the naive ones.
async fn wrong(
    shop: &RandomShop,
    lists: &[RandomList],
    strategies: &[Way],
    gateway: &Gateway,
    twin: &Twin,
) -> Result<(), String> {
    let mut wrong = Vec::new();
    for list in lists {
        for strategy in strategies {
            let tried = the_list_is_the_naive_one(list, gateway, twin, *strategy).await;
            wrong.extend(tried.err().filter(|e| !(is_refusal(e) && refusable(shop, list, *strategy))));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n")) }
}

/// One list, read to its end in both directions, and from the middle.
pub(super) async fn the_list_is_the_naive_one(
    list: &RandomList,
    gateway: &Gateway,
    twin: &Twin,
    strategy: Way,
) -> Result<(), String> {
    let Some((codes, asked)) = asked(list, gateway, twin, strategy) else { return Ok(()) };
    let language = list.english.then_some("en");
    let expected = twin.list(entity_of(&list.scope), &codes, &list.filter, &list.sort, language);
    let what = || {
        format!(
            "{:?} {strategy:?}{} filter {} sort {}",
            list.scope,
            if list.english { " in English" } else { "" },
            list.filter,
            list.sort
        )
    };
    let differs = |way: &str, found: &[String]| {
        Err(format!("{way} by {} of {}\n  twin    {expected:?}\n  gateway {found:?}", list.page, what()))
    };
    let size = Json::from(list.page);
    // A list that never ends is not the naive one either.
    let pages = expected.len().div_ceil(list.page).max(1) + 2;
    let (mut found, mut cursors, mut from): (Vec<String>, Vec<Json>, Option<Json>) =
        (Vec::new(), Vec::new(), None);
    for _ in 0..pages {
        let mut with = vec![("first", size.clone()), ("count", from.is_none().into())];
        with.extend(from.clone().map(|cursor| ("after", cursor)));
        let page = asked.page(&with).await?;
        if from.is_none() && page.total != expected.len() {
            return Err(format!("totalCount {} and not {} of {}", page.total, expected.len(), what()));
        }
        if page.before == found.is_empty() && !expected.is_empty() {
            return Err(format!("hasPreviousPage is {} after {found:?} of {}", page.before, what()));
        }
        if page.after && page.codes.len() != list.page {
            return Err(format!("a page of {} and not {} of {}", page.codes.len(), list.page, what()));
        }
        if (&page.start, &page.end)
            != (page.cursors.first().unwrap_or(&Json::Null), page.cursors.last().unwrap_or(&Json::Null))
        {
            return Err(format!("startCursor and endCursor are not the edges' of {}", what()));
        }
        found.extend(page.codes);
        cursors.extend(page.cursors);
        if page.after != (found.len() < expected.len()) {
            return Err(format!("hasNextPage is {} after {found:?} of {}", page.after, what()));
        }
        from = Some(page.end);
        if !page.after {
            break;
        }
    }
    if found != expected {
        return differs("forward", &found);
    }
    let (mut found, mut from): (Vec<String>, Option<Json>) = (Vec::new(), None);
    for _ in 0..pages {
        let mut with = vec![("last", size.clone()), ("count", from.is_none().into())];
        with.extend(from.clone().map(|cursor| ("before", cursor)));
        let page = asked.page(&with).await?;
        if from.is_none() && page.total != expected.len() {
            return Err(format!(
                "totalCount {} and not {}, backward, of {}",
                page.total,
                expected.len(),
                what()
            ));
        }
        if page.after == found.is_empty() && !expected.is_empty() {
            return Err(format!("hasNextPage is {} before {found:?} of {}", page.after, what()));
        }
        if page.before && page.codes.len() != list.page {
            return Err(format!(
                "a page of {} and not {}, backward, of {}",
                page.codes.len(),
                list.page,
                what()
            ));
        }
        found.splice(0..0, page.codes);
        if page.before != (found.len() < expected.len()) {
            return Err(format!("hasPreviousPage is {} before {found:?} of {}", page.before, what()));
        }
        from = Some(page.start);
        if !page.before {
            break;
        }
    }
    if found != expected {
        return differs("backward", &found);
    }
    // From any edge, either way.
    if let Some(cursor) = cursors.get(list.turn % cursors.len().max(1)) {
        let at = list.turn % cursors.len();
        let page = asked.page(&[("last", size.clone()), ("before", cursor.clone())]).await?;
        if page.codes != expected[at.saturating_sub(list.page)..at] {
            return differs(&format!("before {}", expected[at]), &page.codes);
        }
        let page = asked.page(&[("first", size), ("after", cursor.clone())]).await?;
        if page.codes != expected[at + 1..expected.len().min(at + 1 + list.page)] {
            return differs(&format!("after {}", expected[at]), &page.codes);
        }
    }
    Ok(())
}

/// Every list by the strategy that the planner chooses (a page of the deciding source, a merge of streams, or all
/// gathered), and gathered. In a shop with low limits a list is the naive one, or refused.
#[test]
fn law_4_a_list_is_the_naive_one() {
    let strategy = (shop::shops_of(14), vec(list(), 1..8));
    let count = shops();
    law_with("law 4", count, &strategy, async |shop, lists, _, gateway, twin| {
        wrong(shop, lists, &[Way::Planned, Way::Gather], gateway, twin).await
    });
    if count >= 100 {
        let ways = WAYS.lock().expect("lock");
        for way in ["PUSH_DOWN_PAGE", "MERGE_SCAN", "GATHER"] {
            assert!(ways.contains(way), "no list was read by {way}: {ways:?}");
        }
    }
}

/// Lists in CODE order, or by one number, by conditions of which sources are told.
fn lists_in_parts() -> BoxedStrategy<RandomList> {
    let told = || {
        let number = |name: &'static str, values: &'static [&'static str]| {
            (select(&["gt", "gte", "lt", "lte", "eq"][..]), select(values))
                .prop_map(move |(op, value)| json!({ name: { op: value } }))
        };
        let months = (select(&["gte", "lte", "eq"][..]), select(&[0, 6, 12, 24][..]))
            .prop_map(|(op, value)| json!({ "warrantyMonths": { op: value } }));
        let brand =
            select(&["e", "o", "v", "noir"][..]).prop_map(|part| json!({ "brand": { "contains": part } }));
        prop_oneof![
            3 => number("weight", &["0", "0.28", "0.5", "1.25", "280"]),
            3 => months,
            2 => brand,
            1 => Just(json!({ "electric": { "eq": true } })),
        ]
    };
    let filter = prop_oneof![
        4 => told(),
        2 => (told(), told()).prop_map(|(a, b)| json!({ "or": [a, b] })),
        1 => (told(), told(), told()).prop_map(|(a, b, c)| json!({ "and": [a, { "or": [b, c] }] })),
    ];
    let sort = prop_oneof![
        3 => Just(json!([])),
        2 => Just(json!([{ "field": "CODE", "direction": "DESC" }])),
        2 => (select(&["WEIGHT", "WARRANTY_MONTHS"][..]), select(&["ASC", "DESC"][..]), select(&["FIRST", "LAST"][..]))
            .prop_map(|(field, direction, nulls)| json!([{ "field": field, "direction": direction, "nulls": nulls }])),
    ];
    (filter, sort, 1..6_usize, 0..16_usize)
        .prop_map(|(filter, sort, page, turn)| RandomList {
            scope: Scope::Articles,
            filter,
            sort,
            page,
            turn,
            english: false,
        })
        .boxed()
}

#[test]
fn law_4_a_list_in_parts_is_the_naive_one() {
    // Parts of a list that end with a window of IsoShop's codes: forward, backward.
    let parts = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let shops_in_parts = (shop::shops_of(14), 1..4_usize).prop_map(|(shop, gather)| shop.in_parts(gather));
    let strategy = (shops_in_parts, vec(lists_in_parts(), 4..12));
    law_with("law 4 in parts", shops(), &strategy, async |shop, lists, _, gateway, twin| {
        gateway.statements();
        let tried = wrong(shop, lists, &[Way::Planned], gateway, twin).await;
        for sent in gateway.statements().iter().filter(|sent| sent.source == "erp") {
            for (bound, parts) in ["<=", ">="].iter().zip(&parts) {
                let ends = sent.sql.contains(&format!("\"a\".\"AR_Ref\" COLLATE BINARY {bound}"));
                parts.fetch_add(usize::from(ends), Ordering::Relaxed);
            }
        }
        tried
    });
    if gateway::ready("law 4 in parts") {
        let parts = parts.map(AtomicUsize::into_inner);
        println!("parts read forward and backward: {parts:?}");
        assert!(parts.iter().all(|parts| *parts > 0), "no list was read in parts: {parts:?}");
    }
}

/// The law where the two bases are of different servers, each of which filters and sorts in its own way.
fn on_servers(name: &str, erp: Engine, isoshop: Engine) {
    // SQL Server holds an ERP's texts in its code page, and the twin reads them elsewhere.
    let paged = erp == Engine::SqlServer;
    let shops = shop::shops_of(14).prop_map(move |shop| if paged { shop.of_code_page() } else { shop });
    let strategy = (shops, vec(list(), 12..20));
    law_on(
        name,
        on_servers_shops(),
        Some((erp, isoshop)),
        &strategy,
        async |shop, lists, _, gateway, twin| wrong(shop, lists, &[Way::Planned], gateway, twin).await,
    );
}

/// `COMPTOIR_SERVER_LAWS`, else 6: databases of servers take their time to make.
fn on_servers_shops() -> u32 {
    std::env::var("COMPTOIR_SERVER_LAWS").ok().and_then(|n| n.parse().ok()).unwrap_or(6)
}

#[test]
fn law_4_on_postgres_and_sqlserver() {
    let name = "law 4 on PostgreSQL and SQL Server";
    if postgres::available(name) && sqlserver::available(name) {
        on_servers(name, Engine::Postgres, Engine::SqlServer);
    }
}

#[test]
fn law_4_on_sqlserver_and_postgres() {
    let name = "law 4 on SQL Server and PostgreSQL";
    if postgres::available(name) && sqlserver::available(name) {
        on_servers(name, Engine::SqlServer, Engine::Postgres);
    }
}
