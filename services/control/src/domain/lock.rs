//! What a lock is, who has it, and who gets it next.

mod asked;

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

pub use asked::{Asked, Invalid, Mode, Name, Owner};

/// How many may hold one lock or wait for it.
pub const CLAIMS_OF_ONE: usize = 1_000;
/// How many claims there are at most, of all locks.
pub const CLAIMS: usize = 10_000;
/// How long after it was last heard of an instance counts as alive: longer than a failover of the database takes, else all
/// who wait would lose their places by it.
pub const ALIVE: Duration = Duration::from_secs(5);

/// The moment at which something is decided, as the database sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Its clock.
    pub now: OffsetDateTime,
    /// Counts its promotions.
    pub timeline: i32,
    /// When this timeline was first seen here.
    pub began_at: OffsetDateTime,
}

/// Somebody who has a lock or waits for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Who.
    pub owner: String,
    /// The owner's name for its request.
    pub id: Uuid,
    /// The call that asked last for it.
    pub attempt: Uuid,
    /// The instance at which that call is.
    pub instance: Uuid,
    /// Until when that instance counts as alive; nothing where it was never heard of.
    pub alive_until: Option<OffsetDateTime>,
    /// Alone or with others.
    pub mode: Mode,
    /// How long a lease lasts.
    pub ttl: Duration,
    /// For how long it is meant to be held.
    pub max_hold: Option<Duration>,
    /// When it gives up.
    pub waits_until: OffsetDateTime,
    /// Where it stands in the order of coming; nothing where that is not written yet.
    pub place: Option<i64>,
    /// The lease, where it has the lock.
    pub lease: Option<Lease>,
    /// Whether it differs from what is kept.
    pub changed: bool,
}

/// For how long somebody has a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The fencing token; nothing where it is not drawn yet.
    pub token: Option<i64>,
    /// Since when.
    pub granted_at: OffsetDateTime,
    /// Until when, unless it is renewed.
    pub expires_at: OffsetDateTime,
    /// The timeline on which it was begun or renewed.
    pub timeline: i32,
}

/// Why somebody does not get a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Others hold it still, and the wait is over.
    Held,
    /// It would wait for somebody who waits for it.
    Deadlock,
    /// The owner holds it in the other mode.
    Mode,
    /// The owner waits for it by another request.
    Waits,
    /// The request was released already.
    Ended,
    /// As many hold or wait as may.
    Full,
}

/// One lock: all who have it or wait for it, in the order of coming.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Lock {
    /// Those who are there.
    pub claims: Vec<Claim>,
    /// Owners whose claims are kept and are to be no more.
    pub gone: Vec<String>,
    /// How many leases ran out.
    pub expired: u64,
}

impl Lease {
    /// When it ends if it is not renewed. One of an older timeline lasts its whole ttl once more from when the present one
    /// was first seen: nobody could renew it meanwhile, and the clock of this server may be ahead of the one before.
    pub fn ends(&self, ttl: Duration, at: &Moment) -> OffsetDateTime {
        if self.timeline < at.timeline {
            at.began_at + ttl
        } else {
            self.expires_at
        }
    }
}

impl Claim {
    /// Whether it is over: the lease, or the wait.
    fn is_over(&self, at: &Moment) -> bool {
        match &self.lease {
            Some(lease) => lease.ends(self.ttl, at) <= at.now,
            None => self.waits_until <= at.now || !self.is_alive(at),
        }
    }

    fn is_alive(&self, at: &Moment) -> bool {
        // Nobody could say that it lives while there was no primary.
        let spared = at.began_at + ALIVE;
        self.alive_until.map_or(spared, |until| until.max(spared)) > at.now
    }

    /// Whether it is held for longer than was meant.
    pub fn is_overdue(&self, now: OffsetDateTime) -> bool {
        let held = self.lease.zip(self.max_hold);
        held.is_some_and(|(lease, most)| lease.granted_at + most < now)
    }

    fn grant(&mut self, at: &Moment) {
        self.lease = Some(Lease {
            token: None,
            granted_at: at.now,
            expires_at: at.now + self.ttl,
            timeline: at.timeline,
        });
        self.changed = true;
    }
}

