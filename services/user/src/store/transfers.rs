//! The ledger: every transfer, for ever.

use db::{Error, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::wallet::Transfer;

/// One transfer, as its account sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The transfer.
    pub id: Uuid,
    /// `topup`, `charge` or `refund`.
    pub kind: String,
    /// Above 0 when the account gained, below when it paid.
    pub amount: i64,
    /// The order it was for.
    pub order_id: Option<Uuid>,
    /// When.
    pub created_at: OffsetDateTime,
}

/// Writes `transfers` down.
///
/// # Errors
/// What the database met; a second charge of an order.
pub async fn insert(tx: &mut Tx, transfers: &[Transfer]) -> Result<(), Error> {
    if transfers.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = transfers.iter().map(|made| made.id).collect();
    let kinds: Vec<&str> = transfers.iter().map(Transfer::kind).collect();
    let debits: Vec<Uuid> = transfers.iter().map(|made| made.debit).collect();
    let credits: Vec<Uuid> = transfers.iter().map(|made| made.credit).collect();
    let amounts: Vec<i64> = transfers.iter().map(|made| made.amount).collect();
    let orders: Vec<Option<Uuid>> = transfers.iter().map(|made| made.order).collect();
    sqlx::query!(
        "insert into transfers (id, kind, debit, credit, amount, order_id)
         select * from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::bigint[], $6::uuid[])",
        &ids,
        &kinds as &[&str],
        &debits,
        &credits,
        &amounts,
        &orders as &[Option<Uuid>]
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Lists the transfers of `account`, newest first, those before `before`.
///
/// # Errors
/// What the database met.
pub async fn list(
    tx: &mut Tx,
    account: Uuid,
    before: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Entry>, Error> {
    let before = before.unwrap_or(Uuid::max());
    // Each side by its own index, already in the order asked for.
    let entries = sqlx::query_as!(
        Entry,
        r#"select id as "id!", kind as "kind!", amount as "amount!", order_id, created_at as "created_at!" from (
               (select id, kind, -amount as amount, order_id, created_at from transfers
                where debit = $1 and kind = 'charge' and id < $2 order by id desc limit $3)
               union all
               (select id, kind, amount, order_id, created_at from transfers
                where credit = $1 and kind <> 'charge' and id < $2 order by id desc limit $3)
           ) as entries order by id desc limit $3"#,
        account,
        before,
        rows
    );
    Ok(entries.fetch_all(&mut *tx).await?)
}
