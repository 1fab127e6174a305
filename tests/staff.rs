//! The staff API, on accounts in memory: sessions, groups, members, the audit log, and who may what.

use std::sync::Arc;

use comptoir::{
    auth::{
        rights::{Grant, Right, Rights},
        viewer::{Viewer, ViewerKind},
    },
    config::Secret,
    graphql::request::{GraphqlRequest, GraphqlResponse, Outcome, RefreshCookie, RequestContext},
};
use serde_json::{Map, Value as Json, json};

use crate::support::{
    accounts::MemoryAccounts,
    block_on,
    gateway::Gateway,
    process::{self, Server},
    shops::{self, Engine, Folder},
};

const LOGIN: &str = "mutation ($input: LoginInput!) { login(input: $input) { accessToken expiresAt refreshToken \
     member { login groups } userErrors { field code message retryAfterSeconds } } }";
const REFRESH: &str = "mutation ($input: RefreshTokenInput!) { refreshToken(input: $input) { accessToken \
     refreshToken userErrors { code } } }";
const LOGOUT: &str = "mutation ($input: LogoutInput!) { logout(input: $input) { loggedOut userErrors { field code message } } }";
const SAVE_GROUP: &str = "mutation ($input: SaveStaffGroupInput!) { saveStaffGroup(input: $input) { \
     group { name description members grants { right entity fields department } } userErrors { field code message } } }";
const SAVE_MEMBER: &str = "mutation ($input: SaveStaffMemberInput!) { saveStaffMember(input: $input) { \
     member { login name active groups createdAt lastLoginAt } userErrors { field code message } } }";

struct Tried {
    gateway: Gateway,
    accounts: Arc<MemoryAccounts>,
    _folder: Folder,
}

async fn tried() -> Tried {
    let folder = shops::base().make(Engine::Sqlite).await;
    let accounts = Arc::new(MemoryAccounts::new());
    let gateway = Gateway::open_with(folder.path(), accounts.clone())
        .unwrap_or_else(|found| panic!("{}", found.join("\n")));
    Tried { gateway, accounts, _folder: folder }
}

fn viewer(rights: &[Grant]) -> Arc<Viewer> {
    Arc::new(Viewer {
        kind: ViewerKind::Staff,
        subject: Some("Eva".into()),
        rights: Rights(rights.into()),
        ..Viewer::default()
    })
}

fn manager() -> Arc<Viewer> {
    viewer(&[Grant::whole(Right::StaffManage), Grant::whole(Right::AuditRead)])
}

impl Tried {
    async fn respond(
        &self,
        context: RequestContext,
        query: &str,
        variables: Json,
    ) -> (Json, GraphqlResponse) {
        let variables = variables.as_object().cloned().unwrap_or_default();
        let request = GraphqlRequest { query: query.to_owned(), variables, ..GraphqlRequest::default() };
        let response = self.gateway.respond(request, context).await;
        (serde_json::from_slice(&response.body).expect("JSON"), response)
    }

    /// What a viewer is answered.
    async fn ask(&self, viewer: &Arc<Viewer>, query: &str, variables: Json) -> Json {
        let context =
            RequestContext { viewer: viewer.clone(), request_id: "r-1".into(), ..RequestContext::default() };
        self.respond(context, query, variables).await.0
    }

    async fn anonymous(&self, query: &str, input: Json) -> Json {
        self.ask(&Arc::default(), query, json!({ "input": input })).await
    }
}

fn context(languages: &[&str], cookie: Option<&str>) -> RequestContext {
    RequestContext {
        request_id: "r-1".into(),
        languages: languages.iter().map(|&l| l.to_owned()).collect(),
        refresh_cookie: cookie.map(|c| Secret(c.to_owned())),
        ..RequestContext::default()
    }
}

/// The code and path of each top-level error.
fn errors(answer: &Json) -> Vec<(String, Json)> {
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    let code = |e: &Json| e["extensions"]["code"].as_str().unwrap_or_default().to_owned();
    errors.iter().map(|e| (code(e), e["path"].clone())).collect()
}

