//! Rights as clients meet them: no way around a guarded field, no sign of a record outside one's rayons, neither in the
//! answer nor in what is sent to the sources.

use comptoir::catalog::cursor::node_id;
use serde_json::{Map, Value as Json, json};

use crate::support::{
    block_on,
    gateway::{self, Gateway, STAFF},
    shops::{self, Engine, Folder, Recipe},
};

async fn shop(recipe: Recipe) -> (Folder, Gateway) {
    let folder = recipe.make(Engine::Sqlite).await;
    let gateway = Gateway::open(folder.path()).unwrap_or_else(|found| panic!("{}", found.join("\n")));
    (folder, gateway)
}

fn guarded() -> Recipe {
    let mut recipe = shops::base();
    let guards = "extend type Article @fieldGroup(field: \"warrantyMonths\", name: \"purchase\") \
         @requires(field: \"weight\", right: \"provenance\")\n\
         extend type Reference @fieldGroup(field: \"barcode\", name: \"purchase\") \
         @fieldGroup(field: \"optionValues\", name: \"purchase\")\n";
    recipe.files.push(("schema/guards.graphql".into(), guards.into()));
    recipe
}

async fn ask(gateway: &Gateway, query: &str) -> Json {
    gateway.run(query, Map::new(), &[]).await
}

fn paths(answer: &Json) -> Vec<Json> {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    assert!(errors.iter().all(|e| e["extensions"]["code"] == "FORBIDDEN"), "{answer}");
    errors.into_iter().map(|e| e["path"].clone()).collect()
}

#[test]
fn no_way_leads_around_a_guard() {
    block_on(async {
        let (_folder, gateway) = shop(guarded()).await;
        gateway.asks(gateway::viewer("anonymous"));
        let id = node_id("Article", "VTT-100");
        for (query, path) in [
            ("{ article(code: \"VTT-100\") { code warrantyMonths } }".to_owned(), "article.warrantyMonths"),
            ("{ a: article(code: \"VTT-100\") { code x: warrantyMonths } }".to_owned(), "a.x"),
            ("{ article(code: \"VTT-100\") { ...f } } fragment f on Article { ...g } fragment g on Article { code y: warrantyMonths }".to_owned(), "article.y"),
            (format!("{{ node(id: \"{id}\") {{ id ... on Article {{ code warrantyMonths }} }} }}"), "node.warrantyMonths"),
            (format!("{{ nodes(ids: [\"{id}\"]) {{ ... on Article {{ code warrantyMonths }} }} }}"), "nodes.0.warrantyMonths"),
            ("{ route(path: \"/article/x-vtt.100\") { redirectTo } reference(code: \"VTT-300\") { article { code warrantyMonths } } }".to_owned(), "reference.article.warrantyMonths"),
            ("{ department(code: \"12\") { articles(first: 1) { nodes { code warrantyMonths } } } }".to_owned(), "department.articles.nodes.0.warrantyMonths"),
            ("{ articles(first: 1) { edges { node { code warrantyMonths } } } }".to_owned(), "articles.edges.0.node.warrantyMonths"),
            ("{ article(code: \"POMPE-1\") { code weight } }".to_owned(), "article.weight"),
            // What inherits a guarded value is guarded alike.
            ("{ reference(code: \"POMPE-1\") { code weight } }".to_owned(), "reference.weight"),
            ("{ article(code: \"VTT-100\") { code hiddenReason } }".to_owned(), "article.hiddenReason"),
            ("{ article(code: \"VTT-100\") { code provenance(fields: [\"title\"]) { value } } }".to_owned(), "article.provenance"),
            ("{ explain(type: ARTICLE, code: \"VTT-100\") { value } }".to_owned(), "explain"),
            ("{ rules { field } }".to_owned(), "rules"),
            ("{ sources { name } }".to_owned(), "sources"),
        ] {
            let answer = ask(&gateway, &query).await;
            let steps = path.split('.').map(|step| step.parse::<usize>().map_or(json!(step), |n| json!(n)));
            assert_eq!(paths(&answer), [steps.collect::<Json>()], "{query}: {answer}");
            let at = path.split('.').fold(&answer["data"], |at, step| {
                step.parse::<usize>().map_or(&at[step], |n| &at[n])
            });
            assert!(at.is_null(), "{query}: {answer}");
            // What stands beside it is there.
            assert!(!answer["data"].is_null(), "{query}: {answer}");
        }
    });
}

