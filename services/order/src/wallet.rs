//! The wallet, where money is: the only judge of whether an order was paid.

use api::error;
use api::id::{ACCOUNT, ORDER};
use api::user::wallet_client::WalletClient;
use api::user::{ChargeOutcome, ChargeRequest, RefundKind, RefundRequest, RefundResponse};
use discovery::Channel;
use saga::Taken;
use time::OffsetDateTime;
use tonic::Status;
use tracing::warn;
use uuid::Uuid;

use crate::domain::order::{Order, Reason};

/// A client of the wallet. Cheap to clone.
#[derive(Clone)]
pub struct Wallet {
    client: WalletClient<Channel>,
}

/// What became of a partial refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refunded {
    /// This much was given back.
    Done {
        /// In minor units.
        amount: i64,
        /// When.
        at: OffsetDateTime,
    },
    /// More than is left of the charge.
    OverRefund,
    /// A cancel stands, or nothing was ever charged.
    Illegal,
    /// Nobody knows: ask again.
    Unknown,
}

impl Wallet {
    /// A client over `channel` to the user service.
    pub fn over(channel: Channel) -> Self {
        let client = WalletClient::new(channel);
        Self { client }
    }

    /// Takes the money of an order, once, however often it is called.
    pub async fn charge(&self, order: &Order) -> Taken {
        let request = ChargeRequest {
            order_id: ORDER.write(order.id),
            account_id: ACCOUNT.write(order.customer),
            amount: Some(money(order.total, &order.currency)),
        };
        let charged = self.client.clone().charge(request).await;
        match charged.map(|response| response.into_inner().outcome()) {
            Ok(ChargeOutcome::Charged) => Taken::Done,
            Ok(ChargeOutcome::Declined) => {
                Taken::Refused(Reason::PaymentDeclined.word().to_owned())
            }
            Ok(ChargeOutcome::Unspecified) => Taken::Unknown,
            Err(status) => unknown("charge", order.id, &status),
        }
    }

    /// Gives back what was taken for an order that is not bought, and forbids that it is taken later.
    pub async fn compensate(&self, order: Uuid) -> Taken {
        self.refund_whole(order, RefundKind::Compensation).await
    }

    /// Gives back what is left of the charge of a cancelled order.
    pub async fn give_back(&self, order: Uuid) -> Taken {
        self.refund_whole(order, RefundKind::Cancel).await
    }

    async fn refund_whole(&self, order: Uuid, kind: RefundKind) -> Taken {
        let request = RefundRequest {
            refund_id: order.to_string(),
            order_id: ORDER.write(order),
            kind: kind.into(),
            amount: None,
        };
        match self.client.clone().refund(request).await {
            Ok(_) => Taken::Done,
            Err(status) => unknown("refund", order, &status),
        }
    }

    /// Gives back a part of the charge of `order`, once for each `refund`, so it is asked again until that is known.
    pub async fn refund_part(&self, refund: Uuid, order: &Order, amount: i64) -> Refunded {
        let request = RefundRequest {
            refund_id: refund.to_string(),
            order_id: ORDER.write(order.id),
            kind: RefundKind::Partial.into(),
            amount: Some(money(amount, &order.currency)),
        };
        match self.client.clone().refund(retry::keyed(request)).await {
            Ok(response) => read(&response.into_inner()),
            Err(status) => match error::reason(&status).as_deref() {
                Some("OVER_REFUND") => Refunded::OverRefund,
                Some("NOT_CHARGED" | "ILLEGAL_MOVE" | "CANCELLED") => Refunded::Illegal,
                _ => {
                    unknown("refund", order.id, &status);
                    Refunded::Unknown
                }
            },
        }
    }
}

fn read(response: &RefundResponse) -> Refunded {
    let amount = response.amount.as_ref().map(|money| money.amount);
    let at = api::time::read(&response.created_at);
    match (amount, at) {
        (Some(amount), Ok(at)) => Refunded::Done { amount, at },
        _ => Refunded::Unknown,
    }
}

fn money(amount: i64, currency: &str) -> api::common::Money {
    let currency = currency.to_owned();
    api::common::Money { amount, currency }
}

/// Whatever a status says, the other side may have done it.
fn unknown(what: &'static str, order: Uuid, status: &Status) -> Taken {
    warn!(order.id = %order, code = ?status.code(), message = status.message(), "nobody knows of a {what}");
    Taken::Unknown
}
