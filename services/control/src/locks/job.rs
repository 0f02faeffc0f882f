//! What may be asked of locks, and what comes of it.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::lock::{Asked, Name, Refusal};

/// Something that is asked of a lock.
#[derive(Clone, Debug)]
pub enum Job {
    /// To have it.
    Acquire(Asked),
    /// To begin a lease anew.
    Renew(Whose),
    /// To end a grant or a wait.
    Release(Whose),
    /// To end a wait, at its time.
    GiveUp(Call),
    /// To end a wait, or a grant that nobody heard of.
    Withdraw(Call),
    /// Whether a wait is part of a circle.
    Recheck(Call),
    /// Whether anything is over.
    Look(Name),
}

/// A request, by its owner's name for it.
#[derive(Clone, Debug)]
pub struct Whose {
    /// Which lock.
    pub name: Name,
    /// The owner.
    pub owner: String,
    /// The request.
    pub id: Uuid,
}

/// A request, by the call that sent it last.
#[derive(Clone, Debug)]
pub struct Call {
    /// Which lock.
    pub name: Name,
    /// The owner.
    pub owner: String,
    /// The call.
    pub attempt: Uuid,
}

/// A lock that somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The request that was granted.
    pub id: Uuid,
    /// The fencing token.
    pub token: i64,
    /// Since when.
    pub granted_at: OffsetDateTime,
    /// Until when, unless it is renewed.
    pub expires_at: OffsetDateTime,
}

/// What came of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The owner has it.
    Granted(Grant),
    /// The owner waits for it.
    Waits,
    /// It was refused.
    Refused(Refusal),
    /// A grant was ended, then.
    Released(OffsetDateTime),
    /// There was nothing of it, or is no more.
    Nothing,
    /// Others have it, and this owner was never heard of.
    Others,
}

/// Somebody whose turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Woken {
    /// Where it waits.
    pub instance: Uuid,
    /// The call that waits.
    pub attempt: Uuid,
    /// What it has.
    pub grant: Grant,
}

/// What came of a job, and of others by it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What its caller is told.
    pub told: Told,
    /// When it was decided, by the database's clock.
    pub at: OffsetDateTime,
    /// Those who are to be told beside.
    pub woken: Vec<Woken>,
    /// How many leases ran out.
    pub expired: u64,
}

impl Job {
    /// The lock that it is about.
    pub fn name(&self) -> &Name {
        match self {
            Self::Acquire(asked) => &asked.name,
            Self::Renew(whose) | Self::Release(whose) => &whose.name,
            Self::GiveUp(call) | Self::Withdraw(call) | Self::Recheck(call) => &call.name,
            Self::Look(name) => name,
        }
    }

    /// The request that may have been released already, or is now.
    pub(super) fn id(&self) -> Option<Uuid> {
        match self {
            Self::Acquire(asked) => Some(asked.id),
            Self::Release(whose) => Some(whose.id),
            _ => None,
        }
    }
}
