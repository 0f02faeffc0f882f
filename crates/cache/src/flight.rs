//! Single flight: of many that miss the same key at once, one goes and the others wait for what it brings.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// The flights that are under way.
pub(crate) struct Flights<T> {
    under_way: Mutex<HashMap<String, watch::Receiver<Option<Landed<T>>>>>,
}

/// What a flight brought: a value, or nothing because it failed.
type Landed<T> = Option<Arc<T>>;

/// A place on a flight.
pub(crate) enum Seat<'f, T> {
    /// Goes itself.
    Pilot(Pilot<'f, T>),
    /// Waits.
    Passenger(Passenger<T>),
}

/// Ends the flight when dropped, whatever happened.
pub(crate) struct Pilot<'f, T> {
    flights: &'f Flights<T>,
    key: String,
    news: watch::Sender<Option<Landed<T>>>,
}

/// Waits for a flight.
pub(crate) struct Passenger<T> {
    news: watch::Receiver<Option<Landed<T>>>,
}

/// How a flight ended for a passenger.
pub(crate) enum Arrival<T> {
    Brought(Arc<T>),
    Failed,
    /// The pilot was dropped on the way: somebody else must go.
    Lost,
}

impl<T> Default for Flights<T> {
    fn default() -> Self {
        Self {
            under_way: Mutex::default(),
        }
    }
}

impl<T> Flights<T> {
    /// Joins the flight for `key`, or begins one.
    pub(crate) fn board(&self, key: &str) -> Seat<'_, T> {
        let mut under_way = self.lock();
        if let Some(news) = under_way.get(key) {
            return Seat::Passenger(Passenger { news: news.clone() });
        }
        let (news, receiver) = watch::channel(None);
        under_way.insert(key.to_owned(), receiver);
        Seat::Pilot(Pilot {
            flights: self,
            key: key.to_owned(),
            news,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Option<Landed<T>>>>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Pilot<'_, T> {
    /// Hands out what was brought; `None` when it failed.
    pub(crate) fn land(self, landed: Option<Arc<T>>) {
        self.news.send_replace(Some(landed));
    }
}

impl<T> Drop for Pilot<'_, T> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.key);
    }
}

impl<T> Passenger<T> {
    /// Waits for the end of the flight.
    pub(crate) async fn arrival(mut self) -> Arrival<T> {
        let landed = self.news.wait_for(Option::is_some).await;
        match landed.as_deref() {
            Ok(Some(Some(brought))) => Arrival::Brought(brought.clone()),
            Ok(_) => Arrival::Failed,
            Err(_) => Arrival::Lost,
        }
    }
}
