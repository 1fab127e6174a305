//! Laws of reading tokens that need no server: whatever comes, nothing panics and nothing but a signed token is good.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Refused, Tokens,
    keys::{KeyError, OwnKey, VerifyingKey},
    own::Signer,
    settings::AuthConfig,
};
use crate::auth::{
    issue::{Issue, NewToken},
    viewer::{Viewer, ViewerKind},
};

fn config() -> AuthConfig {
    let keys = OwnKey::read(&OwnKey::generate().unwrap()).unwrap();
    AuthConfig { issuer: "https://shop.example".into(), keys, ..AuthConfig::default() }
}

fn staff() -> NewToken {
    NewToken {
        kind: ViewerKind::Staff,
        subject: "ada".into(),
        session: Some("s1".into()),
        customer: None,
        contact: None,
        scopes: vec!["read".into(), "plan".into()],
        groups: vec!["admin".into()],
        lifetime: std::time::Duration::from_mins(5),
    }
}

fn verify(tokens: &Tokens, token: &str) -> Result<Viewer, Refused> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(tokens.verify(token))
}

#[test]
fn what_is_issued_is_read_back() {
    let config = config();
    let (token, ends) = Signer::new(&config).issue(&staff()).unwrap();
    let viewer = verify(&Tokens::new(&config), &token).unwrap();
    assert_eq!((viewer.kind, viewer.subject.as_deref()), (ViewerKind::Staff, Some("ada")));
    assert_eq!(viewer.groups.iter().map(|g| &**g).collect::<Vec<_>>(), ["admin"]);
    assert_eq!(viewer.scopes.iter().map(|g| &**g).collect::<Vec<_>>(), ["read", "plan"]);
    let info = viewer.token.unwrap();
    assert_eq!((&*info.issuer, info.session.as_deref()), ("https://shop.example", Some("s1")));
    assert_eq!(info.expires_at, ends);
    assert!(info.id.is_some() && info.issued_at.is_some());
}

#[test]
fn the_second_key_goes_on_verifying_and_no_other_does() {
    let old = config();
    let (token, _) = Signer::new(&old).issue(&staff()).unwrap();
    let mut rotated = config();
    rotated.keys.extend(old.keys.clone());
    assert!(verify(&Tokens::new(&rotated), &token).is_ok());
    let (new, _) = Signer::new(&rotated).issue(&staff()).unwrap();
    assert!(verify(&Tokens::new(&rotated), &new).is_ok());
    assert!(verify(&Tokens::new(&old), &new).is_err());
    rotated.keys.truncate(1);
    assert!(verify(&Tokens::new(&rotated), &token).is_err());
    // A shop without a key takes none of its own name.
    assert!(verify(&Tokens::new(&AuthConfig { keys: Vec::new(), ..old }), &token).is_err());
}

#[test]
fn nobody_is_issued_what_no_one_could_use() {
    let config = config();
    let signer = Signer::new(&config);
    let refused = |change: fn(&mut NewToken)| {
        let mut token = staff();
        change(&mut token);
        signer.issue(&token).is_err()
    };
    assert!(refused(|token| token.kind = ViewerKind::Anonymous));
    assert!(refused(|token| token.kind = ViewerKind::Customer));
    assert!(refused(|token| token.lifetime = std::time::Duration::MAX));
    assert!(Signer::new(&AuthConfig::default()).issue(&staff()).is_err());
}

#[test]
fn keys_are_never_printed() {
    let config = config();
    let pem = OwnKey::generate().unwrap();
    let own = OwnKey::read(&pem).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let (secret, _) = VerifyingKey::secret("an-unspeakable-secret-of-32-bytes!").unwrap();
    let shown = format!("{config:?} {own:?} {:?} {secret:?}", Tokens::new(&config));
    assert!(!shown.contains("unspeakable") && !shown.contains(&body[20..40]), "{shown}");
}

