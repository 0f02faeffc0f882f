//! Writes down which fault follows from which, by what rests on what: whichever of them was noticed first.

use db::Db;
use tracing::warn;

use crate::domain::causes::{Open, Rests};
use crate::domain::fault::Kind;
use crate::store::faults::{Row, write};

/// Looks at the faults that last.
pub(super) async fn link(db: &Db, rests: &Rests, rows: &[Row]) {
    let open: Vec<Open> = rows.iter().filter_map(read).collect();
    for (number, cause) in rests.follows(&open) {
        let linked = db.write("faults: caused", |tx| {
            Box::pin(write::caused(tx, number, cause))
        });
        let linked: Result<(), db::Error> = linked.await;
        if let Err(error) = linked {
            warn!(%error, number, cause, "what a fault follows from is not written down yet");
        }
    }
}

fn read(row: &Row) -> Option<Open> {
    Some(Open {
        number: row.number,
        kind: Kind::read(&row.kind)?,
        component: row.component.clone(),
        occurred_at: row.occurred_at,
        detected_at: row.detected_at,
        cause: row.cause,
    })
}
