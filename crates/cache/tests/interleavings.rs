//! Random interleavings of writes, reads, fills and invalidations never serve a token a value older than it.
#![cfg(test)]

mod common;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::token::{Given, Seen, scope};
use cache::{Bounds, Cache, Redis};
use common::{primary, replica, token};
use proptest::prelude::*;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A database of one value, which is the place in the log at which it was written.
#[derive(Debug, Default)]
struct World {
    /// How far the log of the primary is flushed.
    flushed: u64,
    /// How far the replica has replayed it.
    replayed: u64,
    /// The places of the writes, oldest first.
    writes: Vec<u64>,
    /// Whether the last write still waits for the standby: in the log, not yet visible on the primary.
    waiting: bool,
    /// What writers were answered: how far the log was then, and what they had written.
    tokens: Vec<(u64, u64)>,
}

impl World {
    fn begin(&mut self) {
        if !self.waiting {
            self.flushed += 1;
            self.writes.push(self.flushed);
            self.waiting = true;
        }
    }

    /// Ends the write, and tells how far the log is.
    fn finish(&mut self) -> Option<u64> {
        let written = self.writes.last().copied().filter(|_| self.waiting)?;
        self.waiting = false;
        self.tokens.push((self.flushed, written));
        Some(self.flushed)
    }

    fn on_primary(&self) -> Seen<u64> {
        let visible = self.writes.len() - usize::from(self.waiting);
        let value = self.writes[..visible].last().copied().unwrap_or(0);
        primary(value, self.flushed)
    }

    fn on_replica(&self) -> Seen<u64> {
        let replayed = self.writes.iter().rev().find(|at| **at <= self.replayed);
        replica(replayed.copied().unwrap_or(0), self.replayed)
    }

    /// As `db` chooses: the replica where it has got far enough.
    fn read(&self, needed: u64, prefer_primary: bool) -> Seen<u64> {
        if prefer_primary || self.replayed < needed {
            return self.on_primary();
        }
        self.on_replica()
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A write gets into the log.
    Begin,
    /// It is visible and answered; a process is told, or nobody is.
    Finish(Option<bool>),
    /// Other writes fill the log.
    Traffic,
    /// The replica catches up by so much.
    Replay(u64),
    /// Somebody asks a process, with the token of a write or without any, and its load takes until a later step.
    Get {
        process: bool,
        token: Option<prop::sample::Index>,
        primary: bool,
    },
    /// A load ends.
    Land(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    let get = (
        any::<bool>(),
        any::<Option<prop::sample::Index>>(),
        any::<bool>(),
    );
    prop_oneof![
        2 => Just(Step::Begin),
        2 => any::<Option<bool>>().prop_map(Step::Finish),
        1 => Just(Step::Traffic),
        2 => (1..4_u64).prop_map(Step::Replay),
        6 => get.prop_map(|(process, token, primary)| Step::Get { process, token, primary }),
        4 => any::<prop::sample::Index>().prop_map(Step::Land),
    ]
}

/// Gets under way, and the loads that wait to end.
#[derive(Default)]
struct Run {
    world: Arc<Mutex<World>>,
    gates: Arc<Mutex<Vec<oneshot::Sender<()>>>>,
    /// What each must have been served at least, and what it was.
    gets: Vec<JoinHandle<(u64, u64)>>,
}

impl Run {
    fn get(&mut self, cache: &Cache<u64>, wanted: Option<(u64, u64)>, primary: bool) {
        let (cache, world, gates) = (cache.clone(), self.world.clone(), self.gates.clone());
        let (given, (needed, least)) = match wanted {
            Some((at, written)) => (token(at), (at, written)),
            None => (Given::Nothing, (0, 0)),
        };
        let load = move || async move {
            let seen = world.lock().unwrap().read(needed, primary);
            let (gate, opened) = oneshot::channel();
            gates.lock().unwrap().push(gate);
            // A gate that is gone is open.
            let _ = opened.await;
            Ok::<_, Infallible>(seen)
        };
        let get = async move {
            let Ok(seen) = cache.get("key", load).await;
            seen.value
        };
        self.gets.push(tokio::spawn(
            async move { (least, scope(given, get).await.0) },
        ));
    }

    async fn take(&mut self, step: &Step, processes: &[Cache<u64>; 2]) {
        match step {
            Step::Begin => self.world.lock().unwrap().begin(),
            Step::Traffic => self.world.lock().unwrap().flushed += 1,
            Step::Replay(by) => {
                let mut world = self.world.lock().unwrap();
                world.replayed = world.flushed.min(world.replayed + by);
            }
            Step::Finish(told) => {
                let at = self.world.lock().unwrap().finish();
                if let Some((at, told)) = at.zip(*told) {
                    processes[usize::from(told)]
                        .invalidate("key", token(at))
                        .await;
                }
            }
            Step::Get {
                process,
                token,
                primary,
            } => {
                let tokens = self.world.lock().unwrap().tokens.clone();
                let token = token.filter(|_| !tokens.is_empty());
                let token = token.map(|which| tokens[which.index(tokens.len())]);
                self.get(&processes[usize::from(*process)], token, *primary);
            }
            Step::Land(which) => {
                let mut gates = self.gates.lock().unwrap();
                if !gates.is_empty() {
                    let which = which.index(gates.len());
                    drop(gates.swap_remove(which));
                }
            }
        }
        // Lets everybody who can go on get as far as Redis, mostly.
        tokio::time::sleep(Duration::from_micros(300)).await;
    }

    /// Lets every load end.
    async fn end(self) -> Vec<(u64, u64)> {
        let gates = self.gates.clone();
        let opener = tokio::spawn(async move {
            loop {
                gates.lock().unwrap().clear();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        let mut served = Vec::new();
        for get in self.gets {
            served.push(get.await.unwrap());
        }
        opener.abort();
        served
    }
}

#[test]
fn no_interleaving_serves_a_token_what_is_older() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let neighbour = runtime.block_on(testkit::redis());
    let redis = runtime.block_on(async { Redis::connect(&neighbour.url()) });
    let scripts = prop::collection::vec(step(), 1..40);
    let mut runner = prop::test_runner::TestRunner::new(ProptestConfig::with_cases(200));

    let result = runner.run(&scripts, |steps| {
        let served = runtime.block_on(async {
            common::until("redis is empty", || async {
                let emptied = redis.run(async |mut it| {
                    let all = ::redis::cmd("FLUSHALL");
                    all.query_async::<()>(&mut it).await
                });
                emptied.await.is_ok()
            })
            .await;
            let fresh = || Cache::new(&redis, "things", Bounds::default());
            let processes = [fresh(), fresh()];
            let mut run = Run::default();
            for step in &steps {
                run.take(step, &processes).await;
            }
            run.end().await
        });
        for (least, value) in served {
            prop_assert!(
                value >= least,
                "served {value} to one who had written {least}"
            );
        }
        Ok(())
    });

    result.unwrap();
}
