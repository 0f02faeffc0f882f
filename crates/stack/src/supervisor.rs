//! Starts again what has ended by itself, within a second.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::Process;
use crate::process::LOOK;

/// The least time between two starts of a process: one that ends at once must not take a whole core.
const PAUSE: Duration = Duration::from_secs(1);

/// Somebody whom a [`Supervisor`] keeps going.
pub trait Ward: Send + Sync {
    /// The process that is started again.
    fn process(&self) -> &Process;

    /// What is watched besides whether it runs. Never ends.
    fn watch(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::pending())
    }

    /// What is done before it is started again.
    fn before_restart(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Ward for Process {
    fn process(&self) -> &Process {
        self
    }
}

/// Keeps processes going. Dropped, it lets go of them.
#[derive(Debug, Default)]
pub struct Supervisor {
    tasks: Mutex<JoinSet<()>>,
}

impl Supervisor {
    /// Watches over `ward` from now on. A [`Process::hold`] makes an exception of it for as long as it lasts, a
    /// [`Process::retire`] for good.
    pub fn add(&self, ward: Arc<impl Ward + 'static>) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        // Of those that were retired.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            tokio::select! {
                () = ward.watch() => {}
                () = keep(&*ward) => {}
            }
        });
    }
}

async fn keep(ward: &impl Ward) {
    let process = ward.process();
    let mut started = Instant::now();
    while !process.retired() {
        sleep(LOOK).await;
        if process.alive() || process.held() {
            continue;
        }
        tracing::warn!(name = process.name(), "it has ended: starting it again");
        ward.before_restart().await;
        tokio::time::sleep_until(started + PAUSE).await;
        started = Instant::now();
        if process.held() {
            continue;
        }
        if let Err(error) = process.start_again() {
            tracing::warn!(name = process.name(), %error, "it does not start");
        }
    }
}