#[test]
fn a_session_begins_goes_on_and_ends_in_the_body() {
    block_on(async {
        let tried = tried().await;
        let input = json!({ "login": "EVA", "password": "correct horse", "transport": "BODY" });
        let (answer, response) = tried.respond(context(&[], None), LOGIN, json!({ "input": input })).await;
        let expected = json!({
            "accessToken": "access-1",
            "expiresAt": "2026-12-01T12:10:00Z",
            "refreshToken": "refresh-1",
            "member": { "login": "Eva", "groups": ["managers"] },
            "userErrors": [],
        });
        assert_eq!(answer["data"]["login"], expected, "{answer:#}");
        assert!(response.refresh_cookie.is_none());
        let answer = tried.anonymous(REFRESH, json!({ "refreshToken": "refresh-1" })).await;
        let renewed = json!({ "accessToken": "access-2", "refreshToken": "refresh-2", "userErrors": [] });
        assert_eq!(answer["data"]["refreshToken"], renewed);
        // A token is good once.
        let answer = tried.anonymous(REFRESH, json!({ "refreshToken": "refresh-1" })).await;
        assert_eq!(answer["data"]["refreshToken"]["userErrors"], json!([{ "code": "SESSION_ENDED" }]));
        let answer = tried.anonymous(LOGOUT, json!({ "refreshToken": "refresh-2" })).await;
        assert_eq!(answer["data"]["logout"], json!({ "loggedOut": true, "userErrors": [] }));
        let answer = tried.anonymous(REFRESH, json!({ "refreshToken": "refresh-2" })).await;
        assert_eq!(answer["data"]["refreshToken"]["userErrors"], json!([{ "code": "SESSION_ENDED" }]));
    });
}

#[test]
fn a_refresh_token_in_the_cookie_never_comes_into_the_body() {
    block_on(async {
        let tried = tried().await;
        let input = json!({ "input": { "login": "Eva", "password": "correct horse" } });
        let (answer, response) = tried.respond(context(&[], None), LOGIN, input).await;
        assert_eq!(answer["data"]["login"]["refreshToken"], Json::Null);
        let Some(RefreshCookie::Set { token, expires_at }) = response.refresh_cookie else {
            panic!("no cookie: {answer:#}")
        };
        assert_eq!(
            (token.0.as_str(), expires_at.to_rfc3339().as_str()),
            ("refresh-1", "2026-12-15T12:00:00+00:00")
        );
        let empty = json!({ "input": {} });
        let (answer, response) = tried.respond(context(&[], Some("refresh-1")), REFRESH, empty.clone()).await;
        let renewed = json!({ "accessToken": "access-2", "refreshToken": null, "userErrors": [] });
        assert_eq!(answer["data"]["refreshToken"], renewed);
        assert!(
            matches!(response.refresh_cookie, Some(RefreshCookie::Set { token, .. }) if token.0 == "refresh-2")
        );
        // Used up: the cookie is worth nothing any more.
        let (answer, response) = tried.respond(context(&[], Some("refresh-1")), REFRESH, empty.clone()).await;
        assert_eq!(answer["data"]["refreshToken"]["userErrors"], json!([{ "code": "SESSION_ENDED" }]));
        assert!(matches!(response.refresh_cookie, Some(RefreshCookie::Clear)));
        // None at all.
        let (answer, response) = tried.respond(context(&[], None), REFRESH, empty.clone()).await;
        assert_eq!(answer["data"]["refreshToken"]["userErrors"], json!([{ "code": "SESSION_ENDED" }]));
        assert!(response.refresh_cookie.is_none());
        // The input's token goes before the cookie's, and back into the body.
        let both = json!({ "input": { "refreshToken": "refresh-2" } });
        let (answer, response) = tried.respond(context(&[], Some("other")), REFRESH, both).await;
        assert_eq!(answer["data"]["refreshToken"]["refreshToken"], "refresh-3");
        assert!(response.refresh_cookie.is_none());
        let (answer, response) = tried.respond(context(&[], Some("refresh-3")), LOGOUT, empty).await;
        assert_eq!(answer["data"]["logout"]["loggedOut"], true);
        assert!(matches!(response.refresh_cookie, Some(RefreshCookie::Clear)));
    });
}

