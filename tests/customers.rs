//! Addresses and contacts of customers that are made here, through the GraphQL face, on a site database in SQLite and in
//! PostgreSQL.

use comptoir::{
    auth::viewer::Viewer,
    graphql::request::{GraphqlRequest, RequestContext},
};
use serde_json::{Value as Json, json};

use crate::support::{
    block_on,
    gateway::{Gateway, viewer},
    postgres,
    shops::{self, Engine, Folder, Recipe},
};

pub const ERP: &str = r#"
INSERT INTO "F_COMPTET" ("CT_Num", "CT_Intitule", "CT_Type", "N_CatTarif", "N_CatCompta") VALUES ('C1', 'Un', 0, 1, 1), ('C2', 'Deux', 0, 1, 1);
INSERT INTO "F_LIVRAISON" ("LI_No", "CT_Num", "LI_Intitule", "LI_Adresse", "LI_Ville") VALUES (7, 'C1', 'Dépôt', '1 rue', 'Lyon');
INSERT INTO "F_CONTACTT" ("CT_Num", "CT_No", "CT_Nom", "CT_Prenom", "CT_Fonction") VALUES ('C1', 1, 'Roy', 'Ana', 'Direction'), ('C1', 2, 'Bo', 'Luc', 'Achats'), ('C2', 3, 'Zed', 'Max', 'Direction');
"#;

pub const SAVE_ADDRESS: &str = "mutation ($input: SaveAddressInput!) { saveAddress(input: $input) { \
    address { code kind name line1 line2 city country origin } customer { addresses { code origin } } \
    userErrors { field code limit message } } }";
pub const SAVE_CONTACT: &str = "mutation ($input: SaveContactInput!) { saveContact(input: $input) { \
    contact { code firstName lastName rights isMain origin } userErrors { field code limit } } }";

pub struct Shop {
    pub gateway: Gateway,
    pub folder: Folder,
    site: Option<String>,
}

impl Shop {
    pub async fn of(recipe: Recipe, site: Engine) -> Self {
        let mut recipe = recipe;
        let mut database = None;
        if site == Engine::Postgres {
            let name = postgres::database(&[], &[]).await;
            // A login's password has no place in the shop's file.
            recipe.files.push(("site.url".into(), postgres::url_of(&name)));
            recipe.settings.push("[site]\nurl_file = \"site.url\"".into());
            database = Some(name);
        }
        let folder = recipe.make(Engine::Sqlite).await;
        let gateway = Gateway::open(folder.path()).unwrap_or_else(|found| panic!("{found:?}"));
        Self { gateway, folder, site: database }
    }

    pub async fn sage(site: Engine) -> Self {
        let mut recipe = shops::base();
        recipe.erp.push(ERP.into());
        recipe.settings.push("[sources.erp.settings]\nmain_function = \"Direction\"".into());
        Self::of(recipe, site).await
    }

    pub async fn ask(&self, who: &Viewer, query: &str, input: Json) -> Json {
        self.asked(who, query, input, false).await
    }

    /// An answer with its plan.
    pub async fn explained(&self, who: &Viewer, query: &str) -> Json {
        self.asked(who, query, Json::Null, true).await
    }

    async fn asked(&self, who: &Viewer, query: &str, input: Json, explain: bool) -> Json {
        let variables = if input.is_null() { json!({}) } else { json!({ "input": input }) };
        let request = GraphqlRequest {
            query: query.to_owned(),
            variables: variables.as_object().cloned().unwrap_or_default(),
            ..GraphqlRequest::default()
        };
        let context = RequestContext {
            request_id: "test".to_owned(),
            languages: vec!["fr".to_owned()],
            explain,
            viewer: std::sync::Arc::new(who.clone()),
            ..RequestContext::default()
        };
        let response = self.gateway.respond(request, context).await;
        serde_json::from_slice(&response.body).expect("JSON")
    }

    pub async fn address(&self, who: &Viewer, input: Json) -> Json {
        let answer = self.ask(who, SAVE_ADDRESS, input).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"]["saveAddress"].clone()
    }

    pub async fn contact(&self, who: &Viewer, input: Json) -> Json {
        let answer = self.ask(who, SAVE_CONTACT, input).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"]["saveContact"].clone()
    }

    /// A customer's code as what is kept here names it.
    pub fn key(&self, code: &str) -> String {
        let catalog = self.gateway.shop.catalog();
        let entity = catalog.customer.expect("customers");
        catalog.engine.compare(entity).fold(code).into_owned()
    }

