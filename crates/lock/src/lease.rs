//! For how long a lock is held, by this process's own clock.

use std::time::Duration;

use api::control::Grant;
use api::time;
use tokio::time::Instant;
use tonic::Status;

/// For how long a lock is held, by a clock that nobody sets.
///
/// It begins when the request was sent that it is answered to, or later by as much as the database's clock says that its answer
/// was later; never later than its answer came. It ends for us at two thirds of the ttl: what clocks may differ by, and the way
/// of what we write to its resource, have the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    begun: Instant,
    ttl: Duration,
}

impl Lease {
    /// A lease that was asked for at the first of `between`, and is as `grant` says, which came at the second; `placed_at` is
    /// when the request was decided on.
    pub(crate) fn of(
        grant: &Grant,
        placed_at: &str,
        between: [Instant; 2],
        ttl: Duration,
    ) -> Result<Self, Status> {
        let [sent, came] = between;
        let read = |text: &str| {
            time::read(text).map_err(|bad| Status::internal(format!("`{text}`: {bad}")))
        };
        let later = read(&grant.expires_at)? - ttl - read(placed_at)?;
        let begun = match Duration::try_from(later) {
            Ok(later) => sent + later,
            // It has been held for a while: the answer is to a request that was sent again.
            Err(_) => sent.checked_sub(later.unsigned_abs()).unwrap_or(sent - ttl),
        };
        let begun = begun.min(came);
        Ok(Self { begun, ttl })
    }

    /// The same lease, renewed by a request that was sent then.
    pub(crate) fn renewed(self, sent: Instant) -> Self {
        Self {
            begun: sent,
            ..self
        }
    }

    /// When it is to be renewed.
    pub(crate) fn due(self) -> Instant {
        self.begun + self.ttl / 3
    }

    /// When it counts as lost.
    pub(crate) fn ends(self) -> Instant {
        self.begun + self.ttl * 2 / 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(9);

    fn grant(expires_at: &str) -> Grant {
        Grant {
            expires_at: expires_at.to_owned(),
            ..Grant::default()
        }
    }

    /// How long after it was sent a lease ends whose grant came after `came` seconds.
    fn ends(expires_at: &str, came: u64) -> Duration {
        let sent = Instant::now() + TTL;
        let between = [sent, sent + Duration::from_secs(came)];
        let lease = Lease::of(&grant(expires_at), "2026-01-01T00:00:00Z", between, TTL);
        lease.unwrap().ends() - sent
    }

    #[test]
    fn a_lease_that_was_waited_for_begins_as_much_later_as_the_database_says() {
        assert_eq!(ends("2026-01-01T00:00:29Z", 60), Duration::from_secs(26));
    }

    #[test]
    fn a_lease_never_begins_after_its_answer_came() {
        assert_eq!(ends("2026-01-01T00:00:29Z", 1), Duration::from_secs(7));
    }

    #[test]
    fn a_lease_that_was_there_before_ends_as_much_sooner() {
        assert_eq!(ends("2026-01-01T00:00:07Z", 0), Duration::from_secs(4));
    }
}