#[test]
fn what_is_wrong_with_a_login_is_said_in_both_languages() {
    block_on(async {
        let tried = tried().await;
        let wrong = json!({ "input": { "login": "Eva", "password": "wrong" } });
        let unknown = json!({ "input": { "login": "Ida", "password": "wrong" } });
        let mut said = Vec::new();
        for (language, input) in [("fr", &wrong), ("en", &wrong), ("en", &unknown)] {
            let (answer, _) = tried.respond(context(&[language], None), LOGIN, input.clone()).await;
            said.push(answer["data"]["login"]["userErrors"][0].clone());
        }
        let problem = |message: &str| json!({ "field": null, "code": "BAD_CREDENTIALS", "message": message, "retryAfterSeconds": null });
        assert_eq!(said[0], problem("Identifiant ou mot de passe incorrect."));
        // An unknown login looks like a wrong password.
        assert_eq!(said[1], problem("The login or the password is wrong."));
        assert_eq!(said[2], said[1]);
        // Delayed: the right password too.
        let right = json!({ "input": { "login": "Eva", "password": "correct horse" } });
        let mut said = Vec::new();
        for language in ["fr", "en"] {
            let (answer, response) = tried.respond(context(&[language], None), LOGIN, right.clone()).await;
            assert_eq!(answer["data"]["login"]["accessToken"], Json::Null);
            assert!(response.refresh_cookie.is_none());
            said.push(answer["data"]["login"]["userErrors"][0].clone());
        }
        let problem = |message: &str| json!({ "field": null, "code": "TOO_MANY_TRIES", "message": message, "retryAfterSeconds": 8 });
        assert_eq!(said[0], problem("Trop d'essais : réessayez dans 8 s."));
        assert_eq!(said[1], problem("Too many tries: try again in 8 s."));
        // @inContext goes before Accept-Language.
        let query = LOGIN.replacen(
            "mutation ($input: LoginInput!)",
            "mutation ($input: LoginInput!) @inContext(language: \"en\")",
            1,
        );
        let (answer, _) = tried.respond(context(&["fr"], None), &query, right).await;
        assert_eq!(answer["data"]["login"]["userErrors"][0], said[1]);
    });
}

#[test]
fn inputs_have_lengths_and_accounts_are_not_asked_beyond_them() {
    block_on(async {
        let tried = tried().await;
        let fields = |answer: &Json, root: &str| -> Vec<(String, String)> {
            let list = answer["data"][root]["userErrors"].as_array().cloned().unwrap_or_default();
            let text = |e: &Json, key: &str| e[key].as_str().unwrap_or_default().to_owned();
            list.iter().map(|e| (text(e, "field"), text(e, "code"))).collect()
        };
        let pair = |field: &str, code: &str| (field.to_owned(), code.to_owned());
        let answer = tried.anonymous(LOGIN, json!({ "login": "", "password": "x".repeat(1_001) })).await;
        assert_eq!(fields(&answer, "login"), [pair("login", "TOO_SHORT"), pair("password", "TOO_LONG")]);
        let answer = tried.anonymous(LOGOUT, json!({ "refreshToken": "x".repeat(4_001) })).await;
        assert_eq!(fields(&answer, "logout"), [pair("refreshToken", "TOO_LONG")]);
        assert_eq!(answer["data"]["logout"]["loggedOut"], false);
        let ask =
            async |query: &str, input: Json| tried.ask(&manager(), query, json!({ "input": input })).await;
        let grants = json!([{ "right": "fly" }, { "right": "read", "entity": "Boat", "department": "" }]);
        let answer = ask(
            SAVE_GROUP,
            json!({ "name": "é".repeat(65), "description": "x".repeat(501), "grants": grants }),
        )
        .await;
        let expected = [
            pair("name", "TOO_LONG"),
            pair("description", "TOO_LONG"),
            pair("grants.0.right", "UNKNOWN"),
            pair("grants.1.entity", "UNKNOWN"),
            pair("grants.1.department", "TOO_SHORT"),
        ];
        assert_eq!(fields(&answer, "saveStaffGroup"), expected, "{answer:#}");
        let message = &answer["data"]["saveStaffGroup"]["userErrors"][3]["message"];
        assert_eq!(
            message,
            "« Boat » n'existe pas ; il y a `Department`, `Article`, `Reference`, `Customer`."
        );
        let many = vec![json!({ "right": "read" }); 501];
        let answer = ask(SAVE_GROUP, json!({ "name": "a", "grants": many })).await;
        assert_eq!(fields(&answer, "saveStaffGroup"), [pair("grants", "TOO_MANY")]);
        let answer = ask(SAVE_MEMBER, json!({ "login": "", "name": "", "groups": ["a", ""] })).await;
        let expected = [pair("login", "TOO_SHORT"), pair("name", "TOO_SHORT"), pair("groups.1", "TOO_SHORT")];
        assert_eq!(fields(&answer, "saveStaffMember"), expected);
        assert_eq!(tried.accounts.asked(), Vec::<String>::new());
    });
}