impl Lock {
    /// The claim of `owner`.
    pub fn of(&self, owner: &str) -> Option<&Claim> {
        self.claims.iter().find(|claim| claim.owner == owner)
    }

    fn of_mut(&mut self, owner: &str) -> Option<&mut Claim> {
        self.claims.iter_mut().find(|claim| claim.owner == owner)
    }

    /// Takes out `owner`'s claim, where it is as `which` says.
    fn remove(&mut self, owner: &str, which: impl Fn(&Claim) -> bool) -> Option<Claim> {
        let found = |claim: &Claim| claim.owner == owner && which(claim);
        let at = self.claims.iter().position(found)?;
        let claim = self.claims.remove(at);
        if claim.place.is_some() {
            self.gone.push(claim.owner.clone());
        }
        Some(claim)
    }

    /// Takes out what is over: leases, waits, and whoever waits at an instance that is no more.
    pub fn tidy(&mut self, at: &Moment) {
        let over = self.claims.iter().filter(|claim| claim.is_over(at));
        let over: Vec<String> = over.map(|claim| claim.owner.clone()).collect();
        for owner in over {
            let claim = self.remove(&owner, |_| true);
            self.expired += u64::from(claim.is_some_and(|claim| claim.lease.is_some()));
        }
    }

    /// Notes that somebody asks for it. Asked again, it keeps its place or what it has.
    ///
    /// # Errors
    /// Why it does not even wait.
    pub fn ask(&mut self, asked: &Asked, at: &Moment) -> Result<(), Refusal> {
        let room = self.claims.len() < CLAIMS_OF_ONE;
        let Some(claim) = self.of_mut(asked.owner.as_str()) else {
            if room {
                self.claims.push(asked.claim(at));
            }
            return room.then_some(()).ok_or(Refusal::Full);
        };
        if claim.mode != asked.mode {
            return Err(Refusal::Mode);
        }
        if claim.id == asked.id {
            claim.attempt = asked.attempt;
            claim.instance = asked.instance;
            claim.waits_until = at.now + asked.wait;
            // It is just calling.
            claim.alive_until = Some(at.now + ALIVE);
            claim.changed = true;
        } else if claim.lease.is_none() {
            return Err(Refusal::Waits);
        }
        Ok(())
    }

    /// Begins a lease anew. Answers whether there is one.
    pub fn renew(&mut self, owner: &str, id: Uuid, at: &Moment) -> bool {
        let Some(claim) = self.of_mut(owner).filter(|claim| claim.id == id) else {
            return false;
        };
        let Some(lease) = claim.lease.as_mut() else {
            return false;
        };
        lease.expires_at = at.now + claim.ttl;
        lease.timeline = at.timeline;
        claim.changed = true;
        true
    }

    /// Ends a grant or a wait. Answers what was ended.
    pub fn release(&mut self, owner: &str, id: Uuid) -> Option<Claim> {
        self.remove(owner, |claim| claim.id == id)
    }

    /// Ends a wait, if no other call has taken it up; with `all`, a grant too.
    pub fn leave(&mut self, owner: &str, attempt: Uuid, all: bool) -> Option<Claim> {
        self.remove(owner, |claim| {
            claim.attempt == attempt && (all || claim.lease.is_none())
        })
    }

    /// Takes it away from all who have it.
    pub fn clear(&mut self) {
        let held = self.claims.iter().filter(|claim| claim.lease.is_some());
        let held: Vec<String> = held.map(|claim| claim.owner.clone()).collect();
        for owner in held {
            self.remove(&owner, |_| true);
        }
    }

    /// Gives it to those whose turn it is: strictly in the order of coming, so that nobody waits for ever.
    pub fn pass_on(&mut self, at: &Moment) {
        let held = self.claims.iter().filter(|claim| claim.lease.is_some());
        let mut modes: Vec<Mode> = held.map(|claim| claim.mode).collect();
        for claim in self.claims.iter_mut().filter(|claim| claim.lease.is_none()) {
            let free = match claim.mode {
                Mode::Exclusive => modes.is_empty(),
                Mode::Shared => !modes.contains(&Mode::Exclusive),
            };
            if !free {
                return;
            }
            claim.grant(at);
            modes.push(claim.mode);
        }
    }
}

#[cfg(test)]
mod tests;
