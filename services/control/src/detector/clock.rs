//! The time by which others are judged: our own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use metrics::histogram;
use time::OffsetDateTime;

use crate::domain::heartbeat::Moment;
use crate::domain::own_time::{OwnTime, TICK};

/// How often whoever waits looks whether it is time: more seldom than time goes on, for there are many.
const LOOK: Duration = Duration::from_millis(100);

/// Shows a time that stands still while this process does. Cheap to clone.
#[derive(Clone)]
pub(super) struct Clock {
    begun: Instant,
    own: Arc<Mutex<OwnTime>>,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            own: Arc::default(),
        }
    }

    /// Keeps it going, and tells how late each look comes: so late is whatever else this process does in time.
    pub(super) async fn run(&self) {
        loop {
            let asked = Instant::now();
            tokio::time::sleep(TICK).await;
            histogram!("observer_late_seconds").record(asked.elapsed().saturating_sub(TICK));
            self.now();
        }
    }

    pub(super) fn now(&self) -> Moment {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        Moment {
            own: own.look(self.begun.elapsed()),
            wall: OffsetDateTime::now_utc(),
        }
    }

    /// Lets so much of it pass.
    pub(super) async fn wait(self, time: Duration) {
        let until = self.now().own + time;
        loop {
            let left = until.saturating_sub(self.now().own);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(LOOK)).await;
        }
    }
}
