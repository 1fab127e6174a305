//! Rights by groups, revocation, and that a change holds at once on every replica.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::TimeDelta;
use comptoir::{
    auth::{
        accounts::{Accounts, GroupChange, MemberChange, Origin},
        grants::Grants,
        rights::{Grant, Right},
        viewer::{Viewer, ViewerKind},
    },
    config::{Secret, SiteConfig},
    site::Revoke,
};

use super::{Base, code, everywhere, foreign, member, viewer, words};
use crate::support::{block_on, postgres};

#[test]
fn changes_hold_at_once_on_every_replica() {
    everywhere("changes of rights", |base| async move {
        let (one, two) = (base.replica(), base.replica());
        one.admin().await;
        one.group("sales", &[]).await;
        one.member("ann", &["sales"]).await;
        let ann = viewer(&one.login("ann").await);
        let of = async |expected: &[&str]| {
            for replica in [&one, &two] {
                assert_eq!(words(&replica.grants.of(&ann).await.expect("rights")), expected);
            }
        };
        of(&[]).await;
        for (place, grants) in
            [vec![Right::Hidden], vec![Right::Hidden, Right::Plan], vec![Right::Read]].into_iter().enumerate()
        {
            let by = if place % 2 == 0 { &one } else { &two };
            let whole: Vec<Grant> = grants.iter().copied().map(Grant::whole).collect();
            by.group("sales", &whole).await;
            let mut expected: Vec<&str> = grants.iter().map(|right| right.word()).collect();
            expected.sort_unstable();
            of(&expected).await;
        }
        two.accounts.save_member_as_system(member("ann", &["admin", "sales"])).await.expect("saved");
        let mut all: Vec<&str> = Right::ALL.iter().map(|right| right.word()).collect();
        all.sort_unstable();
        of(&all).await;
        one.accounts.save_member_as_system(member("ann", &["sales"])).await.expect("saved");
        of(&["read"]).await;
        let gone = GroupChange { name: "sales".to_owned(), delete: true, ..GroupChange::default() };
        two.accounts.save_group_as_system(gone).await.expect("deleted");
        of(&[]).await;
    });
}

#[test]
fn tokens_of_others_have_the_grants_of_groups_by_name() {
    everywhere("tokens of other issuers", |base| async move {
        let (one, two) = (base.replica(), base.replica());
        one.admin().await;
        one.group("sales", &[Grant::whole(Right::Hidden)]).await;
        one.group("plans", &[Grant::whole(Right::Plan), Grant::whole(Right::Hidden)]).await;
        let now = (base.clock())();
        let carl = foreign("carl", &["sales", "plans", "unknown"], now);
        assert_eq!(words(&two.grants.of(&carl).await.expect("rights")), ["hidden", "plan"]);
        // A name that one of our accounts has is nobody of ours.
        let root = foreign("root", &[], now);
        assert_eq!(words(&one.grants.of(&root).await.expect("rights")), [""; 0]);
        // Who has no token has no group, and the database is not asked.
        one.site.close().await;
        assert_eq!(words(&one.grants.of(&Viewer::default()).await.expect("rights")), [""; 0]);
        assert_eq!(code(one.grants.of(&carl).await), "Unavailable");
    });
}

#[test]
fn tokens_are_revoked_by_id_and_by_subject() {
    everywhere("revocation", |base| async move {
        let (one, two) = (base.replica(), base.replica());
        one.admin().await;
        let now = (base.clock())();
        let (ann, bob) = (foreign("ann", &["admin"], now), foreign("bob", &["admin"], now));
        let issuer = ann.token.as_ref().expect("a token").issuer.clone();
        two.grants.of(&ann).await.expect("good");
        one.accounts.revoke(&issuer, Revoke::Token("jti-ann".into())).await.expect("revoked");
        assert_eq!(code(two.grants.of(&ann).await), "Revoked");
        two.grants.of(&bob).await.expect("good");
        let mut same = ann.clone();
        same.token.as_mut().expect("a token").issuer = "https://third.example".into();
        two.grants.of(&same).await.expect("the same id of another issuer is another token");
        // All of somebody up to now; later ones are good.
        one.accounts.revoke(&issuer, Revoke::Subject("bob".into())).await.expect("revoked");
        assert_eq!(code(two.grants.of(&bob).await), "Revoked");
        let later = foreign("bob", &["admin"], now + TimeDelta::seconds(1));
        two.grants.of(&later).await.expect("good");
        let mut undated = later.clone();
        undated.token.as_mut().expect("a token").issued_at = None;
        assert_eq!(code(two.grants.of(&undated).await), "Revoked");
        // Logging out with a token that has no session.
        one.accounts.logout(&later, None, false, &Origin::default()).await.expect("out");
        assert_eq!(code(two.grants.of(&later).await), "Revoked");
    });
}

