//! Signing out: one session ends, or all of an account.

use auth::{RefreshToken, same};
use db::Tx;
use uuid::Uuid;

use crate::Tools;
use crate::error::{Error, Result};
use crate::store::{credentials, revocations, sessions};

/// Ends the session of `given`, or with `everywhere` all sessions of its account. A token that is none, or no longer one,
/// ends nothing more: harmless to repeat.
///
/// # Errors
/// When the database does not answer.
pub async fn run(tools: &Tools, given: &RefreshToken, everywhere: bool) -> Result<()> {
    let (session, hash) = (given.session(), given.hash());
    let ended = tools.db.write("sign-out", move |tx| {
        Box::pin(async move { Ok::<_, Error>(end(tx, session, hash, everywhere).await?) })
    });
    ended.await
}

async fn end(tx: &mut Tx, id: Uuid, hash: [u8; 32], everywhere: bool) -> Result<(), db::Error> {
    let Some(owner) = sessions::owner(tx, id).await? else {
        return Ok(());
    };
    // The account before the session, as everywhere.
    credentials::hold_to_change(tx, owner).await?;
    let Some(session) = sessions::lock(tx, id).await? else {
        return Ok(());
    };
    let current = same(&session.token_hash, &hash) && !session.expired;
    let former = session.traded.iter().any(|traded| same(traded, &hash));
    if current && everywhere {
        return revoke(tx, owner).await.map(drop);
    }
    if current || former {
        sessions::end(tx, id).await?;
    }
    Ok(())
}

/// Ends all sessions of an account and voids its access tokens; tells its new epoch. Part of whatever transaction makes
/// that necessary.
///
/// # Errors
/// When a statement failed.
pub async fn revoke(tx: &mut Tx, account: Uuid) -> Result<i64, db::Error> {
    let epoch = raise(tx, account).await?;
    sessions::end_all(tx, account).await?;
    Ok(epoch)
}

/// Voids the access tokens of an account, and lets its sessions ask for new ones; tells its new epoch.
///
/// # Errors
/// When a statement failed.
pub async fn raise(tx: &mut Tx, account: Uuid) -> Result<i64, db::Error> {
    let epoch = credentials::raise_epoch(tx, account).await?;
    revocations::note(tx, account, epoch).await?;
    Ok(epoch)
}
