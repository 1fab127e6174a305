//! Passwords: argon2id, a few at a time and never on a thread that answers requests; what a password must be.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{Semaphore, SemaphorePermit};
use unicode_normalization::UnicodeNormalization;

use super::store::{invalid, login_key};
use crate::auth::accounts::{AccountError, LONGEST_PASSWORD as LONGEST, SHORTEST_PASSWORD as SHORTEST};

/// How long somebody waits while others' passwords are checked.
const PATIENCE: Duration = Duration::from_secs(5);
/// What nobody's password is compared with, so that unknown logins cost the same time.
const NOBODY: &str = "no password of anybody";

/// Letters and digits that are not taken for each other.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// A password for somebody: 24 characters of 5 bits, in groups.
///
/// # Errors
/// The system gives no random bytes.
pub fn generate() -> Result<String, String> {
    let mut bytes = [0_u8; 24];
    random(&mut bytes)?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let groups: Vec<String> = bytes.chunks(6).map(|group| group.iter().map(letter).collect()).collect();
    Ok(groups.join("-"))
}

/// Random bytes of the system.
pub(super) fn random(bytes: &mut [u8]) -> Result<(), String> {
    aws_lc_rs::rand::fill(bytes).map_err(|_| "the system gives no random bytes".to_owned())
}

/// Checks that a password will do for a login.
pub(super) fn check(password: &str, login: &str) -> Result<(), AccountError> {
    let length = password.chars().count();
    if length < SHORTEST {
        let message = format!("It has {length} characters; at least {SHORTEST} are needed.");
        return Err(invalid("password", "TOO_SHORT", message));
    }
    if length > LONGEST {
        let message = format!("It has {length} characters; at most {LONGEST} are allowed.");
        return Err(invalid("password", "TOO_LONG", message));
    }
    if login_key(password) == login_key(login) {
        return Err(invalid("password", "SAME_AS_LOGIN", "It is the login."));
    }
    let mut letters = password.chars();
    let first = letters.next();
    if letters.all(|c| Some(c) == first) {
        return Err(invalid("password", "TOO_SIMPLE", "It is one character again and again."));
    }
    Ok(())
}

/// Makes and checks password hashes.
#[derive(Clone)]
pub(super) struct Passwords(Arc<Inner>);

struct Inner {
    at_once: Semaphore,
    nobody: OnceLock<String>,
}

impl Passwords {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self(Arc::new(Inner { at_once: Semaphore::new(cores.clamp(1, 4)), nobody: OnceLock::new() }))
    }

    /// The PHC string of a password.
    pub(super) async fn hash(&self, password: &str) -> Result<String, AccountError> {
        let password = normal(password);
        let _permit = self.turn().await?;
        finished(tokio::task::spawn_blocking(move || hash(&password)).await)
    }

    /// Whether a password is the one of a PHC string; without one it takes as long, and is not.
    pub(super) async fn verify(&self, password: &str, stored: Option<String>) -> Result<bool, AccountError> {
        // Nobody's password is so long; nor may anybody keep us busy with it.
        let password = if password.len() > LONGEST * 4 { String::new() } else { normal(password) };
        let _permit = self.turn().await?;
        let inner = self.0.clone();
        let verified = tokio::task::spawn_blocking(move || {
            let known = stored.is_some();
            let stored = match (stored, inner.nobody.get()) {
                (Some(stored), _) => stored,
                (None, Some(nobody)) => nobody.clone(),
                (None, None) => {
                    let made = hash(NOBODY)?;
                    inner.nobody.get_or_init(|| made).clone()
                }
            };
            let right = PasswordHash::new(&stored)
                .is_ok_and(|stored| argon2id().verify_password(password.as_bytes(), &stored).is_ok());
            Ok(right && known)
        });
        finished(verified.await)
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>, AccountError> {
        match tokio::time::timeout(PATIENCE, self.0.at_once.acquire()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(AccountError::Delayed(PATIENCE)),
        }
    }
}

/// 19 MiB, twice, one lane: what OWASP advises at least.
fn argon2id() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

fn hash(password: &str) -> Result<String, String> {
    let mut salt = [0_u8; 16];
    random(&mut salt)?;
    let hashed = argon2id().hash_password_with_salt(password.as_bytes(), &salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| error.to_string())
}

/// One form of what keyboards write differently.
fn normal(password: &str) -> String {
    password.nfc().collect()
}

fn finished<T>(result: Result<Result<T, String>, tokio::task::JoinError>) -> Result<T, AccountError> {
    let reason = match result {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(reason)) => reason,
        Err(error) => error.to_string(),
    };
    tracing::error!(reason, "a password cannot be hashed");
    Err(AccountError::Unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_what_is_said() {
        let hashed = hash("correct horse battery").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert_ne!(hashed, hash("correct horse battery").unwrap(), "every hash has a salt of its own");
    }

    #[test]
    fn rules() {
        let code = |password: &str| match check(password, "Marie.Curie-1867") {
            Err(AccountError::Invalid { code, .. }) => code,
            other => panic!("{password}: {other:?}"),
        };
        assert_eq!(code("élevenchars"), "TOO_SHORT");
        assert_eq!(code(&"ab".repeat(129)), "TOO_LONG");
        assert_eq!(code("marie.curie-1867"), "SAME_AS_LOGIN");
        assert_eq!(code("aaaaaaaaaaaaaaaa"), "TOO_SIMPLE");
        check("twelve chars", "marie").unwrap();
        check(&"ab".repeat(128), "marie").unwrap();
    }

    #[tokio::test]
    async fn a_password_is_itself_in_every_unicode_form_and_nothing_else() {
        let passwords = Passwords::new();
        let stored = passwords.hash("cafe\u{301} noir 2026").await.unwrap();
        assert!(passwords.verify("caf\u{e9} noir 2026", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify("cafe noir 2026", Some(stored.clone())).await.unwrap());
        assert!(!passwords.verify(&"x".repeat(5_000), Some(stored)).await.unwrap());
        assert!(!passwords.verify(NOBODY, None).await.unwrap());
        assert!(!passwords.verify("", Some("nonsense".to_owned())).await.unwrap());
    }

    #[test]
    fn generated_passwords_pass_and_differ() {
        let one = generate().unwrap();
        check(&one, "marie").unwrap();
        assert_ne!(one, generate().unwrap());
        assert_eq!(one.len(), 27);
    }
}
