//! Law 6: what a viewer gets is what the naive twin shows to who has the same grants: by code, by id, nested, under
//! aliases and fragments, through the interface; and lists with their filters, sorts, pages and counts.

use comptoir::graphql::request::Strategy as Way;
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Map, Value as Json, json};

use super::{
    law_with,
    lists::{RandomList, Scope, entity_of, list, the_list_is_the_naive_one},
    shop,
};
use crate::{
    naive::{Entity, Granted, Sees, Twin},
    support::gateway::{self, Gateway, STAFF},
};

/// Fields in groups of their own, lists of files, options and departments among them, and some that need a right.
const GUARDS: &str = "extend type Article @fieldGroup(field: \"warrantyMonths\", name: \"purchase\") \
     @fieldGroup(field: \"origin\", name: \"secret\") @requires(field: \"unit\", right: \"provenance\") \
     @fieldGroup(field: \"images\", name: \"files\") @fieldGroup(field: \"options\", name: \"purchase\") \
     @fieldGroup(field: \"departments\", name: \"places\")\n\
     extend type Reference @requires(field: \"barcode\", right: \"provenance\")\n";

fn grants() -> impl Strategy<Value = Sees> {
    let one = (
        select(&["read", "read", "read", "read", "hidden", "hidden", "provenance"][..]),
        option::of(select(&["Article", "Reference", "Department"][..])),
        option::weighted(0.4, select(&["base", "base", "base", "purchase", "secret", "files", "places"][..])),
        option::weighted(0.6, select(&["1", "2", "3", "4", "5", "w-a", "W-A", "x"][..])),
    );
    let one =
        one.prop_map(|(right, entity, fields, department)| Granted { right, entity, fields, department });
    vec(one, 1..6).prop_map(Sees)
}

/// The group of an article's field and the rights it needs beside `read`.
fn guard(entity: Entity, field: &str) -> (&'static str, &'static [&'static str]) {
    match (entity, field) {
        (Entity::Article, "warrantyMonths") => ("purchase", &[]),
        (Entity::Article, "origin") => ("secret", &[]),
        (Entity::Article, "options") => ("purchase", &[]),
        (Entity::Article | Entity::Reference, "images" | "image") => ("files", &[]),
        (Entity::Article, "departments" | "department") => ("places", &[]),
        (Entity::Reference, "barcode") => ("base", &["provenance"]),
        // A reference's is inherited.
        (Entity::Article | Entity::Reference, "unit") => ("base", &["provenance"]),
        _ => ("base", &[]),
    }
}

/// What is expected at one path or below it: values, and where one is refused.
struct Expected<'a> {
    twin: &'a Twin,
    sees: &'a Sees,
    refused: Vec<Json>,
}

