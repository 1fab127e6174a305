//! Login sessions: refresh tokens that are good once, stolen ones, many at once, and all that ends a session.

use std::collections::HashSet;

use comptoir::auth::{
    accounts::{AccountError, Accounts, AuditFilter, MemberChange, Origin},
    grants::Grants,
};
use proptest::{
    prelude::{Strategy as _, any, prop_oneof},
    strategy::ValueTree,
    test_runner::TestRunner,
};

use super::{Base, PASSWORD, Replica, code, everywhere, viewer};
use crate::support::block_on;

#[test]
fn a_session_goes_on_by_tokens_that_are_good_once() {
    everywhere("refresh tokens", |base| async move {
        let (one, two) = (base.replica(), base.replica());
        one.admin().await;
        let from = Origin::default();
        let first = one.login("root").await;
        let now = (base.clock())();
        assert_eq!((first.expires_at - now).num_seconds(), 600);
        assert_eq!((first.refresh_expires_at - now).num_days(), 30);
        assert_eq!(first.member.login, "root");
        assert_eq!(first.member.last_login_at, Some(now));
        let mut seen = HashSet::from([first.refresh_token.clone()]);
        let mut session = first;
        for (place, replica) in [&two, &one, &two].into_iter().enumerate() {
            base.wait(20 * 86_400);
            let next = replica.accounts.refresh(&session.refresh_token, &from).await.expect("it goes on");
            assert!(seen.insert(next.refresh_token.clone()), "{place}");
            assert!(next.refresh_token.len() >= 43, "256 bits");
            one.grants.of(&viewer(&next)).await.expect("its token is good");
            session = next;
        }
        // One that is not gone on with for 30 days ends.
        base.wait(30 * 86_400 + 1);
        assert_eq!(code(one.accounts.refresh(&session.refresh_token, &from).await), "Revoked");
        assert_eq!(code(one.accounts.refresh("nonsense", &from).await), "Revoked");
    });
}

#[test]
fn a_stolen_refresh_token_ends_its_session_and_no_other() {
    everywhere("a stolen refresh token", |base| async move {
        let (one, two) = (base.replica(), base.replica());
        one.admin().await;
        let from = Origin::default();
        let other = one.login("root").await;
        let session = one.login("root").await;
        // The thief comes first; then the owner, with the same token, to another replica.
        let stolen = one.accounts.refresh(&session.refresh_token, &from).await.expect("the thief's");
        one.grants.of(&viewer(&stolen)).await.expect("good until it is known");
        assert_eq!(code(two.accounts.refresh(&session.refresh_token, &from).await), "Revoked");
        for replica in [&one, &two] {
            assert_eq!(code(replica.grants.of(&viewer(&stolen)).await), "Revoked");
            assert_eq!(code(replica.grants.of(&viewer(&session)).await), "Revoked");
            assert_eq!(code(replica.accounts.refresh(&stolen.refresh_token, &from).await), "Revoked");
        }
        one.grants.of(&viewer(&other)).await.expect("another session goes on");
        two.accounts.refresh(&other.refresh_token, &from).await.expect("another session goes on");
        let reused = AuditFilter { action: Some("REFRESH_REUSED".into()), ..AuditFilter::default() };
        let told = one.accounts.audit(&reused, None, 10).await.expect("the log");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].target, "root");
    });
}

#[test]
fn logging_out_with_a_used_token_ends_its_session_and_no_other() {
    everywhere("a used token logs out", |base| async move {
        let one = base.replica();
        one.admin().await;
        let from = Origin::default();
        let nobody = comptoir::auth::viewer::Viewer::default();
        let other = one.login("root").await;
        let session = one.login("root").await;
        let next = one.accounts.refresh(&session.refresh_token, &from).await.expect("on");
        let told = async |action: &str| {
            let filter = AuditFilter { action: Some(action.to_owned()), ..AuditFilter::default() };
            one.accounts.count_audit(&filter).await.expect("the log")
        };
        for garbage in ["", "nonsense"] {
            one.accounts.logout(&nobody, Some(garbage), true, &from).await.expect("nothing to end");
        }
        one.grants.of(&viewer(&next)).await.expect("good");
        for _ in 0..2 {
            let used = Some(session.refresh_token.as_str());
            one.accounts.logout(&nobody, used, true, &from).await.expect("answered");
            assert_eq!(code(one.grants.of(&viewer(&next)).await), "Revoked");
            one.grants.of(&viewer(&other)).await.expect("another session goes on");
            assert_eq!((told("REFRESH_REUSED").await, told("LOGOUT").await), (1, 0));
        }
        // A token of a session that is over ends no other, and neither does one that has expired.
        let used = Some(next.refresh_token.as_str());
        one.accounts.logout(&nobody, used, true, &from).await.expect("answered");
        one.grants.of(&viewer(&other)).await.expect("another session goes on");
        base.wait(20 * 86_400);
        let fresh = one.login("root").await;
        base.wait(11 * 86_400);
        one.accounts.logout(&nobody, Some(&other.refresh_token), true, &from).await.expect("answered");
        one.grants.of(&viewer(&fresh)).await.expect("good");
        one.accounts.logout(&nobody, Some(&fresh.refresh_token), true, &from).await.expect("out");
        assert_eq!(code(one.grants.of(&viewer(&fresh)).await), "Revoked");
    });
}

