//! Addresses on the wire: what [`super::users`] hands on.

use api::id;
use api::user as wire;
use uuid::Uuid;

use super::money::{read_account, read_id};
use crate::Tools;
use crate::address_book::{self, Target};
use crate::domain::address::Parts;
use crate::domain::{Address, AddressDraft};
use crate::error::{Error, Result};

/// Lists the addresses of an account.
pub(super) async fn list(
    tools: &Tools,
    request: wire::ListAddressesRequest,
) -> Result<wire::ListAddressesResponse> {
    let account = read_account("account_id", &request.account_id)?;
    let found = address_book::list(tools, account).await?;
    let addresses = found.into_iter().map(write).collect();
    Ok(wire::ListAddressesResponse { addresses })
}

/// Adds one.
pub(super) async fn create(
    tools: &Tools,
    request: wire::CreateAddressRequest,
) -> Result<wire::Address> {
    let account = read_account("account_id", &request.account_id)?;
    let draft = read_draft(request.address.ok_or_else(missing)?)?;
    Ok(write(address_book::create(tools, account, draft).await?))
}

/// Changes one.
pub(super) async fn update(
    tools: &Tools,
    request: wire::UpdateAddressRequest,
) -> Result<wire::Address> {
    let account = read_account("account_id", &request.account_id)?;
    let address = request.address.ok_or_else(missing)?;
    let target = read_target(account, "address.id", &address.id, address.version)?;
    let draft = read_draft(address)?;
    Ok(write(address_book::update(tools, target, draft).await?))
}

/// Removes one.
pub(super) async fn delete(
    tools: &Tools,
    request: wire::DeleteAddressRequest,
) -> Result<wire::DeleteAddressResponse> {
    let account = read_account("account_id", &request.account_id)?;
    let target = read_target(account, "id", &request.id, request.version)?;
    address_book::delete(tools, target).await?;
    Ok(wire::DeleteAddressResponse {})
}

fn read_target(account: Uuid, field: &'static str, id: &str, version: i64) -> Result<Target> {
    Ok(Target {
        account,
        id: read_id(id::ADDRESS, field, id)?,
        version,
    })
}

fn read_draft(address: wire::Address) -> Result<AddressDraft> {
    let parts = Parts {
        recipient: address.recipient,
        line1: address.line1,
        line2: address.line2,
        city: address.city,
        postal_code: address.postal_code,
        country: address.country,
    };
    Ok(AddressDraft::new(&parts)?)
}

fn missing() -> Error {
    Error::invalid("address", "missing")
}

fn write(address: Address) -> wire::Address {
    let parts = address.draft.parts();
    wire::Address {
        id: id::ADDRESS.write(address.id),
        recipient: parts.recipient,
        line1: parts.line1,
        line2: parts.line2,
        city: parts.city,
        postal_code: parts.postal_code,
        country: parts.country,
        version: address.version,
    }
}
