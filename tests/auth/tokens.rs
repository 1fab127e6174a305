//! Every way in which a token can be wrong, and the ways in which it can be right.

use std::sync::atomic::Ordering;

use comptoir::auth::{issue::NewToken, rights::Right, tokens::keys::OwnKey, viewer::ViewerKind};
use serde_json::{Value as Json, json};

use super::lab::{Door, Key, claims, from_now, part};
use crate::support::block_on;

const SECRET: &str = "a secret of the shop's that is long enough";

/// A shop with an issuer of each kind of key, and their keys.
struct Lab {
    door: Door,
    rsa: Key,
    p256: Key,
    p384: Key,
    ed: Key,
    hs: Key,
}

impl Lab {
    async fn open() -> Self {
        let (rsa, p256, p384, ed) = (Key::rsa(), Key::p256(), Key::p384(), Key::ed25519());
        let set = json!({ "keys": [p256.named("small"), p384.named("large"), ed.named("edwards")] });
        let settings = r#"
[auth]
issuer = "us"
audience = "shop"
key_file = "auth.key"
max_token_bytes = 4096
[[auth.issuers]]
issuer = "rs"
audience = "shop"
algorithms = ["RS256"]
key_file = "rsa.pem"
kind = "staff"
claims = { groups = "groups" }
[[auth.issuers]]
issuer = "ps"
audience = "shop"
algorithms = ["PS256", "PS512"]
key_file = "rsa.jwk"
kind = "staff"
[[auth.issuers]]
issuer = "set"
audience = ["other", "shop"]
algorithms = ["ES256", "ES384", "EdDSA"]
key_file = "set.jwks"
kind = "staff"
[[auth.issuers]]
issuer = "hs"
audience = "shop"
algorithms = ["HS256"]
secret_file = "hs.secret"
kind = "integration"
claims = { scopes = "permissions" }
[[auth.issuers]]
issuer = "words"
audience = "shop"
algorithms = ["HS256"]
secret_file = "hs.secret"
kind = "integration"
scopes = { "catalog:read" = ["provenance", "read"], "team:admin" = "staff.manage", everything = "read" }
[[auth.issuers]]
issuer = "roles"
audience = "shop"
algorithms = ["EdDSA"]
key_file = "ed.pem"
claims = { kind = "realm_access.roles", customer = "https://shop.example/erp.code", contact = "erp.contact", scopes = "scp", groups = "realm_access.roles" }
kinds = { b2b = "customer", employee = "staff", machine = "integration" }
groups = { chief = "admin", clerk = "editors" }
"#;
        let own = OwnKey::generate().expect("a key");
        let files = [
            ("auth.key", own.as_str()),
            ("rsa.pem", &rsa.pem),
            ("rsa.jwk", &rsa.jwk.to_string()),
            ("set.jwks", &set.to_string()),
            ("hs.secret", SECRET),
            ("ed.pem", &ed.pem),
        ];
        let door = Door::open(settings, &files).await;
        Self { door, rsa, p256, p384, ed, hs: Key::secret(SECRET) }
    }

    /// Nobody gets in with any of these; each is 401 with the code, and the executor never hears of it.
    async fn refuses(&self, code: &str, tokens: &[(&str, String)]) {
        for (name, token) in tokens {
            let before = self.door.echo.asked.load(Ordering::SeqCst);
            let answer = self.door.ask(token).await;
            assert_eq!((answer.status, answer.code.as_deref()), (401, Some(code)), "{name}: {answer:?}");
            assert_eq!(answer.challenge.as_deref(), Some("Bearer error=\"invalid_token\""), "{name}");
            assert_eq!(answer.body.get("data"), None, "{name}");
            let shown = answer.body.to_string();
            assert!(token.len() < 8 || !shown.contains(&token[..token.len().min(40)]), "{name}: {shown}");
            assert_eq!(self.door.echo.asked.load(Ordering::SeqCst), before, "{name} was executed");
        }
    }
}

