//! A user service in this process: an honest wallet in memory, with faults at hand, and ears for notices.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use api::common::Money;
use api::error::status;
use api::user::users_server::{Users, UsersServer};
use api::user::wallet_server::{Wallet, WalletServer};
use api::user::*;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status};

/// What a customer has who was given nothing.
pub(crate) const PURSE: i64 = 1_000_000_000;

/// What is wrong with the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    #[default]
    None,
    /// It answers that much later.
    Slow(Duration),
    /// It does nothing and cannot be reached.
    Down,
    /// It does what it is asked, and its answer is lost.
    AnswerLost,
}

/// The row of an order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payment {
    pub(crate) account: String,
    pub(crate) charged: i64,
    pub(crate) void: bool,
    pub(crate) given_back: i64,
    pub(crate) compensated: bool,
    pub(crate) cancelled: bool,
    parts: HashMap<String, i64>,
}

#[derive(Debug, Default)]
struct State {
    fault: Fault,
    purses: HashMap<String, i64>,
    payments: HashMap<String, Payment>,
    charges: usize,
    notices: HashSet<(String, String, String)>,
    told: usize,
}

/// The service. It ends with its last owner.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) addr: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Drop for User {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl User {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let desk = Desk(state.clone());
        let serving = tonic::transport::Server::builder()
            .add_service(WalletServer::new(desk.clone()))
            .add_service(UsersServer::new(desk))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let task = tokio::spawn(async move { serving.await.unwrap() });
        Self { addr, state, task }
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.state.lock().unwrap().fault = fault;
    }

    pub(crate) fn give(&self, account: &str, amount: i64) {
        let mut state = self.state.lock().unwrap();
        state.purses.insert(account.to_owned(), amount);
    }

    pub(crate) fn purse(&self, account: &str) -> i64 {
        let state = self.state.lock().unwrap();
        state.purses.get(account).copied().unwrap_or(PURSE)
    }

    pub(crate) fn payment(&self, order: &str) -> Payment {
        let state = self.state.lock().unwrap();
        state.payments.get(order).cloned().unwrap_or_default()
    }

    /// How often a charge was asked for.
    pub(crate) fn charges(&self) -> usize {
        self.state.lock().unwrap().charges
    }

    /// What customers have heard of an order, each once.
    pub(crate) fn heard(&self, order: &str) -> Vec<String> {
        let state = self.state.lock().unwrap();
        let of = state.notices.iter().filter(|notice| notice.2 == order);
        let mut kinds: Vec<String> = of.map(|notice| notice.1.clone()).collect();
        kinds.sort();
        kinds
    }
}

#[derive(Clone, Debug)]
struct Desk(Arc<Mutex<State>>);

impl Desk {
    /// Carries `work` out as the fault has it.
    async fn answer<T>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, Status>,
    ) -> Result<Response<T>, Status> {
        let fault = self.0.lock().unwrap().fault;
        if fault == Fault::Down {
            return Err(Status::unavailable("down"));
        }
        if let Fault::Slow(late) = fault {
            tokio::time::sleep(late).await;
        }
        let done = work(&mut self.0.lock().unwrap());
        if fault == Fault::AnswerLost {
            return Err(Status::unavailable("connection reset"));
        }
        done.map(Response::new)
    }
}

impl State {
    fn charge(&mut self, request: &ChargeRequest) -> ChargeResponse {
        self.charges += 1;
        let amount = request.amount.as_ref().map_or(0, |money| money.amount);
        let purse = self
            .purses
            .entry(request.account_id.clone())
            .or_insert(PURSE);
        let payment = self.payments.entry(request.order_id.clone());
        let payment = payment.or_insert_with(|| {
            let void = *purse < amount;
            if !void {
                *purse -= amount;
            }
            Payment {
                account: request.account_id.clone(),
                charged: if void { 0 } else { amount },
                void,
                ..Payment::default()
            }
        });
        let declined = payment.void || payment.compensated;
        let outcome = if declined {
            ChargeOutcome::Declined
        } else {
            ChargeOutcome::Charged
        };
        ChargeResponse {
            outcome: outcome.into(),
            reason: if declined { "voided" } else { "" }.to_owned(),
        }
    }

