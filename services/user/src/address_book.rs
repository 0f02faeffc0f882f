//! The addresses of an account.

use std::sync::Arc;

use db::Tx;
use uuid::Uuid;

use crate::Tools;
use crate::domain::address::MOST;
use crate::domain::{Address, AddressDraft};
use crate::error::{Error, Result};
use crate::store::{accounts, addresses};
use crate::vault::Vault;

/// Which address is to change, and from which version.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Whose it is.
    pub account: Uuid,
    /// The address.
    pub id: Uuid,
    /// The version that the change was made from.
    pub version: i64,
}

/// Lists the addresses of an account, the oldest first.
///
/// # Errors
/// [`Error::NotFound`] without such an account.
pub async fn list(tools: &Tools, account: Uuid) -> Result<Vec<Address>> {
    let found = tools.db.read("addresses: list", move |tx| {
        Box::pin(async move {
            Ok((
                accounts::find(tx, account).await?,
                addresses::list(tx, account).await?,
            ))
        })
    });
    let (owner, rows) = found.await?.own();
    let owner = owner.ok_or(Error::NotFound("account"))?;
    let envelope = tools.vault.envelope(account, &owner.data_key)?;
    rows.iter().map(|row| envelope.open_address(row)).collect()
}

/// Adds an address.
///
/// # Errors
/// [`Error::NotFound`] without such an account, [`Error::TooManyAddresses`].
pub async fn create(tools: &Tools, account: Uuid, draft: AddressDraft) -> Result<Address> {
    let (vault, id) = (&tools.vault, Uuid::now_v7());
    let wanted = draft.clone();
    let added = tools.db.write("addresses: create", move |tx| {
        let (vault, draft) = (Arc::clone(vault), wanted.clone());
        Box::pin(async move { add(tx, &vault, account, id, &draft).await })
    });
    added.await?;
    let version = 1;
    Ok(Address { id, draft, version })
}

/// Changes an address.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`].
pub async fn update(tools: &Tools, target: Target, draft: AddressDraft) -> Result<Address> {
    let vault = &tools.vault;
    let wanted = draft.clone();
    let changed = tools.db.write("addresses: update", move |tx| {
        let (vault, draft) = (Arc::clone(vault), wanted.clone());
        Box::pin(async move { change(tx, &vault, target, &draft).await })
    });
    changed.await?;
    Ok(Address {
        id: target.id,
        draft,
        version: target.version + 1,
    })
}

/// Removes an address.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`].
pub async fn delete(tools: &Tools, target: Target) -> Result<()> {
    let Target {
        account,
        id,
        version,
    } = target;
    let removed = tools.db.write("addresses: delete", move |tx| {
        Box::pin(async move {
            let removed = addresses::delete(tx, account, id, version).await?;
            if removed {
                Ok(())
            } else {
                Err(missed(tx, target).await?)
            }
        })
    });
    removed.await
}

async fn add(
    tx: &mut Tx,
    vault: &Vault,
    account: Uuid,
    id: Uuid,
    draft: &AddressDraft,
) -> Result<()> {
    // Locked, so that of two who add the last one that fits, the second is refused.
    let owner = accounts::lock(tx, account).await?;
    let owner = owner.ok_or(Error::NotFound("account"))?;
    let count = addresses::count(tx, account).await?;
    if usize::try_from(count).is_ok_and(|count| count >= MOST) {
        return Err(Error::TooManyAddresses(MOST));
    }
    let sealed = vault
        .envelope(account, &owner.data_key)?
        .address(id, draft)?;
    addresses::insert(tx, account, id, &sealed).await?;
    Ok(())
}

async fn change(tx: &mut Tx, vault: &Vault, target: Target, draft: &AddressDraft) -> Result<()> {
    let Target {
        account,
        id,
        version,
    } = target;
    let owner = accounts::lock(tx, account).await?;
    let owner = owner.ok_or(Error::NotFound("account"))?;
    let sealed = vault
        .envelope(account, &owner.data_key)?
        .address(id, draft)?;
    if addresses::update(tx, account, id, version, &sealed).await? {
        return Ok(());
    }
    Err(missed(tx, target).await?)
}

/// Why nothing was there to change.
async fn missed(tx: &mut Tx, target: Target) -> Result<Error> {
    let found = addresses::exists(tx, target.account, target.id).await?;
    Ok(if found {
        Error::Stale
    } else {
        Error::NotFound("address")
    })
}