#[test]
fn tokens_of_ours_without_a_session_follow_the_account() {
    everywhere("tokens for development", |base| async move {
        let one = base.replica();
        one.admin().await;
        one.member("ann", &[]).await;
        let now = (base.clock())();
        let ours = |subject: &str, groups: &[&str]| {
            let mut viewer = foreign(subject, groups, now);
            viewer.token.as_mut().expect("a token").issuer = super::ISSUER.into();
            viewer
        };
        // Groups that a token claims are nothing to an account of ours.
        assert_eq!(words(&one.grants.of(&ours("ann", &["admin"])).await.expect("rights")), [""; 0]);
        assert_eq!(one.grants.of(&ours("dev", &["admin"])).await.expect("rights").0.len(), Right::ALL.len());
        let integration = Viewer { kind: ViewerKind::Integration, ..ours("ann", &["admin"]) };
        assert_eq!(one.grants.of(&integration).await.expect("rights").0.len(), Right::ALL.len());
        let off = MemberChange { login: "ann".into(), active: Some(false), ..MemberChange::default() };
        one.accounts.save_member_as_system(off).await.expect("saved");
        assert_eq!(code(one.grants.of(&ours("ann", &[])).await), "Revoked");
    });
}

#[test]
fn the_case_of_a_login_saves_no_token_of_ours() {
    everywhere("the case of logins", |base| async move {
        let one = base.replica();
        one.admin().await;
        one.member("Eva", &["admin"]).await;
        let ours = |subject: &str| {
            let mut viewer = foreign(subject, &[], (base.clock())());
            viewer.token.as_mut().expect("a token").issuer = super::ISSUER.into();
            viewer
        };
        let password = MemberChange {
            login: "eva".into(),
            password: Some("another password".into()),
            ..MemberChange::default()
        };
        for way in 0..4 {
            let spelt = ["Eva", "eva", "EVA"].map(ours);
            for token in &spelt {
                one.grants.of(token).await.expect("good");
            }
            match way {
                0 => drop(one.accounts.end_sessions(Some("Eva")).await.expect("ended")),
                1 => drop(one.accounts.save_member_as_system(password.clone()).await.expect("saved")),
                2 => {
                    let subject = Revoke::Subject("eVa".into());
                    one.accounts.revoke(super::ISSUER, subject).await.expect("revoked");
                }
                _ => {
                    let out = one.accounts.logout(&spelt[2], None, true, &Origin::default()).await;
                    out.expect("out");
                }
            }
            for token in &spelt {
                assert_eq!(code(one.grants.of(token).await), "Revoked", "{way} {:?}", token.subject);
            }
            base.wait(1);
        }
    });
}

/// Rights are asked for without pause on two replicas while they change: an answer that was asked for after a change is
/// never of before it.
#[test]
fn no_right_is_stale_under_load() {
    everywhere("rights under load", |base| async move {
        let (one, two) = (base.replica(), base.replica());
        one.admin().await;
        one.group("sales", &[]).await;
        one.member("ann", &["sales"]).await;
        let ann = viewer(&one.login("ann").await);
        let done = Arc::new(AtomicBool::new(false));
        let load: Vec<_> = (0..16)
            .map(|n| {
                let grants = if n % 2 == 0 { one.grants.clone() } else { two.grants.clone() };
                let (ann, done) = (ann.clone(), done.clone());
                tokio::spawn(async move {
                    let mut asked = 0_u32;
                    while !done.load(Ordering::Relaxed) {
                        // Some go away before they are answered.
                        if asked.is_multiple_of(3) {
                            let _ = tokio::time::timeout(std::time::Duration::ZERO, grants.of(&ann)).await;
                        } else {
                            grants.of(&ann).await.expect("an answer");
                        }
                        asked += 1;
                    }
                    asked
                })
            })
            .collect();
        for n in 0..40 {
            let grants = if n % 2 == 0 { vec![Grant::whole(Right::Hidden)] } else { Vec::new() };
            one.group("sales", &grants).await;
            for replica in [&two, &one] {
                assert_eq!(*replica.grants.of(&ann).await.expect("rights").0, *grants, "{n}");
            }
        }
        done.store(true, Ordering::Relaxed);
        for task in load {
            assert!(task.await.expect("no panic") > 0);
        }
    });
}

#[test]
fn a_server_that_is_down_refuses_and_comes_back() {
    if !postgres::available("the site database down") {
        return;
    }
    block_on(async {
        // Nobody listens there.
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let url = Some(Secret(format!("postgres://nobody:secret-word@127.0.0.1:{port}/site")));
        let base = Base::of(SiteConfig { url, ..SiteConfig::default() }, None);
        let one = base.replica();
        assert!(!one.site.start().await.expect("the server starts"), "it does not answer");
        let ann = foreign("ann", &["admin"], (base.clock())());
        assert_eq!(code(one.grants.of(&ann).await), "Unavailable");
        assert_eq!(code(one.accounts.login("ann", super::PASSWORD, &Origin::default()).await), "Unavailable");
        assert!(one.grants.of(&Viewer::default()).await.is_ok(), "who has no token is served");
        let told =
            format!("{} {:?} {}", one.site.place(), one.site, one.site.health().await.expect_err("down"));
        assert!(!told.contains("secret-word"), "{told}");
        one.site.close().await;

        // Connections that are cut while nobody looks are made anew.
        let base = Base::postgres().await;
        let one = base.replica();
        one.admin().await;
        let root = viewer(&one.login("root").await);
        let database = base.database.as_deref().expect("a database");
        let cut = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}' AND pid <> pg_backend_pid()"
        );
        postgres::execute("postgres", &cut).await;
        super::eventually("it answers again", async || one.grants.of(&root).await.is_ok()).await;
        postgres::drop_database(database).await;
    });
}
