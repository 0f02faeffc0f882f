//! The shop in containers, as `docker-compose.yml` has it: a project of its own, looked into and broken from outside.

mod database;
mod engine;
mod project;
mod redis;
mod shop;

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep, timeout_at};

pub use engine::{Container, attempt, containers, run};
pub use project::{Project, engine, listed};
pub use shop::{Place, Shop, TOOLS};

/// How long anything may take to settle.
pub const SETTLED: Duration = Duration::from_mins(3);
/// How many seconds orders may stay away when the database changes its leader, whose lease has to be over first.
pub const FAILOVER: u64 = 30;
/// How many, when one container is gone.
pub const ONE: u64 = 10;
/// How often it is looked whether something has come about.
const LOOK: Duration = Duration::from_millis(200);

/// Waits until `so`, for as long as anything may take to settle.
///
/// # Errors
/// When it does not come about.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) -> anyhow::Result<()> {
    let end = Instant::now() + SETTLED;
    while !timeout_at(end, so()).await.unwrap_or(false) {
        if Instant::now() > end {
            bail!("waited {SETTLED:?} until {what}");
        }
        sleep(LOOK).await;
    }
    Ok(())
}
