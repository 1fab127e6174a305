//! Members and groups: rules, who may hand on what, and what the audit log tells.

use comptoir::auth::{
    accounts::{Accounts, AuditFilter, GroupChange, MemberChange, Origin},
    rights::{Grant, Right},
    viewer::Viewer,
};

use super::{PASSWORD, code, everywhere, member, viewer, words};

#[test]
fn members_and_groups_are_made_changed_listed_and_counted() {
    everywhere("members and groups", |base| async move {
        let one = base.replica();
        one.admin().await;
        one.group("sales", &[Grant::whole(Right::Hidden), Grant::whole(Right::Hidden)]).await;
        for login in ["zoé", "Bob", "alice"] {
            one.member(login, &["sales"]).await;
        }
        let listed = one.accounts.members(None, 10).await.expect("members");
        let logins: Vec<&str> = listed.iter().map(|m| m.login.as_str()).collect();
        assert_eq!(logins, ["alice", "Bob", "root", "zoé"], "by login, without case");
        let page = one.accounts.members(Some("bob"), 1).await.expect("members");
        assert_eq!(page[0].login, "root");
        assert_eq!(one.accounts.count_members().await.expect("a count"), 4);
        let groups = one.accounts.groups(None, 10).await.expect("groups");
        assert_eq!(
            groups.iter().map(|g| (g.name.as_str(), g.members)).collect::<Vec<_>>(),
            [("admin", 1), ("sales", 3)]
        );
        assert_eq!(groups[1].grants, [Grant::whole(Right::Hidden)], "a grant given twice is one");
        assert_eq!(one.accounts.count_groups().await.expect("a count"), 2);

        let bob = one.accounts.member("BOB").await.expect("an answer").expect("bob");
        assert_eq!((bob.login.as_str(), bob.name.as_str(), bob.active), ("Bob", "Bob", true));
        assert_eq!(bob.last_login_at, None);
        one.login("bob").await;
        let bob = one.accounts.member("bob").await.expect("an answer").expect("bob");
        assert_eq!(bob.last_login_at, Some((base.clock())()));
        let change = MemberChange { name: Some("Robert".to_owned()), ..member("bOB", &["admin", "sales"]) };
        let saved = one.accounts.save_member_as_system(change).await.expect("saved");
        assert_eq!((saved.login.as_str(), saved.name.as_str()), ("Bob", "Robert"));
        assert_eq!(saved.groups, ["admin", "sales"]);

        let narrow = Grant {
            right: Right::Provenance,
            entity: Some("Article".into()),
            fields: Some("prices".into()),
            department: Some("MEUBLE".into()),
        };
        one.group("sales", std::slice::from_ref(&narrow)).await;
        assert_eq!(one.accounts.group("sales").await.expect("an answer").expect("sales").grants, [narrow]);
        let gone = GroupChange { name: "sales".to_owned(), delete: true, ..GroupChange::default() };
        assert!(one.accounts.save_group_as_system(gone.clone()).await.expect("deleted").is_none());
        assert_eq!(code(one.accounts.save_group_as_system(gone).await), "name UNKNOWN");
        let bob = one.accounts.member("bob").await.expect("an answer").expect("bob");
        assert_eq!(bob.groups, ["admin"]);
    });
}

