//! The growing delay after failed logins, by a clock that the test sets.

use comptoir::auth::accounts::{Accounts, AuditFilter, Origin};

use super::{PASSWORD, Replica, code, eventually, everywhere};

fn from(address: &str) -> Origin {
    Origin { address: Some(address.parse().expect("an address")), request_id: None }
}

async fn fail(replica: &Replica, login: &str, address: &str) -> String {
    code(replica.accounts.login(login, "not the password", &from(address)).await)
}

#[test]
fn delays_grow_on_all_replicas_for_known_and_unknown_logins_alike() {
    everywhere("delays", |base| async move {
        let replicas = [base.replica(), base.replica()];
        replicas[0].admin().await;
        for (login, address) in [("root", "192.0.2.1"), ("nobody at all", "192.0.2.2")] {
            let mut delays = Vec::new();
            for n in 0..12_usize {
                assert_eq!(fail(&replicas[n % 2], login, address).await, "BadCredentials", "{login} {n}");
                let told = fail(&replicas[(n + 1) % 2], login, address).await;
                let seconds: i64 = told.strip_prefix("DELAYED ").expect("a delay").parse().expect("seconds");
                delays.push(seconds);
                // Refused attempts do not make it longer, and the right password does not get in.
                let right = code(replicas[0].accounts.login(login, PASSWORD, &from(address)).await);
                assert_eq!(right, told);
                base.wait(seconds - 1);
                assert_eq!(fail(&replicas[0], login, address).await, "DELAYED 1");
                base.wait(1);
            }
            assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        }
        // The right password in time begins again.
        base.wait(10);
        code(replicas[0].accounts.login("root", PASSWORD, &from("192.0.2.1")).await);
        assert_eq!(fail(&replicas[1], "root", "192.0.2.1").await, "BadCredentials");
        assert_eq!(fail(&replicas[1], "root", "192.0.2.1").await, "DELAYED 1");
    });
}

#[test]
fn a_member_is_not_locked_out_from_elsewhere() {
    everywhere("no lock-out", |base| async move {
        let one = base.replica();
        one.admin().await;
        one.accounts.login("root", PASSWORD, &from("192.0.2.1")).await.expect("in");
        // From many addresses: slower and slower, but never slower than 10 s.
        let mut waited = 0;
        for n in 0..40_u32 {
            let address = format!("198.51.100.{n}");
            loop {
                let told = fail(&one, "root", &address).await;
                let Some(seconds) = told.strip_prefix("DELAYED ") else { break };
                let seconds: i64 = seconds.parse().expect("seconds");
                assert!(seconds <= 10, "{told}");
                base.wait(seconds);
                waited += seconds;
            }
        }
        assert!(waited > 200, "guessing from many addresses is slow: {waited} s");
        assert!(fail(&one, "root", "203.0.113.1").await.starts_with("DELAYED "));
        // The member gets in from where she is known...
        one.accounts.login("root", PASSWORD, &from("192.0.2.1")).await.expect("in");
        // ...and after 10 seconds from anywhere.
        base.wait(10);
        one.accounts.login("root", PASSWORD, &from("203.0.113.9")).await.expect("in");
    });
}

#[test]
fn an_address_that_tries_many_logins_is_slowed_down() {
    everywhere("spraying", |base| async move {
        let one = base.replica();
        one.admin().await;
        for n in 0..21 {
            assert_eq!(fail(&one, &format!("guess {n}"), "2001:db8::1").await, "BadCredentials");
        }
        // Its whole network is one.
        assert_eq!(fail(&one, "another", "2001:db8::2").await, "DELAYED 1");
        assert_eq!(fail(&one, "another", "2001:db8:1::2").await, "BadCredentials");
    });
}

#[test]
fn many_at_once_do_not_get_in_before_the_first_failure_counts() {
    everywhere("guessing at once", |base| async move {
        let one = base.replica();
        one.admin().await;
        let tries = (0..16).map(|n| {
            let accounts = one.accounts.clone();
            tokio::spawn(async move {
                code(accounts.login("root", &format!("a guess of many {n}"), &from("192.0.2.1")).await)
            })
        });
        let ends: Vec<String> =
            futures::future::join_all(tries).await.into_iter().map(|end| end.expect("no panic")).collect();
        assert_eq!(ends.iter().filter(|end| *end == "BadCredentials").count(), 1, "{ends:?}");
        assert_eq!(ends.iter().filter(|end| *end == "DELAYED 1").count(), 15, "{ends:?}");
    });
}

#[test]
fn who_hangs_up_is_counted_all_the_same() {
    everywhere("hanging up", |base| async move {
        let one = base.replica();
        one.admin().await;
        let wait = std::time::Duration::from_millis(1);
        let origin = from("192.0.2.1");
        let hung_up = one.accounts.login("root", "not the password", &origin);
        assert!(tokio::time::timeout(wait, hung_up).await.is_err(), "a password takes longer than that");
        let failed = AuditFilter { action: Some("LOGIN_FAILED".into()), ..AuditFilter::default() };
        let counted = async || one.accounts.count_audit(&failed).await.expect("a count") == 1;
        eventually("the attempt that was left is counted", counted).await;
        assert_eq!(fail(&one, "root", "192.0.2.1").await, "DELAYED 1");
    });
}
