//! A user service of a test's own, as its callers see it.

use std::future::Future;
use std::sync::Mutex;

use api::common::{Idempotency, Money};
use api::error::reason;
use api::id::{ACCOUNT, ORDER};
use api::token::{Given, scope};
use api::user as wire;
use api::user::users_client::UsersClient;
use api::user::wallet_client::WalletClient;
use chassis::{Env, Running, Setting};
use discovery::Channel;
use testkit::Database;
use tonic::{Response, Status};
use uuid::Uuid;

const NEIGHBOURS: &[Setting] = &[Setting::required("USER_ADDRS", "Where the service is.")];
const MASTER_KEY: &str = "abababababababababababababababababababababababababababababababab";

/// A user service, and one caller of it who sees what it has written.
pub(crate) struct Service {
    pub(crate) wallet: WalletClient<Channel>,
    pub(crate) users: UsersClient<Channel>,
    pub(crate) database: Database,
    seen: Mutex<Given>,
    _running: Running,
}

impl Service {
    pub(crate) async fn start() -> Self {
        let database = testkit::database("user").await;
        let given = [
            ("DATABASE_URLS", database.primary_url()),
            ("DATABASE_REPLICA_URLS", database.replica_url()),
            // Nobody is there: slower, and nothing else.
            ("REDIS_URL", "redis://127.0.0.1:1".to_owned()),
            ("MASTER_KEY", MASTER_KEY.to_owned()),
        ];
        let running = chassis::start("user", Env::local(given), user::Service::connect).await;
        let running = running.unwrap();
        let env = Env::local([("USER_ADDRS", running.addr.to_string())]).knowing(NEIGHBOURS);
        let channel = env.channel("user").unwrap();
        Self {
            wallet: WalletClient::new(channel.clone()),
            users: UsersClient::new(channel),
            database,
            seen: Mutex::default(),
            _running: running,
        }
    }

    /// Asks as this caller; an error is told by its reason.
    pub(crate) async fn ask<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, String> {
        let given = *self.seen.lock().unwrap();
        let (answer, seen) = scope(given, call).await;
        *self.seen.lock().unwrap() = seen;
        let answer = answer.map_err(|status| reason(&status).unwrap_or_else(|| status.to_string()));
        answer.map(Response::into_inner)
    }

    pub(crate) async fn account(&self) -> String {
        ACCOUNT.write(crate::bank::account(&self.database).await)
    }

    pub(crate) async fn top_up(
        &self,
        request: wire::TopUpRequest,
    ) -> Result<wire::TopUpResponse, String> {
        self.ask(self.wallet.clone().top_up(request)).await
    }

    pub(crate) async fn charge(
        &self,
        request: wire::ChargeRequest,
    ) -> Result<wire::ChargeResponse, String> {
        self.ask(self.wallet.clone().charge(request)).await
    }

    pub(crate) async fn refund(
        &self,
        request: wire::RefundRequest,
    ) -> Result<wire::RefundResponse, String> {
        self.ask(self.wallet.clone().refund(request)).await
    }

    pub(crate) async fn balance(&self, account_id: &str) -> Result<i64, String> {
        let account_id = account_id.to_owned();
        let request = wire::BalanceRequest { account_id };
        let found = self.ask(self.wallet.clone().balance(request)).await?;
        Ok(found.balance.unwrap().amount)
    }

    pub(crate) async fn entries(&self, account_id: &str, limit: u32) -> Vec<wire::Entry> {
        let mut entries = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = Some(api::common::Page { limit, cursor });
            let account_id = account_id.to_owned();
            let request = wire::ListEntriesRequest { account_id, page };
            let found = self.ask(self.wallet.clone().list_entries(request)).await;
            let found = found.unwrap();
            entries.extend(found.entries);
            cursor = found.next_cursor;
            if cursor.is_empty() {
                return entries;
            }
        }
    }

    pub(crate) async fn notify(&self, notices: Vec<wire::Notice>) -> Result<(), String> {
        let request = wire::NotifyRequest { notices };
        self.ask(self.users.clone().notify(request)).await.map(drop)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as the fields that it fills")]
pub(crate) fn money(amount: i64) -> Option<Money> {
    let currency = "USD".to_owned();
    Some(Money { amount, currency })
}

pub(crate) fn top_up(account: &str, key: &str, amount: i64) -> wire::TopUpRequest {
    let idempotency = Idempotency {
        account_id: account.to_owned(),
        route: "POST /v1/me/wallet/topups".to_owned(),
        key: key.to_owned(),
        request_hash: vec![u8::try_from(amount % 251).unwrap_or(0); 32],
    };
    wire::TopUpRequest {
        account_id: account.to_owned(),
        amount: money(amount),
        idempotency: Some(idempotency),
    }
}

pub(crate) fn charge(order: Uuid, account: &str, amount: i64) -> wire::ChargeRequest {
    wire::ChargeRequest {
        order_id: ORDER.write(order),
        account_id: account.to_owned(),
        amount: money(amount),
    }
}

pub(crate) fn refund(order: Uuid, kind: wire::RefundKind, amount: i64) -> wire::RefundRequest {
    let id = match kind {
        wire::RefundKind::Partial => Uuid::now_v7(),
        _ => order,
    };
    wire::RefundRequest {
        refund_id: id.to_string(),
        order_id: ORDER.write(order),
        kind: kind.into(),
        amount: money(amount),
    }
}
