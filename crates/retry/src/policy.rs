//! The policies by name: what may be repeated, how often, for how long, and why.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;
use tracing::warn;

use crate::{Backoff, Budget, Deadline};

/// A read is cheap and somebody waits for it: a second try hides a broken connection, a third a restart; more would only
/// come late.
pub(crate) const READS: Policy = Policy {
    name: "reads",
    attempts: 3,
    shared: true,
    // Begins at about one round trip here, and stays well below what a person notices.
    backoff: Backoff::new(Duration::from_millis(20), Duration::from_millis(250)),
};

/// A keyed write is repeated until its outcome is known, so nearly to the deadline: six attempts span a promotion's 3 s.
pub(crate) const KEYED: Policy = Policy {
    name: "keyed",
    attempts: 6,
    // Whoever takes an order answers in time by itself, with what is known of it by then.
    shared: false,
    // A failover takes seconds: the longer waits are for that.
    backoff: Backoff::new(Duration::from_millis(50), Duration::from_secs(2)),
};

/// Nobody waits for work in the background; ten seconds is how late it may notice that all is well again.
const BACKGROUND: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));

/// How often something is attempted, and how long the waits between are.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// What metrics call it.
    pub name: &'static str,
    /// The most attempts there are, the first one too.
    pub attempts: u32,
    /// Whether an attempt leaves half of the time to the next one while somebody else can be asked.
    pub shared: bool,
    /// The waits between them.
    pub backoff: Backoff,
}

/// Tells whether an attempt that failed may be repeated.
pub trait Retryable {
    /// Whether another attempt may succeed.
    fn retryable(&self) -> bool;

    /// Whether the attempt surely left nothing behind. One that may have makes the whole call unknown.
    fn nothing_kept(&self) -> bool {
        false
    }
}

/// Work in the background: repeated until it succeeds. Drop the future to end it.
pub async fn forever<T, E, F>(name: &'static str, mut attempt: impl FnMut() -> F) -> T
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    for failures in 0.. {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => warn!(work = name, failures, %error, "trying again"),
        }
        sleep(BACKGROUND.draw(failures)).await;
    }
    unreachable!("the range above has no end")
}

impl Policy {
    /// Attempts something, and repeats it within the deadline and `budget`.
    ///
    /// # Errors
    /// The last attempt's error; but once an attempt may have left something behind, that attempt's, until one decides.
    pub async fn run<T, E, F>(
        &self,
        budget: &Budget,
        deadline: Deadline,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, E>
    where
        E: Retryable,
        F: Future<Output = Result<T, E>>,
    {
        let mut unknown = None;
        for failures in 0.. {
            let error = match attempt().await {
                Ok(done) => {
                    budget.earn();
                    return Ok(done);
                }
                Err(error) => error,
            };
            if !error.retryable() && !error.nothing_kept() {
                return Err(error);
            }
            let wait = self.backoff.draw(failures);
            let enough = failures + 1 >= self.attempts || wait >= deadline.remaining();
            if enough || !error.retryable() || !budget.spend() {
                return Err(unknown.unwrap_or(error));
            }
            if !error.nothing_kept() {
                unknown.get_or_insert(error);
            }
            metrics::counter!("retry_attempts_total", "policy" => self.name).increment(1);
            sleep(wait).await;
        }
        unreachable!("the range above has no end")
    }
}
