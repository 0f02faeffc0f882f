//! What accounts were told.

use db::{Error, Tx};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::notification::{Notice, Notification};

/// Where a list of notifications goes on.
pub type Place = (OffsetDateTime, Uuid);

/// After everything.
const END: OffsetDateTime = time::macros::datetime!(9999-12-31 0:00 UTC);

/// Keeps what is not there yet, for those accounts that there are.
///
/// # Errors
/// What the database met.
pub async fn insert(tx: &mut Tx, notices: &[Notice]) -> Result<(), Error> {
    // Sorted, so that two relays that tell the same do not wait on each other.
    let mut notices: Vec<&Notice> = notices.iter().collect();
    notices.sort_unstable_by_key(|notice| notice.event);
    let events: Vec<Uuid> = notices.iter().map(|notice| notice.event).collect();
    let accounts: Vec<Uuid> = notices.iter().map(|notice| notice.account).collect();
    let kinds: Vec<&str> = notices.iter().map(|notice| notice.kind.as_str()).collect();
    let subjects: Vec<&str> = notices
        .iter()
        .map(|notice| notice.subject.as_str())
        .collect();
    sqlx::query!(
        "insert into notifications (id, account_id, kind, subject)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) as told (event, account, kind, subject)
         where exists (select from accounts where id = account)
         on conflict do nothing",
        &events,
        &accounts,
        &kinds as &[&str],
        &subjects as &[&str]
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Lists those of `account`, newest first, those before `before`.
///
/// # Errors
/// What the database met.
pub async fn list(
    tx: &mut Tx,
    account: Uuid,
    before: Option<Place>,
    rows: i64,
) -> Result<Vec<Notification>, Error> {
    let (moment, id) = before.unwrap_or((END, Uuid::max()));
    let list = sqlx::query_as!(
        Notification,
        "select id, kind, subject, created_at, read_at from notifications
         where account_id = $1 and (created_at, id) < ($2, $3)
         order by created_at desc, id desc limit $4",
        account,
        moment,
        id,
        rows
    );
    Ok(list.fetch_all(&mut *tx).await?)
}

/// Marks one of `account` as read, unless it is already; answers it.
///
/// # Errors
/// What the database met.
pub async fn read(tx: &mut Tx, account: Uuid, id: Uuid) -> Result<Option<Notification>, Error> {
    let notification = sqlx::query_as!(
        Notification,
        "update notifications set read_at = coalesce(read_at, now()) where id = $1 and account_id = $2
         returning id, kind, subject, created_at, read_at",
        id,
        account
    );
    Ok(notification.fetch_optional(&mut *tx).await?)
}

/// Deletes some of those that came more than 90 days ago; answers how many.
///
/// # Errors
/// What the database met.
pub async fn prune(tx: &mut Tx, most: i64) -> Result<u64, Error> {
    // Somebody else's share is passed over, so that every replica may prune.
    let gone = sqlx::query!(
        "delete from notifications where ctid = any (array(
             select ctid from notifications where created_at < now() - interval '90 days'
             limit $1 for update skip locked))",
        most
    );
    Ok(gone.execute(&mut *tx).await?.rows_affected())
}
