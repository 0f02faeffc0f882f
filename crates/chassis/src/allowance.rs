//! What operators say of this service while it runs, as control tells it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use api::control::{Allowance as Wire, AttendResponse};
use discovery::overlay::{Adjusted, Overlay, Overlays};
use tokio::sync::watch;

use crate::room::Bounds;

/// What operators say of a service. Where they say nothing, its own settings apply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// How many requests are worked on at once however slow they are.
    pub min_in_flight: Option<usize>,
    /// How many requests are in an instance at most.
    pub max_in_flight: Option<usize>,
    /// How many connections there are at most to each address of the database.
    pub database_connections: Option<u32>,
    /// How long cached entries are served at most.
    pub cache_life: Option<Duration>,
    /// How many requests without an account one address may send in a minute.
    pub rate_address: Option<u32>,
    /// How many requests one account may send in a minute.
    pub rate_account: Option<u32>,
    /// How many times one address may register or sign in within a minute.
    pub rate_sign_in: Option<u32>,
    /// What is switched on and off.
    pub flags: BTreeMap<String, bool>,
}

impl Allowance {
    /// Whether what is called `flag` is on; it is, where nobody says otherwise.
    pub fn is_on(&self, flag: &str) -> bool {
        self.flags.get(flag).copied().unwrap_or(true)
    }

    /// Between what the limit of requests moves, where its settings say `own`.
    pub fn room(&self, own: Bounds) -> Bounds {
        Bounds {
            floor: self.min_in_flight.unwrap_or(own.floor),
            ceiling: self.max_in_flight.unwrap_or(own.ceiling),
        }
    }
}

impl From<Wire> for Allowance {
    fn from(wire: Wire) -> Self {
        let many = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            min_in_flight: wire.min_in_flight.map(many),
            max_in_flight: wire.max_in_flight.map(many),
            database_connections: wire.database_connections,
            cache_life: wire
                .cache_seconds
                .map(|seconds| Duration::from_secs(seconds.into())),
            rate_address: wire.rate_address,
            rate_account: wire.rate_account,
            rate_sign_in: wire.rate_sign_in,
            flags: wire.flags.into_iter().collect(),
        }
    }
}

/// What was heard last. It stays while control is away. Clones share it.
#[derive(Clone)]
pub(crate) struct Heard {
    revision: watch::Sender<i64>,
    allowance: watch::Sender<Arc<Allowance>>,
    overlay: watch::Sender<Arc<Overlay>>,
}

impl Heard {
    pub(crate) fn nothing() -> Self {
        Self {
            revision: watch::Sender::new(0),
            allowance: watch::Sender::default(),
            overlay: watch::Sender::default(),
        }
    }

    /// The revision of what was heard last; 0 before anything was.
    pub(crate) fn revision(&self) -> i64 {
        *self.revision.borrow()
    }

    /// Takes what control says, if it is newer: its instances need not know a change at the same moment.
    pub(crate) fn hear(&self, told: AttendResponse) {
        let newer = self.revision.send_if_modified(|revision| {
            let newer = told.revision > *revision;
            *revision = told.revision.max(*revision);
            newer
        });
        if newer {
            let allowance = Allowance::from(told.allowance.unwrap_or_default());
            self.allowance.send_replace(Arc::new(allowance));
            let adjusted = told.adjusted.into_iter().map(|one| {
                let (weight, drained) = (one.weight, one.drained);
                (one.instance, Adjusted { weight, drained })
            });
            let overlay = Overlay(adjusted.collect());
            self.overlay.send_replace(Arc::new(overlay));
        }
    }

    pub(crate) fn allowance(&self) -> watch::Receiver<Arc<Allowance>> {
        self.allowance.subscribe()
    }

    pub(crate) fn overlays(&self) -> Overlays {
        self.overlay.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(revision: i64, max_in_flight: u32) -> AttendResponse {
        AttendResponse {
            revision,
            allowance: Some(Wire {
                max_in_flight: Some(max_in_flight),
                ..Wire::default()
            }),
            adjusted: Vec::new(),
        }
    }

    #[test]
    fn what_is_older_than_what_was_heard_changes_nothing() {
        let heard = Heard::nothing();

        heard.hear(told(2, 20));
        heard.hear(told(1, 10));

        assert_eq!(heard.allowance().borrow().max_in_flight, Some(20));
    }

    #[test]
    fn what_is_left_out_stays_as_the_settings_say() {
        let own = Bounds {
            floor: 4,
            ceiling: 8,
        };
        let said = Allowance {
            max_in_flight: Some(6),
            ..Allowance::default()
        };

        let room = said.room(own);

        assert_eq!((room.floor, room.ceiling), (4, 6));
        assert!(said.is_on("checkout"));
    }
}