#[test]
fn groups_and_members_are_saved_and_listed() {
    block_on(async {
        let tried = tried().await;
        let manager = manager();
        let input = json!({ "name": "photos", "description": "Photographers", "grants": [
            { "right": "read" },
            { "right": "provenance", "entity": "Article", "fields": "base", "department": "VELOS" },
        ] });
        let answer = tried.ask(&manager, SAVE_GROUP, json!({ "input": input })).await;
        let group = json!({ "name": "photos", "description": "Photographers", "members": 0, "grants": [
            { "right": "read", "entity": null, "fields": null, "department": null },
            { "right": "provenance", "entity": "Article", "fields": "base", "department": "VELOS" },
        ] });
        assert_eq!(
            answer["data"]["saveStaffGroup"],
            json!({ "group": group, "userErrors": [] }),
            "{answer:#}"
        );
        // Left out, and null, is left as it is.
        let answer = tried
            .ask(&manager, SAVE_GROUP, json!({ "input": { "name": "photos", "description": null } }))
            .await;
        assert_eq!(answer["data"]["saveStaffGroup"]["group"], group);
        let input =
            json!({ "login": "Ida", "name": "Ida Roux", "password": "battery staple", "groups": ["photos"] });
        let answer = tried.ask(&manager, SAVE_MEMBER, json!({ "input": input })).await;
        let member = json!({ "login": "Ida", "name": "Ida Roux", "active": true, "groups": ["photos"],
            "createdAt": "2026-12-01T12:00:00Z", "lastLoginAt": null });
        assert_eq!(answer["data"]["saveStaffMember"], json!({ "member": member, "userErrors": [] }));
        for (language, message) in [
            (
                "fr",
                "Plus personne ne pourrait gérer l'équipe : donnez d'abord `staff.manage` à un autre membre actif.",
            ),
            ("en", "Nobody could manage staff any more."),
        ] {
            let context = RequestContext { viewer: manager.clone(), ..context(&[language], None) };
            let input = json!({ "input": { "name": "managers", "delete": true } });
            let (answer, _) = tried.respond(context, SAVE_GROUP, input).await;
            let problem = json!({ "field": "grants", "code": "LAST_MANAGER", "message": message });
            assert_eq!(answer["data"]["saveStaffGroup"], json!({ "group": null, "userErrors": [problem] }));
        }
        let answer = tried.ask(&manager, SAVE_MEMBER, json!({ "input": { "login": "Jo" } })).await;
        assert_eq!(answer["data"]["saveStaffMember"]["userErrors"][0]["code"], "REQUIRED");
        let answer =
            tried.ask(&manager, SAVE_GROUP, json!({ "input": { "name": "photos", "delete": true } })).await;
        assert_eq!(answer["data"]["saveStaffGroup"], json!({ "group": null, "userErrors": [] }));
        let list = "{ staffGroups { nodes { name } totalCount } staffMembers { edges { node { login } } totalCount } }";
        let answer = tried.ask(&manager, list, json!({})).await;
        let expected = json!({
            "staffGroups": { "nodes": [{ "name": "managers" }], "totalCount": 1 },
            "staffMembers": { "edges": [{ "node": { "login": "Eva" } }, { "node": { "login": "Ida" } }], "totalCount": 2 },
        });
        assert_eq!(answer["data"], expected, "{answer:#}");
    });
}

