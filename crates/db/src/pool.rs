//! The addresses of a database, and in which turn they are tried.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::address::Address;
use crate::settings::{self, Settings};

/// The addresses of a database.
#[derive(Debug)]
pub(crate) struct Pool {
    primaries: Vec<Arc<Address>>,
    replicas: Vec<Arc<Address>>,
    /// How many connections there are to each at most, where nobody says otherwise.
    most: u32,
    /// The primary address that answered last.
    primary: AtomicUsize,
    /// The replica whose turn it is.
    replica: AtomicUsize,
}

impl Pool {
    pub(crate) fn new(settings: Settings) -> Self {
        let (most, patience) = (settings.connections, settings.patience);
        let addresses = |urls: Vec<String>, primary: bool| {
            let options = urls.iter().filter_map(|url| settings::options(url));
            options
                .map(|options| Arc::new(Address::new(options, primary, most, patience)))
                .collect()
        };
        Self {
            primaries: addresses(settings.primaries, true),
            replicas: addresses(settings.replicas, false),
            most,
            primary: AtomicUsize::new(0),
            replica: AtomicUsize::new(0),
        }
    }

    /// The addresses of the primary, the one that answered last first.
    pub(crate) fn primaries(&self) -> Vec<Arc<Address>> {
        from(&self.primaries, self.primary.load(Ordering::Relaxed))
    }

    /// Everybody who may answer a read: replicas by turns, then the primary; whoever did not let in of late, last.
    pub(crate) fn readers(&self) -> Vec<Arc<Address>> {
        let mut readers = from(&self.replicas, self.replica.fetch_add(1, Ordering::Relaxed));
        readers.extend(self.primaries());
        readers.sort_by_cached_key(|address| address.resting());
        readers
    }

    /// Notes at which address the primary answered.
    pub(crate) fn answered(&self, address: &Arc<Address>) {
        let place = self
            .primaries
            .iter()
            .position(|one| Arc::ptr_eq(one, address));
        if let Some(place) = place {
            self.primary.store(place, Ordering::Relaxed);
        }
    }

    /// Allows `most` connections to each address from now on.
    pub(crate) fn allow(&self, most: Option<u32>) {
        for address in self.primaries.iter().chain(&self.replicas) {
            address.allow(most.unwrap_or(self.most));
        }
    }

    /// Whether anybody has let in once.
    pub(crate) fn known(&self) -> bool {
        let mut all = self.primaries.iter().chain(&self.replicas);
        all.any(|address| address.known())
    }
}

/// All of `addresses` in a ring, beginning with number `first`.
fn from(addresses: &[Arc<Address>], first: usize) -> Vec<Arc<Address>> {
    let (before, after) = addresses.split_at(first % addresses.len().max(1));
    after.iter().chain(before).cloned().collect()
}
