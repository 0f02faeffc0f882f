//! A request for a lock, with every part of it within its bounds.

use std::time::Duration;

use uuid::Uuid;

use super::{ALIVE, Claim, Moment};

/// Between what a lease lasts.
const TTL: [Duration; 2] = [Duration::from_secs(1), Duration::from_hours(1)];
/// How long anybody waits at most.
const WAIT: Duration = Duration::from_mins(1);
/// How long names are at most.
const LONGEST: usize = 200;
/// A lock that is meant to be held for longer than this is meant to be held for ever.
const MAX_HOLD: Duration = Duration::from_hours(24 * 365);

/// What a lock is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

/// Who asks for locks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner(String);

/// How a lock is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// By one alone.
    Exclusive,
    /// Together with others who share it.
    Shared,
}

/// A request for a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which lock.
    pub name: Name,
    /// Who asks.
    pub owner: Owner,
    /// The owner's name for this request.
    pub id: Uuid,
    /// This very call: the same request may be sent again by another.
    pub attempt: Uuid,
    /// The instance that was asked.
    pub instance: Uuid,
    /// Alone or with others.
    pub mode: Mode,
    /// How long a lease lasts.
    pub ttl: Duration,
    /// How long to wait.
    pub wait: Duration,
    /// For how long it is meant to be held.
    pub max_hold: Option<Duration>,
}

/// Which part of a request breaks its rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// What it is called.
    #[error("a name has 1 to 200 letters, digits, `.`, `_`, `:` and `-`")]
    Name,
    /// Who asks.
    #[error("an owner has 1 to 200 printable ASCII characters")]
    Owner,
    /// How long a lease lasts.
    #[error("a lease lasts between one second and one hour")]
    Ttl,
    /// How long to wait.
    #[error("nobody waits longer than a minute")]
    Wait,
}

impl Name {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is none.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
        let good = (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed);
        good.then(|| Self(text.to_owned())).ok_or(Invalid::Name)
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Owner {
    /// Reads who asks.
    ///
    /// # Errors
    /// When it says nobody.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let allowed = |byte: u8| byte.is_ascii_graphic() || byte == b' ';
        let good = (1..=LONGEST).contains(&text.len()) && text.bytes().all(allowed);
        good.then(|| Self(text.to_owned())).ok_or(Invalid::Owner)
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Asked {
    /// Looks at its times.
    ///
    /// # Errors
    /// The first one that is out of bounds.
    pub fn checked(mut self) -> Result<Self, Invalid> {
        let [shortest, longest] = TTL;
        if self.ttl < shortest || self.ttl > longest {
            return Err(Invalid::Ttl);
        }
        if self.wait > WAIT {
            return Err(Invalid::Wait);
        }
        self.max_hold = self.max_hold.map(|most| most.min(MAX_HOLD));
        Ok(self)
    }

    /// The claim that it makes, at the end of the queue.
    pub(super) fn claim(&self, at: &Moment) -> Claim {
        Claim {
            owner: self.owner.0.clone(),
            id: self.id,
            attempt: self.attempt,
            instance: self.instance,
            alive_until: Some(at.now + ALIVE),
            mode: self.mode,
            ttl: self.ttl,
            max_hold: self.max_hold,
            waits_until: at.now + self.wait,
            place: None,
            lease: None,
            changed: true,
        }
    }
}
