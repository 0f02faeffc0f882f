//! What administrators did: the table `audit`, which every service keeps in its own database.

use std::sync::Arc;

use api::common::{AuditEntry, ListAuditRequest, ListAuditResponse};
use api::cursor::Page;
use api::{error, id};
use serde_json::Value;
use sqlx::{query, query_as};
use time::OffsetDateTime;
use tonic::Status;
use uuid::Uuid;

use crate::{Db, Error, Tx};

/// How long what an act was done to is called at most.
const LONGEST: usize = 200;

/// An act that is to be kept.
#[derive(Clone, Debug)]
pub struct New {
    /// Sorts by the time it was done.
    pub id: Uuid,
    /// The account that acted.
    pub actor: Uuid,
    /// What was done: `product.update`.
    pub action: &'static str,
    /// What it was done to, as callers write it.
    pub subject: String,
    /// The subject before, if it existed.
    pub before: Option<Value>,
    /// The subject after, if it still exists.
    pub after: Option<Value>,
}

/// An act as it was kept.
struct Act {
    id: Uuid,
    actor: Uuid,
    action: String,
    subject: String,
    before: Option<Value>,
    after: Option<Value>,
    acted_at: OffsetDateTime,
}

/// Which acts are wanted.
struct Wanted {
    /// Only of this subject, when given.
    subject: Option<String>,
    /// Only by this account, when given.
    actor: Option<Uuid>,
    /// Only acts older than this one, when given.
    before: Option<Uuid>,
    page: Page<Uuid>,
}

/// Keeps acts, in the transaction of the acts themselves: one without the other does not happen.
///
/// # Errors
/// When the statement failed.
pub async fn insert(tx: &mut Tx, acts: &[New]) -> Result<(), Error> {
    let column = |part: fn(&New) -> Uuid| acts.iter().map(part).collect::<Vec<_>>();
    let json = |part: fn(&New) -> &Option<Value>| acts.iter().map(part).cloned().collect();
    let (before, after): (Vec<_>, Vec<_>) = (json(|act| &act.before), json(|act| &act.after));
    let kept = query!(
        "insert into audit (id, actor_id, action, subject, before, after)
        select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[])",
        &column(|act| act.id),
        &column(|act| act.actor),
        &acts.iter().map(|act| act.action.to_owned()).collect::<Vec<_>>(),
        &acts.iter().map(|act| act.subject.clone()).collect::<Vec<_>>(),
        &before as &[Option<Value>],
        &after as &[Option<Value>]
    );
    kept.execute(&mut *tx).await?;
    Ok(())
}

/// Answers what administrators did in this service, the last act first.
///
/// # Errors
/// `INVALID` for what is no page or no account; or when the database did not answer.
pub async fn answer(db: &Db, request: ListAuditRequest) -> Result<ListAuditResponse, Status> {
    let wanted = read(request)?;
    let found = db.read("audit: list", |tx| Box::pin(list(tx, &wanted)));
    let found = found.await.map_err(told)?.own();
    let (acts, next_cursor) = wanted.page.cut(found, |act| act.id);
    Ok(ListAuditResponse {
        entries: acts.into_iter().map(write).collect(),
        next_cursor,
    })
}

fn read(request: ListAuditRequest) -> Result<Wanted, Status> {
    let ListAuditRequest {
        page,
        subject_id,
        actor_id,
        before_id,
    } = request;
    // An id, or the name of a service, an instance or a lock.
    if subject_id.len() > LONGEST || !subject_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(error::invalid("subject_id", "an id, or a name"));
    }
    let page = Page::read(format!("audit {subject_id} {actor_id}"), page)?;
    let actor = (!actor_id.is_empty()).then(|| id::ACCOUNT.read(&actor_id));
    let actor = actor.transpose();
    let before = (!before_id.is_empty()).then(|| id::AUDIT.read(&before_id));
    let before = before.transpose();
    Ok(Wanted {
        subject: Some(subject_id).filter(|subject| !subject.is_empty()),
        actor: actor.map_err(|bad| error::invalid("actor_id", bad.to_string()))?,
        before: before.map_err(|bad| error::invalid("before_id", bad.to_string()))?,
        page,
    })
}

async fn list(tx: &mut Tx, wanted: &Wanted) -> Result<Vec<Act>, Error> {
    let found = query_as!(
        Act,
        "select id, actor_id as actor, action, subject, before, after, acted_at from audit
        where ($1::text is null or subject = $1)
            and ($2::uuid is null or actor_id = $2)
            and id < least($3, $5, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        order by id desc
        limit $4",
        wanted.subject.as_deref(),
        wanted.actor,
        wanted.page.after(),
        wanted.page.rows(),
        wanted.before
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

fn write(act: Act) -> AuditEntry {
    let json = |value: Option<Value>| value.map(|value| value.to_string());
    AuditEntry {
        id: id::AUDIT.write(act.id),
        actor_id: id::ACCOUNT.write(act.actor),
        action: act.action,
        subject_id: act.subject,
        before: json(act.before).unwrap_or_default(),
        after: json(act.after).unwrap_or_default(),
        acted_at: api::time::write(act.acted_at),
    }
}

fn told(cause: Error) -> Status {
    let mut status = cause.status();
    status.set_source(Arc::new(cause)); // The chassis logs it with its causes, once.
    status
}