impl Expected<'_> {
    fn refuse(&mut self, path: &[Json]) -> Json {
        self.refused.push(path.into());
        Json::Null
    }

    /// Whether a field of a record that is seen is shown.
    fn may(&self, entity: Entity, code: &str, field: &str) -> bool {
        let (group, rights) = guard(entity, field);
        let mut all = std::iter::once(&"read").chain(rights);
        all.all(|right| self.sees.may(self.twin, right, entity, group, code))
    }

    /// A field of a record that is seen.
    fn field(&mut self, entity: Entity, code: &str, field: &str, path: &[Json]) -> Json {
        if self.may(entity, code, field) {
            self.twin.value(entity, code, field)
        } else {
            self.refuse(&at(path, field))
        }
    }

    /// What only some may see of a record that is seen: which values do not matter.
    fn secrets(&mut self, entity: Entity, code: &str, path: &[Json], into: &mut Map<String, Json>) {
        if self.sees.may(self.twin, "hidden", entity, "base", code) {
            into.insert("hiddenReason".into(), ANY.into());
        } else {
            into.insert("hiddenReason".into(), self.refuse(&at(path, "hiddenReason")));
        }
        let told = if self.sees.may(self.twin, "provenance", entity, "base", code) {
            json!([{ "field": "title" }])
        } else {
            self.refuse(&at(path, "provenance"))
        };
        into.insert("provenance".into(), told);
    }

    fn department(&mut self, code: &str) -> Json {
        let path: Vec<String> =
            self.twin.path(code).into_iter().filter(|d| self.twin.department_visible(d)).collect();
        let parent = self.twin.parent(code).filter(|d| self.twin.department_visible(d));
        json!({ "code": code, "path": coded(path), "parent": parent.map(|code| json!({ "code": code })) })
    }

    fn article(&mut self, code: &str, path: &[Json]) -> Json {
        let mut record = Map::new();
        record.insert("code".into(), code.into());
        for field in ["title", "warrantyMonths", "origin", "unit"] {
            let value = self.field(Entity::Article, code, field, path);
            record.insert(field.into(), value);
        }
        record.insert(
            "w".into(),
            if self.sees.may(self.twin, "read", Entity::Article, "purchase", code) {
                self.twin.value(Entity::Article, code, "warrantyMonths")
            } else {
                self.refuse(&at(path, "w"))
            },
        );
        self.secrets(Entity::Article, code, path, &mut record);
        // What they hold other laws tell: whether they are shown is asked here. `image` is guarded with `images`.
        for field in ["image", "images", "options"] {
            let value = if self.may(Entity::Article, code, field) {
                ANY.into()
            } else {
                self.refuse(&at(path, field))
            };
            record.insert(field.into(), value);
        }
        let (list, main) = self.twin.departments(code);
        if self.sees.reads(Entity::Department) && self.may(Entity::Article, code, "departments") {
            let list: Vec<Json> = list.iter().map(|d| self.department(d)).collect();
            record.insert("departments".into(), list.into());
            record.insert("department".into(), main.map(|code| json!({ "code": code })).into());
        } else {
            for field in ["departments", "department"] {
                let refused = self.refuse(&at(path, field));
                record.insert(field.into(), refused);
            }
        }
        let related: Vec<String> = self.twin.related(code).into_iter().map(|(code, _)| code).collect();
        record.insert("related".into(), coded(unique(related)));
        if self.sees.reads(Entity::Reference) {
            let of = |r: &crate::naive::Native| r.article == code;
            let references: Vec<String> =
                self.twin.references().into_iter().filter(of).map(|r| r.code).collect();
            let page = json!({ "totalCount": references.len(), "nodes": coded(references) });
            record.insert("references".into(), page);
        } else {
            let refused = self.refuse(&at(path, "references"));
            record.insert("references".into(), refused);
        }
        record.into()
    }

    fn reference(&mut self, code: &str, path: &[Json]) -> Json {
        let mut record = Map::new();
        record.insert("code".into(), code.into());
        for field in ["unit", "barcode"] {
            let value = self.field(Entity::Reference, code, field, path);
            record.insert(field.into(), value);
        }
        self.secrets(Entity::Reference, code, path, &mut record);
        let article = if self.sees.reads(Entity::Article) {
            let article = self.twin.references().into_iter().find(|r| r.code == code).map(|r| r.article);
            let seen = article.filter(|a| self.twin.article_visible(a));
            seen.map_or(Json::Null, |a| {
                let origin = self.field(Entity::Article, &a, "origin", &at(path, "article"));
                json!({ "code": a, "origin": origin })
            })
        } else {
            self.refuse(&at(path, "article"))
        };
        record.insert("article".into(), article);
        record.into()
    }

    fn whole_department(&mut self, code: &str, path: &[Json]) -> Json {
        let mut record = self.department(code).as_object().cloned().unwrap_or_default();
        self.secrets(Entity::Department, code, path, &mut record);
        record.insert("children".into(), coded(self.twin.children(Some(code))));
        if self.sees.reads(Entity::Article) {
            let (below, here) = (self.twin.articles_below(code), self.twin.articles_in(code));
            record.insert("below".into(), json!({ "totalCount": below.len(), "nodes": coded(below) }));
            record.insert("here".into(), json!({ "totalCount": here.len(), "nodes": coded(here) }));
        } else {
            for field in ["below", "here"] {
                let refused = self.refuse(&at(path, field));
                record.insert(field.into(), refused);
            }
        }
        record.into()
    }
}

/// Matches any value.
const ANY: &str = "\u{1}";

fn at(path: &[Json], field: &str) -> Vec<Json> {
    path.iter().cloned().chain([field.into()]).collect()
}

fn coded(codes: Vec<String>) -> Json {
    codes.into_iter().map(|code| json!({ "code": code })).collect()
}

fn unique(codes: Vec<String>) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for code in codes {
        if !seen.contains(&code) {
            seen.push(code);
        }
    }
    seen
}

fn same(expected: &Json, found: &Json) -> bool {
    match (expected, found) {
        (Json::String(any), _) if any == ANY => true,
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|found| same(v, found)))
        }
        _ => expected == found,
    }
}

const FRAGMENTS: &str = "\
    fragment D on Department { code path { code } parent { code } } \
    fragment Whole on Department { ...D hiddenReason provenance(fields: [\"title\"]) { field } children { code } \
        below: articles(first: 100) { totalCount nodes { code } } here: articles(first: 100, deep: false) { totalCount nodes { code } } } \
    fragment Secret on Article { warrantyMonths origin unit w: warrantyMonths hiddenReason provenance(fields: [\"title\"]) { field } } \
    fragment A on Article { code title ...Secret image { url } images { url } options { name } departments { ...D } department { code } related { code } \
        references(first: 100) { totalCount nodes { code } } } \
    fragment R on Reference { code unit barcode hiddenReason provenance(fields: [\"title\"]) { field } article { code ... on Article { origin } } }";

