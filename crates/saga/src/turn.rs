//! One runner's turn at one saga: forward step by step, or back.

use std::time::Duration;

use retry::{Backoff, Deadline};
use tokio::time::{Instant, sleep};
use tracing::{error, warn};

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
        if self.work.undoing {
            return self.back().await;
        }
        for &step in S::STEPS {
            match self.insist(step, Way::Forward).await {
                Taken::Done => {}
                Taken::Refused(reason) => return self.turn_back(&reason).await,
                Taken::Unknown => return Ending::Left,
                Taken::Lost => return Ending::Lost,
            }
        }
        Ending::Done
    }

    /// Goes back, once that is decided and committed.
    async fn turn_back(&self, reason: &str) -> Ending {
        let deadline = Deadline::after(self.left());
        let decided = decide_undo(&self.runner.db, self.lease(), reason);
        match deadline.scope(decided).await {
            Ok(Some(_)) => self.back().await,
            Ok(None) => Ending::Lost,
            Err(error) => {
                warn!(%error, "left to recovery: nobody knows whether the undo is decided");
                Ending::Left
            }
        }
    }

    /// Undoes every step that may be undone, the last one first: any of them may have half happened.
    async fn back(&self) -> Ending {
        for &step in S::STEPS[..undoable::<S>()].iter().rev() {
            match self.insist(step, Way::Back).await {
                Taken::Done => {}
                Taken::Lost => return Ending::Lost,
                Taken::Unknown | Taken::Refused(_) => return Ending::Left,
            }
        }
        Ending::Undone
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
        let may_turn = way == Way::Forward && S::STEPS[..undoable::<S>()].contains(&step);
        match taken {
            Taken::Unknown if may_turn && Instant::now() >= self.work.settle_by => {
                Taken::Refused(S::OVERDUE.to_owned())
            }
            Taken::Refused(reason) if !may_turn => {
                error!(
                    saga = S::NAME,
                    ?step,
                    reason,
                    "a step that must not be refused was refused"
                );
                Taken::Unknown
            }
            decided => decided,
        }
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

/// How many steps may be undone.
fn undoable<S: Saga>() -> usize {
    let last = S::LAST_UNDOABLE;
    let place = last.and_then(|last| S::STEPS.iter().position(|step| *step == last));
    place.map_or(0, |place| place + 1)
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
