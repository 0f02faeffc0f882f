//! Looks for locks that are held for longer than their holders said.
//!
//! Locks and ledger are kept in one database, so it needs no memory: whoever looks sees both, and may open or close any row.

use std::time::Duration;

use db::{Db, Tx};
use metrics::gauge;
use retry::Deadline;
use time::OffsetDateTime;
use tracing::warn;

use super::scene::{Beginning, Scene};
use crate::domain::fault::{Kind, LONGEST_NAME, Resolution};
use crate::store::faults;
use crate::store::tending::{self, Overdue};

/// How often it is looked.
const PERIOD: Duration = Duration::from_secs(1);
/// How long a look may take.
const LIMIT: Duration = Duration::from_secs(1);
/// How many overdue locks are told of at once.
const MOST: i64 = 256;

/// What was found in one look.
struct Look {
    at: OffsetDateTime,
    overdue: Vec<Overdue>,
    /// What the ledger holds that lasts: component, and token.
    open: Vec<(String, i64)>,
    /// Tokens of those that are held still.
    held: Vec<i64>,
}

/// Looks again and again.
pub(super) async fn watch(scene: Scene, db: Db) {
    loop {
        let found = db.read_primary("locks: overdue", |tx| Box::pin(look(tx)));
        match Deadline::after(LIMIT).scope(found).await {
            Ok(found) => tell(&scene, &found.own()).await,
            Err(error) => warn!(%error, "nobody knows which locks are overdue"),
        }
        scene.clock.clone().wait(PERIOD).await;
    }
}

async fn look(tx: &mut Tx) -> Result<Look, db::Error> {
    // The ledger first: what is open there was overdue before the locks are looked at.
    let open = faults::open_of(tx, Kind::LockOverdue.word()).await?;
    let open: Vec<(String, i64)> = open
        .into_iter()
        .filter_map(|row| Some((row.component, row.incarnation.parse().ok()?)))
        .collect();
    let tokens: Vec<i64> = open.iter().map(|(_, token)| *token).collect();
    Ok(Look {
        overdue: tending::overdue(tx, MOST).await?,
        held: tending::held(tx, &tokens).await?,
        at: faults::now(tx).await?,
        open,
    })
}

async fn tell(scene: &Scene, look: &Look) {
    #[allow(clippy::cast_precision_loss, reason = "there are 256 at most")]
    gauge!("locks_overdue").set(look.overdue.len() as f64);
    for lock in &look.overdue {
        if !look.open.iter().any(|(_, token)| *token == lock.token) {
            scene.began(beginning(lock)).await;
        }
    }
    for (component, token) in &look.open {
        if !look.held.contains(token) {
            let incarnation = token.to_string();
            let subject = (Kind::LockOverdue, component.as_str(), incarnation.as_str());
            scene
                .ended(subject, look.at, Resolution::Resumed, String::new())
                .await;
        }
    }
}

fn beginning(lock: &Overdue) -> Beginning {
    Beginning {
        kind: Kind::LockOverdue,
        component: component(&lock.name),
        incarnation: lock.token.to_string(),
        since: lock.overdue_since,
        cause: None,
        handling: format!("Held by {}.", lock.owner),
    }
}

/// What the ledger calls a lock. Cut short where the ledger has no room for it: its token, in no other row, tells it from others.
fn component(name: &str) -> String {
    let mut component = format!("lock:{name}");
    component.truncate(LONGEST_NAME);
    component
}
