//! What is kept about an account, table by table, as JSON.

use db::Tx;
use serde_json::Value;
use sqlx::query_scalar;
use uuid::Uuid;

/// What is in its wallet.
///
/// # Errors
/// When the statement failed.
pub async fn wallet(tx: &mut Tx, account: Uuid) -> Result<Value, db::Error> {
    let found = query_scalar!(
        r#"select json_build_object('balance', coalesce(sum(balance), 0)) as "json!" from wallets
        where account_id = $1"#,
        account
    );
    Ok(found.fetch_one(&mut *tx).await?)
}

/// Every transfer from it or to it.
///
/// # Errors
/// When the statement failed.
pub async fn transfers(tx: &mut Tx, account: Uuid) -> Result<Value, db::Error> {
    let found = query_scalar!(
        r#"select coalesce(json_agg(json_build_object(
            'id', id, 'kind', kind, 'amount', case when debit = $1 then -amount else amount end,
            'order', order_id, 'created_at', created_at
        ) order by id), '[]') as "json!"
        from transfers where (debit = $1 and kind = 'charge') or (credit = $1 and kind <> 'charge')"#,
        account
    );
    Ok(found.fetch_one(&mut *tx).await?)
}

/// What it was told.
///
/// # Errors
/// When the statement failed.
pub async fn notifications(tx: &mut Tx, account: Uuid) -> Result<Value, db::Error> {
    let found = query_scalar!(
        r#"select coalesce(json_agg(json_build_object(
            'id', id, 'kind', kind, 'subject', subject, 'created_at', created_at, 'read_at', read_at
        ) order by id), '[]') as "json!"
        from notifications where account_id = $1"#,
        account
    );
    Ok(found.fetch_one(&mut *tx).await?)
}

/// What it did as an administrator.
///
/// # Errors
/// When the statement failed.
pub async fn audit(tx: &mut Tx, account: Uuid) -> Result<Value, db::Error> {
    let found = query_scalar!(
        r#"select coalesce(json_agg(json_build_object(
            'action', action, 'subject', subject, 'before', before, 'after', after, 'acted_at', acted_at
        ) order by id), '[]') as "json!"
        from audit where actor_id = $1"#,
        account
    );
    Ok(found.fetch_one(&mut *tx).await?)
}
