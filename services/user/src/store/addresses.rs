//! Addresses, sealed.

use db::Tx;
use sqlx::{query, query_as, query_scalar};
use uuid::Uuid;

/// An address as it is kept.
#[derive(Clone, Debug)]
pub struct Row {
    /// Names it.
    pub id: Uuid,
    /// What it says, sealed.
    pub sealed: Vec<u8>,
    /// Counts its changes.
    pub version: i64,
}

/// Lists the addresses of an account, the oldest first.
///
/// # Errors
/// When the statement failed.
pub async fn list(tx: &mut Tx, account: Uuid) -> Result<Vec<Row>, db::Error> {
    let found = query_as!(
        Row,
        "select id, sealed, version from addresses where account_id = $1 order by id",
        account
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Counts the addresses of an account that the transaction has locked.
///
/// # Errors
/// When the statement failed.
pub async fn count(tx: &mut Tx, account: Uuid) -> Result<i64, db::Error> {
    let count = query_scalar!(
        r#"select count(*) as "count!" from addresses where account_id = $1"#,
        account
    );
    Ok(count.fetch_one(&mut *tx).await?)
}

/// Adds an address.
///
/// # Errors
/// When the statement failed.
pub async fn insert(tx: &mut Tx, account: Uuid, id: Uuid, sealed: &[u8]) -> Result<(), db::Error> {
    let added = query!(
        "insert into addresses (id, account_id, sealed) values ($1, $2, $3)",
        id,
        account,
        sealed
    );
    added.execute(&mut *tx).await?;
    Ok(())
}

/// Whether the account has this address.
///
/// # Errors
/// When the statement failed.
pub async fn exists(tx: &mut Tx, account: Uuid, id: Uuid) -> Result<bool, db::Error> {
    let found = query_scalar!(
        r#"select exists (select from addresses where id = $1 and account_id = $2) as "found!""#,
        id,
        account
    );
    Ok(found.fetch_one(&mut *tx).await?)
}

/// Changes an address if `version` is still current; tells whether it was. Check and change are one statement.
///
/// # Errors
/// When the statement failed.
pub async fn update(
    tx: &mut Tx,
    account: Uuid,
    id: Uuid,
    version: i64,
    sealed: &[u8],
) -> Result<bool, db::Error> {
    let changed = query!(
        "update addresses set sealed = $4, version = version + 1, updated_at = now()
        where id = $1 and account_id = $2 and version = $3",
        id,
        account,
        version,
        sealed
    );
    Ok(changed.execute(&mut *tx).await?.rows_affected() == 1)
}

/// Removes an address if `version` is still current; tells whether it was.
///
/// # Errors
/// When the statement failed.
pub async fn delete(tx: &mut Tx, account: Uuid, id: Uuid, version: i64) -> Result<bool, db::Error> {
    let removed = query!(
        "delete from addresses where id = $1 and account_id = $2 and version = $3",
        id,
        account,
        version
    );
    Ok(removed.execute(&mut *tx).await?.rows_affected() == 1)
}

/// Removes all addresses of an account.
///
/// # Errors
/// When the statement failed.
pub async fn delete_all(tx: &mut Tx, account: Uuid) -> Result<(), db::Error> {
    query!("delete from addresses where account_id = $1", account)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