    fn refund(&mut self, request: &RefundRequest) -> Result<i64, Status> {
        let payment = self.payments.entry(request.order_id.clone());
        let payment = payment.or_insert_with(|| Payment {
            void: true,
            ..Payment::default()
        });
        let left = payment.charged - payment.given_back;
        let back = match request.kind() {
            RefundKind::Compensation if payment.compensated || payment.void => 0,
            RefundKind::Compensation => {
                payment.compensated = true;
                left
            }
            RefundKind::Cancel if payment.cancelled => 0,
            RefundKind::Cancel => {
                payment.cancelled = true;
                left
            }
            _ => {
                if let Some(given) = payment.parts.get(&request.refund_id) {
                    return Ok(*given);
                }
                let amount = request.amount.as_ref().map_or(0, |money| money.amount);
                let no = |reason| Err(status(Code::FailedPrecondition, reason, "no"));
                if payment.void || payment.cancelled {
                    return no("NOT_CHARGED");
                }
                if amount > left {
                    return no("OVER_REFUND");
                }
                payment.parts.insert(request.refund_id.clone(), amount);
                amount
            }
        };
        payment.given_back += back;
        *self.purses.entry(payment.account.clone()).or_insert(PURSE) += back;
        Ok(back)
    }
}

fn money(amount: i64) -> Money {
    let currency = "USD".to_owned();
    Money { amount, currency }
}

#[tonic::async_trait]
impl Wallet for Desk {
    async fn charge(
        &self,
        request: Request<ChargeRequest>,
    ) -> Result<Response<ChargeResponse>, Status> {
        let request = request.into_inner();
        self.answer(|state| Ok(state.charge(&request))).await
    }

    async fn refund(
        &self,
        request: Request<RefundRequest>,
    ) -> Result<Response<RefundResponse>, Status> {
        let request = request.into_inner();
        self.answer(|state| {
            Ok(RefundResponse {
                amount: Some(money(state.refund(&request)?)),
                created_at: "2026-11-20T12:00:00.000000Z".to_owned(),
            })
        })
        .await
    }

    async fn balance(
        &self,
        _: Request<BalanceRequest>,
    ) -> Result<Response<BalanceResponse>, Status> {
        Err(Status::unimplemented("not asked by orders"))
    }

    async fn top_up(&self, _: Request<TopUpRequest>) -> Result<Response<TopUpResponse>, Status> {
        Err(Status::unimplemented("not asked by orders"))
    }

    async fn list_entries(
        &self,
        _: Request<ListEntriesRequest>,
    ) -> Result<Response<ListEntriesResponse>, Status> {
        Err(Status::unimplemented("not asked by orders"))
    }
}

macro_rules! not_asked {
    ($($name:ident: $request:ty => $response:ty,)*) => {$(
        fn $name<'life, 'run>(
            &'life self,
            _: Request<$request>,
        ) -> std::pin::Pin<Box<dyn Future<Output = Result<Response<$response>, Status>> + Send + 'run>>
        where
            'life: 'run,
            Self: 'run,
        {
            Box::pin(async { Err(Status::unimplemented("not asked by orders")) })
        }
    )*};
}

#[tonic::async_trait]
impl Users for Desk {
    async fn notify(
        &self,
        request: Request<NotifyRequest>,
    ) -> Result<Response<NotifyResponse>, Status> {
        let notices = request.into_inner().notices;
        self.answer(|state| {
            state.told += notices.len();
            let seen = notices
                .into_iter()
                .map(|notice| (notice.event_id, notice.kind, notice.subject_id));
            state.notices.extend(seen);
            Ok(NotifyResponse {})
        })
        .await
    }

    not_asked! {
        get_account: GetAccountRequest => Account,
        update_account: UpdateAccountRequest => Account,
        close_account: CloseAccountRequest => CloseAccountResponse,
        change_password: ChangePasswordRequest => Tokens,
        export_account: ExportAccountRequest => ExportAccountResponse,
        list_addresses: ListAddressesRequest => ListAddressesResponse,
        create_address: CreateAddressRequest => Address,
        update_address: UpdateAddressRequest => Address,
        delete_address: DeleteAddressRequest => DeleteAddressResponse,
        list_notifications: ListNotificationsRequest => ListNotificationsResponse,
        read_notification: ReadNotificationRequest => Notification,
        list_accounts: ListAccountsRequest => ListAccountsResponse,
        administer_account: AdministerAccountRequest => Account,
        list_audit: api::common::ListAuditRequest => api::common::ListAuditResponse,
    }
}