#[test]
fn what_breaks_a_rule_is_told_by_field_and_code() {
    everywhere("rules of members and groups", |base| async move {
        let one = base.replica();
        one.admin().await;
        let group = async |name: &str| {
            let change = GroupChange { name: name.to_owned(), ..GroupChange::default() };
            code(one.accounts.save_group_as_system(change).await)
        };
        assert_eq!(group("").await, "name TOO_SHORT");
        assert_eq!(group(&"é".repeat(65)).await, "name TOO_LONG");
        assert_eq!(group("a\u{7}b").await, "name BAD_CHARACTER");
        assert_eq!(group(" a").await, "name BAD_CHARACTER");
        assert_eq!(group(&"é".repeat(64)).await, "OK");
        let made = async |login: &str, password: Option<&str>, groups: &[&str]| {
            let change = MemberChange { password: password.map(str::to_owned), ..member(login, groups) };
            code(one.accounts.save_member_as_system(change).await)
        };
        assert_eq!(made("new", None, &[]).await, "password REQUIRED");
        assert_eq!(made("new", Some("short"), &[]).await, "password TOO_SHORT");
        assert_eq!(made("new-and-long", Some("NEW-AND-LONG"), &[]).await, "password SAME_AS_LOGIN");
        assert_eq!(made("new", Some(PASSWORD), &["nobody"]).await, "groups UNKNOWN");
        assert_eq!(made("System", Some(PASSWORD), &[]).await, "login TAKEN");
        assert_eq!(made("a\nb", Some(PASSWORD), &[]).await, "login BAD_CHARACTER");
        assert_eq!(one.accounts.count_members().await.expect("a count"), 1, "nothing was made");
    });
}

#[test]
fn the_last_manager_stays() {
    everywhere("the last manager", |base| async move {
        let one = base.replica();
        one.admin().await;
        // Managing some staff is not managing staff.
        let some = Grant { department: Some("1".into()), ..Grant::whole(Right::StaffManage) };
        one.group("some", &[some]).await;
        one.member("helper", &["some"]).await;
        let off = |login: &str| MemberChange {
            login: login.to_owned(),
            active: Some(false),
            ..MemberChange::default()
        };
        let emptied = |name: &str| GroupChange {
            name: name.to_owned(),
            grants: Some(Vec::new()),
            ..GroupChange::default()
        };
        let save = async |change| code(one.accounts.save_member_as_system(change).await);
        let group = async |change| code(one.accounts.save_group_as_system(change).await);
        assert_eq!(save(off("root")).await, "active LAST_MANAGER");
        assert_eq!(save(member("root", &["some"])).await, "groups LAST_MANAGER");
        assert_eq!(group(emptied("admin")).await, "grants LAST_MANAGER");
        let gone = GroupChange { name: "admin".to_owned(), delete: true, ..GroupChange::default() };
        assert_eq!(group(gone.clone()).await, "name LAST_MANAGER");
        assert!(one.accounts.member("root").await.expect("an answer").expect("root").active);
        one.member("second", &["admin"]).await;
        assert_eq!(save(off("root")).await, "OK");
        assert_eq!(save(off("second")).await, "active LAST_MANAGER");
        // Two who take each other's right away at the same time.
        one.accounts
            .save_member_as_system(MemberChange { active: Some(true), ..off("root") })
            .await
            .expect("on again");
        let two = base.replica();
        let (a, b) = tokio::join!(
            one.accounts.save_member_as_system(off("root")),
            two.accounts.save_member_as_system(off("second"))
        );
        let mut ends = [code(a), code(b)];
        ends.sort();
        assert_eq!(ends, ["OK", "active LAST_MANAGER"]);
    });
}