#[test]
fn lists_go_on_by_cursors_of_their_own() {
    block_on(async {
        let tried = tried().await;
        let manager = manager();
        for login in ["Ada", "Bea", "Cleo", "Dot"] {
            let input = json!({ "login": login, "password": "battery staple" });
            tried.ask(&manager, SAVE_MEMBER, json!({ "input": input })).await;
        }
        tried.accounts.asked();
        let list = "query ($first: Int, $after: String) { staffMembers(first: $first, after: $after) { edges { cursor node \
             { login } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        let (mut after, mut seen) = (Json::Null, Vec::new());
        for more in [true, true, false] {
            let answer = tried.ask(&manager, list, json!({ "first": 2, "after": after })).await;
            let page = &answer["data"]["staffMembers"];
            let edges = page["edges"].as_array().expect("edges");
            seen.extend(edges.iter().map(|e| e["node"]["login"].as_str().unwrap_or_default().to_owned()));
            let info = &page["pageInfo"];
            assert_eq!(
                (&info["hasNextPage"], &info["hasPreviousPage"]),
                (&json!(more), &json!(!after.is_null()))
            );
            assert_eq!(info["startCursor"], edges[0]["cursor"]);
            assert_eq!(info["endCursor"], edges[edges.len() - 1]["cursor"]);
            after = info["endCursor"].clone();
        }
        assert_eq!(seen, ["Ada", "Bea", "Cleo", "Dot", "Eva"]);
        // Counted only when asked.
        assert_eq!(tried.accounts.asked(), ["members", "members", "members"]);
        let audit = "query ($after: String, $filter: AuditFilter) { auditLog(first: 2, after: $after, filter: $filter) { nodes { id \
             at actor action target detail requestId } totalCount pageInfo { endCursor hasNextPage } } }";
        let answer = tried.ask(&manager, audit, json!({})).await;
        let entry = |id: i64, target: &str| {
            json!({ "id": id.to_string(), "at": format!("2026-12-01T12:0{id}:00Z"), "actor": "Eva",
            "action": "STAFF_MEMBER_SAVED", "target": target, "detail": { "n": id }, "requestId": "r-1" })
        };
        assert_eq!(
            answer["data"]["auditLog"]["nodes"],
            json!([entry(4, "Dot"), entry(3, "Cleo")]),
            "{answer:#}"
        );
        assert_eq!(answer["data"]["auditLog"]["totalCount"], 4);
        let next = answer["data"]["auditLog"]["pageInfo"]["endCursor"].clone();
        let answer = tried.ask(&manager, audit, json!({ "after": next })).await;
        assert_eq!(answer["data"]["auditLog"]["nodes"], json!([entry(2, "Bea"), entry(1, "Ada")]));
        assert_eq!(answer["data"]["auditLog"]["pageInfo"]["hasNextPage"], false);
        let filter =
            json!({ "since": "2026-12-01T14:02:00+02:00", "until": "2026-12-01T12:03:00Z", "actor": "Eva" });
        let answer = tried.ask(&manager, audit, json!({ "filter": filter })).await;
        assert_eq!(answer["data"]["auditLog"]["nodes"], json!([entry(2, "Bea")]));
        let answer = tried.ask(&manager, audit, json!({ "filter": { "actor": "x".repeat(201) } })).await;
        assert_eq!(errors(&answer), [("BAD_ARGUMENT".to_owned(), json!(["auditLog"]))]);
        // A cursor of another list, of nothing, of the catalogue; pages that are too long or less than nothing.
        let anybody = Arc::default();
        let catalog =
            tried.ask(&anybody, "{ articles(first: 1) { pageInfo { endCursor } } }", json!({})).await;
        tried.accounts.asked();
        for (variables, code) in [
            (json!({ "after": next }), "BAD_CURSOR"),
            (json!({ "after": "abc" }), "BAD_CURSOR"),
            (json!({ "after": catalog["data"]["articles"]["pageInfo"]["endCursor"] }), "BAD_CURSOR"),
            (json!({ "first": 101 }), "PAGE_TOO_LARGE"),
            (json!({ "first": -1 }), "BAD_ARGUMENT"),
        ] {
            let answer = tried.ask(&manager, list, variables).await;
            assert_eq!(errors(&answer), [(code.to_owned(), json!(["staffMembers"]))], "{answer:#}");
            assert_eq!(answer["data"], json!({ "staffMembers": null }));
        }
        assert_eq!(tried.accounts.asked(), Vec::<String>::new());
    });
}

