//! One runner's turn at one saga: forward step by step, or back.

use std::time::Duration;

use retry::{Backoff, Deadline};
use tokio::time::{Instant, sleep};
use tracing::{error, warn};

use crate::course::{self, Move};
use crate::store::claim::decide_undo;
use crate::{Act, Ending, Lease, Runner, Saga, Spot, Taken, Work};

/// Someone waits for the first repetitions; the later ones wait for a neighbour that is down.
const BACKOFF: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(4));

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

pub(crate) struct Turn<'a, S: Saga> {
    runner: &'a Runner,
    saga: &'a S,
    work: Work,
    tools: &'a S::Tools,
}

impl<'a, S: Saga> Turn<'a, S> {
    pub(crate) fn new(runner: &'a Runner, saga: &'a S, work: Work, tools: &'a S::Tools) -> Self {
        Self {
            runner,
            saga,
            work,
            tools,
        }
    }

    /// Goes on until the end, or until somebody else must.
    pub(crate) async fn run(&self) -> Ending {
        let mut next = course::first::<S>(self.work.undoing);
        loop {
            let taken = match &next {
                Move::Take(step) => self.insist(*step, Way::Forward).await,
                Move::Undo(step) => self.insist(*step, Way::Back).await,
                Move::TurnBack(reason) => self.turn_back(reason).await,
                Move::End(ending) => return ending.clone(),
            };
            next = course::after::<S>(&next, taken);
        }
    }

    /// Decides to go back.
    async fn turn_back(&self, reason: &str) -> Taken {
        let deadline = Deadline::after(self.left());
        let decided = decide_undo(&self.runner.db, self.lease(), reason);
        match deadline.scope(decided).await {
            Ok(Some(_)) => Taken::Done,
            Ok(None) => Taken::Lost,
            Err(error) => {
                warn!(%error, "left to recovery: nobody knows whether the undo is decided");
                Taken::Unknown
            }
        }
    }

    /// Repeats a step until it is decided, or the lease is over.
    async fn insist(&self, step: S::Step, way: Way) -> Taken {
        let mut failures = 0;
        loop {
            let taken = self.attempt(step, way).await;
            let taken = self.judge(step, way, taken);
            metrics::counter!("saga_steps_total", "saga" => S::NAME, "step" => name(step, way), "ended" => word(&taken))
                .increment(1);
            let wait = BACKOFF.draw(failures);
            if taken != Taken::Unknown || wait >= self.left() {
                return taken;
            }
            sleep(wait).await;
            failures += 1;
        }
    }

    /// What an attempt's end means for the saga.
    fn judge(&self, step: S::Step, way: Way, taken: Taken) -> Taken {
        let overdue = Instant::now() >= self.work.settle_by;
        let made = match way {
            Way::Forward => Move::Take(step),
            Way::Back => Move::Undo(step),
        };
        let judged = course::judged::<S>(&made, taken.clone(), overdue);
        if let (Taken::Refused(reason), Taken::Unknown) = (taken, &judged) {
            error!(
                saga = S::NAME,
                ?step,
                reason,
                "a step that must not be refused was refused"
            );
        }
        judged
    }

    /// Takes a step once, within its limit and the lease.
    async fn attempt(&self, step: S::Step, way: Way) -> Taken {
        if let Act::Pretend(taken) = self.look(step, way, None).await {
            return taken;
        }
        loop {
            let taken = self.carry_out(step, way).await;
            match self.look(step, way, Some(&taken)).await {
                Act::Go => return taken,
                Act::Again => {}
                Act::Pretend(other) => return other,
            }
        }
    }

    async fn carry_out(&self, step: S::Step, way: Way) -> Taken {
        let deadline = Deadline::after(self.runner.settings.attempt.min(self.left()));
        let lease = self.lease();
        let taken = match way {
            Way::Forward => {
                let work = self.saga.take(step, &lease, self.tools);
                deadline.scope(deadline.limit(work)).await
            }
            Way::Back => {
                let work = self.saga.undo(step, &lease, self.tools);
                deadline.scope(deadline.limit(work)).await
            }
        };
        taken.unwrap_or(Taken::Unknown)
    }

    async fn look(&self, step: S::Step, way: Way, taken: Option<&Taken>) -> Act {
        let spot = Spot {
            saga: S::NAME,
            subject: self.work.subject,
            step: name(step, way),
            taken: taken.cloned(),
        };
        self.runner.probe.at(spot).await
    }

    fn lease(&self) -> Lease {
        self.work.lease
    }

    fn left(&self) -> Duration {
        self.work.until.saturating_duration_since(Instant::now())
    }
}

fn name<T: std::fmt::Debug>(step: T, way: Way) -> String {
    match way {
        Way::Forward => format!("{step:?}"),
        Way::Back => format!("undo-{step:?}"),
    }
}

fn word(taken: &Taken) -> &'static str {
    match taken {
        Taken::Done => "done",
        Taken::Refused(_) => "refused",
        Taken::Unknown => "unknown",
        Taken::Lost => "lost",
    }
}