#[test]
fn each_algorithm_lets_its_own_in() {
    block_on(async {
        let lab = Lab::open().await;
        let header = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
        for (name, token, kind) in [
            ("RS256", lab.rsa.token(&claims("rs", json!({}))), "staff"),
            ("PS256", lab.rsa.sign(&json!({ "alg": "PS256" }), &claims("ps", json!({}))), "staff"),
            ("PS512", lab.rsa.sign(&json!({ "alg": "PS512" }), &claims("ps", json!({}))), "staff"),
            ("ES256", lab.p256.sign(&header("ES256", "small"), &claims("set", json!({}))), "staff"),
            ("ES384", lab.p384.sign(&header("ES384", "large"), &claims("set", json!({}))), "staff"),
            ("EdDSA", lab.ed.sign(&header("EdDSA", "edwards"), &claims("set", json!({}))), "staff"),
            ("EdDSA without kid", lab.ed.token(&claims("set", json!({}))), "staff"),
            ("HS256", lab.hs.token(&claims("hs", json!({}))), "integration"),
        ] {
            let answer = lab.door.ask(&token).await;
            assert_eq!((answer.status, &answer.data()["kind"]), (200, &json!(kind)), "{name}: {answer:?}");
            assert_eq!(answer.data()["subject"], "ada", "{name}");
        }
        for typ in ["JWT", "jwt", "at+jwt", "application/at+jwt"] {
            let token = lab
                .ed
                .sign(&json!({ "alg": "EdDSA", "typ": typ, "kid": "edwards" }), &claims("set", json!({})));
            assert_eq!(lab.door.ask(&token).await.status, 200, "{typ}");
        }
    });
}

#[test]
fn no_algorithm_is_taken_for_another() {
    block_on(async {
        let lab = Lab::open().await;
        let unsigned = |alg: &str, claims: &Json| {
            format!("{}.{}.", part(&json!({ "alg": alg }).to_string()), part(&claims.to_string()))
        };
        let of = |issuer: &str| claims(issuer, json!({}));
        let as_secret = |bytes: &str| Key::secret(bytes);
        let hs = json!({ "alg": "HS256", "typ": "JWT" });
        let x = lab.ed.jwk["x"].as_str().expect("x").to_owned();
        lab.refuses(
            "TOKEN_INVALID",
            &[
                ("none", unsigned("none", &of("rs"))),
                ("None", unsigned("None", &of("rs"))),
                ("none with a signature", lab.rsa.sign(&json!({ "alg": "none" }), &of("rs"))),
                ("no alg", lab.rsa.sign(&json!({ "typ": "JWT" }), &of("rs"))),
                ("alg of another type", lab.rsa.sign(&json!({ "alg": ["RS256"] }), &of("rs"))),
                ("alg in another case", lab.rsa.sign(&json!({ "alg": "rs256" }), &of("rs"))),
                ("RS→HS, the PEM as secret", as_secret(&lab.rsa.pem).sign(&hs, &of("rs"))),
                (
                    "RS→HS, the PEM without its last line end",
                    as_secret(lab.rsa.pem.trim()).sign(&hs, &of("rs")),
                ),
                ("RS→HS, the modulus", as_secret(lab.rsa.jwk["n"].as_str().expect("n")).sign(&hs, &of("rs"))),
                ("RS→HS, nothing", as_secret("").sign(&hs, &of("rs"))),
                ("EdDSA→HS, the PEM", as_secret(&lab.ed.pem).sign(&hs, &of("roles"))),
                ("EdDSA→HS, x", as_secret(&x).sign(&hs, &of("set"))),
                ("HS→RS", lab.rsa.sign(&json!({ "alg": "RS256" }), &of("hs"))),
                ("HS→EdDSA", lab.ed.token(&of("hs"))),
                ("HS→none", unsigned("none", &of("hs"))),
                ("HS256→HS384", lab.hs.sign(&json!({ "alg": "HS384" }), &of("hs"))),
                ("RS256→PS256, not in the list", lab.rsa.sign(&json!({ "alg": "PS256" }), &of("rs"))),
                ("RS256→RS512, not in the list", lab.rsa.sign(&json!({ "alg": "RS512" }), &of("rs"))),
                ("PS256→RS256, not in the list", lab.rsa.token(&of("ps"))),
                (
                    "a kid of a key for another algorithm",
                    lab.p384.sign(&json!({ "alg": "ES384", "kid": "small" }), &of("set")),
                ),
                (
                    "the same, signed with the key that is named",
                    lab.p256.sign(&json!({ "alg": "EdDSA", "kid": "small" }), &of("set")),
                ),
                (
                    "a kid that nobody knows",
                    lab.p384.sign(&json!({ "alg": "ES384", "kid": "x" }), &of("set")),
                ),
                ("a kid that is no text", lab.p384.sign(&json!({ "alg": "ES384", "kid": 1 }), &of("set"))),
                (
                    "a kid that is a path",
                    as_secret("").sign(&json!({ "alg": "HS256", "kid": "../../dev/null" }), &of("hs")),
                ),
                (
                    "its own key in the header",
                    Key::ed25519().sign(&json!({ "alg": "EdDSA", "jwk": lab.ed.jwk }), &of("set")),
                ),
            ],
        )
        .await;
        let thief = Key::ed25519();
        lab.refuses(
            "TOKEN_INVALID",
            &[
                (
                    "a thief's key in the header",
                    thief.sign(&json!({ "alg": "EdDSA", "jwk": thief.jwk }), &claims("set", json!({}))),
                ),
                (
                    "a thief's address in the header",
                    thief.sign(
                        &json!({ "alg": "EdDSA", "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/" }),
                        &claims("set", json!({})),
                    ),
                ),
                ("a thief's key", thief.token(&claims("us", json!({ "kind": "staff", "groups": ["admin"] })))),
            ],
        )
        .await;
    });
}

