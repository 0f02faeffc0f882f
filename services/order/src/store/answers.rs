//! What a request to place an order is told: what was decided just now, or what its key stands for.

use std::sync::Arc;

use db::{Error, Tx};
use uuid::Uuid;

use super::keys::{self, Known};
use super::orders;
use super::place::{Decided, Placed, Placing};
use crate::domain::order::Order;

/// What each job is told: what was decided of it just now, or else what its key stands for.
pub(super) async fn answer(
    tx: &mut Tx,
    jobs: &[Arc<Placing>],
    decided: Vec<Decided>,
) -> Result<Vec<Placed>, Error> {
    let asked = jobs
        .iter()
        .zip(&decided)
        .filter(|(_, decided)| decided.is_none());
    let asked: Vec<_> = asked.map(|(job, _)| job).collect();
    let keys: Vec<_> = asked.iter().map(|job| &job.new.key).collect();
    let known = keys::find(tx, &keys).await?;
    let ids: Vec<Uuid> = known
        .iter()
        .flatten()
        .filter_map(|known| known.order)
        .collect();
    let orders = orders::find(tx, &ids).await?;
    let mut replays = asked.into_iter().zip(known).map(|(job, known)| {
        let known = known.ok_or(Error::from(sqlx::Error::RowNotFound))?;
        let order = known.order.and_then(|id| orders.get(&id).cloned());
        Ok(replay(job, &known, order))
    });
    let told = decided.into_iter().map(|decided| match decided {
        Some(Ok(order)) => Ok(Placed::Order {
            order,
            replayed: false,
        }),
        Some(Err(why)) => Ok(Placed::Refused {
            why,
            replayed: false,
        }),
        None => replays
            .next()
            .unwrap_or(Err(sqlx::Error::RowNotFound.into())),
    });
    told.collect()
}

fn replay(job: &Placing, known: &Known, order: Option<Order>) -> Placed {
    if known.hash != job.new.key.hash() {
        return Placed::KeyReused;
    }
    if let Some(order) = order {
        // Its own id: this very request, run again because nobody knew whether it was kept.
        let replayed = order.id != job.new.id;
        let order = order.answer();
        return Placed::Order { order, replayed };
    }
    match keys::read(known) {
        Some(why) => Placed::Refused {
            why,
            replayed: true,
        },
        None => Placed::KeyReused,
    }
}