/// Every record, asked for by its code and by its id, and codes of nothing.
async fn records_are_the_naive_ones(gateway: &Gateway, twin: &Twin, sees: &Sees) -> Result<(), String> {
    let names = |entity: Entity, twin: &Twin| -> Vec<String> {
        let mut codes = match entity {
            Entity::Article => twin.all_articles(),
            Entity::Department => twin.all_departments(),
            Entity::Reference => twin.all_references().into_iter().map(|r| r.code).collect(),
        };
        codes.push("nobody".into());
        codes
    };
    let entities = [
        (Entity::Article, "article", "A"),
        (Entity::Reference, "reference", "R"),
        (Entity::Department, "department", "Whole"),
    ];
    for (entity, root, fragment) in entities {
        let codes = names(entity, twin);
        for code in &codes {
            let query =
                format!("query ($c: ID!) {{ {root}(code: $c) {{ ...{fragment} }} }} {}", used(fragment));
            let variables = Map::from_iter([("c".to_owned(), Json::from(code.clone()))]);
            let mut expected = Expected { twin, sees, refused: Vec::new() };
            let record = expected.root(entity, code, &[root.into()]);
            check(gateway, &query, variables, &json!({ root: record }), expected.refused).await?;
        }
        // By id, all at once, through the interface.
        let ids: Vec<Json> = codes.iter().map(|code| id(entity, code).into()).collect();
        let query =
            format!("query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ...{fragment} }} }} {}", used(fragment));
        let mut expected = Expected { twin, sees, refused: Vec::new() };
        let readable =
            [Entity::Article, Entity::Reference, Entity::Department].iter().any(|e| sees.reads(*e));
        let nodes = if readable {
            let mut nodes = Vec::new();
            for (n, code) in codes.iter().enumerate() {
                let mut node = expected.root(entity, code, &["nodes".into(), n.into()]);
                if let Some(node) = node.as_object_mut() {
                    node.insert("id".into(), ids[n].clone());
                }
                nodes.push(node);
            }
            Json::from(nodes)
        } else {
            expected.refuse(&["nodes".into()])
        };
        let variables = Map::from_iter([("ids".to_owned(), ids.into())]);
        check(gateway, &query, variables, &json!({ "nodes": nodes }), expected.refused).await?;
    }
    // The tree from its top.
    let mut expected = Expected { twin, sees, refused: Vec::new() };
    let tops = if sees.reads(Entity::Department) {
        coded(twin.tops())
    } else {
        expected.refuse(&["departments".into()])
    };
    check(gateway, "{ departments { code } }", Map::new(), &json!({ "departments": tops }), expected.refused)
        .await
}

impl Expected<'_> {
    /// A record at a root field or behind an id.
    fn root(&mut self, entity: Entity, code: &str, path: &[Json]) -> Json {
        if !self.sees.reads(entity) {
            return self.refuse(path);
        }
        let seen = match entity {
            Entity::Article => self.twin.article_visible(code),
            Entity::Department => self.twin.department_visible(code),
            Entity::Reference => self.twin.references().iter().any(|r| r.code == code),
        };
        match entity {
            _ if !seen => Json::Null,
            Entity::Article => self.article(code, path),
            Entity::Reference => self.reference(code, path),
            Entity::Department => self.whole_department(code, path),
        }
    }
}

/// The fragments that a fragment needs.
fn used(fragment: &str) -> String {
    let all: Vec<&str> = FRAGMENTS.split("fragment ").filter(|f| !f.trim().is_empty()).collect();
    let mut names = vec![fragment];
    let mut at = 0;
    while let Some(name) = names.get(at).copied() {
        let text = all.iter().find(|f| f.starts_with(&format!("{name} on"))).expect("a fragment");
        for other in ["D", "Whole", "Secret", "A", "R"] {
            if text.contains(&format!("...{other} ")) && !names.contains(&other) {
                names.push(other);
            }
        }
        at += 1;
    }
    let texts = names.iter().filter_map(|n| all.iter().find(|f| f.starts_with(&format!("{n} on"))));
    texts.map(|f| format!("fragment {f}")).collect()
}

fn id(entity: Entity, code: &str) -> String {
    comptoir::catalog::cursor::node_id(entity.name(), code)
}

