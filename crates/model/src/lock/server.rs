//! The lock service with its database, and the resource.

use std::time::Duration;

use control::domain::lock::{Asked, Lock, Mode, Moment, Name, Owner};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Bug, TTL};

/// Longer than there is time here.
const LONG: Duration = Duration::from_hours(1);

/// The lock service and its database.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    lock: Lock,
    /// The last token that was drawn.
    pub tokens: i64,
    /// Counts the promotions.
    pub timeline: i32,
    /// How far its clock is ahead, in ticks.
    ahead: u8,
    /// When this timeline was first seen, by its own clock.
    began: Option<u8>,
}

/// What somebody is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) token: i64,
    /// When it was granted or renewed last, by the database's clock.
    pub(super) from: u8,
}

/// What the lock is for: a row with its fence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Resource {
    fence: i64,
    /// How often it was written.
    pub value: u8,
    last: i64,
    /// Whether a write rested on something older than what was there.
    pub lost_one: bool,
    /// Whether a write was accepted after one with a later token.
    pub went_back: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            lock: Lock::default(),
            tokens: 0,
            timeline: 1,
            ahead: 0,
            began: Some(0),
        }
    }
}

impl Server {
    /// How many leases there are.
    pub fn leases(&self) -> usize {
        let claims = self.lock.claims.iter();
        claims.filter(|claim| claim.lease.is_some()).count()
    }

    /// One transaction: what is over is taken out, `job` is done, and the lock goes to whose turn it is.
    fn turn<T>(
        &mut self,
        time: u8,
        bug: Option<Bug>,
        job: impl FnOnce(&mut Lock, &Moment) -> T,
    ) -> T {
        let now = time + self.ahead;
        // The first transaction on a timeline writes down when that was.
        let began = *self.began.get_or_insert(now);
        let era = bug != Some(Bug::NoEra);
        let at = Moment {
            now: moment(now),
            timeline: if era { self.timeline } else { 1 },
            began_at: moment(if era { began } else { 0 }),
        };
        // The instance that they wait at lives all the time.
        for claim in &mut self.lock.claims {
            claim.alive_until = Some(moment(0) + LONG);
        }
        self.lock.tidy(&at);
        let told = job(&mut self.lock, &at);
        self.lock.pass_on(&at);
        self.keep();
        told
    }

    /// Draws tokens for new grants, and keeps all of it.
    fn keep(&mut self) {
        self.lock.gone.clear();
        self.lock.expired = 0;
        for (place, claim) in (1..).zip(&mut self.lock.claims) {
            claim.place = Some(place);
            claim.changed = false;
            // What is said of a wait tells nothing here.
            claim.waits_until = moment(0) + LONG;
            claim.alive_until = Some(moment(0) + LONG);
            if let Some(lease) = claim.lease.as_mut().filter(|lease| lease.token.is_none()) {
                self.tokens += 1;
                lease.token = Some(self.tokens);
            }
        }
    }

    /// Decides on the request of `who`. Answers when that was.
    pub(super) fn ask(&mut self, who: usize, time: u8, bug: Option<Bug>) -> u8 {
        self.turn(time, bug, |lock, at| {
            // The same claim, asked for again.
            let _ = lock.ask(&asked(who), at);
        });
        time + self.ahead
    }

    /// Renews the lease of `who`.
    pub(super) fn renew(&mut self, who: usize, time: u8, bug: Option<Bug>) -> bool {
        self.turn(time, bug, |lock, at| lock.renew(&owner(who), id(who), at))
    }

    /// Ends the claim of `who`.
    pub(super) fn release(&mut self, who: usize, time: u8, bug: Option<Bug>) {
        self.turn(time, bug, |lock, _| lock.release(&owner(who), id(who)));
    }

    /// What `who` was granted, as long as it is kept.
    pub(super) fn granted(&self, who: usize) -> Option<Granted> {
        let lease = self.lock.of(&owner(who))?.lease?;
        let ends = (lease.expires_at - moment(0)).whole_seconds();
        Some(Granted {
            token: lease.token?,
            from: u8::try_from(ends).ok()? - TTL,
        })
    }

    /// A standby takes over, whose clock is `ahead` of the one before.
    pub(super) fn promote(&mut self, ahead: u8) {
        self.timeline += 1;
        self.ahead += ahead;
        self.began = None;
    }
}

impl Resource {
    /// `update ... set fence = $t where fence <= $t`.
    pub(super) fn show(&mut self, token: i64, bug: Option<Bug>) -> bool {
        let passed = token >= self.fence || bug == Some(Bug::NoFence);
        self.fence = self.fence.max(token);
        passed
    }

    /// The same, and the write with it.
    pub(super) fn write(&mut self, token: i64, read: u8, bug: Option<Bug>) -> bool {
        let passed = self.show(token, bug);
        if passed {
            self.lost_one |= read != self.value;
            self.went_back |= token < self.last;
            self.last = token;
            self.value += 1;
        }
        passed
    }
}

fn moment(ticks: u8) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::from_secs(ticks.into())
}

fn owner(who: usize) -> String {
    who.to_string()
}

fn id(who: usize) -> Uuid {
    Uuid::from_u128(who as u128)
}

fn asked(who: usize) -> Asked {
    Asked {
        name: Name::new("lock").expect("it is a name"),
        owner: Owner::new(&owner(who)).expect("it is an owner"),
        id: id(who),
        attempt: id(who),
        instance: Uuid::nil(),
        mode: Mode::Exclusive,
        ttl: Duration::from_secs(TTL.into()),
        wait: LONG,
        max_hold: None,
    }
}