#[test]
fn nobody_hands_on_what_they_lack() {
    everywhere("handing on rights", |base| async move {
        let one = base.replica();
        one.admin().await;
        let narrow = Grant { department: Some("1".into()), ..Grant::whole(Right::StaffManage) };
        let hidden = Grant { entity: Some("Article".into()), ..Grant::whole(Right::Hidden) };
        one.group("branch", &[narrow.clone(), hidden.clone()]).await;
        one.group("readers", std::slice::from_ref(&hidden)).await;
        one.group("none", &[]).await;
        one.member("head", &["branch"]).await;
        one.member("clerk", &["readers"]).await;
        one.member("nobody", &["none"]).await;
        let from = Origin::default();
        let head = one.with_rights(viewer(&one.login("head").await)).await;
        let root = one.with_rights(viewer(&one.login("root").await)).await;
        let clerk = one.with_rights(viewer(&one.login("clerk").await)).await;
        let member_by =
            async |by: &Viewer, change: MemberChange| code(one.accounts.save_member(by, change, &from).await);
        let group_by = async |by: &Viewer, name: &str, grants: &[Grant]| {
            let grants = Some(grants.to_vec());
            let change = GroupChange { name: name.to_owned(), grants, ..GroupChange::default() };
            code(one.accounts.save_group(by, change, &from).await)
        };
        // Who manages nothing, changes nothing.
        for by in [&clerk, &Viewer::default()] {
            assert_eq!(member_by(by, member("nobody", &[])).await, "viewer FORBIDDEN");
            assert_eq!(group_by(by, "none", &[]).await, "viewer FORBIDDEN");
        }
        // Who manages a part: within it.
        assert_eq!(group_by(&head, "team", std::slice::from_ref(&hidden)).await, "OK");
        assert_eq!(group_by(&head, "team", &[Grant::whole(Right::Hidden)]).await, "grants NOT_YOURS");
        assert_eq!(group_by(&head, "admin", &[]).await, "name NOT_YOURS");
        assert_eq!(member_by(&head, member("nobody", &["team"])).await, "OK");
        assert_eq!(member_by(&head, member("nobody", &["admin"])).await, "groups NOT_YOURS");
        // The password of somebody with more rights is these rights.
        let change = MemberChange {
            login: "root".to_owned(),
            password: Some("a password of mine".to_owned()),
            ..MemberChange::default()
        };
        assert_eq!(member_by(&head, change).await, "login NOT_YOURS");
        one.login("root").await;
        // Who manages staff without limits, hands on what they have not.
        let sees = Grant::whole(Right::Plan);
        one.group("admin", &[Grant::whole(Right::StaffManage)]).await;
        let root = one.with_rights(root).await;
        assert_eq!(words(&root.rights), ["staff.manage"]);
        assert_eq!(group_by(&root, "planners", &[sees]).await, "OK");
        // Rights that were looked up before they were taken away are not had any more.
        one.group("admin2", &[Grant::whole(Right::StaffManage)]).await;
        one.member("root2", &["admin2"]).await;
        one.group("admin", &[]).await;
        assert_eq!(group_by(&root, "team", &[]).await, "viewer FORBIDDEN");
    });
}

#[test]
fn nobody_passes_for_another_in_the_log() {
    everywhere("actors of the log", |base| async move {
        let one = base.replica();
        one.admin().await;
        let from = Origin::default();
        let now = (base.clock())();
        let staff = super::foreign("root", &["admin"], now);
        let program = Viewer {
            kind: comptoir::auth::viewer::ViewerKind::Integration,
            ..super::foreign("system", &["admin"], now)
        };
        let mut named = super::foreign("System", &["admin"], now);
        named.token.as_mut().expect("a token").issuer = super::ISSUER.into();
        for (by, actor) in [
            (staff, "staff:root@https://id.example.org"),
            (program, "integration:system@https://id.example.org"),
            (named, "staff:System@https://shop.example.com"),
        ] {
            let by = one.with_rights(by).await;
            one.accounts.save_member(&by, member("root", &["admin"]), &from).await.expect("saved");
            let last = one.accounts.audit(&AuditFilter::default(), None, 1).await.expect("the log");
            assert_eq!(last[0].actor, actor);
            one.accounts.logout(&by, None, false, &from).await.expect("out");
            let last = one.accounts.audit(&AuditFilter::default(), None, 1).await.expect("the log");
            assert_eq!((last[0].actor.as_str(), last[0].action.as_str()), (actor, "LOGOUT"));
        }
    });
}

