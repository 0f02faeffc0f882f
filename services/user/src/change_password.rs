//! Changing a password, which ends every other session.

use auth::RefreshToken;
use db::Tx;
use uuid::Uuid;

use crate::Tools;
use crate::domain::Password;
use crate::error::{Error, Result};
use crate::prove::{self, Claimed};
use crate::sign_out;
use crate::store::{accounts, credentials, lockouts, sessions};
use crate::tokens::{self, Holder, Tokens};

/// Changes the password of `account` from `current` to `new`, ends its sessions and begins a new one.
///
/// # Errors
/// [`Error::BadCredentials`], [`Error::WeakPassword`], [`Error::LockedOut`], [`Error::Busy`].
pub async fn run(tools: &Tools, account: Uuid, current: Password, new: Password) -> Result<Tokens> {
    let proven = prove::run(tools, Claimed::Account(account), current).await?;
    refuse_weak(tools, account, &new).await?;
    let after = proven.turn.hash(new).await?;
    drop(proven.turn);
    let refresh = RefreshToken::new(Uuid::now_v7());
    let change = Change {
        account,
        before: proven.credentials.password,
        after,
        identity: proven.identity,
        session: refresh.session(),
        token_hash: refresh.hash(),
        life: tools.session_life,
    };
    let changed = tools.db.write("change a password", move |tx| {
        let change = change.clone();
        Box::pin(async move { carry_out(tx, &change).await })
    });
    let epoch = changed.await?;
    let role = proven.credentials.role;
    tokens::issue(
        tools,
        Holder {
            account,
            role,
            epoch,
        },
        refresh,
    )
    .await
}

#[derive(Clone)]
struct Change {
    account: Uuid,
    before: String,
    after: String,
    identity: [u8; 32],
    session: Uuid,
    token_hash: [u8; 32],
    life: std::time::Duration,
}

async fn carry_out(tx: &mut Tx, change: &Change) -> Result<i64> {
    let Change {
        account,
        before,
        after,
        ..
    } = change;
    // Of two changes at once, the second proved a password that is no longer right.
    if !credentials::change_password(tx, *account, before, after).await? {
        return Err(Error::BadCredentials);
    }
    let epoch = sign_out::revoke(tx, *account).await?;
    sessions::begin(
        tx,
        *account,
        change.session,
        &change.token_hash,
        change.life,
    )
    .await?;
    lockouts::clear(tx, &change.identity).await?;
    Ok(epoch)
}

async fn refuse_weak(tools: &Tools, account: Uuid, new: &Password) -> Result<()> {
    let found = tools.db.read_primary("change a password: find", move |tx| {
        Box::pin(accounts::find(tx, account))
    });
    let row = found.await?.value.ok_or(Error::BadCredentials)?;
    let owner = tools.vault.open(&row)?;
    match new.weakness(&owner.email) {
        Some(why) => Err(Error::WeakPassword(why)),
        None => Ok(()),
    }
}
