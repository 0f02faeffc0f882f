//! What an account may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What an account may do. A role stands for itself; only an admin may also do what support may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Buys, and sees what is its own.
    Customer,
    /// Sees what belongs to customers, and helps with their orders.
    Support,
    /// Changes the shop itself.
    Admin,
    /// One of our own services.
    Service,
}

impl Role {
    /// The role as it is written everywhere.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Admin => "admin",
            Self::Service => "service",
        }
    }

    /// Whether it may do what support may.
    pub const fn is_support(self) -> bool {
        matches!(self, Self::Support | Self::Admin)
    }

    /// Whether it may do what an admin may.
    pub const fn is_admin(self) -> bool {
        matches!(self, Self::Admin)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Says that a text is no role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a role; one of customer, support, admin, service")]
pub struct BadRole;

impl FromStr for Role {
    type Err = BadRole;

    fn from_str(text: &str) -> Result<Self, BadRole> {
        [Self::Customer, Self::Support, Self::Admin, Self::Service]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or(BadRole)
    }
}
