//! What contacts of customers may: who sees the customer's prices, who gives which right, and what a right that was taken
//! back is worth from then on.

use comptoir::auth::{
    accounts::Origin,
    people::{Change, Contact, ContactRight},
    viewer::Viewer,
};
use serde_json::{Value as Json, json};

use crate::{
    customers::{ERP, SAVE_ADDRESS, SAVE_CONTACT, Shop, codes, contact_of, lyon, on_both, pairs},
    support::{
        block_on,
        gateway::viewer,
        shops::{self, Engine},
    },
};

/// A price of C1's own.
const PRICES: &str = r#"
INSERT INTO "F_ARTCLIENT" ("AR_Ref", "AC_Categorie", "CT_Num", "AC_PrixVen") VALUES ('GANT-1', 0, 'C1', 7.5);
"#;

async fn priced(settings: &str) -> Shop {
    shop_with(PRICES, settings).await
}

async fn shop_with(rows: &str, settings: &str) -> Shop {
    let mut recipe = shops::base();
    recipe.erp.extend([ERP.to_owned(), rows.to_owned()]);
    recipe.settings.push("[sources.erp.settings]\nmain_function = \"Direction\"".into());
    recipe.settings.push(settings.to_owned());
    Shop::of(recipe, Engine::Sqlite).await
}

/// Every way to learn of a price.
const PRICED: [&str; 9] = [
    "{ reference(code: \"GANT-1\") { price { net { amount } } } }",
    "{ reference(code: \"GANT-1\") { prices { minimumQuantity } } }",
    "{ article(code: \"GANT-1\") { price { net { amount } } } }",
    "{ article(code: \"GANT-1\") { priceRange { minimum { net { amount } } } } }",
    "{ reference(code: \"GANT-1\") { notOrderable { reason } } }",
    "{ articles(first: 1, filter: { price: { lt: \"10\" } }) { nodes { code } } }",
    "{ articles(first: 1, sort: [{ field: PRICE }]) { nodes { code } } }",
    "{ articles(filter: { references: { some: { price: { gt: \"1\" } } } }) { totalCount } }",
    "{ articles(filter: { not: { price: { isNull: true } } }) { totalCount } }",
];

/// Whether a viewer sees prices: all of these ways, or none.
async fn sees_prices(shop: &Shop, who: &Viewer) -> bool {
    let mut seen = Vec::new();
    for query in PRICED {
        let answer = shop.ask(who, query, Json::Null).await;
        match answer["errors"][0]["extensions"]["code"].as_str() {
            None => seen.push(true),
            Some("FORBIDDEN") => {
                assert_eq!(answer["errors"][0]["extensions"]["fieldGroup"], "prices", "{query}: {answer}");
                seen.push(false);
            }
            Some(other) => panic!("{query}: {other}: {answer}"),
        }
    }
    assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    seen[0]
}

#[test]
fn a_contact_without_the_right_sees_no_price_by_any_path() {
    block_on(async {
        let shop = priced("").await;
        let main = contact_of("C1", "1");
        let price = shop.ask(&main, PRICED[0], Json::Null).await;
        let net = price["data"]["reference"]["price"]["net"]["amount"].as_str().expect("a price");
        assert_eq!(net.parse::<f64>().expect("a number").to_string(), "7.5", "C1's own: {price}");
        let made = shop.contact(&main, json!({ "lastName": "Neu", "rights": [] })).await;
        let eva = contact_of("C1", made["contact"]["code"].as_str().expect("a code"));
        // The customer itself, its main contact by flag and by name, and the ERP's usual contact.
        for who in [viewer("customer C1"), main.clone(), contact_of("c1", "Main"), contact_of("c1", "2")] {
            assert!(sees_prices(&shop, &who).await, "{:?}", who.contact);
        }
        // Who was given nothing, who is not known, and another customer's contact.
        for who in [eva.clone(), contact_of("C1", "99"), contact_of("C2", "1"), contact_of("NOBODY", "1")] {
            assert!(!sees_prices(&shop, &who).await, "{:?}", who.contact);
        }
        // She sees the catalogue all the same, and her customer.
        let query =
            "{ article(code: \"GANT-1\") { code } customer { code } viewer { rights { right fields } } }";
        let rest = shop.ask(&eva, query, Json::Null).await;
        assert_eq!(rest["data"]["article"]["code"], "GANT-1", "{rest}");
        assert_eq!(rest["data"]["customer"]["code"], "C1");
        let rights = rest["data"]["viewer"]["rights"].as_array().expect("rights");
        assert!(rights.iter().all(|right| right["fields"] == "base"), "{rights:?}");
        // Given, she sees them; taken back, she does not: at once, where it was said.
        let code = eva.contact.as_deref().expect("a contact");
        for (rights, sees) in
            [(json!(["PRICES"]), true), (json!(["ORDER"]), false), (json!(["PRICES"]), true)]
        {
            assert_eq!(codes(&shop.contact(&main, json!({ "code": code, "rights": rights })).await), []);
            assert_eq!(sees_prices(&shop, &eva).await, sees, "{rights}");
        }
        shop.contact(&main, json!({ "code": code, "delete": true })).await;
        assert!(!sees_prices(&shop, &eva).await, "she is gone");
        // Of the ERP's contacts too.
        let luc = contact_of("C1", "2");
        assert_eq!(codes(&shop.contact(&main, json!({ "code": "2", "rights": ["ORDER"] })).await), []);
        assert!(!sees_prices(&shop, &luc).await);
        shop.remove().await;
    });
}

