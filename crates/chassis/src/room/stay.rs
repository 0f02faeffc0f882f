//! One request's stay: how long it is here, and how long it waits elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{End, Inner};

tokio::task_local! {
    static STAY: Arc<Stay>;
}

/// A request that was let in. It leaves when this is dropped.
pub(super) struct Stay {
    inner: Arc<Inner>,
    kind: Arc<str>,
    begun: Instant,
    state: Mutex<State>,
}

struct State {
    /// How many waits for others are under way: a request may ask two neighbours at once.
    waits: usize,
    since: Instant,
    away: Duration,
    end: End,
}

/// Carries out what this instance only waits for, because it has a limit of its own: a call to a neighbour, a body on its way,
/// a queue with a bound. Meanwhile the request takes no room here.
pub async fn apart<F: Future>(work: F) -> F::Output {
    let _away = STAY.try_with(Away::begin).ok();
    work.await
}

impl Stay {
    pub(super) fn begin(inner: Arc<Inner>, kind: Arc<str>) -> Arc<Self> {
        let begun = Instant::now();
        Arc::new(Self {
            inner,
            kind,
            begun,
            state: Mutex::new(State {
                waits: 0,
                since: begun,
                away: Duration::ZERO,
                // Until somebody says otherwise: whoever is dropped half way was given up.
                end: End::Failed,
            }),
        })
    }

    pub(super) async fn run<F: Future>(self: &Arc<Self>, work: F) -> F::Output {
        STAY.scope(self.clone(), work).await
    }

    pub(super) fn end(&self, end: End) {
        self.lock().end = end;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Stay {
    fn drop(&mut self) {
        let (away, end) = {
            let state = self.lock();
            (state.away, state.end)
        };
        let taken = self.begun.elapsed();
        let spent = taken.saturating_sub(away);
        self.inner.leave(&self.kind, taken, spent, end);
    }
}

/// A wait for others.
struct Away(Arc<Stay>);

impl Away {
    fn begin(stay: &Arc<Stay>) -> Self {
        let mut state = stay.lock();
        state.waits += 1;
        if state.waits == 1 {
            state.since = Instant::now();
            stay.inner.moved(true);
        }
        drop(state);
        Self(stay.clone())
    }
}

impl Drop for Away {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.waits -= 1;
        if state.waits == 0 {
            let waited = state.since.elapsed();
            state.away += waited;
            self.0.inner.moved(false);
        }
    }
}
