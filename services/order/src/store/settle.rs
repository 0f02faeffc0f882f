//! Settling orders: confirm or release, many at a time, each under its saga's lease.
//!
//! Locks: carts, orders, sagas, stock; each sorted. A lease that no longer holds changes nothing.

use db::{Error, Tx};
use saga::{Lease, Stand, Taken};
use uuid::Uuid;

use super::orders::{self, Place};
use super::{baskets, moves, outbox, shelf};
use crate::domain::order::Status;

/// A step of a saga at its order.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The order.
    pub order: Uuid,
    /// The right to do it.
    pub lease: Lease,
}

/// An order that is locked, with how its saga stands.
pub(super) struct Locked {
    pub(super) task: Task,
    pub(super) place: Option<Place>,
    pub(super) stand: Stand,
}

/// Confirms orders: their holds are bought, their customers will hear of it, their sagas end.
///
/// # Errors
/// Only what concerns the whole group. An order that is no longer ours is an outcome, not an error.
pub async fn confirm(tx: &mut Tx, tasks: &[Task]) -> Result<Vec<Taken>, Error> {
    let locked = lock(tx, tasks).await?;
    let due = due(&locked, |locked| locked.may(confirms));
    let orders = ids(&due);
    moves::confirm(tx, &orders).await?;
    shelf::sell(tx, &orders).await?;
    outbox::insert(tx, &customers(&due), "order.confirmed").await?;
    saga::store::end(tx, &leases(&due)).await?;
    Ok(taken(&locked, &due))
}

/// Releases orders that are undone: stock and cart go back, the order is rejected for its saga's reason, the saga ends.
///
/// # Errors
/// Only what concerns the whole group. An order that is no longer ours is an outcome, not an error.
pub async fn release(tx: &mut Tx, tasks: &[Task]) -> Result<Vec<Taken>, Error> {
    let all: Vec<Uuid> = tasks.iter().map(|task| task.order).collect();
    let carts = baskets::lock_of(tx, &all).await?;
    let locked = lock(tx, tasks).await?;
    let due = due(&locked, |locked| locked.may(releases));
    let orders = ids(&due);
    moves::reject(tx, &orders, &reasons(&due)).await?;
    shelf::release(tx, &orders).await?;
    baskets::give_back(tx, &carts, &orders).await?;
    outbox::insert(tx, &customers(&due), "order.rejected").await?;
    saga::store::end(tx, &leases(&due)).await?;
    Ok(taken(&locked, &due))
}

/// Whether an order of `status` is confirmed for a saga that stands so.
pub fn confirms(stand: &Stand, status: Status) -> bool {
    *stand == Stand::Forward && status == Status::Pending
}

/// Whether an order of `status` is released for a saga that stands so.
pub fn releases(stand: &Stand, status: Status) -> bool {
    matches!(stand, Stand::Undo(_)) && status == Status::Pending
}

/// How a step ended that was done `now`, or not: perhaps it was done before under the same lease.
pub fn ended(now: bool, stand: &Stand) -> Taken {
    if now || *stand == Stand::Ended {
        Taken::Done
    } else {
        Taken::Lost
    }
}

/// Locks the orders, then their sagas.
pub(super) async fn lock(tx: &mut Tx, tasks: &[Task]) -> Result<Vec<Locked>, Error> {
    let orders: Vec<Uuid> = tasks.iter().map(|task| task.order).collect();
    let places = orders::lock(tx, &orders).await?;
    let leases: Vec<Lease> = tasks.iter().map(|task| task.lease).collect();
    let stands = saga::store::lock(tx, &leases).await?;
    let locked = tasks.iter().zip(stands).map(|(task, stand)| Locked {
        task: *task,
        place: places.get(&task.order).cloned(),
        stand,
    });
    Ok(locked.collect())
}

/// Those that are to be done, each order once.
pub(super) fn due(locked: &[Locked], is_due: impl Fn(&Locked) -> bool) -> Vec<&Locked> {
    let mut due: Vec<&Locked> = locked.iter().filter(|locked| is_due(locked)).collect();
    due.sort_by_key(|locked| locked.task.order);
    due.dedup_by_key(|locked| locked.task.order);
    due
}

/// How each step ended: done now, done before under the same lease, or no longer ours.
pub(super) fn taken(locked: &[Locked], due: &[&Locked]) -> Vec<Taken> {
    let taken = |locked: &Locked| {
        let now = due.iter().any(|due| due.task.lease == locked.task.lease);
        ended(now, &locked.stand)
    };
    locked.iter().map(taken).collect()
}

pub(super) fn ids(due: &[&Locked]) -> Vec<Uuid> {
    due.iter().map(|locked| locked.task.order).collect()
}

pub(super) fn leases(due: &[&Locked]) -> Vec<Lease> {
    due.iter().map(|locked| locked.task.lease).collect()
}

/// The orders with their customers.
pub(super) fn customers(due: &[&Locked]) -> Vec<(Uuid, Uuid)> {
    let places = due.iter().filter_map(|locked| locked.place.as_ref());
    places.map(|place| (place.order, place.customer)).collect()
}

fn reasons(due: &[&Locked]) -> Vec<String> {
    let reason = |locked: &&Locked| match &locked.stand {
        Stand::Undo(reason) => reason.clone(),
        _ => String::new(),
    };
    due.iter().map(reason).collect()
}

impl Locked {
    fn may(&self, rule: fn(&Stand, Status) -> bool) -> bool {
        let place = self.place.as_ref();
        place.is_some_and(|place| rule(&self.stand, place.status))
    }

    pub(super) fn is(&self, status: &str) -> bool {
        self.place
            .as_ref()
            .is_some_and(|place| place.status.word() == status)
    }
}
