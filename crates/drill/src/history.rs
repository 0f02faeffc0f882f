//! What customers did and were told, all of it, in the order in which it ended.

mod file;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;
use uuid::Uuid;

use crate::{Heard, Wish};

/// A wish that was sent once.
#[derive(Debug, Clone)]
pub struct Sending {
    /// What was wanted.
    pub wish: Arc<Wish>,
    /// When it was sent.
    pub began: Instant,
    /// When the answer was there, or was waited for no more.
    pub ended: Instant,
    /// What was heard.
    pub heard: Heard,
}

/// Somebody looked for products.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// When it was sent.
    pub began: Instant,
    /// When the answer was there, or was waited for no more.
    pub ended: Instant,
    /// Whether it was answered.
    pub answered: bool,
}

/// A customer read an order of theirs that they had been told of.
#[derive(Debug, Clone)]
pub struct OwnRead {
    /// Which one.
    pub id: Uuid,
    /// Where it stood when they were told.
    pub told: String,
    /// Where it stood when they read it; nothing, where there was no such order. A read that was not answered is not kept.
    pub found: Option<String>,
    /// Whether they had been told by an earlier read, and not by the answer to their order.
    pub again: bool,
    /// When they had read it.
    pub at: Instant,
}

/// One thing that somebody came for, however often it had to be sent.
#[derive(Debug, Clone)]
pub struct Errand {
    /// What for.
    pub act: Act,
    /// When they came: from here on it is counted how long it took, whenever it was really sent.
    pub came: Instant,
    /// When they had it, or gave up.
    pub ended: Instant,
    /// How often it was sent.
    pub sent: usize,
    /// Whether they had it in the end.
    pub served: bool,
}

/// What somebody comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// To look at products or news.
    Look,
    /// To put something into a cart, and order that.
    Cart,
    /// To order.
    Order,
    /// To sign in.
    SignIn,
}

impl Act {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Look, Self::Cart, Self::Order, Self::SignIn];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Look => "look",
            Self::Cart => "cart",
            Self::Order => "order",
            Self::SignIn => "sign in",
        }
    }

    /// Whether it changes something.
    pub fn writes(self) -> bool {
        matches!(self, Self::Cart | Self::Order)
    }
}

/// What customers did and were told.
#[derive(Debug, Default)]
pub struct History(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sendings: Vec<Sending>,
    looks: Vec<Look>,
    reads: Vec<OwnRead>,
    errands: Vec<Errand>,
}

impl History {
    /// Writes down a wish that was sent.
    pub fn sent(&self, sending: Sending) {
        self.held().sendings.push(sending);
    }

    /// Writes down a look.
    pub fn looked(&self, look: Look) {
        self.held().looks.push(look);
    }

    /// Writes down that somebody read what is theirs.
    pub fn read(&self, read: OwnRead) {
        self.held().reads.push(read);
    }

    /// Writes down what became of an errand.
    pub fn done(&self, errand: Errand) {
        self.held().errands.push(errand);
    }

    /// All errands, in the order in which they ended.
    pub fn errands(&self) -> Vec<Errand> {
        self.held().errands.clone()
    }

    /// All that was sent, in the order in which it ended.
    pub fn sendings(&self) -> Vec<Sending> {
        self.held().sendings.clone()
    }

    /// All looks, in the order in which they ended.
    pub fn looks(&self) -> Vec<Look> {
        self.held().looks.clone()
    }

    /// All reads of what is the reader's own.
    pub fn reads(&self) -> Vec<OwnRead> {
        self.held().reads.clone()
    }

    /// The wishes of which nobody knows yet what became of them.
    pub fn open(&self) -> Vec<Arc<Wish>> {
        let mut open: BTreeMap<(Uuid, String), Arc<Wish>> = BTreeMap::new();
        let sendings = self.sendings();
        for one in &sendings {
            let wish = &one.wish;
            open.insert((wish.customer, wish.key.clone()), wish.clone());
        }
        for one in sendings.iter().filter(|one| !one.heard.is_open()) {
            open.remove(&(one.wish.customer, one.wish.key.clone()));
        }
        open.into_values().collect()
    }

    /// Whose wishes they were.
    pub fn customers(&self) -> Vec<Uuid> {
        let held = self.held();
        let all: HashSet<Uuid> = held.sendings.iter().map(|one| one.wish.customer).collect();
        all.into_iter().collect()
    }

    /// How many wishes were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        let held = self.held();
        let taken = held.sendings.iter().filter(|one| one.heard.is_taken());
        taken.count()
    }

    /// How many keys are known to be an order.
    pub fn acknowledged_keys(&self) -> usize {
        let held = self.held();
        let taken = held.sendings.iter().filter(|one| one.heard.is_taken());
        let keys: HashSet<(Uuid, &str)> = taken
            .map(|one| (one.wish.customer, one.wish.key.as_str()))
            .collect();
        keys.len()
    }

    /// How many looks were answered so far.
    pub fn answered(&self) -> usize {
        self.held()
            .looks
            .iter()
            .filter(|look| look.answered)
            .count()
    }

    /// All that was heard of each key that had to be sent again more than `retries` times, in words.
    pub fn stubborn(&self, retries: usize) -> Vec<String> {
        let mut heard: BTreeMap<(Uuid, String), Vec<String>> = BTreeMap::new();
        for one in self.sendings() {
            let key = (one.wish.customer, one.wish.key.clone());
            let took = (one.ended - one.began).as_secs_f64();
            let words = format!("{took:.2} s: {:?}", one.heard);
            heard.entry(key).or_default().push(words);
        }
        let often = heard
            .into_iter()
            .filter(|(_, heard)| heard.len() > retries + 1);
        often
            .map(|((_, key), heard)| format!("{key}: {}", heard.join("; ")))
            .collect()
    }

    fn held(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