/// A guarded list is withheld under every name that tells of it.
#[test]
fn a_list_is_guarded_whatever_it_is_called() {
    block_on(async {
        let mut recipe = shops::base();
        let guards = "extend type Article @fieldGroup(field: \"images\", name: \"purchase\") \
             @requires(field: \"departments\", right: \"hidden\")\n";
        recipe.files.push(("schema/guards.graphql".into(), guards.into()));
        let (_folder, gateway) = shop(recipe).await;
        let mut cases: Vec<(String, &str)> = Vec::new();
        for (ty, root, code) in [("ARTICLE", "article", "VTT-100"), ("REFERENCE", "reference", "VTT-300")] {
            let told: &[&str] = if ty == "ARTICLE" {
                &["image", "images", "departments", "placements"]
            } else {
                // What inherits the list is guarded alike.
                &["image", "images"]
            };
            for name in told {
                cases.push((
                    format!("{{ explain(type: {ty}, code: \"{code}\", fields: [\"{name}\"]) {{ value }} }}"),
                    "explain",
                ));
                cases.push((
                    format!("{{ {root}(code: \"{code}\") {{ code p: provenance(fields: [\"{name}\"]) {{ value }} }} }}"),
                    if ty == "ARTICLE" { "article.p" } else { "reference.p" },
                ));
            }
        }
        for (field, path) in [
            ("image { url }", "article.image"),
            ("images { url }", "article.images"),
            ("department { code }", "article.department"),
            ("departments { code }", "article.departments"),
        ] {
            cases.push((format!("{{ article(code: \"VTT-100\") {{ code {field} }} }}"), path));
        }
        gateway.asks(gateway::viewer("staff: read fields base, provenance fields base"));
        for (query, path) in &cases {
            let answer = ask(&gateway, query).await;
            assert_eq!(paths(&answer), [path.split('.').collect::<Json>()], "{query}: {answer}");
        }
        gateway.asks(gateway::viewer(STAFF));
        for (query, _) in &cases {
            let answer = ask(&gateway, query).await;
            assert!(answer.get("errors").is_none(), "{query}: {answer}");
        }
    });
}

/// A record that is found by a guarded field would tell what it holds.
#[test]
fn nothing_is_looked_up_by_what_one_may_not_see() {
    block_on(async {
        let (_folder, gateway) = shop(guarded()).await;
        let options = "{ article(code: \"VTT-100\") { code found: reference(options: [{ name: \"Taille\", value: \"M\" }]) { code } } }";
        let cases = [
            // Of one reference, of two, of none: the same.
            ("{ found: reference(barcode: \"3760000001001\") { code } }", "barcode", json!(["found"])),
            ("{ found: reference(barcode: \"3760000001300\") { code } }", "barcode", json!(["found"])),
            ("{ found: reference(barcode: \"3760000009999\") { code } }", "barcode", json!(["found"])),
            (options, "options", json!(["article", "found"])),
        ];
        for words in ["anonymous", "staff: read fields base, read fields purchase below 1"] {
            gateway.asks(gateway::viewer(words));
            for (query, argument, path) in &cases {
                gateway.statements();
                let answer = ask(&gateway, query).await;
                assert_eq!(paths(&answer), std::slice::from_ref(path), "{words}: {query}: {answer}");
                assert_eq!(answer["errors"][0]["extensions"]["argument"], *argument, "{answer}");
                assert!(*argument != "barcode" || gateway.statements().is_empty(), "{words}: {query}");
            }
        }
        gateway.asks(gateway::viewer("staff: read"));
        let answer = ask(&gateway, cases[0].0).await;
        assert!(answer["data"]["found"]["code"].is_string(), "{answer}");
        let answer = ask(&gateway, options).await;
        assert!(answer.get("errors").is_none(), "{answer}");
    });
}

