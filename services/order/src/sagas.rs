//! Looking after sagas: what they are at, and making one due at once.

use api::id::SAGA;
use db::audit;
use saga::store::{self, Entry};
use serde_json::json;
use uuid::Uuid;

use crate::{Error, Tools};

/// Which sagas are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Those before this one.
    pub before: Option<Uuid>,
    /// How many.
    pub rows: i64,
    /// Only those that have not ended.
    pub open: bool,
    /// Only those that work for this order.
    pub order: Option<Uuid>,
}

/// Lists the sagas that are wanted, newest first.
///
/// # Errors
/// When nobody can tell.
pub async fn list(tools: &Tools, wanted: Wanted) -> Result<Vec<Entry>, Error> {
    let Wanted {
        before,
        rows,
        open,
        order,
    } = wanted;
    let listed = tools.db.read("list sagas", move |tx| {
        Box::pin(async move {
            match order {
                Some(order) => store::list_of(tx, order, before, rows, open).await,
                None => store::list(tx, before, rows, open).await,
            }
        })
    });
    Ok(listed.await?.own())
}

/// Finds a saga.
///
/// # Errors
/// When there is none, or nobody can tell.
pub async fn find(tools: &Tools, id: Uuid) -> Result<Entry, Error> {
    let found = tools
        .db
        .read("find saga", move |tx| Box::pin(store::find(tx, id)));
    found.await?.own().ok_or(Error::NotFound("saga"))
}

/// Makes a saga due at once, so that recovery claims it.
///
/// # Errors
/// When there is none, or it has ended.
pub async fn retry(tools: &Tools, id: Uuid, actor: Uuid) -> Result<Entry, Error> {
    tools
        .db
        .write("retry saga", move |tx| {
            Box::pin(async move {
                if let Some(entry) = store::make_due(tx, id).await? {
                    audit::insert(tx, &[act(&entry, actor)]).await?;
                    return Ok(entry);
                }
                let ended = store::find(tx, id).await?.is_some();
                Err(if ended {
                    Error::SagaEnded
                } else {
                    Error::NotFound("saga")
                })
            })
        })
        .await
}

fn act(entry: &Entry, actor: Uuid) -> audit::New {
    audit::New {
        id: Uuid::now_v7(),
        actor,
        action: "saga.retry",
        subject: SAGA.write(entry.id),
        before: None,
        after: Some(json!({ "name": entry.name, "epoch": entry.epoch })),
    }
}
