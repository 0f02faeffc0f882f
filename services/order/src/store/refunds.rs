//! The keys of partial refunds: asked first, answered once the wallet has decided.

use db::{Error, Tx, audit};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use api::id::ORDER;

use super::keys::{self, Claim};
use super::orders;
use crate::domain::order::Order;
use crate::refund_order::Request;

/// What a key of a refund was told, for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refund", rename_all = "snake_case")]
pub enum Answer {
    /// This much was given back.
    Refunded {
        /// Which refund it was.
        id: Uuid,
        /// In minor units.
        amount: i64,
        /// ISO 4217.
        currency: String,
        /// When.
        #[serde(with = "time::serde::rfc3339")]
        at: OffsetDateTime,
    },
    /// More than was left of the charge.
    OverRefund,
    /// The order was not bought, or is being given back as a whole.
    Illegal {
        /// Where it stood.
        status: String,
    },
    /// There is no such order.
    NotFound,
}

/// How a key of a refund stands.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The wallet is to decide.
    Open {
        /// Of which refund.
        refund: Uuid,
        /// Of which order.
        order: Order,
    },
    /// It was answered before.
    Answered(Answer),
    /// It has just been refused.
    Refused(Answer),
    /// It belongs to another request.
    KeyReused,
}

/// Claims the key of a refund, with its audit: money never moves without one. A key without an answer stays open.
///
/// # Errors
/// Only what concerns the database.
pub async fn ask(tx: &mut Tx, request: &Request) -> Result<Asked, Error> {
    let claim = Claim {
        key: &request.key,
        order: Some(request.order),
        lasting: false,
    };
    let fresh = keys::claim(tx, &[claim]).await? != [None];
    let known = keys::find(tx, &[&request.key]).await?.pop().flatten();
    let Some(known) = known.filter(|known| known.hash == request.key.hash()) else {
        return Ok(Asked::KeyReused);
    };
    if let Some(answer) = known.answer {
        return Ok(read(answer).map_or(Asked::KeyReused, Asked::Answered));
    }
    match orders::find_one(tx, request.order, None).await? {
        None => refuse(tx, request, Answer::NotFound).await,
        Some(order) if fresh && !order.status.is_bought() => {
            let status = order.status.word().to_owned();
            refuse(tx, request, Answer::Illegal { status }).await
        }
        Some(order) => {
            if fresh {
                audit::insert(tx, &[act(request, &order)]).await?;
            }
            let refund = request.key.derived_id(known.since);
            Ok(Asked::Open { refund, order })
        }
    }
}

async fn refuse(tx: &mut Tx, request: &Request, answer: Answer) -> Result<Asked, Error> {
    keys::answer(tx, &[(&request.key, written(&answer))]).await?;
    // What is told the first time is no replay.
    Ok(Asked::Refused(answer))
}

/// Keeps what the wallet has decided as the answer to the key, and answers what is kept: the first word counts.
///
/// # Errors
/// Only what concerns the database.
pub async fn answer(tx: &mut Tx, request: &Request, answer: Answer) -> Result<Answer, Error> {
    keys::answer(tx, &[(&request.key, written(&answer))]).await?;
    let known = keys::find(tx, &[&request.key]).await?.pop().flatten();
    let kept = known.and_then(|known| known.answer).and_then(read);
    Ok(kept.unwrap_or(answer))
}

fn written(answer: &Answer) -> Value {
    serde_json::to_value(answer).expect("an answer is made of numbers and texts")
}

fn read(value: Value) -> Option<Answer> {
    serde_json::from_value(value).ok()
}

fn act(request: &Request, order: &Order) -> audit::New {
    audit::New {
        id: Uuid::now_v7(),
        actor: request.actor,
        action: "order.refund",
        subject: ORDER.write(order.id),
        before: None,
        after: Some(json!({ "amount": request.amount, "currency": order.currency })),
    }
}
