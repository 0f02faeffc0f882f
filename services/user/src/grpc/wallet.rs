//! Money, on the wire.

use std::sync::Arc;

use api::cursor::Page;
use api::user as wire;
use api::user::wallet_server::{Wallet, WalletServer};
use api::{id, time};
use futures::future::FutureExt as _;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::money::{self, read_account, read_order};
use crate::domain::wallet::{Charge, Charged, Kind, Receipt, Refund, Refunded, TopUp};
use crate::store::transfers::Entry;
use crate::store::{transfers, wallets};
use crate::{Error, Tools, charge, refund, top_up};

/// The most that one top-up brings, in minor units.
const MOST: i64 = 1_000_000;

struct Handlers {
    tools: Arc<Tools>,
}

/// The RPCs of `Wallet`, carried out with `tools`.
pub(super) fn service(tools: &Arc<Tools>) -> WalletServer<impl Wallet> {
    let tools = Arc::clone(tools);
    WalletServer::new(Handlers { tools })
}

#[tonic::async_trait]
impl Wallet for Handlers {
    async fn balance(
        &self,
        request: Request<wire::BalanceRequest>,
    ) -> Result<Response<wire::BalanceResponse>, Status> {
        let account = read_account("account_id", &request.into_inner().account_id)?;
        let found = self
            .tools
            .db
            .read("balance", move |tx| wallets::balance(tx, account).boxed());
        let balance = found.await.map_err(Error::from)?.own();
        let balance = balance.ok_or(Error::NotFound("account"))?;
        Ok(Response::new(wire::BalanceResponse {
            balance: Some(self.money(balance)),
        }))
    }

    async fn top_up(
        &self,
        request: Request<wire::TopUpRequest>,
    ) -> Result<Response<wire::TopUpResponse>, Status> {
        let top_up = self.read_top_up(request.into_inner())?;
        let (receipt, replayed) = top_up::run(&self.tools, top_up).await?;
        Ok(Response::new(self.write_receipt(&receipt, replayed)))
    }

    async fn charge(
        &self,
        request: Request<wire::ChargeRequest>,
    ) -> Result<Response<wire::ChargeResponse>, Status> {
        let charge = self.read_charge(request.into_inner())?;
        let charged = charge::run(&self.tools, charge).await?;
        Ok(Response::new(write_charged(charged)))
    }

    async fn refund(
        &self,
        request: Request<wire::RefundRequest>,
    ) -> Result<Response<wire::RefundResponse>, Status> {
        let refund = self.read_refund(request.into_inner())?;
        let refunded = refund::run(&self.tools, refund).await?;
        Ok(Response::new(self.write_refunded(refunded)))
    }

    async fn list_entries(
        &self,
        request: Request<wire::ListEntriesRequest>,
    ) -> Result<Response<wire::ListEntriesResponse>, Status> {
        let wire::ListEntriesRequest { account_id, page } = request.into_inner();
        let account = read_account("account_id", &account_id)?;
        let page = Page::<Uuid>::read(format!("entries?account={account}"), page)?;
        let (before, rows) = (page.after().copied(), page.rows());
        let found = self.tools.db.read("list_entries", move |tx| {
            transfers::list(tx, account, before, rows).boxed()
        });
        let entries = found.await.map_err(Error::from)?.own();
        let (entries, next_cursor) = page.cut(entries, |entry| entry.id);
        let entries = entries.into_iter().map(|entry| self.write_entry(entry));
        Ok(Response::new(wire::ListEntriesResponse {
            entries: entries.collect(),
            next_cursor,
        }))
    }
}

impl Handlers {
    fn read_top_up(&self, request: wire::TopUpRequest) -> Result<TopUp, Error> {
        let account = read_account("account_id", &request.account_id)?;
        let (key, hash) = money::read_key(account, request.idempotency)?;
        let amount = money::read(&self.tools.currency, request.amount)?;
        if !(1..=MOST).contains(&amount) {
            return Err(Error::invalid("amount", format!("between 1 and {MOST}")));
        }
        Ok(TopUp {
            key,
            hash,
            amount,
            transfer: Uuid::now_v7(),
        })
    }

    fn read_charge(&self, request: wire::ChargeRequest) -> Result<Charge, Error> {
        let amount = money::read(&self.tools.currency, request.amount)?;
        if amount < 0 {
            return Err(Error::invalid("amount", "not below 0"));
        }
        Ok(Charge {
            order: read_order("order_id", &request.order_id)?,
            account: read_account("account_id", &request.account_id)?,
            amount,
            transfer: Uuid::now_v7(),
        })
    }

    fn read_refund(&self, request: wire::RefundRequest) -> Result<Refund, Error> {
        let order = read_order("order_id", &request.order_id)?;
        let id = Uuid::parse_str(&request.refund_id)
            .map_err(|_| Error::invalid("refund_id", "a UUID"))?;
        let kind = match request.kind() {
            wire::RefundKind::Compensation => Kind::Compensation,
            wire::RefundKind::Cancel => Kind::Cancel,
            wire::RefundKind::Partial => Kind::Partial(self.read_part(request.amount)?),
            wire::RefundKind::Unspecified => return Err(Error::invalid("kind", "must be said")),
        };
        if id != order && !matches!(kind, Kind::Partial(_)) {
            return Err(Error::invalid("refund_id", "the order's own id"));
        }
        Ok(Refund {
            id,
            order,
            kind,
            transfer: Uuid::now_v7(),
        })
    }

    fn read_part(&self, amount: Option<api::common::Money>) -> Result<i64, Error> {
        let amount = money::read(&self.tools.currency, amount)?;
        if amount < 1 {
            return Err(Error::invalid("amount", "more than 0"));
        }
        Ok(amount)
    }

    fn write_receipt(&self, receipt: &Receipt, replayed: bool) -> wire::TopUpResponse {
        let entry = wire::Entry {
            id: id::TRANSFER.write(receipt.transfer),
            kind: "topup".into(),
            amount: Some(self.money(receipt.amount)),
            order_id: String::new(),
            created_at: time::write(receipt.at),
        };
        wire::TopUpResponse {
            entry: Some(entry),
            balance: Some(self.money(receipt.balance)),
            replayed,
        }
    }

    fn write_refunded(&self, refunded: Refunded) -> wire::RefundResponse {
        wire::RefundResponse {
            amount: Some(self.money(refunded.amount)),
            created_at: time::write(refunded.at),
        }
    }

    fn write_entry(&self, entry: Entry) -> wire::Entry {
        wire::Entry {
            id: id::TRANSFER.write(entry.id),
            kind: entry.kind,
            amount: Some(self.money(entry.amount)),
            order_id: entry
                .order_id
                .map(|order| id::ORDER.write(order))
                .unwrap_or_default(),
            created_at: time::write(entry.created_at),
        }
    }

    fn money(&self, amount: i64) -> api::common::Money {
        let currency = self.tools.currency.clone();
        api::common::Money { amount, currency }
    }
}

fn write_charged(charged: Charged) -> wire::ChargeResponse {
    let (outcome, reason) = match charged {
        Charged::Done => (wire::ChargeOutcome::Charged, ""),
        Charged::Declined(reason) => (wire::ChargeOutcome::Declined, reason.name()),
        // `charge::run` has made an error of it.
        Charged::Other => (wire::ChargeOutcome::Unspecified, ""),
    };
    wire::ChargeResponse {
        outcome: outcome.into(),
        reason: reason.into(),
    }
}
