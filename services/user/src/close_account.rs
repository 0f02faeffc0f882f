//! Closing an account: what is personal is blanked, the number is never given again.

use db::Tx;
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::store::{accounts, addresses, wallets};
use crate::{Tools, profile, sign_out};

/// Closes an account that has no money left. That no order is open is asked of the order service by the caller first.
///
/// # Errors
/// [`Error::NotFound`], [`Error::MoneyLeft`], [`Error::LastAdmin`].
pub async fn run(tools: &Tools, id: Uuid) -> Result<()> {
    let closed = tools.db.write("close an account", move |tx| {
        Box::pin(async move { close(tx, id).await })
    });
    closed.await?;
    profile::forget(tools, id).await;
    Ok(())
}

async fn close(tx: &mut Tx, id: Uuid) -> Result<()> {
    let admins = accounts::lock_admins(tx).await?;
    if admins == [id] {
        return Err(Error::LastAdmin);
    }
    // Locked before its wallet, so that no money comes in between.
    let account = accounts::lock(tx, id).await?;
    account.ok_or(Error::NotFound("account"))?;
    if wallets::money_left(tx, id).await? > 0 {
        return Err(Error::MoneyLeft);
    }
    sign_out::revoke(tx, id).await?;
    addresses::delete_all(tx, id).await?;
    accounts::blank(tx, id).await?;
    Ok(())
}