#[test]
fn public_keys_are_read_and_others_refused() {
    let jwk = |value: Value| VerifyingKey::public_keys(&value.to_string()).map(|keys| keys.len());
    let x = OwnKey::public_set(&config().keys)["keys"][0]["x"].clone();
    let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    let with = |name: &str, value: Value| {
        let mut changed = ed.clone();
        changed[name] = value;
        changed
    };
    assert_eq!(jwk(ed.clone()), Ok(1));
    assert_eq!(jwk(json!({ "keys": [ed, ed] })), Ok(2));
    assert_eq!(jwk(with("use", json!("enc"))), Err(KeyError::NotForVerifying));
    assert_eq!(jwk(with("key_ops", json!(["sign"]))), Err(KeyError::NotForVerifying));
    assert_eq!(jwk(with("key_ops", json!(["verify"]))), Ok(1));
    assert_eq!(jwk(with("alg", json!("ES256"))), Err(KeyError::NotForVerifying));
    assert_eq!(jwk(with("d", json!("AAAA"))), Err(KeyError::Private));
    assert_eq!(jwk(with("crv", json!("X25519"))), Err(KeyError::Unsupported));
    assert_eq!(jwk(with("x", json!("AAAA"))), Err(KeyError::Unsupported));
    assert_eq!(jwk(json!({ "kty": "oct", "k": "AAAA" })), Err(KeyError::Symmetric));
    assert_eq!(jwk(json!({ "kty": "AKP" })), Err(KeyError::Unsupported));
    assert_eq!(jwk(json!({})), Err(KeyError::NotAKey));
    // A point of one curve under the name of another.
    let point = URL_SAFE_NO_PAD.encode([7_u8; 48]);
    assert_eq!(
        jwk(json!({ "kty": "EC", "crv": "P-256", "x": point, "y": point })),
        Err(KeyError::Unsupported)
    );
    let short = URL_SAFE_NO_PAD.encode([255_u8; 128]);
    assert_eq!(jwk(json!({ "kty": "RSA", "n": short, "e": "AQAB" })), Err(KeyError::Weak(1_024)));
    // Zeros before it make no number longer.
    let padded = URL_SAFE_NO_PAD.encode([vec![0_u8; 128], vec![255_u8; 128]].concat());
    assert_eq!(jwk(json!({ "kty": "RSA", "n": padded, "e": "AQAB" })), Err(KeyError::Weak(1_024)));
    assert_eq!(VerifyingKey::public_keys("hello").map(|k| k.len()), Err(KeyError::NotAKey));
    assert_eq!(
        VerifyingKey::public_keys(&OwnKey::generate().unwrap()).map(|k| k.len()),
        Err(KeyError::Private)
    );
}

/// RFC 8037, A.4, and RFC 7515, A.3: signatures that others made.
#[test]
fn signatures_of_the_standards_own_examples_fit() {
    let ed = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let ec = json!({
        "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    });
    for (jwk, algorithm, message, signature) in [
        (
            &ed,
            Algorithm::EdDSA,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
        (
            &ec,
            Algorithm::ES256,
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
    ] {
        let key = VerifyingKey::jwk(jwk).unwrap();
        let fits =
            |message: &str| jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.key, algorithm);
        assert!(key.does(algorithm) && fits(message).unwrap(), "{algorithm:?}");
        assert!(!fits(&message[1..]).unwrap(), "{algorithm:?}");
    }
}

#[test]
fn secrets_are_their_bytes_or_what_encodes_them() {
    let bytes = |text: &str| VerifyingKey::secret(text).map(|(_, bytes)| bytes);
    assert_eq!(bytes("abc"), Some(3));
    assert_eq!(bytes("base64:AAAAAAAA"), Some(6));
    assert_eq!(bytes("base64:AAAA-_8"), Some(5));
    assert_eq!(bytes("base64:AAA="), Some(2));
    assert_eq!(bytes("base64:%"), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn bytes_authenticate_nobody(token in "\\PC{0,200}") {
        prop_assert!(verify(&Tokens::new(&config()), &token).is_err());
    }

    #[test]
    fn parts_of_json_authenticate_nobody(
        alg in prop::sample::select(vec!["none", "None", "HS256", "RS256", "EdDSA", "ES384", ""]),
        claims in "\\PC{0,60}",
        signature in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let config = config();
        let header = json!({ "alg": alg, "typ": "JWT" });
        let body = json!({
            "iss": config.issuer, "aud": "comptoir", "exp": 9_999_999_999_u64, "sub": claims, "kind": "staff",
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let token = format!("{}.{}.{}", part(&header), part(&body), URL_SAFE_NO_PAD.encode(&signature));
        prop_assert!(verify(&Tokens::new(&config), &token).is_err());
    }

    #[test]
    fn a_token_changed_in_any_place_is_no_token(at in any::<prop::sample::Index>(), to in any::<char>(), cut in 0_usize..3) {
        let config = config();
        let (token, _) = Signer::new(&config).issue(&staff()).unwrap();
        let at = at.index(token.len());
        let changed = match cut {
            0 => format!("{}{to}{}", &token[..at], &token[at + 1..]),
            1 => format!("{}{}", &token[..at], &token[at + 1..]),
            _ => format!("{}{to}{}", &token[..at], &token[at..]),
        };
        prop_assume!(changed != token);
        prop_assert!(verify(&Tokens::new(&config), &changed).is_err());
    }
}
