//! The room that an instance has for requests: who is let in, who is refused at once, and who comes first.

#[cfg(test)]
mod flood;
mod limit;
mod pace;
mod stay;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use api::Priority;
use metrics::{Counter, Gauge, counter, gauge};

use crate::{Env, Wrong};
use limit::Limit;
use pace::Pace;
use stay::Stay;
pub use stay::apart;

/// How many kinds of requests are told apart; callers are ours, but a name that comes from outside needs a bound.
const KINDS: usize = 512;
/// What stands for the kinds beyond that.
const OTHER: &str = "other";

/// Between what the limit of an instance moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// So many requests are always worked on at once.
    pub floor: usize,
    /// More are never in this instance, those that wait for a neighbour among them.
    pub ceiling: usize,
}

impl Bounds {
    /// Reads what the settings say.
    ///
    /// # Errors
    /// When one is wrong.
    pub fn read(env: &Env) -> Result<Self, Wrong> {
        Ok(Self {
            floor: env.within("MIN_IN_FLIGHT", 1..=100_000)?,
            ceiling: env.within("MAX_IN_FLIGHT", 1..=100_000)?,
        })
    }
}

/// The room of one instance. Clones share it.
///
/// What counts against its limit is who is *here*: a request that waits for a neighbour ([`apart`]) waits at the
/// neighbour's limit and not at ours, and the time it waits there says nothing of this instance.
#[derive(Clone)]
pub struct Room {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    limit: Gauge,
    in_flight: Gauge,
    shed: [Counter; 2],
}

struct State {
    bounds: Bounds,
    limit: Limit,
    load: Load,
    /// Requests that were let in and have not ended.
    inside: usize,
    /// Those of them that do not wait for a neighbour.
    here: usize,
    kinds: HashMap<Arc<str>, Kind>,
}

#[derive(Default)]
struct Kind {
    inside: usize,
    pace: Pace,
}

/// What a room has seen since it was made, and sees now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Requests that have ended.
    pub ended: u64,
    /// Those of them that the instance failed.
    pub failed: u64,
    /// Requests that found no room.
    pub shed: u64,
    /// How long the ended ones took in all, waits for neighbours among it.
    pub taken: Duration,
    /// Requests under way.
    pub inside: usize,
    /// How many may be worked on at once, for now.
    pub limit: usize,
}

/// There is no room: nothing was begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no room for another request")]
pub struct Full;

/// How a request ended, as far as it tells of the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was answered as it should be.
    Answered,
    /// It was refused for its own sake, which may be quicker than to answer it.
    Refused,
    /// The instance failed it, or it was given up.
    Failed,
}

impl Bounds {
    /// With its floor below its ceiling.
    fn ordered(self) -> Self {
        Self {
            floor: self.floor.min(self.ceiling),
            ..self
        }
    }
}

impl Room {
    /// The room of an instance of `service`.
    pub fn new(service: &'static str, bounds: Bounds) -> Self {
        let bounds = bounds.ordered();
        let limit = Limit::new(bounds, Instant::now());
        let gauge = |name: &'static str| gauge!(name, "service" => service);
        let shed = [Priority::Checkout, Priority::Browsing].map(
            |priority| counter!("requests_shed_total", "service" => service, "priority" => priority.name()),
        );
        let inner = Inner {
            limit: gauge("requests_limit"),
            in_flight: gauge("requests_in_flight"),
            shed,
            state: Mutex::new(State {
                bounds,
                limit,
                load: Load::default(),
                inside: 0,
                here: 0,
                kinds: HashMap::new(),
            }),
        };
        inner.limit.set(count(inner.lock().limit.now()));
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Moves the limit between other bounds from now on. Whoever is inside stays.
    pub fn rebound(&self, bounds: Bounds) {
        let bounds = bounds.ordered();
        let mut state = self.inner.lock();
        state.bounds = bounds;
        state.limit.rebound(bounds);
        self.inner.limit.set(count(state.limit.now()));
    }

    /// What it has seen, and sees now.
    pub fn load(&self) -> Load {
        let state = self.inner.lock();
        Load {
            inside: state.inside,
            limit: state.limit.now(),
            ..state.load
        }
    }

    /// Carries out `work`, a request of this `kind`, if there is room for one of this priority. `judge` says how it ended.
    ///
    /// # Errors
    /// [`Full`], at once: a request that waits for room is late already.
    pub async fn admit<F: Future>(
        &self,
        kind: &str,
        priority: Priority,
        work: F,
        judge: impl FnOnce(&F::Output) -> End,
    ) -> Result<F::Output, Full> {
        let kind = self.inner.enter(kind, priority)?;
        let stay = Stay::begin(self.inner.clone(), kind);
        let output = stay.run(work).await;
        stay.end(judge(&output));
        Ok(output)
    }
}

impl Inner {
    /// Lets a request in. Answers the kind that it counts as.
    fn enter(&self, kind: &str, priority: Priority) -> Result<Arc<str>, Full> {
        let mut state = self.lock();
        let full = state.kinds.len() >= KINDS;
        let (kind, inside) = match state.kinds.get_key_value(kind) {
            Some((kind, known)) => (kind.clone(), known.inside),
            None if full => (
                OTHER.into(),
                state.kinds.get(OTHER).map_or(0, |other| other.inside),
            ),
            None => (kind.into(), 0),
        };
        let crowded = state.here >= share(priority, state.limit.now());
        if crowded {
            state.limit.met();
        }
        // Half of the whole at most is of one kind: what waits for one slow neighbour leaves room for what does not.
        let ceiling = state.bounds.ceiling;
        let much_of_it = inside >= (ceiling / 2).max(1);
        if crowded || much_of_it || state.inside >= share(priority, ceiling) {
            state.load.shed += 1;
            self.shed[priority as usize].increment(1);
            return Err(Full);
        }
        state.inside += 1;
        state.here += 1;
        state.kinds.entry(kind.clone()).or_default().inside += 1;
        self.in_flight.increment(1);
        Ok(kind)
    }

