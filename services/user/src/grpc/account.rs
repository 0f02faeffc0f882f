//! The words about accounts that several RPCs read and write.

use api::user as wire;
use api::{id, time};
use auth::Role;

use crate::Error;
use crate::domain::Account;
use crate::tokens::Tokens;

/// Reads a role that an account may have.
pub(super) fn read_role(text: &str) -> Result<Role, Error> {
    let role = text.parse().ok().filter(|role| *role != Role::Service);
    role.ok_or_else(|| Error::invalid("role", "customer, support or admin"))
}

/// Writes an account.
pub(super) fn write(account: &Account) -> wire::Account {
    wire::Account {
        id: id::ACCOUNT.write(account.id),
        registration_number: account.registration_number.to_string(),
        email: account.email.as_str().to_owned(),
        name: account.name.as_str().to_owned(),
        role: account.role.to_string(),
        disabled: account.disabled,
        version: account.version,
        created_at: time::write(account.created_at),
        updated_at: time::write(account.updated_at),
    }
}

/// Writes what a session is given.
pub(super) fn write_tokens(tokens: Tokens) -> wire::Tokens {
    let life = auth::ACCESS_LIFE.as_secs();
    wire::Tokens {
        access_token: tokens.access,
        refresh_token: tokens.refresh.write(),
        expires_in: u32::try_from(life).unwrap_or(u32::MAX),
        account_id: id::ACCOUNT.write(tokens.account),
    }
}