#[test]
fn while_it_is_not_known_what_a_contact_may_it_sees_no_price() {
    block_on(async {
        let shop = priced("").await;
        shop.folder.break_source("erp").await;
        let answer = shop.ask(&contact_of("C1", "2"), PRICED[0], Json::Null).await;
        assert_eq!(answer["data"]["reference"], Json::Null, "{answer}");
        let sorted = shop.ask(&contact_of("C1", "2"), PRICED[6], Json::Null).await;
        assert_eq!(sorted["errors"][0]["extensions"]["code"], "FORBIDDEN", "{sorted}");
        shop.remove().await;
    });
}

#[test]
fn a_contact_that_nobody_knows_may_nothing() {
    block_on(async {
        let shop = Shop::sage(Engine::Sqlite).await;
        let main = contact_of("C1", "1");
        let made = shop.contact(&main, json!({ "lastName": "Bob", "rights": ["ORDER"] })).await;
        let code = made["contact"]["code"].as_str().expect("a code");
        let bob = contact_of("C1", code);
        assert_eq!(codes(&shop.address(&bob, lyon()).await), []);
        shop.contact(&main, json!({ "code": code, "delete": true })).await;
        for gone in [bob, contact_of("C1", "99"), contact_of("C1", "3")] {
            let answer = shop.ask(&gone, SAVE_ADDRESS, lyon()).await;
            assert_eq!(answer["errors"][0]["extensions"]["contactRight"], "ORDER", "{answer}");
        }
        shop.remove().await;
    });
}

#[test]
fn rights_are_given_out_of_ones_own_even_when_nothing_is_said() {
    block_on(async {
        let shop = Shop::sage(Engine::Sqlite).await;
        let main = contact_of("C1", "1");
        shop.contact(&main, json!({ "code": "2", "rights": ["ORDER", "MANAGE"] })).await;
        let luc = contact_of("C1", "2");
        let made = shop.contact(&luc, json!({ "lastName": "Ami" })).await;
        assert_eq!((codes(&made), &made["contact"]["rights"]), (vec![], &json!(["ORDER"])), "{made}");
        let usual = shop.contact(&main, json!({ "lastName": "Usuel" })).await;
        assert_eq!(usual["contact"]["rights"], json!(["PRICES", "ORDER"]), "{usual}");
        // Nor does a change give what was not there.
        let code = &made["contact"]["code"];
        let changed = shop.contact(&luc, json!({ "code": code, "phone": "1" })).await;
        assert_eq!(changed["contact"]["rights"], json!(["ORDER"]), "{changed}");
        shop.remove().await;
    });
}