#[test]
fn without_the_right_nothing_is_done() {
    block_on(async {
        let tried = tried().await;
        let query = "mutation { g: saveStaffGroup(input: { name: \"mine\" }) { group { name } } \
             m: saveStaffMember(input: { login: \"eva\", active: false }) { member { login } } __typename }";
        let lists =
            "{ staffMembers { nodes { login } } staffGroups { nodes { name } } auditLog { nodes { id } } }";
        let mut narrow = Grant::whole(Right::StaffManage);
        narrow.department = Some("VELOS".into());
        let others = [Arc::default(), viewer(&[]), viewer(&[Grant::whole(Right::Read), narrow])];
        for other in &others {
            let answer = tried.ask(other, query, json!({})).await;
            assert_eq!(answer["data"], json!({ "g": null, "m": null, "__typename": "Mutation" }));
            let forbidden = |path: &str| ("FORBIDDEN".to_owned(), json!([path]));
            assert_eq!(errors(&answer), [forbidden("g"), forbidden("m")]);
            let answer = tried.ask(other, lists, json!({})).await;
            let expected = [forbidden("staffMembers"), forbidden("staffGroups"), forbidden("auditLog")];
            assert_eq!(errors(&answer), expected);
        }
        // Each right opens its own.
        let answer = tried.ask(&viewer(&[Grant::whole(Right::AuditRead)]), lists, json!({})).await;
        assert_eq!(
            answer["data"],
            json!({ "staffMembers": null, "staffGroups": null, "auditLog": { "nodes": [] } })
        );
        assert_eq!(tried.accounts.asked(), ["audit"]);
    });
}

#[test]
fn a_silent_site_database_is_an_error_at_the_field() {
    block_on(async {
        let tried = tried().await;
        tried.accounts.set_down(true);
        let input = json!({ "login": "Eva", "password": "correct horse" });
        for (query, input, root) in [
            (LOGIN, input, "login"),
            (REFRESH, json!({ "refreshToken": "refresh-1" }), "refreshToken"),
            (LOGOUT, json!({ "refreshToken": "refresh-1" }), "logout"),
            (SAVE_GROUP, json!({ "name": "photos" }), "saveStaffGroup"),
            (SAVE_MEMBER, json!({ "login": "eva" }), "saveStaffMember"),
        ] {
            let context = RequestContext { viewer: manager(), ..context(&[], Some("refresh-1")) };
            let (answer, response) = tried.respond(context, query, json!({ "input": input })).await;
            assert_eq!(errors(&answer), [("SITE_UNAVAILABLE".to_owned(), json!([root]))], "{answer:#}");
            assert_eq!(answer["errors"][0]["extensions"]["traceId"], "r-1");
            assert_eq!(answer["data"], json!({ root: null }));
            // The session may still be good: its cookie stays.
            assert!(response.refresh_cookie.is_none(), "{root}");
        }
        // The rest of an answer stands.
        let answer =
            tried.ask(&manager(), "{ staffGroups { totalCount } shop { currency } }", json!({})).await;
        assert_eq!(answer["data"], json!({ "staffGroups": null, "shop": { "currency": "EUR" } }));
        assert_eq!(errors(&answer), [("SITE_UNAVAILABLE".to_owned(), json!(["staffGroups"]))]);
    });
}

#[test]
fn secrets_stay_out_of_documents_and_answers() {
    block_on(async {
        let tried = tried().await;
        let ask = async |query: &str, variables: Json| tried.ask(&manager(), query, variables).await;
        let login = "mutation { login(input: { login: \"eva\", password: \"hunter2\" }) { accessToken } }";
        let answer = ask(login, json!({})).await;
        assert_eq!(errors(&answer), [("SECRET_IN_DOCUMENT".to_owned(), Json::Null)]);
        assert!(answer.get("data").is_none());
        for query in [
            "mutation ($p: String! = \"hunter2\") { login(input: { login: \"eva\", password: $p }) { accessToken } }",
            "mutation { refreshToken(input: { refreshToken: \"hunter2\" }) { accessToken } }",
            "mutation { logout(input: { refreshToken: \"hunter2\" }) { loggedOut } }",
            "mutation { saveStaffMember(input: { login: \"eva\", password: \"hunter2\" }) { member { login } } }",
        ] {
            let answer = ask(query, json!({})).await;
            assert_eq!(errors(&answer), [("SECRET_IN_DOCUMENT".to_owned(), Json::Null)], "{query}");
            assert!(!answer.to_string().contains("hunter2"));
        }
        assert_eq!(tried.accounts.asked(), Vec::<String>::new());
        let by_variable =
            "mutation ($p: String!) { login(input: { login: \"eva\", password: $p }) { accessToken } }";
        let answer = ask(by_variable, json!({ "p": "correct horse" })).await;
        assert_eq!(answer["data"]["login"]["accessToken"], "access-1");
        // A value of the wrong kind is not repeated.
        for (query, variables) in [
            (by_variable, json!({ "p": ["hunter2"] })),
            (LOGIN, json!({ "input": { "login": "eva", "password": { "hunter2": 1 } } })),
            (LOGIN, json!({ "input": { "login": "eva", "password": "hunter2", "transport": "hunter2" } })),
            (LOGIN, json!({ "input": "hunter2" })),
        ] {
            let answer = ask(query, variables).await;
            assert_eq!(errors(&answer)[0].0, "BAD_VARIABLE", "{answer:#}");
            assert!(!answer.to_string().contains("hunter2"), "{answer:#}");
        }
        // Nor does a plan tell it.
        let mut context = context(&[], None);
        context.explain = true;
        let variables = json!({ "input": { "login": "eva", "password": "hunter2" } });
        let (answer, _) = tried.respond(context, LOGIN, variables).await;
        assert!(answer["data"]["login"]["userErrors"][0]["code"] == "BAD_CREDENTIALS", "{answer:#}");
        assert!(!answer.to_string().contains("hunter2"));
    });
}

