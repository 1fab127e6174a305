//! Keys that an issuer publishes: fetched, renewed, kept, and never a way to hold anybody up.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value as Json, json};

use super::lab::{Door, Key, Publisher, Says, claims};
use crate::support::block_on;

fn issuer(name: &str, url: &str, algorithms: &str) -> String {
    format!(
        "[[auth.issuers]]\nissuer = '{name}'\naudience = 'shop'\nalgorithms = [{algorithms}]\n\
         jwks_url = '{url}'\nkind = 'staff'\n"
    )
}

fn token(key: &Key, kid: &str, issuer: &str) -> String {
    let header = json!({ "alg": format!("{:?}", key.algorithm), "kid": kid });
    key.sign(&header, &claims(issuer, json!({})))
}

#[test]
fn keys_are_fetched_once_and_rotated_by_name() {
    block_on(async {
        let (old, new) = (Key::p384(), Key::ed25519());
        let publisher = Publisher::start(Says::Keys(vec![old.named("1")])).await;
        let door = Door::open(&issuer("idp", &publisher.url, "'ES384', 'EdDSA'"), &[]).await;
        let first = token(&old, "1", "idp");
        let many = join_all((0..20).map(|_| door.ask(&first))).await;
        assert!(many.iter().all(|answer| answer.status == 200), "{many:?}");
        assert_eq!(publisher.asked(), 1, "one fetch for all that wait");
        // A new key is found by its name, and the old one goes on as long as it is published.
        publisher.says(Says::Keys(vec![new.named("2"), old.named("1")]));
        let second = token(&new, "2", "idp");
        assert_eq!(door.ask(&second).await.status, 200);
        assert_eq!(door.ask(&first).await.status, 200);
        assert_eq!(publisher.asked(), 2);
        // The name of the one with the signature of the other.
        assert_eq!(door.ask(&token(&new, "1", "idp")).await.status, 401);
        assert_eq!(door.ask(&token(&old, "2", "idp")).await.status, 401);
    });
}

#[test]
fn a_flood_of_unknown_names_makes_no_flood_of_fetches() {
    block_on(async {
        let key = Key::ed25519();
        let publisher = Publisher::start(Says::Keys(vec![key.named("1")])).await;
        let door = Door::open(&issuer("idp", &publisher.url, "'EdDSA'"), &[]).await;
        assert_eq!(door.ask(&token(&key, "1", "idp")).await.status, 200);
        for wave in 0..4 {
            let tokens: Vec<_> = (0..50).map(|n| token(&key, &format!("{wave}-{n}"), "idp")).collect();
            let answers = join_all(tokens.iter().map(|token| door.ask(token))).await;
            for answer in &answers {
                assert_eq!((answer.status, answer.code.as_deref()), (401, Some("TOKEN_INVALID")));
            }
        }
        // The first of them may have been a new key; the others have to wait.
        assert_eq!(publisher.asked(), 2);
        assert_eq!(door.ask(&token(&key, "1", "idp")).await.status, 200);
        // Tokens that are wrong before their key matters ask for none.
        let foreign = key.sign(&json!({ "alg": "ES384", "kid": "9" }), &claims("idp", json!({})));
        assert_eq!(door.ask(&foreign).await.status, 401);
        assert_eq!(publisher.asked(), 2);
    });
}

#[test]
fn keys_are_kept_while_their_address_is_down() {
    block_on(async {
        let key = Key::ed25519();
        let publisher = Publisher::start(Says::Keys(vec![key.named("1")])).await;
        let door = Door::open(&issuer("idp", &publisher.url, "'EdDSA'"), &[]).await;
        let good = token(&key, "1", "idp");
        assert_eq!(door.ask(&good).await.status, 200);
        for says in
            [Says::Text(500, "down".to_owned()), Says::Text(200, "<html>".to_owned()), Says::Keys(Vec::new())]
        {
            publisher.says(says);
            // A name that is not there makes it ask; what it gets takes nothing away.
            assert_eq!(door.ask(&token(&key, "2", "idp")).await.status, 401);
            assert_eq!(door.ask(&good).await.status, 200);
        }
        drop(publisher);
        assert_eq!(door.ask(&good).await.status, 200);
    });
}