#[test]
fn a_change_of_something_else_brings_no_right_back() {
    on_both("rights of contacts on PostgreSQL", async |site| {
        let shop = Shop::sage(site).await;
        let main = contact_of("C1", "1");
        let made = shop.contact(&main, json!({ "lastName": "Neu", "rights": ["PRICES", "ORDER"] })).await;
        let code = made["contact"]["code"].as_str().expect("a code").to_owned();
        // Between another's reading of her and his writing, her rights are taken back.
        shop.contact(&main, json!({ "code": code, "rights": [] })).await;
        let (people, from) = (&shop.gateway.shop.catalog().people, Origin::default());
        let read = Contact { last_name: Some("Neu".into()), phone: Some("1".into()), ..Contact::default() };
        let customer = shop.key("C1");
        let set = Change::Set(code.clone(), read);
        let saved = people.save_contact(&main, &customer, set, &from).await.expect("saved").expect("one");
        assert_eq!((saved.rights, saved.phone.as_deref()), (Some(vec![]), Some("1")));
        let luc = contact_of("C1", "1");
        let changed = shop.contact(&luc, json!({ "code": code, "phone": "2" })).await;
        assert_eq!(changed["contact"]["rights"], json!([]), "{changed}");
        let kept = people.of(std::slice::from_ref(&customer)).await.expect("known");
        assert_eq!(kept[&customer].contacts[0].rights, Some(Vec::<ContactRight>::new()));
        shop.remove().await;
    });
}

#[test]
fn writing_alone_reads_nobody() {
    block_on(async {
        let shop = Shop::sage(Engine::Sqlite).await;
        let pim = Viewer { customer: Some("C1".into()), ..viewer("integration pim: customer.write") };
        for who in [
            viewer("staff ada: customer.write"),
            viewer("staff ada: customer.write, read, customer.read fields private"),
            viewer("integration pim: customer.write"),
            pim,
        ] {
            let input = json!({ "customer": "C1", "code": "2", "rights": ["PRICES", "ORDER"] });
            let answer = shop.ask(&who, SAVE_CONTACT, input).await;
            assert_eq!(answer["errors"][0]["extensions"]["right"], "customer.read", "{answer}");
            assert_eq!(answer["data"]["saveContact"], Json::Null);
            let mut input = lyon();
            input["customer"] = "C1".into();
            let answer = shop.ask(&who, SAVE_ADDRESS, input).await;
            assert_eq!(answer["errors"][0]["extensions"]["right"], "customer.read", "{answer}");
        }
        shop.remove().await;
    });
}

#[test]
fn what_an_erps_contact_may_can_be_taken_back_when_there_is_no_room() {
    on_both("room for rights on PostgreSQL", async |site| {
        let shop = Shop::sage(site).await;
        let (main, from, customer) = (contact_of("C1", "1"), Origin::default(), shop.key("C1"));
        let people = &shop.gateway.shop.catalog().people;
        for n in 0..499 {
            let contact = format!("n{n}");
            people.save_rights(&main, &customer, &contact, &[], &from).await.expect("room");
        }
        people.save_rights(&main, &customer, "2", &[ContactRight::Prices], &from).await.expect("room");
        assert!(people.save_rights(&main, &customer, "one more", &[], &from).await.is_err());
        assert_eq!(codes(&shop.contact(&main, json!({ "code": "2", "rights": [] })).await), []);
        shop.remove().await;
    });
}

#[test]
fn a_country_is_one_of_iso_3166() {
    block_on(async {
        let shop = Shop::sage(Engine::Sqlite).await;
        for (country, refused) in
            [("ZZ", true), ("ß", true), ("A ", true), ("D E", true), ("de", false), ("XK", false)]
        {
            let mut input = lyon();
            input["country"] = country.into();
            let answer = shop.address(&viewer("customer C1"), input).await;
            let expected = if refused { pairs(&[("country", "BAD_COUNTRY")]) } else { vec![] };
            assert_eq!(codes(&answer), expected, "{country}");
        }
        shop.remove().await;
    });
}

#[test]
fn a_program_that_acts_for_a_customer_is_told_that_ones_prices() {
    block_on(async {
        let shop = priced("[[assortments]]\nclass = \"1\"\narticles = [\"GANT-1\"]").await;
        let pim = Viewer {
            customer: Some("C1".into()),
            ..viewer("integration pim: read, prices.explain, plan, hidden, customer.read")
        };
        let explain = |reference: &str, customer: &str| {
            format!(
                "{{ explainPrice(reference: \"{reference}\"{customer}) {{ customerCode price {{ net {{ amount }} }} steps {{ title }} }} }}"
            )
        };
        let own = shop.ask(&pim, &explain("GANT-1", ", customer: \"c1\""), Json::Null).await;
        assert!(own["data"]["explainPrice"]["price"]["net"]["amount"].is_string(), "{own}");
        let left_out = shop.ask(&pim, &explain("GANT-1", ""), Json::Null).await;
        assert_eq!(left_out["data"], own["data"]);
        for (reference, customer) in
            [("GANT-1", ", customer: \"C2\""), ("GANT-1", ", customer: \"NOBODY\""), ("CASQUE-1", "")]
        {
            let answer = shop.ask(&pim, &explain(reference, customer), Json::Null).await;
            assert_eq!(answer["data"]["explainPrice"], Json::Null, "{reference}{customer}");
            assert!(answer.get("errors").is_none(), "{answer}");
        }
        let staff = viewer("staff: read, prices.explain");
        let any = shop.ask(&staff, &explain("CASQUE-1", ", customer: \"C2\""), Json::Null).await;
        assert_eq!(any["data"]["explainPrice"]["customerCode"], "C2", "{any}");
        shop.remove().await;
    });
}