#[test]
fn what_is_signed_cannot_be_changed() {
    block_on(async {
        let lab = Lab::open().await;
        let token = lab.rsa.token(&claims("rs", json!({ "groups": ["clerk"] })));
        let mut parts = token.split('.');
        let [header, payload, signature] = [(); 3].map(|()| parts.next().expect("three parts").to_owned());
        let greedy = part(&claims("rs", json!({ "groups": ["admin"] })).to_string());
        let flipped = |text: &str, at: usize| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).expect("text")
        };
        lab.refuses(
            "TOKEN_INVALID",
            &[
                ("another payload", format!("{header}.{greedy}.{signature}")),
                ("the payload's first letter", format!("{header}.{}.{signature}", flipped(&payload, 0))),
                ("the signature's first letter", format!("{header}.{payload}.{}", flipped(&signature, 0))),
                ("half a signature", format!("{header}.{payload}.{}", &signature[..signature.len() / 2])),
                ("no signature", format!("{header}.{payload}.")),
                ("two parts", format!("{header}.{payload}")),
                ("four parts", format!("{token}.{signature}")),
                ("five parts", format!("{header}.{payload}.{signature}.{payload}.{signature}")),
                (
                    "another header",
                    format!("{}.{payload}.{signature}", part(r#"{"alg":"RS256","typ":"JWT" }"#)),
                ),
                ("padding", format!("{header}=.{payload}.{signature}")),
                ("padded signature", format!("{header}.{payload}.{signature}==")),
                ("a blank inside", format!("{header}. {payload}.{signature}")),
                ("the signature of another token", {
                    let other = lab.rsa.token(&claims("rs", json!({ "sub": "eve" })));
                    format!("{header}.{payload}.{}", other.rsplit('.').next().expect("a signature"))
                }),
                ("the parts of a JWE", "a.b.c.d.e".to_owned()),
                ("dots", "..".to_owned()),
                ("a word", "x".to_owned()),
                ("not base64", "%.%.%".to_owned()),
            ],
        )
        .await;
    });
}

