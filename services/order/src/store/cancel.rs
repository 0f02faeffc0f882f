//! Cancelling orders: the move that begins it, and the steps of its saga.
//!
//! Locks: keys, orders, sagas, stock; each sorted.

use db::{Error, Tx, audit};
use saga::{Begin, Stand, Taken};
use serde_json::json;
use uuid::Uuid;

use super::keys::{self, Claim};
use super::settle::{Task, customers, due, ids, leases, lock, taken};
use super::{moves, orders, outbox, shelf};
use crate::domain::key::Key;
use crate::domain::order::{Order, Status};

/// An order that somebody wants cancelled.
#[derive(Clone, Debug)]
pub struct Cancelling {
    /// Which order.
    pub order: Uuid,
    /// Only if it is this customer's.
    pub customer: Option<Uuid>,
    /// Who acts, where it is not the customer.
    pub actor: Option<Uuid>,
    /// The key of the request.
    pub key: Key,
    /// The saga that carries it on.
    pub saga: Begin,
}

/// What became of it.
#[derive(Clone, Debug)]
pub enum Begun {
    /// It has just begun.
    Now(Order),
    /// It had begun, or even ended, before.
    Before {
        /// The order as it is.
        order: Order,
        /// Whether the key had been sent before.
        replayed: bool,
    },
    /// It cannot be cancelled, and the key says so.
    Refused {
        /// Where the order stood; nothing where there is none.
        status: Option<Status>,
        /// Whether the key had been sent before.
        replayed: bool,
    },
    /// The key belongs to another request.
    KeyReused,
}

/// Begins to cancel an order: the move, its saga and its audit, all or none.
///
/// # Errors
/// Only what concerns the database.
pub async fn begin(tx: &mut Tx, job: &Cancelling) -> Result<Begun, Error> {
    let claim = Claim {
        key: &job.key,
        order: Some(job.order),
        lasting: false,
    };
    if keys::claim(tx, &[claim]).await? == [None] {
        return replay(tx, job).await;
    }
    orders::lock(tx, &[job.order]).await?;
    let Some(order) = orders::find_one(tx, job.order, job.customer).await? else {
        return refuse(tx, job, None).await;
    };
    match order.status {
        Status::Confirmed => start(tx, job, order).await,
        Status::Cancelling | Status::Cancelled => Ok(Begun::Before {
            order,
            replayed: false,
        }),
        status => refuse(tx, job, Some(status)).await,
    }
}

async fn start(tx: &mut Tx, job: &Cancelling, order: Order) -> Result<Begun, Error> {
    moves::begin_cancel(tx, job.order).await?;
    saga::store::begin(tx, std::slice::from_ref(&job.saga)).await?;
    let begun = order.clone().moved(Status::Cancelling);
    if let Some(actor) = job.actor {
        audit::insert(tx, &[super::act(actor, "order.cancel", &order, &begun)]).await?;
    }
    Ok(Begun::Now(begun))
}

async fn refuse(tx: &mut Tx, job: &Cancelling, status: Option<Status>) -> Result<Begun, Error> {
    let told = status.map(|status| (status.word(), status.reason()));
    keys::answer(tx, &[(&job.key, json!({ "refused": told }))]).await?;
    Ok(Begun::Refused {
        status,
        replayed: false,
    })
}

async fn replay(tx: &mut Tx, job: &Cancelling) -> Result<Begun, Error> {
    let known = keys::find(tx, &[&job.key]).await?.pop().flatten();
    let Some(known) = known.filter(|known| known.hash == job.key.hash()) else {
        return Ok(Begun::KeyReused);
    };
    if let Some(answer) = known.answer {
        let told: Option<(String, String)> =
            serde_json::from_value(answer["refused"].clone()).unwrap_or_default();
        return Ok(Begun::Refused {
            status: told.and_then(|(status, reason)| Status::read(&status, &reason)),
            replayed: true,
        });
    }
    // Its own saga: this very request, run again because nobody knew whether it was kept.
    let own = saga::store::find(tx, job.saga.id).await?.is_some();
    let order = orders::find_one(tx, job.order, job.customer).await?;
    Ok(match order {
        Some(order) if own => Begun::Now(order),
        Some(order) => Begun::Before {
            order,
            replayed: true,
        },
        None => Begun::KeyReused,
    })
}

/// Puts the stock of orders back that are being cancelled, once.
///
/// # Errors
/// Only what concerns the whole group.
pub async fn return_stock(tx: &mut Tx, tasks: &[Task]) -> Result<Vec<Taken>, Error> {
    let locked = lock(tx, tasks).await?;
    let due = due(&locked, |locked| {
        locked.stand == Stand::Forward && locked.is("cancelling")
    });
    shelf::give_back(tx, &ids(&due)).await?;
    Ok(taken(&locked, &due))
}

/// Ends the cancelling of orders: their customers will hear of it, their sagas end.
///
/// # Errors
/// Only what concerns the whole group.
pub async fn finish(tx: &mut Tx, tasks: &[Task]) -> Result<Vec<Taken>, Error> {
    let locked = lock(tx, tasks).await?;
    let due = due(&locked, |locked| {
        locked.stand == Stand::Forward && locked.is("cancelling")
    });
    moves::end_cancel(tx, &ids(&due)).await?;
    outbox::insert(tx, &customers(&due), "order.cancelled").await?;
    saga::store::end(tx, &leases(&due)).await?;
    Ok(taken(&locked, &due))
}