async fn check(
    gateway: &Gateway,
    query: &str,
    variables: Map<String, Json>,
    expected: &Json,
    mut refused: Vec<Json>,
) -> Result<(), String> {
    let answer = gateway.run(query, variables.clone(), &[]).await;
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    if let Some(other) = errors.iter().find(|e| e["extensions"]["code"] != "FORBIDDEN") {
        return Err(format!("{query} with {variables:?}: {other}"));
    }
    let mut found: Vec<Json> = errors.into_iter().map(|e| e["path"].clone()).collect();
    let by_text = |path: &Json| path.to_string();
    found.sort_by_key(by_text);
    refused.sort_by_key(by_text);
    if !same(expected, &answer["data"]) || found != refused {
        return Err(format!(
            "{query} with {variables:?}\n  twin    {expected} refused {}\n  gateway {} refused {}",
            Json::from(refused),
            answer["data"],
            Json::from(found)
        ));
    }
    Ok(())
}

/// Whether a list's filter and sort lean only on what its viewer sees of every record it sees.
fn leans(sees: &Sees, entity: Entity, filter: &Json, sort: &Json) -> bool {
    let field = |entity: Entity, name: &str| {
        let (group, rights) = guard(entity, name);
        let guarded = group != "base" || !rights.is_empty();
        let mut all = std::iter::once(&"read").chain(rights);
        !guarded || all.all(|right| sees.leans(right, entity, group))
    };
    let sorts = sort.as_array().into_iter().flatten().all(|key| {
        let name = key["field"].as_str().unwrap_or_default();
        let name = name.to_lowercase();
        field(entity, if name == "warranty_months" { "warrantyMonths" } else { &name })
    });
    sorts
        && filter.as_object().into_iter().flatten().all(|(name, asked)| match (name.as_str(), asked) {
            (_, Json::Null) => true,
            ("and" | "or", Json::Array(all)) => all.iter().all(|f| leans(sees, entity, f, &Json::Null)),
            ("not", inner) => leans(sees, entity, inner, &Json::Null),
            ("department", asked) => {
                asked["under"].is_null() || (sees.reads(Entity::Department) && field(entity, "department"))
            }
            ("references", asked) => {
                asked["some"].is_null()
                    || (sees.reads(Entity::Reference)
                        && leans(sees, Entity::Reference, &asked["some"], &Json::Null))
            }
            (name, _) => field(entity, name),
        })
}

async fn a_list_is_the_naive_one(
    list: &RandomList,
    gateway: &Gateway,
    twin: &Twin,
    sees: &Sees,
) -> Result<(), String> {
    let entity = entity_of(&list.scope);
    let through = match list.scope {
        Scope::Department(..) => Entity::Department,
        Scope::Article(_) => Entity::Article,
        Scope::Articles | Scope::References => entity,
    };
    // Who may not read them at all is told so: the records' law has it.
    if !sees.reads(entity) || !sees.reads(through) {
        return Ok(());
    }
    if leans(sees, entity, &list.filter, &list.sort) {
        for strategy in [Way::Planned, Way::Gather] {
            the_list_is_the_naive_one(list, gateway, twin, strategy).await?;
        }
        return Ok(());
    }
    let Some((_, asked)) = super::lists::asked(list, gateway, twin, Way::Planned) else { return Ok(()) };
    match asked.page(&[("first", 2.into()), ("count", true.into())]).await {
        Err(refused) if refused.contains("\"FORBIDDEN\"") && refused.contains("\"argument\"") => Ok(()),
        Err(other) => Err(other),
        Ok(page) => Err(format!("{list:?} is not refused, but holds {:?}", page.codes)),
    }
}

#[test]
fn law_6_a_viewer_gets_what_its_rights_show() {
    let strategy = (shop::shops_of(8), (vec(grants(), 1..4), vec(list(), 1..8)));
    let strategy = strategy.prop_map(|(shop, rest)| (shop.with_schema(GUARDS), rest));
    law_with("law 6", super::shops(), &strategy, async |shop, (viewers, lists), folder, gateway, _| {
        let mut wrong = Vec::new();
        for sees in viewers {
            let words: Vec<String> = sees.0.iter().map(Granted::words).collect();
            // Plans are asked for by name, so that lists can be read in both ways.
            let words = format!("staff: {}, plan", words.join(", "));
            gateway.asks(gateway::viewer(&words));
            let mut twin = shop.twin(folder).await;
            twin.viewer = Some(sees.clone());
            let mut found = vec![records_are_the_naive_ones(gateway, &twin, sees).await];
            for list in lists {
                found.push(a_list_is_the_naive_one(list, gateway, &twin, sees).await);
            }
            wrong.extend(found.into_iter().filter_map(Result::err).map(|e| format!("as {words}: {e}")));
        }
        gateway.asks(gateway::viewer(STAFF));
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n\n")) }
    });
}