    async fn audit(&self) -> Vec<(String, String, String)> {
        let query = "{ auditLog { nodes { actor action target } } }";
        let answer = self.ask(&viewer("staff root: audit.read"), query, Json::Null).await;
        let text = |entry: &Json, name: &str| entry[name].as_str().expect("text").to_owned();
        let nodes = answer["data"]["auditLog"]["nodes"].as_array().expect("entries");
        nodes.iter().map(|e| (text(e, "actor"), text(e, "action"), text(e, "target"))).collect()
    }

    pub async fn remove(self) {
        self.gateway.shop.close().await;
        self.folder.remove().await;
        if let Some(name) = self.site {
            postgres::drop_database(&name).await;
        }
    }
}

/// A contact of a customer.
pub fn contact_of(customer: &str, contact: &str) -> Viewer {
    Viewer { contact: Some(contact.into()), ..viewer(&format!("customer {customer}")) }
}

pub fn codes(payload: &Json) -> Vec<(String, String)> {
    let text = |e: &Json, name: &str| e[name].as_str().unwrap_or_default().to_owned();
    let errors = payload["userErrors"].as_array().expect("a list");
    errors.iter().map(|e| (text(e, "field"), text(e, "code"))).collect()
}

pub fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(field, code)| ((*field).to_owned(), (*code).to_owned())).collect()
}

pub fn on_both(test: &str, run: impl AsyncFn(Engine)) {
    block_on(run(Engine::Sqlite));
    if postgres::available(test) {
        block_on(run(Engine::Postgres));
    }
}

pub fn lyon() -> Json {
    json!({ "name": "Atelier", "line1": "2 rue Neuve", "city": "Lyon", "country": "fr", "postalCode": "69001" })
}

#[test]
fn an_address_made_here_stands_beside_the_erps_until_it_is_taken_away() {
    on_both("addresses on PostgreSQL", async |site| {
        let shop = Shop::sage(site).await;
        let one = viewer("customer c1");
        let made = shop.address(&one, lyon()).await;
        assert_eq!(codes(&made), []);
        let code = made["address"]["code"].as_str().expect("a code").to_owned();
        assert_eq!(made["address"]["country"], "FR");
        assert_eq!(made["address"]["kind"], "SHIPPING");
        assert_eq!(
            made["customer"]["addresses"],
            json!([{ "code": "7", "origin": "SOURCE" }, { "code": code, "origin": "SITE" }])
        );
        // What is left out stays, a blank is taken away.
        let input = json!({ "code": code, "name": " ", "line2": "Porte 4", "kind": "BILLING" });
        let changed = shop.address(&one, input).await;
        assert_eq!(codes(&changed), []);
        assert_eq!(
            changed["address"],
            json!({ "code": code, "kind": "BILLING", "name": null, "line1": "2 rue Neuve", "line2": "Porte 4", "city": "Lyon", "country": "FR", "origin": "SITE" })
        );
        // Nobody else's customer has it, sees it or changes it.
        let two = viewer("customer C2");
        for input in [json!({ "code": code, "name": "Mien" }), json!({ "code": code, "delete": true })] {
            assert_eq!(codes(&shop.address(&two, input).await), pairs(&[("code", "UNKNOWN")]));
        }
        for customer in ["C1", "NOBODY"] {
            let input = json!({ "customer": customer, "code": code, "name": "Mien" });
            assert_eq!(codes(&shop.address(&two, input).await), pairs(&[("customer", "UNKNOWN")]));
        }
        let seen = shop.ask(&two, "{ customer { addresses { code } } }", Json::Null).await;
        assert_eq!(seen["data"]["customer"]["addresses"], json!([]));
        // The ERP's is changed in the ERP.
        let theirs = shop.address(&one, json!({ "code": "7", "name": "X" })).await;
        assert_eq!(codes(&theirs), pairs(&[("code", "READ_ONLY")]));
        let gone = shop.address(&one, json!({ "code": code, "delete": true })).await;
        assert_eq!((codes(&gone), &gone["address"]), (vec![], &Json::Null));
        assert_eq!(gone["customer"]["addresses"], json!([{ "code": "7", "origin": "SOURCE" }]));
        let log = shop.audit().await;
        let actions: Vec<&str> = log.iter().map(|(_, action, _)| action.as_str()).collect();
        assert_eq!(actions, ["ADDRESS_REMOVED", "ADDRESS_SAVED", "ADDRESS_SAVED"]);
        assert!(log.iter().all(|(actor, _, _)| actor.starts_with("customer:c1@")), "{log:?}");
        shop.remove().await;
    });
}