#[test]
fn all_that_changes_is_in_the_log_without_secrets() {
    everywhere("the audit log", |base| async move {
        let one = base.replica();
        one.admin().await;
        base.wait(60);
        let from = Origin {
            address: Some("192.0.2.7".parse().expect("an address")),
            request_id: Some("r-1".into()),
        };
        let session = one.accounts.login("ROOT", PASSWORD, &from).await.expect("a session");
        let secret = "hunter2 is my password";
        code(one.accounts.login("root", secret, &from).await);
        base.wait(60);
        code(one.accounts.login(secret, "whatever it is", &from).await);
        base.wait(60);
        let root = one.with_rights(viewer(&session)).await;
        let change = GroupChange {
            name: "sales".to_owned(),
            grants: Some(vec![Grant { entity: Some("Article".into()), ..Grant::whole(Right::Hidden) }]),
            ..GroupChange::default()
        };
        one.accounts.save_group(&root, change, &from).await.expect("a group");
        let change = MemberChange { password: Some(secret.to_owned()), ..member("new", &["sales"]) };
        one.accounts.save_member(&root, change, &from).await.expect("a member");
        // What is refused leaves no trace of having been done.
        let refused = member("new", &["unknown"]);
        assert_eq!(code(one.accounts.save_member(&root, refused, &from).await), "groups UNKNOWN");
        one.accounts.logout(&root, None, false, &from).await.expect("out");

        let all = AuditFilter::default();
        let entries = one.accounts.audit(&all, None, 100).await.expect("the log");
        let told: Vec<String> =
            entries.iter().map(|e| format!("{} {} {}", e.actor, e.action, e.target)).collect();
        assert_eq!(
            told,
            [
                "root LOGOUT root",
                "root STAFF_MEMBER_SAVED new",
                "root STAFF_GROUP_SAVED sales",
                "anonymous LOGIN_FAILED ",
                "anonymous LOGIN_FAILED root",
                "root LOGIN root",
                "system STAFF_MEMBER_SAVED root",
                "system STAFF_GROUP_SAVED admin",
            ]
        );
        let text = format!("{entries:?}");
        for hidden in [secret, PASSWORD, &session.refresh_token, &session.access_token, "argon2id"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
        assert_eq!(entries[2].detail["granted"][0]["right"], "hidden");
        assert_eq!(entries[2].request_id.as_deref(), Some("r-1"));
        assert_eq!(entries[5].detail["address"], "192.0.2.7");
        assert_eq!(one.accounts.count_audit(&all).await.expect("a count"), 8);

        let of = async |filter: AuditFilter| {
            let found = one.accounts.audit(&filter, None, 100).await.expect("the log").len();
            assert_eq!(one.accounts.count_audit(&filter).await.expect("a count"), found as u64);
            found
        };
        assert_eq!(of(AuditFilter { actor: Some("system".into()), ..all.clone() }).await, 2);
        assert_eq!(of(AuditFilter { target: Some("new".into()), ..all.clone() }).await, 1);
        assert_eq!(of(AuditFilter { action: Some("LOGIN_FAILED".into()), ..all.clone() }).await, 2);
        let (first, failed) = (entries[7].at, entries[4].at);
        assert_eq!(of(AuditFilter { since: Some(failed), ..all.clone() }).await, 6);
        assert_eq!(of(AuditFilter { until: Some(failed), ..all.clone() }).await, 2);
        assert_eq!(of(AuditFilter { since: Some(first), until: Some(first), ..all.clone() }).await, 0);
        let page = one.accounts.audit(&all, Some(entries[2].id), 2).await.expect("the log");
        assert_eq!(page, entries[3..5]);
    });
}

/// What the log tells goes after the days that the shop names, and never its newest entry.
#[test]
fn the_log_is_as_long_as_the_shop_wants() {
    everywhere("the length of the log", |base| async move {
        let replica = base.replica();
        replica.admin().await;
        base.wait(10 * 24 * 3_600);
        replica.group("late", &[Grant::whole(Right::Hidden)]).await;
        let actions = async || -> Vec<String> {
            let all = replica.accounts.audit(&AuditFilter::default(), None, 50).await.expect("the log");
            all.into_iter().map(|entry| entry.action).collect()
        };
        assert_eq!(replica.accounts.forget_audit(30).await.expect("done"), 0);
        let before = actions().await.len();
        let gone = replica.accounts.forget_audit(5).await.expect("done");
        assert_eq!(usize::try_from(gone).expect("few"), before - 1);
        let left = actions().await;
        assert_eq!((left.len(), left[0].as_str()), (2, "AUDIT_FORGOTTEN"), "{left:?}");
        // However old, the newest stays.
        base.wait(100 * 24 * 3_600);
        replica.accounts.forget_audit(5).await.expect("done");
        replica.accounts.forget_audit(5).await.expect("done");
        assert!(!actions().await.is_empty());
    });
}