#[test]
fn mutations_are_refused_by_get_and_cost_what_they_say() {
    block_on(async {
        let tried = tried().await;
        let context = RequestContext { read_only: true, viewer: manager(), ..context(&[], None) };
        let query = "mutation { saveStaffGroup(input: { name: \"a\" }) { group { name } } }";
        let (answer, response) = tried.respond(context, query, json!({})).await;
        assert_eq!(response.outcome, Outcome::MethodNotAllowed);
        assert_eq!(errors(&answer)[0].0, "METHOD_NOT_ALLOWED");
        assert_eq!(tried.accounts.asked(), Vec::<String>::new());
        let answer = tried.ask(&manager(), query, json!({})).await;
        assert_eq!(answer["extensions"]["cost"]["requested"], 21, "{answer:#}");
        let types = tried
            .gateway
            .run("{ __schema { mutationType { name fields { name } } } }", Map::new(), &[])
            .await;
        let names: Vec<&str> = types["data"]["__schema"]["mutationType"]["fields"]
            .as_array()
            .expect("fields")
            .iter()
            .filter_map(|f| f["name"].as_str())
            .collect();
        assert_eq!(
            names,
            [
                "login",
                "refreshToken",
                "logout",
                "saveStaffGroup",
                "saveStaffMember",
                "saveAddress",
                "saveContact"
            ]
        );
        let sdl = tried.gateway.sdl();
        assert!(sdl.contains("mutation: Mutation") || sdl.contains("type Mutation {"));
        assert!(!sdl.contains("@secret") && !sdl.contains("@cost"));
        let answer = tried.gateway.run("subscription { orderChanged { number } }", Map::new(), &[]).await;
        assert!(answer.get("data").is_none());
    });
}

/// A served shop's answer: its JSON, and the cookie it sets.
async fn posted(base: &str, headers: &[(&str, String)], query: &str, input: Json) -> (Json, Option<String>) {
    let mut request = reqwest::Client::new().post(format!("{base}/graphql"));
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let body = json!({ "query": query, "variables": { "input": input } });
    let response = request.json(&body).send().await.expect("an answer");
    let cookie =
        response.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok()).map(str::to_owned);
    (response.json().await.expect("JSON"), cookie)
}

