//! Looks at the ledger itself: whether it is to be had, and what of it is over by now.

use std::collections::HashMap;
use std::time::Duration;

use db::Db;
use retry::Deadline;
use time::OffsetDateTime;

use super::causes;
use super::foreign::Foreign;
use super::scene::{Beginning, Scene};
use crate::domain::causes::Rests;
use crate::domain::fault::{Entry, Kind, Resolution, UNKNOWN};
use crate::store::faults::{self, Row};

/// How often it is looked at.
const PERIOD: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const LIMIT: Duration = Duration::from_secs(1);
/// For how long nothing may be heard of it.
const SILENCE: Duration = Duration::from_secs(3);
/// What the ledger calls it.
const COMPONENT: &str = "control-database";
/// From which fault it may follow that it is not to be had.
const CAUSE: (Kind, &str) = (Kind::PrimaryLost, super::postgres::GROUP);

/// Looks at the database of this service.
pub(super) async fn watch(scene: Scene, db: Db, rests: Rests) {
    let mut foreign = Foreign::default();
    let mut last: Option<(Duration, OffsetDateTime)> = None;
    let mut well_since = None;
    let mut open = false;
    loop {
        let asked = scene.clock.now();
        if let Ok(rows) = look(&db).await {
            if open {
                let subject = (Kind::DatabaseUnreachable, COMPONENT, UNKNOWN);
                let now = scene.clock.now().wall;
                scene
                    .ended(subject, now, Resolution::Resumed, String::new())
                    .await;
                open = false;
            }
            last = Some((asked.own, asked.wall));
            let since = *well_since.get_or_insert(asked.wall);
            scene.board.well(COMPONENT, since, UNKNOWN);
            count(&rows);
            causes::link(&db, &rests, &rows).await;
            for recovery in foreign.over(&rows, &scene.board) {
                scene.tell(Entry::Over(recovery)).await;
            }
        } else {
            well_since = None;
            scene.board.ill(COMPONENT);
            let silent = |(own, _): &(Duration, _)| scene.clock.now().own >= *own + SILENCE;
            if let Some((_, since)) = last.filter(silent).filter(|_| !open) {
                open = true;
                scene.began(unreachable(since)).await;
            }
        }
        let spent = scene.clock.now().own.saturating_sub(asked.own);
        scene.clock.clone().wait(PERIOD.saturating_sub(spent)).await;
    }
}

fn unreachable(since: OffsetDateTime) -> Beginning {
    let (kind, component) = CAUSE;
    Beginning {
        kind: Kind::DatabaseUnreachable,
        component: COMPONENT.to_owned(),
        incarnation: UNKNOWN.to_owned(),
        since,
        cause: Some((kind, component.to_owned())),
        handling: "Faults are spooled until it is back.".to_owned(),
    }
}

/// The faults that last. Where the primary is away, nothing could be written either.
async fn look(db: &Db) -> Result<Vec<Row>, db::Error> {
    let found = db.read_primary("faults: open", |tx| Box::pin(faults::changes(tx, None)));
    Ok(Deadline::after(LIMIT).scope(found).await?.own())
}

fn count(rows: &[Row]) {
    let mut counts: HashMap<&str, u32> = Kind::ALL.iter().map(|kind| (kind.word(), 0)).collect();
    for row in rows {
        *counts.entry(row.kind.as_str()).or_default() += 1;
    }
    for (kind, count) in counts {
        metrics::gauge!("faults_open", "type" => kind.to_owned()).set(count);
    }
}