    /// A request waits for a neighbour, or is back.
    fn moved(&self, away: bool) {
        let mut state = self.lock();
        if away {
            state.here -= 1;
        } else {
            state.here += 1;
        }
    }

    /// A request has ended that took `taken`, `spent` of it here.
    fn leave(&self, kind: &str, taken: Duration, spent: Duration, end: End) {
        let mut state = self.lock();
        let State {
            limit,
            inside,
            here,
            kinds,
            load,
            ..
        } = &mut *state;
        load.ended += 1;
        load.failed += u64::from(end == End::Failed);
        load.taken += taken;
        *inside -= 1;
        *here -= 1;
        self.in_flight.decrement(1);
        let Some(kind) = kinds.get_mut(kind) else {
            return;
        };
        kind.inside -= 1;
        // What came to nothing was no work done: an instance on which all fail late has too much to do.
        let unhurried = match end {
            End::Failed => Duration::ZERO,
            End::Answered | End::Refused => kind.pace.unhurried(spent),
        };
        if end == End::Answered {
            kind.pace.note(spent, limit.calm());
        }
        if limit.ended(spent, unhurried, Instant::now()) {
            self.limit.set(count(limit.now()));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What of `limit` requests of a priority may fill. Browsing leaves a third, so that a checkout always finds room.
fn share(priority: Priority, limit: usize) -> usize {
    match priority {
        Priority::Checkout => limit,
        Priority::Browsing => (limit * 2 / 3).max(1),
    }
}

fn count(many: usize) -> f64 {
    u32::try_from(many).unwrap_or(u32::MAX).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn room(most: usize) -> Room {
        Room::new(
            "room",
            Bounds {
                floor: most,
                ceiling: most,
            },
        )
    }

    fn answered<T>(_: &T) -> End {
        End::Answered
    }

    /// Fills a place until it is dropped.
    async fn stays(room: &Room, kind: &str, priority: Priority) -> impl Future + use<> {
        let (room, kind) = (room.clone(), kind.to_owned());
        let mut stay =
            Box::pin(async move { room.admit(&kind, priority, pending::<()>(), answered).await });
        assert!(futures::poll!(&mut stay).is_pending());
        stay
    }

    async fn fits(room: &Room, kind: &str, priority: Priority) -> bool {
        room.admit(kind, priority, ready(()), answered)
            .await
            .is_ok()
    }

    #[tokio::test]
    async fn browsing_leaves_room_for_checkouts() {
        let room = room(6);
        let mut browsing = Vec::new();
        for number in 0..4 {
            let kind = format!("kind {number}");
            browsing.push(stays(&room, &kind, Priority::Browsing).await);
        }

        assert!(!fits(&room, "another", Priority::Browsing).await);
        let _two = (
            stays(&room, "checkout", Priority::Checkout).await,
            stays(&room, "checkout", Priority::Checkout).await,
        );
        assert!(!fits(&room, "another", Priority::Checkout).await);
        browsing.clear();
        assert!(fits(&room, "another", Priority::Browsing).await);
    }

    #[tokio::test]
    async fn half_of_all_room_at_most_is_for_one_kind() {
        let room = room(6);
        let mut of_one = Vec::new();
        for _ in 0..3 {
            of_one.push(stays(&room, "one", Priority::Checkout).await);
        }

        assert!(!fits(&room, "one", Priority::Checkout).await);
        assert!(fits(&room, "other", Priority::Checkout).await);
    }

    #[tokio::test]
    async fn who_waits_for_a_neighbour_takes_no_room() {
        let room = room(8);
        let away = |room: &Room, number: usize| {
            let (room, kind) = (room.clone(), format!("kind {number}"));
            Box::pin(async move {
                let waits = apart(pending::<()>());
                room.admit(&kind, Priority::Browsing, waits, answered).await
            })
        };
        let mut waiting = Vec::new();
        for number in 0..4 {
            let mut one = away(&room, number);
            assert!(futures::poll!(&mut one).is_pending());
            waiting.push(one);
        }

        let here = || room.inner.lock().here;
        assert_eq!((here(), room.inner.lock().inside), (0, 4));
        waiting.clear();
        assert_eq!((here(), room.inner.lock().inside), (0, 0));
    }

    #[tokio::test]
    async fn names_that_come_from_outside_fill_no_memory() {
        let room = room(6);
        for number in 0..2 * KINDS {
            assert!(fits(&room, &format!("kind {number}"), Priority::Browsing).await);
        }

        assert_eq!(room.inner.lock().kinds.len(), KINDS + 1);
    }
}
