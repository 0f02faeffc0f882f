//! Everything kept about an account in this service, for its owner to take along.

use std::sync::Arc;

use api::{id, time};
use db::Tx;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Tools;
use crate::domain::{Account, Address};
use crate::error::{Error, Result};
use crate::store::sessions::{self, Told};
use crate::store::{accounts, addresses, export};
use crate::vault::Vault;

/// Writes it as one JSON document, on the primary: the owner is to see the latest.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn run(tools: &Tools, id: Uuid) -> Result<Value> {
    let found = tools
        .db
        .read_primary("export", move |tx| Box::pin(gather(tx, id)));
    let kept = found.await?.own().ok_or(Error::NotFound("account"))?;
    let vault = Arc::clone(&tools.vault);
    write(&vault, &kept)
}

struct Kept {
    account: accounts::Row,
    addresses: Vec<addresses::Row>,
    sessions: Vec<Told>,
    wallet: Value,
    transfers: Value,
    notifications: Value,
    audit: Value,
}

async fn gather(tx: &mut Tx, id: Uuid) -> Result<Option<Kept>, db::Error> {
    let Some(account) = accounts::find(tx, id).await? else {
        return Ok(None);
    };
    Ok(Some(Kept {
        account,
        addresses: addresses::list(tx, id).await?,
        sessions: sessions::list(tx, id).await?,
        wallet: export::wallet(tx, id).await?,
        transfers: export::transfers(tx, id).await?,
        notifications: export::notifications(tx, id).await?,
        audit: export::audit(tx, id).await?,
    }))
}

fn write(vault: &Vault, kept: &Kept) -> Result<Value> {
    let envelope = vault.envelope(kept.account.id, &kept.account.data_key)?;
    let addresses: Result<Vec<Value>> = kept
        .addresses
        .iter()
        .map(|row| envelope.open_address(row).map(address))
        .collect();
    let sessions: Vec<Value> = kept.sessions.iter().map(session).collect();
    Ok(json!({
        "account": account(&vault.open(&kept.account)?),
        "addresses": addresses?,
        "sessions": sessions,
        "wallet": kept.wallet,
        "transfers": kept.transfers,
        "notifications": kept.notifications,
        "administered": kept.audit,
    }))
}

fn account(account: &Account) -> Value {
    json!({
        "id": id::ACCOUNT.write(account.id),
        "registration_number": account.registration_number.to_string(),
        "email": account.email.as_str(),
        "name": account.name.as_str(),
        "role": account.role.as_str(),
        "version": account.version,
        "created_at": time::write(account.created_at),
        "updated_at": time::write(account.updated_at),
    })
}

fn address(address: Address) -> Value {
    let parts = address.draft.parts();
    json!({
        "id": id::ADDRESS.write(address.id),
        "recipient": parts.recipient,
        "line1": parts.line1,
        "line2": parts.line2,
        "city": parts.city,
        "postal_code": parts.postal_code,
        "country": parts.country,
        "version": address.version,
    })
}

fn session(session: &Told) -> Value {
    json!({
        "id": session.id,
        "created_at": time::write(session.created_at),
        "renewed_at": time::write(session.renewed_at),
        "expires_at": time::write(session.expires_at),
    })
}