#[test]
fn a_customers_class_is_read_once_and_of_what_was_paid_for() {
    block_on(async {
        let class =
            "[customers]\nclass = \"priceCategory\"\n[[assortments]]\nclass = \"1\"\narticles = [\"GANT-1\"]";
        let shop = priced(class).await;
        let one = viewer("customer C1");
        let reads = |shop: &Shop| {
            let sent = shop.gateway.statements();
            sent.iter().filter(|s| s.sql.contains("N_CatTarif") && s.sql.contains("F_COMPTET")).count()
        };
        reads(&shop);
        // Requests that come together, spelled differently, ask for it once.
        let query = "{ articles { nodes { code } } }";
        let answers = futures::future::join_all((0..8).map(|n| {
            let who = viewer(if n % 2 == 0 { "customer C1" } else { "customer c1" });
            let shop = &shop;
            async move { shop.ask(&who, query, Json::Null).await }
        }))
        .await;
        for answer in answers {
            assert_eq!(answer["data"]["articles"]["nodes"], json!([{ "code": "GANT-1" }]), "{answer}");
        }
        assert_eq!(reads(&shop), 1);
        shop.ask(&one, query, Json::Null).await;
        assert_eq!(reads(&shop), 0);
        shop.remove().await;
        // Who has no points left makes nobody read anything.
        let shop = priced(&format!("[rate]\ncustomer = 60\n{class}")).await;
        let dear = "{ articles(first: 100) { nodes { code references { nodes { code } } } } }";
        let paid = shop.ask(&one, dear, Json::Null).await;
        assert!(paid.get("errors").is_none(), "{paid}");
        shop.gateway.statements();
        let limited = shop.ask(&one, query, Json::Null).await;
        assert_eq!(limited["errors"][0]["extensions"]["code"], "RATE_LIMITED", "{limited}");
        assert_eq!(shop.gateway.statements().len(), 0);
        shop.remove().await;
    });
}

#[test]
fn no_program_that_acts_for_a_customer_counts_the_rows_of_others() {
    block_on(async {
        let shop = priced("").await;
        let rows = async |who: &Viewer, query: &str| {
            let answer = shop.explained(who, query).await;
            answer["extensions"]["plan"].to_string().contains("\"rows\"")
        };
        let acting = Viewer {
            customer: Some("C1".into()),
            ..viewer("integration pim: read, hidden, plan, customer.read")
        };
        let (customer, article) =
            ("{ customer(code: \"C2\") { code } }", "{ article(code: \"GANT-1\") { title } }");
        assert!(!rows(&acting, customer).await);
        assert!(!rows(&acting, article).await);
        let staff = viewer("staff: read, hidden, plan");
        assert!(rows(&staff, article).await);
        let narrowed = viewer("staff: read, hidden, plan, customer.read on Customer fields base");
        assert!(!rows(&narrowed, customer).await);
        let whole = viewer("staff: read, hidden, plan, customer.read");
        assert!(rows(&whole, customer).await);
        shop.remove().await;
    });
}

#[test]
fn a_billing_address_is_withheld_with_the_addresses() {
    block_on(async {
        let mut recipe = shops::base();
        recipe.erp.push(ERP.into());
        let guards = "extend type Customer @fieldGroup(field: \"addresses\", name: \"private\")\n";
        recipe.files.push(("schema/guards.graphql".into(), guards.into()));
        let shop = Shop::of(recipe, Engine::Sqlite).await;
        let query = "{ customer(code: \"C1\") { code addresses { code } billingAddress { city } } }";
        let answer = shop.ask(&viewer("staff: customer.read fields base"), query, Json::Null).await;
        let errors = answer["errors"].as_array().expect("errors");
        let paths: Vec<&Json> = errors.iter().map(|e| &e["path"][1]).collect();
        assert_eq!(paths, [&json!("addresses"), &json!("billingAddress")], "{answer}");
        assert_eq!(answer["data"]["customer"]["code"], "C1");
        let whole = shop.ask(&viewer("staff: customer.read"), query, Json::Null).await;
        assert!(whole.get("errors").is_none(), "{whole}");
        shop.remove().await;
    });
}