#[test]
fn without_any_key_it_is_503_and_never_anonymous() {
    block_on(async {
        let key = Key::ed25519();
        let elsewhere = Publisher::start(Says::Keys(vec![key.named("1")])).await;
        let public = |value: &Json| Says::Keys(vec![value.clone()]);
        let with = |name: &str, value: Json| {
            let mut jwk = key.named("1");
            jwk[name] = value;
            jwk
        };
        for (name, says) in [
            ("500", Says::Text(500, String::new())),
            ("404", Says::Text(404, json!({ "keys": [key.named("1")] }).to_string())),
            ("garbage", Says::Text(200, "\u{0}\u{1}".to_owned())),
            ("a list", Says::Text(200, json!([key.named("1")]).to_string())),
            ("no key", Says::Keys(Vec::new())),
            ("a key for encryption", public(&with("use", json!("enc")))),
            ("a key to sign with", public(&with("key_ops", json!(["sign"])))),
            ("a key of another algorithm", public(&with("alg", json!("ES256")))),
            ("a private key", public(&with("d", json!("AAAA")))),
            ("a secret", Says::Keys(vec![json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "1" })])),
            ("a key that the list of algorithms leaves out", Says::Keys(vec![Key::p256().named("1")])),
            (
                "too much",
                Says::Text(200, json!({ "keys": [key.named("1")], "x": "x".repeat(600_000) }).to_string()),
            ),
            ("another host", Says::Moved(elsewhere.url.clone())),
        ] {
            let publisher = Publisher::start(says).await;
            let door = Door::open(&issuer("idp", &publisher.url, "'EdDSA'"), &[]).await;
            let answer = door.ask(&token(&key, "1", "idp")).await;
            assert_eq!((answer.status, answer.code.as_deref()), (503, Some("AUTH_UNAVAILABLE")), "{name}");
            let seconds: u64 = answer.retry_after.expect("when").parse().expect("seconds");
            assert!((1..=30).contains(&seconds), "{name}: {seconds}");
            // Asked again at once, the address is left alone.
            assert_eq!(door.ask(&token(&key, "1", "idp")).await.status, 503, "{name}");
            assert_eq!(publisher.asked(), 1, "{name}");
        }
        assert_eq!(elsewhere.asked(), 0);
        // On the same host it may move.
        let publisher = Publisher::start(Says::Text(200, String::new())).await;
        publisher.says(Says::Moved("/elsewhere".to_owned()));
        let door = Door::open(&issuer("idp", &publisher.url, "'EdDSA'"), &[]).await;
        let moved = door.ask(&token(&key, "1", "idp")).await;
        assert_eq!(moved.status, 503, "round and round");
        assert!(publisher.asked() <= 5, "{}", publisher.asked());
    });
}

#[test]
fn an_address_that_hangs_holds_up_nobody_else() {
    block_on(async {
        let (key, other) = (Key::ed25519(), Key::ed25519());
        let (hanging, sound) =
            (Publisher::start(Says::Hangs).await, Publisher::start(Says::Keys(vec![other.named("1")])).await);
        let settings = issuer("slow", &hanging.url, "'EdDSA'") + &issuer("idp", &sound.url, "'EdDSA'");
        let door = Door::open(&settings, &[]).await;
        let stuck_token = token(&key, "1", "slow");
        let stuck = join_all((0..30).map(|_| door.ask(&stuck_token)));
        let others = async {
            // While those wait, tokens of others and requests without any are answered.
            while hanging.asked() == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            let token = token(&other, "1", "idp");
            (door.ask(&token).await.status, door.post(&[]).await.status, hanging.asked())
        };
        let (stuck, others) = futures::join!(stuck, others);
        assert_eq!(others, (200, 200, 1));
        for answer in stuck {
            assert_eq!((answer.status, answer.code.as_deref()), (503, Some("AUTH_UNAVAILABLE")));
        }
        // Who came while it hung started no second fetch; who comes right after is told to wait.
        assert_eq!(door.ask(&stuck_token).await.status, 503);
        assert_eq!(hanging.asked(), 1);
        // Whoever goes away does not take the fetch along.
        let again = Publisher::start(Says::Hangs).await;
        let door = Door::open(&issuer("slow", &again.url, "'EdDSA'"), &[]).await;
        for _ in 0..5 {
            let gone = tokio::time::timeout(Duration::from_millis(50), door.ask(&stuck_token)).await;
            assert!(gone.is_err());
        }
        assert_eq!(again.asked(), 1);
    });
}
