//! How a channel calls.

use std::fmt;

use secrecy::SecretString;

use crate::overlay::{self, Overlays};
use crate::{Network, Opinions, tls};

/// Who takes the next call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// The one whose turn it is by weight, or another drawn by chance where that is clearly less busy.
    #[default]
    LeastBusy,
    /// The one whose turn it is by weight.
    RoundRobin,
}

/// How a channel calls.
#[derive(Clone)]
pub struct Settings {
    /// What proves to the other side that one of ours is calling.
    pub service_token: Option<SecretString>,
    /// Who takes the next call.
    pub balance: Balance,
    /// Where the caller stands: instances of the same zone come first. Empty, all are alike.
    pub zone: String,
    /// The most connections to one instance, from 1 to 8; the second one is opened when the first carries many calls.
    pub connections: usize,
    /// The most calls in flight to the service; the next one is refused at once.
    pub calls: usize,
    /// Weights and drains.
    pub overlay: Overlays,
    /// Whether calls are part of no trace: those that are made all the time and tell nothing of what the house does.
    pub quiet: bool,
    /// Where it says what it thinks of the instances.
    pub opinions: Opinions,
    /// How TLS is spoken; without it, none is.
    pub tls: Option<tls::Configs>,
    /// What connections are made over.
    pub network: Network,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            service_token: None,
            balance: Balance::default(),
            zone: String::new(),
            connections: 4,
            // Half of what an instance works on at once: a neighbour that hangs leaves room for calls to the others.
            calls: 512,
            overlay: overlay::none(),
            quiet: false,
            opinions: Opinions::default(),
            tls: None,
            network: Network::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("balance", &self.balance)
            .field("zone", &self.zone)
            .field("connections", &self.connections)
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}