#[test]
fn of_many_that_come_with_one_token_exactly_one_gets_on() {
    everywhere("concurrent refresh", |base| async move {
        let replicas = [base.replica(), base.replica()];
        replicas[0].admin().await;
        for _ in 0..5 {
            let session = replicas[0].login("root").await;
            let all = (0..8).map(|n| {
                let accounts = replicas[n % 2].accounts.clone();
                let token = session.refresh_token.clone();
                tokio::spawn(async move { accounts.refresh(&token, &Origin::default()).await })
            });
            let ends = futures::future::join_all(all).await;
            let (won, lost): (Vec<_>, Vec<_>) =
                ends.into_iter().map(|end| end.expect("no panic")).partition(Result::is_ok);
            assert_eq!(won.len(), 1);
            for end in lost {
                assert_eq!(code(end), "Revoked");
            }
            // A token came twice: the session is over for all of them.
            let winner = won.into_iter().next().expect("one").expect("a session");
            assert_eq!(code(replicas[1].grants.of(&viewer(&winner)).await), "Revoked");
        }
    });
}

#[test]
fn all_that_ends_sessions_ends_them_on_every_replica_at_once() {
    everywhere("the end of sessions", |base| async move {
        let (one, two) = (base.replica(), base.replica());
        one.admin().await;
        one.member("ann", &["admin"]).await;
        let from = Origin::default();
        let gone = async |session: &comptoir::auth::accounts::Session| {
            for replica in [&one, &two] {
                assert_eq!(code(replica.grants.of(&viewer(session)).await), "Revoked");
                assert_eq!(code(replica.accounts.refresh(&session.refresh_token, &from).await), "Revoked");
            }
        };
        let good = async |session: &comptoir::auth::accounts::Session| {
            for replica in [&one, &two] {
                replica.grants.of(&viewer(session)).await.expect("good");
            }
        };
        // Logging out ends one session.
        let (first, second, third) = (one.login("ann").await, one.login("ann").await, two.login("ann").await);
        good(&first).await;
        two.accounts.logout(&viewer(&first), None, false, &from).await.expect("out");
        gone(&first).await;
        good(&second).await;
        // By the refresh token alone, as first browser does it whose access token has ended.
        one.accounts
            .logout(&comptoir::auth::viewer::Viewer::default(), Some(&second.refresh_token), false, &from)
            .await
            .expect("out");
        gone(&second).await;
        good(&third).await;
        // Twice is no error.
        one.accounts
            .logout(&viewer(&first), Some(&first.refresh_token), false, &from)
            .await
            .expect("out already");
        // Everywhere: all of the account.
        let fourth = one.login("ann").await;
        one.accounts.logout(&viewer(&fourth), None, true, &from).await.expect("out");
        gone(&third).await;
        gone(&fourth).await;
        // Who logs in again at the same moment is in.
        let again = one.login("ann").await;
        good(&again).await;
        // A new password.
        let change = MemberChange {
            login: "ann".into(),
            password: Some("another password".into()),
            ..MemberChange::default()
        };
        two.accounts.save_member_as_system(change).await.expect("saved");
        gone(&again).await;
        assert_eq!(code(one.accounts.login("ann", PASSWORD, &from).await), "BadCredentials");
        base.wait(60);
        let renewed = one.accounts.login("ann", "another password", &from).await.expect("in");
        good(&renewed).await;
        // May not log in any more.
        let off = MemberChange { login: "ann".into(), active: Some(false), ..MemberChange::default() };
        one.accounts.save_member_as_system(off.clone()).await.expect("saved");
        gone(&renewed).await;
        assert_eq!(code(one.accounts.login("ann", "another password", &from).await), "BadCredentials");
        base.wait(60);
        // Active again: sessions of before stay ended.
        one.accounts.save_member_as_system(MemberChange { active: Some(true), ..off }).await.expect("saved");
        gone(&renewed).await;
        // The command line ends them all.
        let last = one.accounts.login("ann", "another password", &from).await.expect("in");
        let other = one.login("root").await;
        assert_eq!(two.accounts.end_sessions(Some("ann")).await.expect("ended"), 1);
        gone(&last).await;
        good(&other).await;
        assert_eq!(two.accounts.end_sessions(None).await.expect("ended"), 1);
        gone(&other).await;
        assert_eq!(code(two.accounts.end_sessions(Some("nobody")).await), "login UNKNOWN");
    });
}

