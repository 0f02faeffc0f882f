//! Proving who somebody is by a password.

use std::sync::Arc;

use uuid::Uuid;

use crate::Tools;
use crate::domain::{Email, Password, RegistrationNumber, lockout};
use crate::error::{Error, Result};
use crate::passwords::Turn;
use crate::store::credentials::{self, Credentials};
use crate::store::lockouts;
use crate::vault::Vault;

/// Who somebody says to be.
#[derive(Clone, Debug)]
pub enum Claimed {
    /// The account with this email.
    Email(Email),
    /// The account with this registration number.
    Number(RegistrationNumber),
    /// This account.
    Account(Uuid),
}

/// An account whose password was given.
pub struct Proven {
    /// The account.
    pub credentials: Credentials,
    /// What its wrong passwords are counted by.
    pub identity: [u8; 32],
    /// The turn it was proven in: another password may be hashed in it.
    pub turn: Turn,
}

/// Proves by `password` that it is `claimed`. An unknown account takes the same steps, and as long, as a wrong password.
///
/// # Errors
/// [`Error::BadCredentials`], [`Error::LockedOut`], [`Error::Disabled`], [`Error::Busy`].
pub async fn run(tools: &Tools, claimed: Claimed, password: Password) -> Result<Proven> {
    // Looked up within the turn: of many guesses at once, only those at work can miss that the others were wrong.
    let turn = tools.passwords.turn().await?;
    let Found {
        credentials,
        identity,
        wait,
    } = look_up(tools, claimed).await?;
    if let Some(wait) = wait {
        return Err(Error::LockedOut(wait));
    }
    let kept = credentials.as_ref().map(|found| found.password.clone());
    let right = turn.check(password, kept).await?;
    match credentials.filter(|_| right) {
        None => Err(count(tools, identity).await?),
        Some(found) if found.disabled => Err(Error::Disabled),
        Some(credentials) => Ok(Proven {
            credentials,
            identity,
            turn,
        }),
    }
}

#[derive(Clone)]
struct Found {
    credentials: Option<Credentials>,
    identity: [u8; 32],
    wait: Option<std::time::Duration>,
}

/// On the primary: a lock-out that a replica has not heard of would be none.
async fn look_up(tools: &Tools, claimed: Claimed) -> Result<Found> {
    let vault = &tools.vault;
    let found = tools.db.read_primary("sign-in: look up", move |tx| {
        let (vault, claimed) = (Arc::clone(vault), claimed.clone());
        Box::pin(async move {
            let credentials = match &claimed {
                Claimed::Email(email) => {
                    credentials::by_email(tx, &vault.email_hash(email)).await?
                }
                Claimed::Number(number) => credentials::by_number(tx, &number.digits()).await?,
                Claimed::Account(id) => credentials::by_id(tx, *id).await?,
            };
            let identity = identity(&vault, &claimed, credentials.as_ref());
            Ok(Found {
                wait: lockouts::wait(tx, &identity).await?,
                credentials,
                identity,
            })
        })
    });
    Ok(found.await?.value)
}

/// What wrong passwords are counted by: the account however it was named, or else the name itself.
fn identity(vault: &Vault, claimed: &Claimed, found: Option<&Credentials>) -> [u8; 32] {
    let who = match (found, claimed) {
        (Some(found), _) => found.id.to_string(),
        (None, Claimed::Email(email)) => email.folded(),
        (None, Claimed::Number(number)) => number.digits(),
        (None, Claimed::Account(id)) => id.to_string(),
    };
    vault.lockout_hash(&who)
}

async fn count(tools: &Tools, identity: [u8; 32]) -> Result<Error> {
    let counted = tools
        .db
        .write("sign-in: count a wrong password", move |tx| {
            Box::pin(
                async move { Ok::<_, Error>(lockouts::count(tx, &identity, lockout::wait).await?) },
            )
        });
    counted.await?;
    Ok(Error::BadCredentials)
}
