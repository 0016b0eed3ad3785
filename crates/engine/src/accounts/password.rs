//! Argon2id with OWASP's parameters (19 MiB, two passes, one lane), in the PHC format, off the request threads and a
//! few at a time, so that a flood of sign-ins costs neither the screens nor the memory.

use std::sync::LazyLock;
use std::thread::available_parallelism;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use domain::account::MAX_PASSWORD;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Hashes at once in this process; each takes 19 MiB and a core.
static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, usize::from)));

/// What an unknown address's password is compared with.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("nobody has this password").unwrap_or_default());

/// A password as it is stored.
///
/// # Errors
/// [`Error::Internal`] when the system gives no random numbers.
pub(super) async fn hash(password: &str) -> Result<String> {
    let password = Zeroizing::new(password.to_owned());
    off_thread(move || hash_now(&password)).await?
}

/// Whether the password is the one that was stored; when there is none, it takes as long to say no.
pub(super) async fn verify(password: &str, stored: Option<&str>) -> Result<bool> {
    if password.len() > MAX_PASSWORD {
        return Ok(false);
    }
    let password = Zeroizing::new(password.to_owned());
    let stored = stored.map(str::to_owned);
    off_thread(move || {
        let somebody = stored.is_some();
        let hash = stored.unwrap_or_else(|| NOBODY.clone());
        let matches = PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        matches && somebody
    })
    .await
}

fn hash_now(password: &str) -> Result<String> {
    let hash: PasswordHash = Argon2::default()
        .hash_password(password.as_bytes())
        .map_err(|error| Error::Internal(format!("a password could not be hashed: {error}")))?;
    Ok(hash.to_string())
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let stopped = |_| Error::Internal("hashing was stopped".into());
    let permit = AT_ONCE.acquire().await.map_err(|_| Error::Internal("hashing was stopped".into()))?;
    // The permit goes along: a request that gives up does not stop the hashing that it began.
    spawn_blocking(move || {
        let _held = permit;
        work()
    })
    .await
    .map_err(stopped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_matches_and_nobody_has_one() {
        let stored = hash("nine tall green horses").await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("nine tall green horses", Some(&stored)).await.unwrap());
        assert!(!verify("nine tall green horse", Some(&stored)).await.unwrap());
        assert!(!verify("nobody has this password", None).await.unwrap());
        assert!(!verify("x", Some("not a hash")).await.unwrap());
    }
}
