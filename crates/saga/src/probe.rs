//! Places at which a test may look on, step in, or end the process: before and after every step.

use futures::future::BoxFuture;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use uuid::Uuid;

use crate::Taken;

/// A place in a saga.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The saga's name.
    pub saga: &'static str,
    /// What it works for.
    pub subject: Uuid,
    /// The step, as its enum writes it; `undo-` and the step where it is undone.
    pub step: String,
    /// How the step ended; nothing before it.
    pub taken: Option<Taken>,
}

/// What is to happen at a spot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// What would happen anyway.
    Go,
    /// The step is taken once more. Before it: as `Go`.
    Again,
    /// The step counts as ended so. `Pretend(Taken::Lost)` stops the runner as a crash would.
    Pretend(Taken),
}

/// Somebody who looks on. The service's own does nothing.
pub trait Probe: Send + Sync + 'static {
    /// Says what is to happen at `spot`. The runner waits for it.
    fn at(&self, spot: Spot) -> BoxFuture<'_, Act>;
}

impl<F: Fn(Spot) -> Act + Send + Sync + 'static> Probe for F {
    fn at(&self, spot: Spot) -> BoxFuture<'_, Act> {
        Box::pin(std::future::ready(self(spot)))
    }
}

/// Kills this process at a spot, so that a test can see what recovery makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crash {
    saga: String,
    step: String,
    after: bool,
}

impl Crash {
    /// Reads `place-order:TakeMoney:after` or `place-order:undo-HoldStock:before`.
    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(':').map(str::to_owned);
        let (saga, step, side) = (parts.next()?, parts.next()?, parts.next()?);
        let after = match side.as_str() {
            "before" => false,
            "after" => true,
            _ => return None,
        };
        parts.next().is_none().then_some(Self { saga, step, after })
    }

    fn is_at(&self, spot: &Spot) -> bool {
        spot.saga == self.saga && spot.step == self.step && spot.taken.is_some() == self.after
    }
}

impl Probe for Crash {
    fn at(&self, spot: Spot) -> BoxFuture<'_, Act> {
        if self.is_at(&spot) {
            // Not an exit: nothing may be flushed, ended or told, as when the machine is lost.
            let _ = kill(Pid::this(), Signal::SIGKILL);
        }
        Box::pin(std::future::ready(Act::Go))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_to_crash_at_is_read_whole_or_not_at_all() {
        let crash = Crash::read("place-order:TakeMoney:after").unwrap();

        assert_eq!((crash.step.as_str(), crash.after), ("TakeMoney", true));
        for wrong in ["", "place-order", "a:b", "a:b:c", "a:b:after:d"] {
            assert_eq!(Crash::read(wrong), None, "{wrong}");
        }
    }
}