#[test]
fn staff_log_in_over_http_with_accounts_that_are_kept() {
    block_on(async {
        let mut recipe = shops::base();
        recipe.settings.push("[auth]\nkey_file = \"auth.key\"\n".into());
        let folder = recipe.make(Engine::Sqlite).await;
        let key = comptoir::auth::tokens::keys::OwnKey::generate().expect("a key");
        std::fs::write(folder.path().join("auth.key"), key).expect("a file");
        let added = process::comptoir(&["staff", "add", "marie"], folder.path());
        let said = String::from_utf8_lossy(&added.stdout).into_owned();
        let password = said.split_once("password: ").expect("a password").1.trim().to_owned();
        let server = Server::start(folder.path());
        let base = &server.base;
        let (answer, cookie) =
            posted(base, &[], LOGIN, json!({ "login": "Marie", "password": password })).await;
        let login = &answer["data"]["login"];
        assert_eq!(
            (&login["member"]["login"], &login["userErrors"]),
            (&json!("marie"), &json!([])),
            "{answer:#}"
        );
        assert_eq!(login["refreshToken"], Json::Null);
        let cookie = cookie.expect("a cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
        let bearer =
            |token: &Json| ("authorization", format!("Bearer {}", token.as_str().unwrap_or_default()));
        // The first account may everything; what it saves is checked by the accounts, and told by the codes of the API.
        let by = [bearer(&login["accessToken"])];
        let input = json!({ "login": "paul", "password": "paul-paul-paul", "groups": ["photos"] });
        let (answer, _) = posted(base, &by, SAVE_MEMBER, input).await;
        let problem = &answer["data"]["saveStaffMember"]["userErrors"][0];
        assert_eq!(
            (&problem["code"], &problem["field"]),
            (&json!("UNKNOWN"), &json!("groups")),
            "{answer:#}"
        );
        for (input, code) in [
            (json!({ "login": "paul" }), "REQUIRED"),
            (json!({ "login": "paul", "password": "aaaaaaaaaaaaaaaa" }), "TOO_SIMPLE"),
            (json!({ "login": "paul-and-paul", "password": "Paul-And-Paul" }), "SAME_AS_LOGIN"),
            (json!({ "login": "system", "password": "battery staple" }), "TAKEN"),
            (json!({ "login": " paul", "password": "battery staple" }), "BAD_CHARACTER"),
            (json!({ "login": "marie", "active": false }), "LAST_MANAGER"),
        ] {
            let (answer, _) = posted(base, &by, SAVE_MEMBER, input).await;
            assert_eq!(answer["data"]["saveStaffMember"]["userErrors"][0]["code"], code, "{answer:#}");
        }
        let input = json!({ "login": "paul", "password": "battery staple", "groups": [] });
        let (answer, _) = posted(base, &by, SAVE_MEMBER, input).await;
        assert_eq!(answer["data"]["saveStaffMember"]["member"]["login"], "paul", "{answer:#}");
        // Paul is in no group: nothing is done for him.
        let input = json!({ "login": "paul", "password": "battery staple", "transport": "BODY" });
        let (answer, none) = posted(base, &[], LOGIN, input).await;
        let paul = answer["data"]["login"].clone();
        assert!(paul["refreshToken"].is_string() && none.is_none(), "{answer:#}");
        let (answer, _) =
            posted(base, &[bearer(&paul["accessToken"])], SAVE_GROUP, json!({ "name": "mine" })).await;
        assert_eq!(errors(&answer), [("FORBIDDEN".to_owned(), json!(["saveStaffGroup"]))]);
        let lists = "{ staffGroups { nodes { name } } staffMembers { totalCount nodes { login } } \
             auditLog(filter: { action: \"STAFF_MEMBER_SAVED\", actor: \"marie\" }) { nodes { actor target } } }";
        let (answer, _) = posted(base, &by, lists, json!(null)).await;
        let expected = json!({
            "staffGroups": { "nodes": [{ "name": "admin" }] },
            "staffMembers": { "totalCount": 2, "nodes": [{ "login": "marie" }, { "login": "paul" }] },
            "auditLog": { "nodes": [{ "actor": "marie", "target": "paul" }] },
        });
        assert_eq!(answer["data"], expected, "{answer:#}");
        // The session goes on by its cookie, and is over when it ends: its access token too.
        let (answer, renewed) = posted(base, &[("cookie", cookie)], REFRESH, json!({})).await;
        let token = answer["data"]["refreshToken"]["accessToken"].clone();
        assert!(token.is_string(), "{answer:#}");
        let renewed = renewed.expect("a cookie").split(';').next().unwrap_or_default().to_owned();
        let by = [bearer(&token), ("cookie", renewed)];
        let (answer, cleared) = posted(base, &by, LOGOUT, json!({})).await;
        assert_eq!(answer["data"]["logout"], json!({ "loggedOut": true, "userErrors": [] }), "{answer:#}");
        assert!(cleared.is_some_and(|cookie| cookie.contains("Max-Age=0")));
        let (answer, _) = posted(base, &by[..1], "{ staffGroups { totalCount } }", json!(null)).await;
        assert_eq!(errors(&answer), [("TOKEN_REVOKED".to_owned(), Json::Null)], "{answer:#}");
    });
}
