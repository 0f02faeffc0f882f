//! Who goes on with a saga, and which way.

use std::sync::Arc;
use std::time::Duration;

use db::{Db, Error, Tx};
use tokio::time::Instant;

use super::{Stand, Work, lock};
use crate::Lease;

/// Decides to undo a saga, for ever, and answers why: the reason of whoever decided first. Nothing if the lease is lost.
///
/// # Errors
/// [`Error::Unknown`] when nobody knows whether it is decided: ask again.
pub(crate) async fn decide_undo(
    db: &Db,
    lease: Lease,
    reason: &str,
) -> Result<Option<String>, Error> {
    let reason: Arc<str> = reason.into();
    db.keyed("decide undo", move |tx| {
        let reason = reason.clone();
        Box::pin(async move { turn_back(tx, lease, &reason).await })
    })
    .await
}

async fn turn_back(tx: &mut Tx, lease: Lease, reason: &str) -> Result<Option<String>, Error> {
    let turned = sqlx::query!(
        "update sagas set direction = 'undo', reason = $3
        where id = $1 and epoch = $2 and direction = 'forward' and ended_at is null",
        lease.saga,
        lease.epoch,
        reason,
    )
    .execute(&mut *tx)
    .await?;
    if turned.rows_affected() == 1 {
        return Ok(Some(reason.to_owned()));
    }
    // Repeated after an unknown commit, or no longer ours.
    match lock(tx, &[lease]).await?.pop() {
        Some(Stand::Undo(decided)) => Ok(Some(decided)),
        _ => Ok(None),
    }
}

/// A saga that was claimed, by name.
pub(crate) struct Claimed {
    pub(crate) name: String,
    pub(crate) work: Work,
}

/// What a claim asks for.
#[derive(Clone)]
pub(crate) struct Claim {
    pub(crate) names: Vec<String>,
    pub(crate) owner: Arc<str>,
    pub(crate) lease: Duration,
    pub(crate) most: i64,
}

/// Claims sagas whose lease is over. Whoever had them is fenced off by the raised epoch.
pub(crate) async fn claim(db: &Db, claim: &Claim) -> Result<Vec<Claimed>, Error> {
    let claim = claim.clone();
    db.write("claim sagas", move |tx| {
        let claim = claim.clone();
        Box::pin(async move { claim_due(tx, &claim).await })
    })
    .await
}

async fn claim_due(tx: &mut Tx, claim: &Claim) -> Result<Vec<Claimed>, Error> {
    let since = Instant::now();
    let rows = sqlx::query!(
        r#"update sagas set owner = $1, epoch = epoch + 1,
            leased_until = clock_timestamp() + make_interval(secs => $2)
        where id = any (array(
            select id from sagas
            where ended_at is null and leased_until < clock_timestamp() and name = any($3)
            order by leased_until limit $4 for no key update skip locked))
        returning id, name, subject, epoch, direction = 'undo' as "undoing!",
            greatest(0, extract(epoch from settle_by - clock_timestamp()))::float8 as "settle_in!""#,
        &claim.owner,
        claim.lease.as_secs_f64(),
        &claim.names,
        claim.most,
    )
    .fetch_all(&mut *tx)
    .await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        name: row.name,
        work: Work {
            lease: Lease {
                saga: row.id,
                epoch: row.epoch,
            },
            subject: row.subject,
            until: since + claim.lease,
            settle_by: since + Duration::from_secs_f64(row.settle_in),
            undoing: row.undoing,
        },
    });
    Ok(claimed.collect())
}
