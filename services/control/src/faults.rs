//! Faults for those who look after the house: found, noted on, counted, followed.

use std::collections::HashMap;
use std::time::Duration;

use async_stream::try_stream;
use db::{Db, Tx, audit};
use futures::Stream;
use serde_json::json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Error;
use crate::store::faults::{self as store, Count, Note, Row, Wanted, write};

/// How often somebody who watches is told.
const LOOK: Duration = Duration::from_millis(500);
/// A change may be marked with a time a little before the one at which others can see it.
const OVERLAP: time::Duration = time::Duration::seconds(10);

/// Lists faults, the latest number first.
///
/// # Errors
/// When the database did not answer.
pub async fn list(db: &Db, wanted: Wanted) -> Result<Vec<Row>, Error> {
    let found = db.read("faults: list", |tx| Box::pin(store::list(tx, &wanted)));
    Ok(found.await?.own())
}

/// Finds a fault.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(db: &Db, number: i64) -> Result<Row, Error> {
    let found = db.read("faults: find", |tx| Box::pin(store::find(tx, number)));
    found.await?.own().ok_or(Error::NotFound("fault"))
}

/// Counts faults by kind.
///
/// # Errors
/// When the database did not answer.
pub async fn count(db: &Db, since: Option<OffsetDateTime>) -> Result<Vec<Count>, Error> {
    let counted = db.read("faults: count", |tx| Box::pin(store::count(tx, since)));
    Ok(counted.await?.own())
}

/// Writes a note of `actor` to a fault.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::NotesFull`].
pub async fn note(db: &Db, number: i64, actor: Uuid, text: String) -> Result<Row, Error> {
    let note = Note {
        at: OffsetDateTime::now_utc(),
        actor_id: actor,
        text,
    };
    let written = db.write("faults: note", |tx| Box::pin(note_once(tx, number, &note)));
    written.await
}

async fn note_once(tx: &mut Tx, number: i64, note: &Note) -> Result<Row, Error> {
    let written = write::note(tx, number, note).await?;
    let fault = store::find(tx, number)
        .await?
        .ok_or(Error::NotFound("fault"))?;
    if !written {
        return Err(Error::NotesFull);
    }
    let act = audit::New {
        id: Uuid::now_v7(),
        actor: note.actor_id,
        action: "fault.note",
        subject: format!("fault_{number}"),
        before: None,
        after: Some(json!({ "note": note.text })),
    };
    audit::insert(tx, &[act]).await?;
    Ok(fault)
}

/// Streams all faults that last, and each that changes from then on, as it is then; with those that changed after `since`,
/// where that is given. What is told has been committed; a fault whose changes follow close upon each other is told once.
pub fn watch(
    db: Db,
    since: Option<OffsetDateTime>,
) -> impl Stream<Item = Result<Row, Error>> + Send + use<> {
    try_stream! {
        let mut told: HashMap<i64, i64> = HashMap::new();
        let mut from = since.map(|since| since - OVERLAP);
        let mut all = since.is_some();
        loop {
            let (rows, now) = look(&db, from).await?;
            told.retain(|number, _| rows.iter().any(|row| row.number == *number));
            for row in rows {
                let new = told.insert(row.number, row.version) != Some(row.version);
                // What was over before somebody began to watch is no news.
                if new && (all || row.resolved_at.is_none()) {
                    yield row;
                }
            }
            from = Some(now - OVERLAP);
            all = true;
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Reads on the primary: what a replica has not got yet would be told as if it had not happened. With what changed a little
/// before now, where nobody says from when on.
async fn look(db: &Db, from: Option<OffsetDateTime>) -> Result<(Vec<Row>, OffsetDateTime), Error> {
    let found = db.read_primary("faults: changes", |tx| {
        Box::pin(async move {
            let now = store::now(tx).await?;
            let from = from.unwrap_or(now - OVERLAP);
            Ok((store::changes(tx, Some(from)).await?, now))
        })
    });
    Ok(found.await?.own())
}
