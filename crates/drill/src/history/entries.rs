//! What a history has of each thing that was done.

use std::sync::Arc;

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
    /// Where it stood when they read it; nothing, where there was no such order.
    pub found: Option<String>,
    /// Whether they had been told by an earlier read, and not by the answer to their order.
    pub again: bool,
    /// When they had read it.
    pub at: Instant,
}

/// A customer asked for an order of theirs, and was told something else, which nothing in the way excuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedRead {
    /// Which one.
    pub id: Uuid,
    /// Whose.
    pub customer: Uuid,
    /// What they were told: status and code.
    pub said: String,
    /// When.
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
