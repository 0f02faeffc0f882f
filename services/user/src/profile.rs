//! An account as its owner sees and changes it.

use std::sync::Arc;

use api::token::{self, Seen};
use db::Tx;
use uuid::Uuid;

use crate::Tools;
use crate::domain::{Account, Email, Name};
use crate::error::{Error, Result};
use crate::store::accounts::{self, Row};
use crate::vault::{Sealed, Vault};

/// What is to change of an account; what is missing stays.
#[derive(Clone, Debug)]
pub struct Change {
    /// The version that the change was made from.
    pub version: i64,
    /// What its owner is called.
    pub name: Option<Name>,
    /// Where its owner is written to.
    pub email: Option<Email>,
}

/// Finds an account. It is remembered sealed, as it is kept.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(tools: &Tools, id: Uuid) -> Result<Account> {
    let key = id.to_string();
    let found = tools.profiles.get(&key, || read(tools, id));
    tools.vault.open(&found.await?.own())
}

/// Changes an account.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::EmailTaken`].
pub async fn update(tools: &Tools, id: Uuid, change: Change) -> Result<Account> {
    let vault = &tools.vault;
    let changed = tools.db.write("profile: update", move |tx| {
        let (vault, change) = (Arc::clone(vault), change.clone());
        Box::pin(async move { update_once(tx, &vault, id, &change).await })
    });
    let changed = changed.await.map_err(Error::of_email)?;
    forget(tools, id).await;
    tools.vault.open(&changed)
}

/// Lets go of what is remembered of an account, after the commit that changed it.
pub(crate) async fn forget(tools: &Tools, id: Uuid) {
    tools
        .profiles
        .invalidate(&id.to_string(), token::given())
        .await;
}

async fn update_once(tx: &mut Tx, vault: &Vault, id: Uuid, change: &Change) -> Result<Row> {
    let row = accounts::lock(tx, id).await?.ok_or_else(not_found)?;
    if row.version != change.version {
        return Err(Error::Stale);
    }
    let before = vault.open(&row)?;
    let email = change.email.as_ref().unwrap_or(&before.email);
    let name = change.name.as_ref().unwrap_or(&before.name);
    let envelope = vault.envelope(id, &row.data_key)?;
    let person = Sealed {
        data_key: row.data_key,
        email: envelope.email(email),
        email_hash: vault.email_hash(email),
        name: envelope.name(name),
    };
    accounts::rename(tx, id, &person).await?;
    accounts::find(tx, id).await?.ok_or_else(not_found)
}

/// Finds an account where a copy has got to what the caller has seen.
async fn read(tools: &Tools, id: Uuid) -> Result<Seen<Row>> {
    let found = tools
        .db
        .read("profile: find", move |tx| Box::pin(accounts::find(tx, id)));
    let Seen {
        value,
        cluster,
        position,
        primary,
    } = found.await?;
    Ok(Seen {
        value: value.ok_or_else(not_found)?,
        cluster,
        position,
        primary,
    })
}

fn not_found() -> Error {
    Error::NotFound("account")
}
