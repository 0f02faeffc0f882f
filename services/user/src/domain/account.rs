//! Accounts.

use auth::Role;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Email, Name, RegistrationNumber};

/// An account that is open.
#[derive(Clone, Debug)]
pub struct Account {
    /// Names it inside.
    pub id: Uuid,
    /// Names it to people.
    pub registration_number: RegistrationNumber,
    /// Where its owner is written to.
    pub email: Email,
    /// What its owner is called.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// Whether it may sign in.
    pub disabled: bool,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

/// What an administrator may decide of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What it may do.
    pub role: Role,
    /// Whether it may sign in.
    pub disabled: bool,
}

impl Grant {
    /// Whether it lets somebody administer the shop.
    pub fn administers(self) -> bool {
        self.role.is_admin() && !self.disabled
    }
}
