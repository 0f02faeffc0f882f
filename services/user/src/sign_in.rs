//! Signing in: a password is traded for a session.

use auth::RefreshToken;
use db::Tx;
use uuid::Uuid;

use crate::Tools;
use crate::domain::Password;
use crate::error::{Error, Result};
use crate::prove::{self, Claimed};
use crate::store::credentials::{self, Credentials};
use crate::store::{lockouts, sessions};
use crate::tokens::{self, Holder, Tokens};

/// Begins a session for whoever knows the password.
///
/// # Errors
/// [`Error::BadCredentials`], [`Error::LockedOut`], [`Error::Disabled`], [`Error::Busy`].
pub async fn run(tools: &Tools, claimed: Claimed, password: Password) -> Result<Tokens> {
    let proven = prove::run(tools, claimed, password).await?;
    drop(proven.turn);
    let refresh = RefreshToken::new(Uuid::now_v7());
    let (session, hash, life) = (refresh.session(), refresh.hash(), tools.session_life);
    let (checked, identity) = (proven.credentials, proven.identity);
    let begun = tools.db.keyed("sign-in: begin a session", move |tx| {
        let checked = checked.clone();
        Box::pin(async move {
            let holder = still(tx, &checked).await?;
            sessions::begin(tx, holder.account, session, &hash, life).await?;
            lockouts::clear(tx, &identity).await?;
            Ok::<_, Error>(holder)
        })
    });
    tokens::issue(tools, begun.await?, refresh).await
}

/// Holds the account as it is now, if what was proven of it is still so: the password may have been changed, and all
/// sessions ended, since it was checked.
async fn still(tx: &mut Tx, checked: &Credentials) -> Result<Holder> {
    let now = credentials::hold(tx, checked.id).await?;
    let now = now.filter(|now| now.password == checked.password);
    let now = now.ok_or(Error::BadCredentials)?;
    if now.disabled {
        return Err(Error::Disabled);
    }
    Ok(Holder {
        account: now.id,
        role: now.role,
        epoch: now.session_epoch,
    })
}