#[test]
fn a_session_of_somebody_else_is_not_taken() {
    everywhere("another's session", |base| async move {
        let one = base.replica();
        one.admin().await;
        one.member("ann", &[]).await;
        let mut forged = viewer(&one.login("ann").await);
        one.grants.of(&forged).await.expect("her own");
        forged.subject = Some("root".into());
        assert_eq!(code(one.grants.of(&forged).await), "Revoked");
        let mut unknown = viewer(&one.login("root").await);
        unknown.token.as_mut().expect("a token").session = Some("never".into());
        assert_eq!(code(one.grants.of(&unknown).await), "Revoked");
    });
}

#[test]
fn only_hashes_of_tokens_and_passwords_are_kept() {
    block_on(async {
        let base = Base::sqlite();
        let one = base.replica();
        one.admin().await;
        let session = one.login("root").await;
        let next = one.accounts.refresh(&session.refresh_token, &Origin::default()).await.expect("on");
        one.site.close().await;
        let bytes = std::fs::read(base.file()).expect("the file");
        let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(holds("$argon2id$v=19$m=19456,t=2,p=1$"));
        for secret in [PASSWORD, &session.refresh_token, &next.refresh_token, &next.access_token] {
            assert!(!holds(secret), "{secret}");
        }
    });
}

/// What may happen to a session.
#[derive(Clone, Debug)]
enum Step {
    /// The n-th token that was ever given comes.
    Refresh(usize),
    Login,
    Logout(usize),
}

/// Sessions as a list says them: tokens by session, the last one is good.
#[derive(Default)]
struct Model {
    tokens: Vec<(usize, bool)>,
    alive: Vec<bool>,
}

#[test]
fn rotation_is_as_a_simple_model_says() {
    let step = prop_oneof![
        6 => any::<proptest::sample::Index>().prop_map(|n| Step::Refresh(n.index(1 << 20))),
        1 => proptest::strategy::Just(Step::Login),
        1 => any::<proptest::sample::Index>().prop_map(|n| Step::Logout(n.index(1 << 20))),
    ];
    let steps = proptest::collection::vec(step, 1..40);
    let mut runner = TestRunner::deterministic();
    block_on(async {
        let base = Base::sqlite();
        let replicas = [base.replica(), base.replica()];
        replicas[0].admin().await;
        for _ in 0..24 {
            let steps = steps.new_tree(&mut runner).expect("steps").current();
            rotate(&replicas, &steps).await;
        }
    });
}

async fn rotate(replicas: &[Replica; 2], steps: &[Step]) {
    let from = Origin::default();
    let mut model = Model::default();
    let mut sessions = Vec::new();
    let begin = async |model: &mut Model, sessions: &mut Vec<_>| {
        model.alive.push(true);
        model.tokens.push((model.alive.len() - 1, true));
        sessions.push(replicas[0].login("root").await);
    };
    begin(&mut model, &mut sessions).await;
    for (place, step) in steps.iter().enumerate() {
        let replica = &replicas[place % 2];
        match step {
            // A login costs a password hash: not too many of them.
            Step::Login if model.alive.len() < 3 => begin(&mut model, &mut sessions).await,
            Step::Login => {}
            Step::Refresh(n) => {
                let n = n % model.tokens.len();
                let (session, good) = model.tokens[n];
                let got = replica.accounts.refresh(&sessions[n].refresh_token, &from).await;
                if good && model.alive[session] {
                    sessions.push(got.unwrap_or_else(|e| panic!("{e:?} at {place} of {steps:?}")));
                    model.tokens[n].1 = false;
                    model.tokens.push((session, true));
                } else {
                    assert!(matches!(got, Err(AccountError::Revoked)), "{place} of {steps:?}");
                    model.alive[session] &= good;
                }
            }
            Step::Logout(n) => {
                let n = n % model.tokens.len();
                replica.accounts.logout(&viewer(&sessions[n]), None, false, &from).await.expect("out");
                model.alive[model.tokens[n].0] = false;
            }
        }
        for (token, session) in model.tokens.iter().zip(&sessions) {
            let good = replicas[(place + 1) % 2].grants.of(&viewer(session)).await.is_ok();
            assert_eq!(good, model.alive[token.0], "{place} of {steps:?}");
        }
    }
}