#[test]
fn nothing_is_filtered_or_sorted_by_what_one_may_not_see() {
    block_on(async {
        let (_folder, gateway) = shop(guarded()).await;
        gateway.asks(gateway::viewer("customer C-1"));
        for (list, argument) in [
            ("articles(filter: { warrantyMonths: { gt: 1 } })", "filter.warrantyMonths"),
            (
                "articles(filter: { or: [{ code: { eq: \"X\" } }, { not: { weight: { lt: \"2\" } } }] })",
                "filter.or[1].not.weight",
            ),
            (
                "articles(filter: { and: [{ references: { some: { barcode: { startsWith: \"3\" } } } }] })",
                "filter.and[0].references.some.barcode",
            ),
            (
                "articles(filter: { references: { some: { or: [{ weight: { gt: \"1\" } }] } } })",
                "filter.references.some.or[0].weight",
            ),
            ("articles(filter: { hiddenReason: { isNull: true } })", "filter.hiddenReason"),
            ("articles(sort: [{ field: TITLE }, { field: WARRANTY_MONTHS }])", "sort[1].field"),
            ("references(sort: [{ field: WEIGHT }])", "sort[0].field"),
            ("articles(sort: [{ field: HIDDEN_REASON }])", "sort[0].field"),
        ] {
            gateway.statements();
            let answer = ask(
                &gateway,
                &format!("{{ list: {list} {{ totalCount nodes {{ code }} pageInfo {{ endCursor }} }} }}"),
            )
            .await;
            assert_eq!(answer["data"], json!({ "list": null }), "{list}: {answer}");
            assert_eq!(paths(&answer), [json!(["list"])], "{list}: {answer}");
            assert_eq!(answer["errors"][0]["extensions"]["argument"], argument, "{answer}");
            assert_eq!(gateway.statements(), [], "{list}");
        }
        // A list below others is refused at each of them, and they are there.
        let answer = ask(&gateway, "{ articles(first: 2) { nodes { code references(filter: { barcode: { eq: \"1\" } }) { totalCount } } } }").await;
        assert_eq!(paths(&answer).len(), 2, "{answer}");
        assert!(answer["data"]["articles"]["nodes"][1]["code"].is_string(), "{answer}");
        // Whoever sees the field on every article may; whoever sees it on some may not: order and number would tell.
        for (words, allowed) in [
            ("staff: read", true),
            ("staff: read below 1, read on Article fields purchase below 1", true),
            ("staff: read fields base, read on Article fields purchase below 1", false),
            ("staff: read below 1, read below 2, read on Reference", true),
        ] {
            gateway.asks(gateway::viewer(words));
            let answer =
                ask(&gateway, "{ articles(sort: [{ field: WARRANTY_MONTHS }]) { totalCount } }").await;
            assert_eq!(answer.get("errors").is_none(), allowed, "{words}: {answer}");
        }
    });
}

#[test]
fn plans_and_ways_of_reading_need_their_right() {
    block_on(async {
        let (_folder, gateway) = shop(shops::base()).await;
        let query = "{ articles(first: 1) { nodes { code } } }";
        for (words, told) in [
            ("anonymous", false),
            ("customer C-1", false),
            ("staff: read, provenance", false),
            ("staff: read, plan below 1", false),
            ("staff: read, plan", true),
        ] {
            gateway.asks(gateway::viewer(words));
            let answer = gateway.explained(query).await;
            assert_eq!(answer["extensions"].get("plan").is_some(), told, "{words}: {answer}");
        }
        // How many rows the sources gave, and in what time, tells of all of them.
        for (words, told) in [
            ("staff: read, plan", false),
            ("staff: read below 1, hidden, plan", false),
            ("staff: read, hidden below 1, plan", false),
            ("staff: read, hidden, plan", true),
        ] {
            gateway.asks(gateway::viewer(words));
            let answer = gateway.explained("{ article(code: \"LAMPE-1\") { title } }").await;
            let levels = answer["extensions"]["plan"]["levels"].as_array().expect("levels");
            let ran: Vec<&Json> =
                levels.iter().flat_map(|l| l["statements"].as_array().expect("ran")).collect();
            assert!(!ran.is_empty(), "{words}: {answer}");
            assert!(levels.iter().all(|l| l.get("rowsRead").is_some() == told), "{words}: {answer}");
            for name in ["rows", "ms"] {
                assert!(ran.iter().all(|s| s.get(name).is_some() == told), "{words}: {name}: {answer}");
            }
        }
    });
}

/// A question is answered for two keys alike, and the sources are sent the same.
async fn alike(gateway: &Gateway, rights: &str, query: &str, keys: [&str; 2]) {
    let mut seen = Vec::new();
    for key in keys {
        gateway.statements();
        let answer = ask(gateway, &query.replace('?', key)).await;
        assert!(answer.get("errors").is_none(), "{rights} {key}: {answer}");
        let mut sent: Vec<String> =
            gateway.statements().into_iter().map(|s| format!("{}: {}", s.source, s.sql)).collect();
        sent.sort();
        seen.push((answer["data"].clone(), sent));
    }
    let other = seen.pop();
    assert_eq!(seen.pop(), other, "{rights}: {query} for {keys:?}");
}

