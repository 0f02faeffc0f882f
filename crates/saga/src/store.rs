//! The `sagas` table: who has which, until when, and which way it goes.

mod admin;
pub(crate) mod claim;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use db::{Error, Tx};
use tokio::time::Instant;
use uuid::Uuid;

use crate::Lease;

pub use admin::{Entry, find, list, list_of, make_due, prune};

/// A saga that is to begin.
#[derive(Clone, Debug)]
pub struct Begin {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: &'static str,
    /// What it works for.
    pub subject: Uuid,
    pub(crate) owner: Arc<str>,
    pub(crate) lease: Duration,
    pub(crate) settle_by: Duration,
    pub(crate) since: Instant,
}

impl Begin {
    /// The work that there is once it has begun. The lease is counted from before it was asked for.
    pub fn work(&self) -> Work {
        Work {
            lease: Lease {
                saga: self.id,
                epoch: 1,
            },
            subject: self.subject,
            until: self.since + self.lease,
            settle_by: self.since + self.settle_by,
            undoing: false,
        }
    }
}

/// A saga that its holder may work on for a while.
#[derive(Clone, Debug)]
pub struct Work {
    /// The right to do so.
    pub lease: Lease,
    /// What it works for.
    pub subject: Uuid,
    /// When the lease ends, by this process's clock.
    pub(crate) until: Instant,
    /// From when on it turns back rather than repeat, by this process's clock.
    pub(crate) settle_by: Instant,
    pub(crate) undoing: bool,
}

/// A saga as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// The last claim.
    pub epoch: i64,
    /// Why it is undone, where that is decided.
    pub undo: Option<String>,
    /// Whether its holder ended it.
    pub ended: bool,
}

/// How a saga stands to a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stand {
    /// It goes forward, and the lease holds.
    Forward,
    /// It is undone for this reason, and the lease holds.
    Undo(String),
    /// Its holder ended it.
    Ended,
    /// Somebody else has claimed it, or it is gone.
    Lost,
}

impl Row {
    /// How it stands to whoever has claimed it as `epoch`.
    pub fn stand(&self, epoch: i64) -> Stand {
        match &self.undo {
            _ if self.epoch != epoch => Stand::Lost,
            _ if self.ended => Stand::Ended,
            Some(reason) => Stand::Undo(reason.clone()),
            None => Stand::Forward,
        }
    }
}

/// Begins sagas, leased to their owners, within the transaction that makes their subjects.
///
/// # Errors
/// Only what concerns all of them.
pub async fn begin(tx: &mut Tx, sagas: &[Begin]) -> Result<(), Error> {
    let ids: Vec<Uuid> = sagas.iter().map(|saga| saga.id).collect();
    let names: Vec<&str> = sagas.iter().map(|saga| saga.name).collect();
    let subjects: Vec<Uuid> = sagas.iter().map(|saga| saga.subject).collect();
    let owners: Vec<&str> = sagas.iter().map(|saga| &*saga.owner).collect();
    let leases: Vec<f64> = sagas.iter().map(|saga| saga.lease.as_secs_f64()).collect();
    let limits: Vec<f64> = sagas
        .iter()
        .map(|saga| saga.settle_by.as_secs_f64())
        .collect();
    sqlx::query!(
        r#"insert into sagas (id, name, subject, owner, leased_until, settle_by)
        select id, name, subject, owner,
            clock_timestamp() + make_interval(secs => lease), clock_timestamp() + make_interval(secs => settle)
        from unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::float8[], $6::float8[])
            as new (id, name, subject, owner, lease, settle)"#,
        &ids,
        &names as &[&str],
        &subjects,
        &owners as &[&str],
        &leases,
        &limits,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}

/// Locks the sagas of `leases`, in the order of their ids, and tells how each stands to its lease.
///
/// # Errors
/// Only what concerns all of them.
pub async fn lock(tx: &mut Tx, leases: &[Lease]) -> Result<Vec<Stand>, Error> {
    let ids: Vec<Uuid> = leases.iter().map(|lease| lease.saga).collect();
    let rows = sqlx::query!(
        r#"select id, epoch, direction, reason, ended_at is not null as "ended!"
        from sagas where id = any($1) order by id for no key update"#,
        &ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let undo = (row.direction == "undo").then_some(row.reason);
        let (epoch, ended) = (row.epoch, row.ended);
        (row.id, Row { epoch, undo, ended })
    });
    let rows: HashMap<Uuid, Row> = rows.collect();
    let stand = |lease: &Lease| {
        let row = rows.get(&lease.saga);
        row.map_or(Stand::Lost, |row| row.stand(lease.epoch))
    };
    Ok(leases.iter().map(stand).collect())
}

/// Ends the sagas of `leases`, which the same transaction has locked.
///
/// # Errors
/// Only what concerns all of them.
pub async fn end(tx: &mut Tx, leases: &[Lease]) -> Result<(), Error> {
    let ids: Vec<Uuid> = leases.iter().map(|lease| lease.saga).collect();
    let epochs: Vec<i64> = leases.iter().map(|lease| lease.epoch).collect();
    sqlx::query!(
        "update sagas set ended_at = clock_timestamp()
        where id = any($1) and ended_at is null and epoch = ($2::bigint[])[array_position($1, id)]",
        &ids,
        &epochs,
    )
    .execute(&mut *tx)
    .await?;
    Ok(())
}
