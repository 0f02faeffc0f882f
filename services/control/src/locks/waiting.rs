//! The calls that wait at this instance, each to be told once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::job::Grant;

/// What a call that waits is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Its turn has come.
    Grant(Grant),
    /// It waits in a circle.
    Deadlock,
    /// It has no place any more.
    Gone,
}

/// The calls that wait here.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<Uuid, Seat>>);

#[derive(Debug)]
struct Seat {
    news: oneshot::Sender<News>,
    /// Whether its place is kept in the database by now.
    placed: bool,
}

impl Waiting {
    /// Lets a call be told.
    pub(super) fn sit(&self, attempt: Uuid) -> oneshot::Receiver<News> {
        let (news, told) = oneshot::channel();
        let placed = false;
        self.lock().insert(attempt, Seat { news, placed });
        told
    }

    /// Notes that the place of a call is kept.
    pub(super) fn placed(&self, attempt: Uuid) {
        if let Some(seat) = self.lock().get_mut(&attempt) {
            seat.placed = true;
        }
    }

    /// Tells a call, if it waits here still.
    pub(super) fn tell(&self, attempt: Uuid, news: News) {
        if let Some(seat) = self.lock().remove(&attempt) {
            // Whoever has left takes back what it was granted.
            let _ = seat.news.send(news);
        }
    }

    /// Lets go of a call.
    pub(super) fn leave(&self, attempt: Uuid) {
        self.lock().remove(&attempt);
    }

    /// Whether a call is here, waiting or about to.
    pub(super) fn is_here(&self, attempt: Uuid) -> bool {
        self.lock().contains_key(&attempt)
    }

    /// The calls whose places are kept.
    pub(super) fn all_placed(&self) -> Vec<Uuid> {
        let seats = self.lock();
        let placed = seats.iter().filter(|(_, seat)| seat.placed);
        placed.map(|(attempt, _)| *attempt).collect()
    }

    /// Nothing here panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Seat>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