/// For who does not see what is off the web it is like what nobody has.
#[test]
fn nothing_tells_what_is_off_the_web_from_none() {
    block_on(async {
        let mut recipe = shops::base();
        recipe.isoshop.push("UPDATE \"article\" SET slug = 'la-lampe' WHERE code = 'LAMPE-1'".into());
        // Two rows claim this code, which is off the web.
        recipe.erp.push(
            "UPDATE \"F_ARTENUMREF\" SET \"AE_Ref\" = 'VTT-100-NS' WHERE \"AG_No1\" = 2 AND \"AG_No2\" = 3"
                .into(),
        );
        recipe.isoshop.push("UPDATE \"reference\" SET published = 0 WHERE code = 'VTT-100-NS'".into());
        let (_folder, gateway) = shop(recipe).await;
        // By the ERP, by IsoShop, asleep.
        for rights in ["anonymous", "customer C-1", "staff: read, hidden on Department"] {
            gateway.asks(gateway::viewer(rights));
            for code in ["CASQUE-2", "LAMPE-1", "LAMPE-2"] {
                for query in [
                    "{ a: article(code: \"?\") { code title references { totalCount } } }",
                    "{ a: reference(code: \"?\") { code title weight article { title } } }",
                ] {
                    alike(&gateway, rights, query, [code, "RIEN-1"]).await;
                }
                let slugs = [&*format!("x-{}", code.to_lowercase().replace('-', ".")), "x-rien.1"];
                alike(&gateway, rights, "{ a: article(slug: \"?\") { code } }", slugs).await;
                let route = "{ a: route(path: \"/article/?\") { kind redirectTo article { code } } }";
                alike(&gateway, rights, route, slugs).await;
                for ty in ["Article", "Reference"] {
                    let ids = [node_id(ty, code), node_id(ty, "RIEN-1")];
                    let query = "{ a: node(id: \"?\") { id } b: nodes(ids: [\"?\"]) { id } }";
                    alike(&gateway, rights, query, [&*ids[0], &*ids[1]]).await;
                }
            }
            alike(&gateway, rights, "{ a: article(slug: \"?\") { code } }", ["la-lampe", "la-lune"]).await;
            let doubled = "{ a: reference(code: \"?\") { code title } }";
            alike(&gateway, rights, doubled, ["VTT-100-NS", "RIEN-1"]).await;
        }
        gateway.asks(gateway::viewer(STAFF));
        let answer = ask(&gateway, "{ article(slug: \"la-lampe\") { code } }").await;
        assert_eq!(answer["data"]["article"]["code"], "LAMPE-1", "{answer}");
        let answer = ask(&gateway, "{ reference(code: \"VTT-100-NS\") { code } }").await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "DUPLICATE_KEY", "{answer}");
    });
}

