//! What accounts are and what may happen to them. No I/O, no clock, no chance.

pub mod account;
pub mod address;
pub mod email;
pub mod lockout;
pub mod name;
pub mod notification;
pub mod password;
pub mod registration_number;
pub mod rotation;
pub mod wallet;

pub use account::{Account, Grant};
pub use address::{Address, AddressDraft};
pub use email::Email;
pub use name::Name;
pub use password::Password;
pub use registration_number::RegistrationNumber;

/// Says which field breaks which rule.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{field}: {rule}")]
pub struct Invalid {
    /// The field, as the wire calls it.
    pub field: &'static str,
    /// The rule it breaks.
    pub rule: &'static str,
}

impl Invalid {
    pub(crate) const fn new(field: &'static str, rule: &'static str) -> Self {
        Self { field, rule }
    }
}