#[test]
fn an_address_that_the_erp_cannot_hold_is_refused_with_field_and_limit() {
    on_both("limits of addresses on PostgreSQL", async |site| {
        let shop = Shop::sage(site).await;
        let one = viewer("customer C1");
        let input = json!({
            "name": "n".repeat(36), "line1": "é".repeat(36), "line2": "Łódź", "line3": "3", "company": "SA",
            "postalCode": "1234567890", "city": "Lyon", "country": "FRA", "email": "nobody", "phone": "a\u{7}"
        });
        let refused = shop.address(&one, input).await;
        assert_eq!(
            codes(&refused),
            pairs(&[
                ("name", "ADDRESS_TOO_LONG"),
                ("company", "ADDRESS_TOO_LONG"),
                ("line1", "ADDRESS_TOO_LONG"),
                ("line2", "BAD_CHARACTER"),
                ("line3", "ADDRESS_TOO_LONG"),
                ("postalCode", "ADDRESS_TOO_LONG"),
                ("phone", "BAD_CHARACTER"),
                ("country", "BAD_COUNTRY"),
                ("email", "INVALID"),
            ])
        );
        let limits: Vec<&Json> =
            refused["userErrors"].as_array().expect("a list").iter().map(|e| &e["limit"]).collect();
        assert_eq!(
            limits,
            [
                &json!(35),
                &json!(0),
                &json!(35),
                &Json::Null,
                &json!(0),
                &json!(9),
                &Json::Null,
                &Json::Null,
                &Json::Null
            ]
        );
        assert_eq!(refused["userErrors"][0]["message"], "Trop long : 35 caractères au plus.");
        let empty = shop.address(&one, json!({ "name": "Vide" })).await;
        assert_eq!(
            codes(&empty),
            pairs(&[("line1", "REQUIRED"), ("city", "REQUIRED"), ("country", "REQUIRED")])
        );
        // 35 characters fit, whatever they take in bytes.
        let mut fits = lyon();
        fits["line1"] = "é".repeat(35).into();
        assert_eq!(codes(&shop.address(&one, fits).await), []);
        assert_eq!(shop.audit().await.len(), 1);
        shop.remove().await;
    });
}

#[test]
fn a_pivot_sets_no_limit_but_our_own() {
    let shop = block_on(async {
        let mut recipe = shops::pivot();
        recipe
            .erp
            .push("INSERT INTO \"customer\" (\"code\", \"name\") VALUES ('ATELIER', 'Atelier');".into());
        Shop::of(recipe, Engine::Sqlite).await
    });
    block_on(async {
        let mut input = lyon();
        input["line1"] = "x".repeat(120).into();
        input["line2"] = "ulica Łódzka".into();
        input["company"] = "SA".into();
        let who = viewer("customer ATELIER");
        assert_eq!(codes(&shop.address(&who, input.clone()).await), []);
        input["line1"] = "x".repeat(201).into();
        assert_eq!(codes(&shop.address(&who, input).await), pairs(&[("line1", "ADDRESS_TOO_LONG")]));
        shop.remove().await;
    });
}

#[test]
fn the_main_contact_manages_the_others_and_they_do_not() {
    on_both("contacts on PostgreSQL", async |site| {
        let shop = Shop::sage(site).await;
        let main = contact_of("C1", "1");
        let made =
            shop.contact(&main, json!({ "firstName": "Eva", "lastName": "Neu", "rights": ["PRICES"] })).await;
        assert_eq!(codes(&made), []);
        let eva = made["contact"]["code"].as_str().expect("a code").to_owned();
        assert_eq!(
            made["contact"],
            json!({ "code": eva, "firstName": "Eva", "lastName": "Neu", "rights": ["PRICES"], "isMain": false, "origin": "SITE" })
        );
        // Secondary contacts manage nobody: the ERP's, the one made here, one that nobody knows.
        for secondary in ["2", eva.as_str(), "99"] {
            let who = contact_of("C1", secondary);
            let answer = shop.ask(&who, SAVE_CONTACT, json!({ "lastName": "Ami" })).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{secondary}: {answer}");
        }
        // Eva sees prices and makes no address; the ERP's usual contact may.
        let answer = shop.ask(&contact_of("C1", &eva), SAVE_ADDRESS, lyon()).await;
        assert_eq!(answer["errors"][0]["extensions"]["contactRight"], "ORDER", "{answer}");
        assert_eq!(codes(&shop.address(&contact_of("C1", "2"), lyon()).await), []);
        // What an ERP's contact may is said here, and nothing else of it.
        let luc = shop.contact(&main, json!({ "code": "2", "rights": ["ORDER", "MANAGE"] })).await;
        assert_eq!(luc["contact"]["rights"], json!(["ORDER", "MANAGE"]), "{luc}");
        let renamed = shop.contact(&main, json!({ "code": "2", "lastName": "X", "rights": [] })).await;
        assert_eq!(codes(&renamed), pairs(&[("lastName", "READ_ONLY")]));
        // Who manages gives no more than it has, and changes neither itself nor the main contact.
        let luc = contact_of("C1", "2");
        let more = shop.contact(&luc, json!({ "code": eva, "rights": ["PRICES"] })).await;
        assert_eq!(codes(&more), pairs(&[("rights", "NOT_YOURS")]));
        let own = shop.contact(&luc, json!({ "code": "2", "rights": ["ORDER"] })).await;
        assert_eq!(codes(&own), pairs(&[("rights", "NOT_YOURS")]));
        let above = shop.contact(&luc, json!({ "code": "1", "rights": [] })).await;
        assert_eq!(codes(&above), pairs(&[("rights", "MAIN_CONTACT")]));
        assert_eq!(codes(&shop.contact(&luc, json!({ "code": eva, "rights": ["ORDER"] })).await), []);
        let all = shop.ask(&main, "{ customer { contacts { code rights origin } } }", Json::Null).await;
        assert_eq!(
            all["data"]["customer"]["contacts"],
            json!([
                { "code": "1", "rights": ["PRICES", "ORDER", "MANAGE"], "origin": "SOURCE" },
                { "code": "2", "rights": ["ORDER", "MANAGE"], "origin": "SOURCE" },
                { "code": eva, "rights": ["ORDER"], "origin": "SITE" }
            ])
        );
        // Another customer's main contact reaches none of it.
        let other = contact_of("C2", "3");
        for code in [eva.as_str(), "2"] {
            let answer = shop.contact(&other, json!({ "code": code, "rights": [] })).await;
            assert_eq!(codes(&answer), pairs(&[("code", "UNKNOWN")]));
        }
        assert_eq!(codes(&shop.contact(&main, json!({ "code": eva, "delete": true })).await), []);
        let actions: Vec<String> = shop.audit().await.into_iter().map(|(_, action, _)| action).collect();
        assert_eq!(
            actions,
            ["CONTACT_REMOVED", "CONTACT_SAVED", "CONTACT_RIGHTS_SAVED", "ADDRESS_SAVED", "CONTACT_SAVED"]
        );
        shop.remove().await;
    });
}

