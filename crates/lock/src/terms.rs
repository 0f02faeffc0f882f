//! On which terms a lock is asked for.

use std::time::Duration;

use api::control::LockMode;

/// How a lock is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// By one owner alone.
    #[default]
    Exclusive,
    /// Together with others who share it.
    Shared,
}

/// On which terms a lock is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Alone or with others.
    pub mode: Mode,
    /// How long the lease lasts without a renewal: 1 second to 1 hour. So long others wait when this process dies.
    pub ttl: Duration,
    /// How long to wait for others: at most a minute.
    pub wait: Duration,
    /// For how long it is meant to be held; longer is shown and alerted.
    pub max_hold: Option<Duration>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            mode: Mode::Exclusive,
            ttl: Duration::from_secs(10),
            wait: Duration::from_secs(30),
            max_hold: None,
        }
    }
}

impl Mode {
    pub(crate) fn wire(self) -> LockMode {
        match self {
            Self::Exclusive => LockMode::Exclusive,
            Self::Shared => LockMode::Shared,
        }
    }
}

/// The time in milliseconds, as the wire has it.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