/// A record outside the viewer's rayons answers like a code of nobody's, and the sources are sent the same.
#[test]
fn nothing_tells_a_foreign_record_from_none() {
    block_on(async {
        let mut recipe = shops::base();
        // A foreign article with a slug of its own, and one that two rows claim.
        recipe.isoshop.push("UPDATE \"article\" SET slug = 'le-casque' WHERE code = 'CASQUE-1'; INSERT INTO \"article\" (code, slug) SELECT 'CASQUE-1', 'le-casque' WHERE NOT EXISTS (SELECT 1 FROM \"article\" WHERE code = 'CASQUE-1');".into());
        let (_folder, gateway) = shop(recipe).await;
        let (foreign, nobody) = (node_id("Article", "CASQUE-1"), node_id("Article", "RIEN-1"));
        let (of_foreign, of_nobody) = (node_id("Reference", "CASQUE-1"), node_id("Reference", "RIEN-1"));
        let (rayon, none) = (node_id("Department", "21"), node_id("Department", "99"));
        let pairs = [
            (
                "{ a: article(code: \"?\") { code title references { totalCount } } }",
                "CASQUE-1".to_owned(),
                "RIEN-1".to_owned(),
            ),
            (
                "{ a: article(slug: \"?\") { code } }",
                "casque-vent-casque.1".into(),
                "casque-vent-rien.1".into(),
            ),
            ("{ a: article(slug: \"?\") { code } }", "le-casque".into(), "le-rien".into()),
            (
                "{ a: reference(code: \"?\") { code title weight article { title } } }",
                "CASQUE-1".into(),
                "RIEN-1".into(),
            ),
            ("{ a: reference(barcode: \"?\") { code } }", "3760000001001".into(), "3760000009999".into()),
            // On two references, both foreign.
            ("{ a: reference(barcode: \"?\") { code } }", "3760000001300".into(), "3760000009999".into()),
            ("{ a: node(id: \"?\") { id } }", foreign.clone(), nobody.clone()),
            ("{ a: node(id: \"?\") { id ... on Reference { barcode } } }", of_foreign, of_nobody),
            ("{ a: node(id: \"?\") { id } }", rayon, none),
            (
                "{ a: nodes(ids: [\"?\"]) { id ... on Article { title department { code } } } }",
                foreign,
                nobody,
            ),
            (
                "{ a: explain(type: ARTICLE, code: \"?\") { field value } }",
                "CASQUE-1".into(),
                "RIEN-1".into(),
            ),
            (
                "{ a: explain(type: REFERENCE, code: \"?\") { field value } }",
                "CASQUE-1".into(),
                "RIEN-1".into(),
            ),
            ("{ a: explain(type: DEPARTMENT, code: \"?\") { field value } }", "21".into(), "99".into()),
            (
                "{ a: route(path: \"/article/casque-vent-?\") { kind redirectTo article { code } } }",
                "casque.1".into(),
                "rien.1".into(),
            ),
            ("{ a: department(code: \"?\") { code articles { totalCount } } }", "21".into(), "99".into()),
            ("{ a: departments(parentCode: \"?\") { code } }", "2".into(), "99".into()),
            (
                "{ a: articles(filter: { department: { under: \"?\" } }) { totalCount nodes { code } } }",
                "21".into(),
                "99".into(),
            ),
            (
                "{ a: articles(filter: { code: { eq: \"?\" } }) { totalCount nodes { code } } }",
                "CASQUE-1".into(),
                "RIEN-1".into(),
            ),
            (
                "{ a: articles(filter: { references: { some: { code: { in: [\"?\"] } } } }) { totalCount } }",
                "CASQUE-1".into(),
                "CASQUE-9".into(),
            ),
        ];
        for rights in [
            "staff: read below 1, provenance",
            "staff: read below 1, provenance, hidden",
            "staff: read below 12, hidden below 12, provenance below 12, sources",
        ] {
            gateway.asks(gateway::viewer(rights));
            for (query, there, not_there) in &pairs {
                alike(&gateway, rights, query, [there, not_there]).await;
            }
        }
        // The same questions have answers for who may see them.
        gateway.asks(gateway::viewer(STAFF));
        let answer = ask(
            &gateway,
            "{ a: article(slug: \"le-casque\") { code } b: reference(barcode: \"3760000001300\") { code } }",
        )
        .await;
        assert_eq!(answer["data"]["a"]["code"], "CASQUE-1", "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "AMBIGUOUS_BARCODE", "{answer}");
    });
}

#[test]
fn who_is_not_narrowed_costs_no_statement_more() {
    block_on(async {
        let (_folder, gateway) = shop(shops::base()).await;
        let query = "{ article(code: \"VTT-100\") { title references { nodes { code } } } articles(first: 3) { nodes { code } totalCount } reference(barcode: \"3760000001001\") { code } }";
        let mut counts = Vec::new();
        for words in ["anonymous", "customer C-1", "staff: read", "staff: read, provenance, sources"] {
            gateway.asks(gateway::viewer(words));
            ask(&gateway, query).await;
            gateway.statements();
            ask(&gateway, query).await;
            let mut sent: Vec<String> = gateway.statements().into_iter().map(|s| s.sql).collect();
            sent.sort();
            counts.push(sent);
        }
        assert!(!counts[0].is_empty());
        assert!(counts.iter().all(|sent| *sent == counts[0]), "{counts:#?}");
    });
}

/// One text, one plan: what each viewer gets of it is its own, whoever asked first.
#[test]
fn a_plan_that_viewers_share_shows_each_its_own() {
    block_on(async {
        let (_folder, gateway) = shop(guarded()).await;
        let query = "{ article(code: \"VTT-100\") { warrantyMonths } casque: article(code: \"CASQUE-1\") { code } \
             articles(filter: { brand: { isNull: false } }) { totalCount } departments { code } }";
        let mut first: Vec<Json> = Vec::new();
        let viewers = [
            "anonymous",
            STAFF,
            "staff: read below 1",
            "staff: read on Article below 2",
            "staff: read on Reference",
        ];
        for round in 0..3 {
            for (n, words) in viewers.iter().enumerate() {
                gateway.asks(gateway::viewer(words));
                let answer = ask(&gateway, query).await;
                if round == 0 {
                    assert!(!first.contains(&answer), "{words} is told apart: {answer}");
                    first.push(answer);
                } else {
                    assert_eq!(answer, first[n], "{words}");
                }
            }
        }
        assert_eq!(first[0]["data"]["article"], json!({ "warrantyMonths": null }));
        assert_eq!(first[1]["data"]["article"], json!({ "warrantyMonths": 24 }));
        assert_eq!(first[2]["data"]["casque"], Json::Null);
        assert_eq!(first[2]["data"]["departments"], json!([{ "code": "1" }]));
        assert_eq!(first[3]["data"]["departments"], Json::Null);
    });
}
