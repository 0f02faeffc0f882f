//! What each customer has.

use std::collections::{BTreeMap, HashMap};

use db::{Error, Tx};
use uuid::Uuid;

/// Keeps those of `accounts` open that there are, until the end of the transaction; answers them.
///
/// # Errors
/// What the database met.
pub async fn keep_open(tx: &mut Tx, accounts: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    // Shared: it only keeps an account from being closed while money comes in.
    let open = sqlx::query_scalar!(
        "select id from accounts where id = any($1) and closed_at is null order by id for share",
        accounts
    );
    Ok(open.fetch_all(&mut *tx).await?)
}

/// Tells which of `accounts` there are.
///
/// # Errors
/// What the database met.
pub async fn known(tx: &mut Tx, accounts: &[Uuid]) -> Result<Vec<Uuid>, Error> {
    let known = sqlx::query_scalar!(
        "select id from accounts where id = any($1) and closed_at is null",
        accounts
    );
    Ok(known.fetch_all(&mut *tx).await?)
}

/// Opens the wallets of `accounts` that have none yet.
///
/// # Errors
/// What the database met.
pub async fn open(tx: &mut Tx, accounts: &[Uuid]) -> Result<(), Error> {
    let accounts = sorted(accounts);
    // Sorted like every lock here, so that two groups that open the same wallets do not wait on each other.
    sqlx::query!(
        "insert into wallets (account_id) select * from unnest($1::uuid[]) on conflict do nothing",
        &accounts
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Locks the wallets of `accounts`, and tells what each holds. One that is missing does not exist.
///
/// # Errors
/// What the database met.
pub async fn lock(tx: &mut Tx, accounts: &[Uuid]) -> Result<HashMap<Uuid, i64>, Error> {
    // In one order for all, so that two groups never wait on each other.
    let rows = sqlx::query!(
        "select account_id, balance from wallets where account_id = any($1) order by account_id for no key update",
        accounts
    )
    .fetch_all(&mut *tx)
    .await?;
    let balances = rows.into_iter().map(|row| (row.account_id, row.balance));
    Ok(balances.collect())
}

/// Writes what the locked wallets of these accounts hold now.
///
/// # Errors
/// What the database met; money for a wallet that does not exist.
pub async fn write(tx: &mut Tx, balances: &BTreeMap<Uuid, i64>) -> Result<(), Error> {
    if balances.is_empty() {
        return Ok(());
    }
    let (accounts, balances): (Vec<Uuid>, Vec<i64>) = balances.iter().unzip();
    // Not joined with `unnest`: of that the planner expects so many rows that it may read the whole table.
    let written = sqlx::query!(
        "update wallets set balance = ($2::bigint[])[array_position($1::uuid[], account_id)]
         where account_id = any($1::uuid[])",
        &accounts,
        &balances
    )
    .execute(&mut *tx)
    .await?;
    if written.rows_affected() == accounts.len() as u64 {
        return Ok(());
    }
    Err(sqlx::Error::RowNotFound.into())
}

/// Tells what `account` has: nothing while it has no wallet yet. `None` when there is no such account.
///
/// # Errors
/// What the database met.
pub async fn balance(tx: &mut Tx, account: Uuid) -> Result<Option<i64>, Error> {
    let balance = sqlx::query_scalar!(
        r#"select coalesce(balance, 0) as "balance!" from accounts left join wallets on account_id = id
           where id = $1 and closed_at is null"#,
        account
    );
    Ok(balance.fetch_optional(&mut *tx).await?)
}

/// Locks the wallet of `account` until the end of the transaction, and tells what is in it. For who wants to close the
/// account: its row in `accounts` must be locked before, so that no first top-up comes in between.
///
/// # Errors
/// What the database met.
pub async fn money_left(tx: &mut Tx, account: Uuid) -> Result<i64, Error> {
    let balances = lock(tx, &[account]).await?;
    Ok(balances.get(&account).copied().unwrap_or(0))
}

fn sorted(accounts: &[Uuid]) -> Vec<Uuid> {
    let mut accounts = accounts.to_vec();
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}