/// What an answer tells: its data, and where it has which errors.
async fn told(shop: &Shop, who: &Viewer, query: &str) -> (Json, Vec<(Json, Json)>) {
    let answer = shop.ask(who, query, Json::Null).await;
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let errors = errors.iter().map(|e| (e["path"].clone(), e["extensions"]["code"].clone())).collect();
    (answer["data"].clone(), errors)
}

/// The price that C1 alone has changes nothing of what anybody else is answered, by any path; C1 it does, by each of them.
#[test]
fn anothers_price_changes_no_answer() {
    const PRICE: &str =
        "price { net { amount } gross { amount } } prices { minimumQuantity price { net { amount } } }";
    block_on(async {
        for settings in ["", "[[assortments]]\nclass = \"1\"\narticles = [\"GANT-1\", \"CASQUE-1\"]"] {
            let (with, without) = (priced(settings).await, shop_with("", settings).await);
            let ids = "{ reference(code: \"GANT-1\") { id article { id slug } } }";
            let ids = with.ask(&viewer("staff: read"), ids, Json::Null).await["data"]["reference"].take();
            let (id, article, slug) = (&ids["id"], &ids["article"]["id"], &ids["article"]["slug"]);
            let queries = [
                format!("{{ reference(code: \"GANT-1\") {{ {PRICE} notOrderable {{ reason }} }} }}"),
                "{ article(code: \"GANT-1\") { price { net { amount } } } }".to_owned(),
                format!("{{ article(slug: {slug}) {{ priceRange {{ minimum {{ net {{ amount }} }} }} }} }}"),
                format!("{{ article(code: \"GANT-1\") {{ references {{ nodes {{ {PRICE} }} }} }} }}"),
                format!("{{ references {{ nodes {{ code {PRICE} }} }} }}"),
                "{ articles { nodes { code price { net { amount } } } } }".to_owned(),
                format!("{{ node(id: {id}) {{ ... on Reference {{ {PRICE} }} }} }}"),
                format!("{{ nodes(ids: [{article}, {id}]) {{ ... on Article {{ price {{ net {{ amount }} }} }} ... on Reference {{ {PRICE} }} }} }}"),
                "{ articles(filter: { price: { eq: \"7.5\" } }) { nodes { code } totalCount } }".to_owned(),
                "{ articles(filter: { not: { price: { eq: \"7.5\" } } }) { totalCount } }".to_owned(),
                "{ articles(filter: { references: { some: { price: { eq: \"7.5\" } } } }) { nodes { code } totalCount } }".to_owned(),
            ];
            let acting = Viewer {
                customer: Some("C2".into()),
                ..viewer("integration pim: read, prices.explain, customer.read, plan")
            };
            let others = [
                viewer("anonymous"),
                viewer("customer C2"),
                viewer("customer NOBODY"),
                contact_of("C2", "3"),
                contact_of("C2", "1"),
                contact_of("C1", "99"),
                viewer("staff: read, hidden, customer.read, prices.explain"),
                viewer("integration pim: read, customer.read"),
                acting,
            ];
            for query in &queries {
                for who in &others {
                    let answers = [told(&with, who, query).await, told(&without, who, query).await];
                    assert_eq!(answers[0], answers[1], "{:?} {:?}: {query}", who.customer, who.contact);
                }
                for who in [viewer("customer c1"), contact_of("C1", "2")] {
                    let answers = [told(&with, &who, query).await, told(&without, &who, query).await];
                    // Other references have no price here, and say why; nothing is kept back.
                    let kept_back = |(_, errors): &(Json, Vec<(Json, Json)>)| {
                        errors.iter().any(|(_, code)| code == "FORBIDDEN")
                    };
                    assert!(!answers.iter().any(kept_back), "{answers:?}");
                    assert_ne!(answers[0].0, answers[1].0, "{:?}: {query}", who.contact);
                }
            }
            with.remove().await;
            without.remove().await;
        }
    });
}
