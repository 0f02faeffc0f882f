//! The words about money that several RPCs read.

use api::{common, id};
use uuid::Uuid;

use crate::Error;
use crate::domain::wallet::Key;

/// Reads the id of an account.
pub(super) fn read_account(field: &'static str, text: &str) -> Result<Uuid, Error> {
    read_id(id::ACCOUNT, field, text)
}

/// Reads the id of an order.
pub(super) fn read_order(field: &'static str, text: &str) -> Result<Uuid, Error> {
    read_id(id::ORDER, field, text)
}

/// Reads an id of `kind`.
pub(super) fn read_id(kind: id::Kind, field: &'static str, text: &str) -> Result<Uuid, Error> {
    kind.read(text)
        .map_err(|bad| Error::invalid(field, bad.to_string()))
}

/// Reads an amount in the shop's currency.
pub(super) fn read(currency: &str, money: Option<common::Money>) -> Result<i64, Error> {
    let money = money.ok_or_else(|| Error::invalid("amount", "missing"))?;
    if money.currency != currency {
        return Err(Error::invalid(
            "amount.currency",
            format!("{currency} only"),
        ));
    }
    Ok(money.amount)
}

/// Reads whose request this is, and its hash.
pub(super) fn read_key(
    account: Uuid,
    idempotency: Option<common::Idempotency>,
) -> Result<(Key, Vec<u8>), Error> {
    let given = idempotency.ok_or_else(|| Error::invalid("idempotency", "missing"))?;
    if read_account("idempotency.account_id", &given.account_id)? != account {
        return Err(Error::invalid("idempotency.account_id", "the same account"));
    }
    if given.route.is_empty() || given.route.len() > 100 {
        return Err(Error::invalid("idempotency.route", "1 to 100 characters"));
    }
    if !is_key(&given.key) {
        let rule = "1 to 255 printable ASCII characters";
        return Err(Error::invalid("idempotency.key", rule));
    }
    if given.request_hash.len() != 32 {
        return Err(Error::invalid("idempotency.request_hash", "32 bytes"));
    }
    let key = Key {
        account,
        route: given.route,
        key: given.key,
    };
    Ok((key, given.request_hash))
}

fn is_key(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}