#[test]
fn claims_have_to_be_whole_and_ours() {
    block_on(async {
        let lab = Lab::open().await;
        let rs = |changes: Json| lab.rsa.token(&claims("rs", changes));
        let roles = |changes: Json| lab.ed.token(&claims("roles", changes));
        let header = r#"{"alg":"RS256"}"#;
        let twice = |claim: &str| {
            let text = claims("rs", json!({})).to_string();
            lab.rsa.sign_text(header, &text.replacen('{', &format!("{{{claim},"), 1))
        };
        let role = |roles: Json| json!({ "realm_access": { "roles": roles } });
        lab.refuses(
            "TOKEN_INVALID",
            &[
                ("an issuer nobody knows", lab.rsa.token(&claims("strangers", json!({})))),
                ("no issuer", rs(json!({ "iss": null }))),
                ("a list of issuers", rs(json!({ "iss": ["rs"] }))),
                ("another issuer than the key's", lab.rsa.token(&claims("hs", json!({})))),
                ("our name and another's key", lab.rsa.token(&claims("us", json!({ "kind": "staff" })))),
                ("for somebody else", rs(json!({ "aud": "bank" }))),
                ("for others", rs(json!({ "aud": ["bank", "post"] }))),
                ("for nobody", rs(json!({ "aud": null }))),
                ("for an empty list", rs(json!({ "aud": [] }))),
                ("for a number", rs(json!({ "aud": 1 }))),
                ("for us and a number", rs(json!({ "aud": ["shop", 1] }))),
                ("no end", rs(json!({ "exp": null }))),
                ("an end in words", rs(json!({ "exp": "tomorrow" }))),
                ("an end in digits of a text", rs(json!({ "exp": from_now(300).to_string() }))),
                ("an end before all time", rs(json!({ "exp": -1 }))),
                ("an end after all time", rs(json!({ "exp": 1e300 }))),
                ("a beginning in words", rs(json!({ "nbf": "now" }))),
                ("issued in words", rs(json!({ "iat": true }))),
                ("nobody's", rs(json!({ "sub": null }))),
                ("a blank one's", rs(json!({ "sub": " " }))),
                ("a number's", rs(json!({ "sub": 7 }))),
                ("a name with a line break", rs(json!({ "sub": "ada\nroot" }))),
                ("iss twice", twice(r#""iss":"hs""#)),
                ("exp twice", twice(r#""exp":1"#)),
                ("sub twice, once in escapes", twice(r#""s\u0075b":"root""#)),
                ("alg twice", {
                    let text = claims("rs", json!({})).to_string();
                    lab.rsa.sign_text(r#"{"alg":"none","alg":"RS256"}"#, &text)
                }),
                ("crit", {
                    let header = json!({ "alg": "RS256", "crit": ["exp"], "exp": 1 });
                    lab.rsa.sign(&header, &claims("rs", json!({})))
                }),
                ("crit of nothing", {
                    lab.rsa.sign(&json!({ "alg": "RS256", "crit": [] }), &claims("rs", json!({})))
                }),
                ("unencoded", {
                    lab.rsa.sign(&json!({ "alg": "RS256", "b64": false }), &claims("rs", json!({})))
                }),
                ("typ of something else", {
                    lab.rsa.sign(&json!({ "alg": "RS256", "typ": "logout+jwt" }), &claims("rs", json!({})))
                }),
                ("typ of another type", {
                    lab.rsa.sign(&json!({ "alg": "RS256", "typ": 1 }), &claims("rs", json!({})))
                }),
                ("claims that are a list", lab.rsa.sign_text(header, "[]")),
                ("claims that are no JSON", lab.rsa.sign_text(header, "{")),
                ("groups that are numbers", rs(json!({ "groups": [1] }))),
                ("no kind", roles(json!({}))),
                ("a kind that is not mapped", roles(role(json!("staff")))),
                ("kinds that are not mapped", roles(role(json!(["a", "b"])))),
                ("two kinds at once", roles(role(json!(["employee", "machine"])))),
                ("a customer without a code", roles(role(json!("b2b")))),
                ("a customer with a blank code", {
                    let mut changes = role(json!("b2b"));
                    changes["https://shop.example/erp.code"] = json!("  ");
                    roles(changes)
                }),
                ("a customer with a list of codes", {
                    let mut changes = role(json!("b2b"));
                    changes["https://shop.example/erp.code"] = json!(["C1"]);
                    roles(changes)
                }),
                ("ours, of a kind there is not", {
                    let own = lab.door.shop.issuer().issue(&new(ViewerKind::Anonymous));
                    own.map_or_else(|_| "x.y.z".to_owned(), |(token, _)| token)
                }),
                ("longer than tokens may be", rs(json!({ "x": "x".repeat(5_000) }))),
            ],
        )
        .await;
        lab.refuses("TOKEN_EXPIRED", &[("old", rs(json!({ "exp": from_now(-120) })))]).await;
        lab.refuses(
            "TOKEN_NOT_YET_VALID",
            &[
                ("early", rs(json!({ "nbf": from_now(120) }))),
                ("issued in the future", rs(json!({ "iat": from_now(120) }))),
            ],
        )
        .await;
        // What is wrong with its signature goes first: when it ended says nothing of a token that is not one.
        lab.refuses(
            "TOKEN_INVALID",
            &[("old and false", Key::rsa().token(&claims("rs", json!({ "exp": 1 }))))],
        )
        .await;
        // Clocks may be a little apart.
        for changes in [json!({ "exp": from_now(-10) }), json!({ "nbf": from_now(15), "iat": from_now(15) })]
        {
            assert_eq!(lab.door.ask(&rs(changes.clone())).await.status, 200, "{changes}");
        }
        let fraction = rs(json!({ "exp": 9_999_999_999.5_f64, "aud": ["bank", "shop"] }));
        assert_eq!(lab.door.ask(&fraction).await.status, 200);
    });
}

fn new(kind: ViewerKind) -> NewToken {
    NewToken {
        kind,
        subject: "ada".to_owned(),
        session: None,
        customer: None,
        contact: None,
        scopes: Vec::new(),
        groups: Vec::new(),
        lifetime: std::time::Duration::from_mins(5),
    }
}

#[test]
fn claims_say_who_it_is() {
    block_on(async {
        let lab = Lab::open().await;
        let token = lab.ed.token(&claims(
            "roles",
            json!({
                "realm_access": { "roles": ["offline_access", "b2b", "chief"] },
                "https://shop.example/erp.code": "CBRUN", "erp": { "contact": 7 },
                "scp": ["read", "order"], "sid": "theirs", "jti": "1",
            }),
        ));
        let answer = lab.door.ask(&token).await;
        let data = answer.data();
        assert_eq!(
            [&data["kind"], &data["subject"], &data["customer"], &data["contact"], &data["issuer"]],
            [&json!("customer"), &json!("ada"), &json!("CBRUN"), &json!("7"), &json!("roles")],
            "{answer:?}"
        );
        // A customer is in no group, and another's session is none of ours.
        assert_eq!((&data["groups"], &data["session"]), (&json!([]), &Json::Null));
        assert_eq!((&data["scopes"], &data["rights"]), (&json!(["read", "order"]), &json!([])));

        let roles = json!({ "realm_access": { "roles": ["clerk", "employee", "chief", "else"] } });
        let staff = lab.ed.token(&claims("roles", roles));
        let data = lab.door.ask(&staff).await.data().clone();
        assert_eq!((&data["kind"], &data["groups"]), (&json!("staff"), &json!(["editors", "admin"])));
        assert_eq!(data["rights"].as_array().expect("rights").len(), Right::ALL.len());

        let program = lab.hs.token(&claims("hs", json!({ "permissions": "read provenance fly" })));
        let data = lab.door.ask(&program).await.data().clone();
        assert_eq!((&data["kind"], &data["rights"]), (&json!("integration"), &json!(["read", "provenance"])));

        // An issuer's own words for rights; what it does not name (our own words, too) is nothing.
        let program =
            lab.hs.token(&claims("words", json!({ "scope": "team:admin catalog:read everything plan" })));
        let data = lab.door.ask(&program).await.data().clone();
        let rights = json!(["read", "provenance", "staff.manage"]);
        assert_eq!((&data["scopes"], &data["rights"]), (&rights, &rights));

        let answer = lab.door.post(&[]).await;
        assert_eq!((answer.status, &answer.data()["kind"]), (200, &json!("anonymous")));
        assert_eq!((&answer.data()["rights"], &answer.data()["subject"]), (&json!([]), &Json::Null));
    });
}

#[test]
fn tokens_of_our_own_are_taken_and_their_key_is_published() {
    block_on(async {
        let lab = Lab::open().await;
        let issuer = lab.door.shop.issuer();
        let mut customer = new(ViewerKind::Customer);
        customer.customer = Some("CBRUN".to_owned());
        customer.contact = Some("2".to_owned());
        let (token, _) = issuer.issue(&customer).expect("a token");
        let data = lab.door.ask(&token).await.data().clone();
        assert_eq!(
            [&data["kind"], &data["customer"], &data["contact"], &data["session"], &data["issuer"]],
            [&json!("customer"), &json!("CBRUN"), &json!("2"), &Json::Null, &json!("us")]
        );
        // A session that nobody began has ended.
        customer.session = Some("s".to_owned());
        let (invented, _) = issuer.issue(&customer).expect("a token");
        lab.refuses("TOKEN_REVOKED", &[("of a session there is not", invented)]).await;
        let response = lab
            .door
            .client
            .get(format!("{}/.well-known/jwks.json", lab.door.base))
            .send()
            .await
            .expect("an answer");
        assert_eq!(response.headers()["content-type"], "application/jwk-set+json");
        let published: Json = response.json().await.expect("JSON");
        assert!(published["keys"][0].get("d").is_none(), "{published}");
        // With it, another shop takes our tokens; that one does not take what it says itself for ours.
        let settings = "[[auth.issuers]]\nissuer = 'us'\naudience = 'shop'\nalgorithms = ['EdDSA']\n\
                        key_file = 'us.jwks'\nkind = 'integration'\n";
        let other = Door::open(settings, &[("us.jwks", &published.to_string())]).await;
        assert_eq!(other.ask(&token).await.data()["kind"], "integration");
        assert_eq!(other.post(&[]).await.status, 200);
        assert_eq!(other.ask(&lab.ed.token(&claims("us", json!({})))).await.status, 401);
        let none = reqwest::get(format!("{}/.well-known/jwks.json", other.base)).await.expect("an answer");
        assert_eq!(none.json::<Json>().await.expect("JSON"), json!({ "keys": [] }));
        assert!(other.dir().join("us.jwks").is_file());
    });
}

/// The site database has the last word: what it has ended is not let in, and without it nobody with a token is.
#[test]
fn what_was_ended_is_refused_and_what_cannot_be_known_too() {
    use comptoir::{
        auth::accounts::{MemberChange, Origin},
        site::Revoke,
    };
    block_on(async {
        let lab = Lab::open().await;
        let shop = &lab.door.shop;
        let member = MemberChange {
            login: "eva".to_owned(),
            password: Some("a long enough passphrase".to_owned()),
            groups: Some(vec!["editors".to_owned()]),
            ..MemberChange::default()
        };
        shop.staff().save_member_as_system(member).await.expect("an account");
        let session = shop.accounts().login("eva", "a long enough passphrase", &Origin::default()).await;
        let session = session.expect("a session");
        let data = lab.door.ask(&session.access_token).await.data().clone();
        assert_eq!((&data["subject"], &data["rights"]), (&json!("eva"), &json!(["hidden"])));
        // Another issuer's namesake is somebody else.
        let namesake = lab.rsa.token(&claims("rs", json!({ "sub": "eva" })));
        assert_eq!(lab.door.ask(&namesake).await.data()["rights"], json!([]));
        shop.staff().end_sessions(Some("eva")).await.expect("ended");
        lab.refuses("TOKEN_REVOKED", &[("a session that was ended", session.access_token)]).await;

        let token = |id: &str| lab.rsa.token(&claims("rs", json!({ "jti": id })));
        assert_eq!(lab.door.ask(&token("1")).await.status, 200);
        shop.staff().revoke("rs", Revoke::Token("1".to_owned())).await.expect("revoked");
        lab.refuses("TOKEN_REVOKED", &[("a token by its id", token("1"))]).await;
        assert_eq!(lab.door.ask(&token("2")).await.status, 200);
        let disabled =
            MemberChange { login: "eva".to_owned(), active: Some(false), ..MemberChange::default() };
        shop.staff().save_member_as_system(disabled).await.expect("disabled");
        let mut own = new(ViewerKind::Staff);
        own.subject = "eva".to_owned();
        let (own, _) = shop.issuer().issue(&own).expect("a token");
        lab.refuses("TOKEN_REVOKED", &[("a disabled account's", own)]).await;

        shop.site().close().await;
        let answer = lab.door.ask(&token("2")).await;
        assert_eq!((answer.status, answer.code.as_deref()), (503, Some("AUTH_UNAVAILABLE")), "{answer:?}");
        assert!(answer.retry_after.is_some() && answer.body.get("data").is_none());
        assert_eq!(lab.door.post(&[]).await.status, 200, "who has no token is served");
    });
}
