//! Giving back a part of what was paid: the key first, then the wallet, then the answer to the key.

use std::sync::Arc;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::key::Key;
use crate::domain::order::Order;
use crate::settling::in_time;
use crate::store::refunds::{self, Answer, Asked};
use crate::wallet::Refunded;
use crate::{Error, Tools};

/// Who gives back how much of which order.
#[derive(Clone, Debug)]
pub struct Request {
    /// Which order.
    pub order: Uuid,
    /// Who acts.
    pub actor: Uuid,
    /// How much, in minor units.
    pub amount: i64,
    /// The key of the request.
    pub key: Key,
}

/// A part of what was paid that was given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Derived from the key as it was claimed, so the same in every repetition.
    pub id: Uuid,
    /// Of which order.
    pub order: Uuid,
    /// In minor units.
    pub amount: i64,
    /// The currency of the order.
    pub currency: String,
    /// When.
    pub at: OffsetDateTime,
}

/// Gives back a part of what was paid for an order, once for each key; tells whether the key was answered before.
///
/// # Errors
/// Why nothing is given back; or [`Error::Unknown`], after which the same key tells.
pub async fn run(tools: &Tools, request: Request) -> Result<(Refund, bool), Error> {
    in_time(refund(tools, request)).await
}

async fn refund(tools: &Tools, request: Request) -> Result<(Refund, bool), Error> {
    let request = Arc::new(request);
    match ask(tools, request.clone()).await? {
        Asked::Answered(answer) => answer
            .told(&request)
            .map(|refund| (refund, true))
            .map_err(|error| Error::Replayed(Box::new(error))),
        Asked::Refused(answer) => answer.told(&request).map(|refund| (refund, false)),
        Asked::KeyReused => Err(Error::KeyReused),
        Asked::Open { refund, order } => {
            let answer = pay_back(tools, refund, request.amount, order).await?;
            let answer = keep(tools, request.clone(), answer).await?;
            answer.told(&request).map(|refund| (refund, false))
        }
    }
}

async fn ask(tools: &Tools, request: Arc<Request>) -> Result<Asked, Error> {
    let asked = tools.db.keyed("ask refund", move |tx| {
        let request = request.clone();
        Box::pin(async move { refunds::ask(tx, &request).await })
    });
    Ok(asked.await?)
}

/// The wallet decides, under the lock of the payment's row.
async fn pay_back(tools: &Tools, id: Uuid, amount: i64, order: Order) -> Result<Answer, Error> {
    let refunded = chassis::apart(tools.wallet.refund_part(id, &order, amount));
    match refunded.await {
        Refunded::Done { amount, at } => Ok(Answer::Refunded {
            id,
            amount,
            currency: order.currency,
            at,
        }),
        Refunded::OverRefund => Ok(Answer::OverRefund),
        Refunded::Illegal => Ok(Answer::Illegal {
            status: order.status.word().to_owned(),
        }),
        Refunded::Unknown => Err(Error::Unknown),
    }
}

async fn keep(tools: &Tools, request: Arc<Request>, answer: Answer) -> Result<Answer, Error> {
    let kept = tools.db.keyed("answer refund", move |tx| {
        let (request, answer) = (request.clone(), answer.clone());
        Box::pin(async move { refunds::answer(tx, &request, answer).await })
    });
    Ok(kept.await?)
}

impl Answer {
    fn told(self, request: &Request) -> Result<Refund, Error> {
        match self {
            Self::Refunded {
                id,
                amount,
                currency,
                at,
            } => Ok(Refund {
                id,
                order: request.order,
                amount,
                currency,
                at,
            }),
            Self::OverRefund => Err(Error::OverRefund),
            Self::Illegal { status } => Err(Error::IllegalMove(status.into())),
            Self::NotFound => Err(Error::NotFound("order")),
        }
    }
}
