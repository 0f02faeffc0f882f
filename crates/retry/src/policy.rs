//! The policies by name: what may be repeated, how often, for how long, and why.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;
use tracing::warn;

use crate::{Backoff, Budget, Deadline};

/// A read is cheap and somebody waits for it: a second try hides a broken connection, a third a restart; more would only
/// come late.
const READS: Policy = Policy {
    name: "reads",
    attempts: 3,
    // Begins at about one round trip here, and stays well below what a person notices.
    backoff: Backoff::new(Duration::from_millis(20), Duration::from_millis(250)),
};

/// A keyed write is repeated until its outcome is known, so nearly to the deadline: six attempts span a promotion's 3 s.
const KEYED: Policy = Policy {
    name: "keyed",
    attempts: 6,
    // A failover takes seconds: the longer waits are for that.
    backoff: Backoff::new(Duration::from_millis(50), Duration::from_secs(2)),
};

/// Nobody waits for work in the background; ten seconds is how late it may notice that all is well again.
const BACKGROUND: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(10));

static READS_BUDGET: Budget = Budget::new();
static KEYED_BUDGET: Budget = Budget::new();

/// How often something is attempted, and how long the waits between are.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// What metrics call it.
    pub name: &'static str,
    /// The most attempts there are, the first one too.
    pub attempts: u32,
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

/// Reads: repeated a few times within the deadline and the budget.
///
/// # Errors
/// The last attempt's error.
pub async fn reads<T, E, F>(deadline: Deadline, attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: Retryable,
    F: Future<Output = Result<T, E>>,
{
    READS.run(&READS_BUDGET, deadline, attempt).await
}

/// Work under a key: repeated until its outcome is known, within the deadline and the budget.
///
/// # Errors
/// The last attempt's error; but once an attempt may have left something behind, that attempt's, until one decides.
pub async fn keyed<T, E, F>(deadline: Deadline, attempt: impl FnMut() -> F) -> Result<T, E>
where
    E: Retryable,
    F: Future<Output = Result<T, E>>,
{
    KEYED.run(&KEYED_BUDGET, deadline, attempt).await
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