#[test]
fn staff_write_for_a_customer_with_the_right_to() {
    block_on(async {
        let shop = Shop::sage(Engine::Sqlite).await;
        let mut input = lyon();
        for who in [
            "anonymous",
            "staff ada: read, customer.read, staff.manage",
            "staff ada: customer.write below 12",
        ] {
            let answer = shop.ask(&viewer(who), SAVE_ADDRESS, input.clone()).await;
            assert_eq!(answer["errors"][0]["extensions"]["right"], "customer.write", "{who}: {answer}");
        }
        let ada = viewer("staff ada: customer.write, customer.read");
        assert_eq!(codes(&shop.address(&ada, input.clone()).await), pairs(&[("customer", "REQUIRED")]));
        input["customer"] = "c2".into();
        let saved = shop.address(&ada, input).await;
        assert_eq!(codes(&saved), []);
        assert_eq!(saved["customer"]["addresses"].as_array().map(Vec::len), Some(1));
        // A program that acts for a customer acts for that one.
        let pim = Viewer {
            customer: Some("C1".into()),
            ..viewer("integration pim: customer.write, customer.read")
        };
        let mut theirs = lyon();
        theirs["customer"] = "C2".into();
        assert_eq!(codes(&shop.address(&pim, theirs).await), pairs(&[("customer", "UNKNOWN")]));
        assert_eq!(codes(&shop.address(&pim, lyon()).await), []);
        let seen = shop.ask(&pim, "{ customers { nodes { code } totalCount } }", Json::Null).await;
        assert_eq!(seen["data"]["customers"], json!({ "nodes": [{ "code": "C1" }], "totalCount": 1 }));
        shop.remove().await;
    });
}

#[test]
fn a_shop_whose_sources_hold_no_customers_says_so_and_serves_the_rest() {
    block_on(async {
        let mut recipe = shops::base();
        recipe
            .files
            .push(("schema/connectors/sage100.toml".into(), "[entity.Customer]\nexists = false\n".into()));
        let shop = Shop::of(recipe, Engine::Sqlite).await;
        let query = "{ customer(code: \"C1\") { name } customers { totalCount } viewer { customer { code } } \
                     article(code: \"VTT-100\") { code } }";
        let answer = shop.ask(&viewer("staff: read, customer.read"), query, Json::Null).await;
        assert_eq!(answer["data"]["article"]["code"], "VTT-100", "{answer:#}");
        let errors: Vec<&str> = answer["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .filter_map(|e| e["extensions"]["code"].as_str())
            .collect();
        assert_eq!(errors, ["NO_CUSTOMERS", "NO_CUSTOMERS"]);
        let answer = shop.ask(&viewer("customer C1"), SAVE_ADDRESS, lyon()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "NO_CUSTOMERS");
        shop.remove().await;
    });
}
