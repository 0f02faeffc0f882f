//! Accounts, as sign-ins see them.

use db::Tx;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

/// What a sign-in is decided by.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The account.
    pub id: Uuid,
    /// The hash of its password.
    pub password: String,
    /// What it may do.
    pub role: String,
    /// Whether it may sign in.
    pub disabled: bool,
    /// Its epoch.
    pub session_epoch: i64,
}

/// Finds an open account by its email's hash.
///
/// # Errors
/// When the statement failed.
pub async fn by_email(tx: &mut Tx, hash: &[u8; 32]) -> Result<Option<Credentials>, db::Error> {
    let found = query_as!(
        Credentials,
        r#"select id, password as "password!", role, disabled, session_epoch from accounts
        where email_hash = $1 and closed_at is null"#,
        &hash[..]
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Finds an open account by the ten digits of its registration number.
///
/// # Errors
/// When the statement failed.
pub async fn by_number(tx: &mut Tx, digits: &str) -> Result<Option<Credentials>, db::Error> {
    let found = query_as!(
        Credentials,
        r#"select id, password as "password!", role, disabled, session_epoch from accounts
        where registration_number = $1 and closed_at is null"#,
        digits
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Finds an open account by its id.
///
/// # Errors
/// When the statement failed.
pub async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<Credentials>, db::Error> {
    let found = query_as!(
        Credentials,
        r#"select id, password as "password!", role, disabled, session_epoch from accounts
        where id = $1 and closed_at is null"#,
        id
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// The same, and keeps it as it is until the transaction ends: no session begins beside a revocation and survives it.
/// Sign-ins do not keep each other waiting.
///
/// # Errors
/// When the statement failed.
pub async fn hold(tx: &mut Tx, id: Uuid) -> Result<Option<Credentials>, db::Error> {
    let found = query_as!(
        Credentials,
        r#"select id, password as "password!", role, disabled, session_epoch from accounts
        where id = $1 and closed_at is null
        for share"#,
        id
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Locks an account that may be about to change, and tells whether it is there: locking it for sharing first and for
/// changing later would let two wait on each other.
///
/// # Errors
/// When the statement failed.
pub async fn hold_to_change(tx: &mut Tx, id: Uuid) -> Result<bool, db::Error> {
    let found = query_scalar!(
        "select id from accounts where id = $1 for no key update",
        id
    );
    Ok(found.fetch_optional(&mut *tx).await?.is_some())
}

/// Changes the password if it is still `before`; tells whether it was. Of two who change it at once, one does.
///
/// # Errors
/// When the statement failed.
pub async fn change_password(
    tx: &mut Tx,
    id: Uuid,
    before: &str,
    after: &str,
) -> Result<bool, db::Error> {
    let changed = query!(
        "update accounts set password = $3 where id = $1 and password = $2",
        id,
        before,
        after
    );
    Ok(changed.execute(&mut *tx).await?.rows_affected() == 1)
}

/// Raises the epoch of an account, which voids its access tokens, and tells the new one.
///
/// # Errors
/// When the statement failed.
pub async fn raise_epoch(tx: &mut Tx, id: Uuid) -> Result<i64, db::Error> {
    let raised = query_scalar!(
        "update accounts set session_epoch = session_epoch + 1 where id = $1 returning session_epoch",
        id
    );
    Ok(raised.fetch_one(&mut *tx).await?)
}
