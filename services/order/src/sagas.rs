//! Looking after sagas: what they are at, and making one due at once.

use api::id::SAGA;
use db::audit;
use saga::store::{self, Entry};
use serde_json::json;
use uuid::Uuid;

use crate::{Error, Tools};

/// Lists so many sagas, newest first, from before this one on; only those that have not ended where `open`.
///
/// # Errors
/// When nobody can tell.
pub async fn list(
    tools: &Tools,
    before: Option<Uuid>,
    rows: i64,
    open: bool,
) -> Result<Vec<Entry>, Error> {
    let listed = tools.db.read("list sagas", move |tx| {
        Box::pin(store::list(tx, before, rows, open))
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
