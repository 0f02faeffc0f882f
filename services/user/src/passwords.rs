//! Hashing passwords, off the async threads and few at a time, so that sign-ins never starve anything else.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use password_hash::phc::PasswordHash;
use password_hash::{PasswordHasher as _, PasswordVerifier as _};
use retry::Deadline;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::Password;
use crate::error::{Error, Result};

/// KiB of memory; with two passes and one lane the least that OWASP advises.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes passwords with Argon2id, a few at a time.
pub struct Passwords {
    /// Those at work, and those that wait.
    admitted: Arc<Semaphore>,
    /// Those at work.
    working: Arc<Semaphore>,
    /// The hash of no password: checked where there is no account, so that the answer takes as long.
    nobody: String,
}

/// Leave to hash one password after another; others wait meanwhile.
pub struct Turn {
    /// Kept by the hashing itself, which goes on when whoever asked has gone.
    permits: Arc<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
    nobody: String,
}

impl Passwords {
    /// Hashes `at_once` at a time, while at most `waiting` more wait.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        Self {
            admitted: Arc::new(Semaphore::new(at_once + waiting)),
            working: Arc::new(Semaphore::new(at_once)),
            nobody: hash(&Password::new(String::new()))
                .expect("these parameters are within Argon2's bounds"),
        }
    }

    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Error::Busy`] when too many wait already, or the deadline comes first.
    pub async fn turn(&self) -> Result<Turn> {
        let admitted = Arc::clone(&self.admitted);
        let admitted = admitted.try_acquire_owned().map_err(|_| Error::Busy)?;
        let working = Arc::clone(&self.working).acquire_owned();
        let limit = Deadline::current().remaining();
        // A queue with a bound of its own: it takes no room from what has nothing to do with passwords.
        let working = chassis::apart(tokio::time::timeout(limit, working)).await;
        let working = working.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
        Ok(Turn {
            permits: Arc::new((admitted, working)),
            nobody: self.nobody.clone(),
        })
    }
}

impl Turn {
    /// Makes the hash that is kept of `password`.
    ///
    /// # Errors
    /// When the work did not come back.
    pub async fn hash(&self, password: Password) -> Result<String> {
        self.apart(move || hash(&password))
            .await?
            .map_err(Error::broken)
    }

    /// Tells whether `password` has the hash `kept`. Without one it tells that it has not, after the same work.
    ///
    /// # Errors
    /// When the work did not come back.
    pub async fn check(&self, password: Password, kept: Option<String>) -> Result<bool> {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| self.nobody.clone());
        let fits = self.apart(move || fits(&password, &kept)).await?;
        Ok(fits && known)
    }

    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let permits = Arc::clone(&self.permits);
        let work = move || {
            let _until_done = permits;
            work()
        };
        chassis::apart(tokio::task::spawn_blocking(work))
            .await
            .map_err(Error::broken)
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY, PASSES, LANES, None)
        .expect("these parameters are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash(password: &Password) -> password_hash::Result<String> {
    Ok(argon2()
        .hash_password(password.expose().as_bytes())?
        .to_string())
}

/// With the parameters that the hash itself names.
fn fits(password: &Password, kept: &str) -> bool {
    // A password of megabytes would take its time before Argon2 even begins; none that long was ever taken.
    let text = if password.may_be_right() {
        password.expose()
    } else {
        ""
    };
    let Ok(kept) = PasswordHash::new(kept) else {
        return false;
    };
    let fits = argon2().verify_password(text.as_bytes(), &kept).is_ok();
    fits && password.may_be_right()
}
