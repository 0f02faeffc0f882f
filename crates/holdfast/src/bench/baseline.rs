//! What Holdfast is measured against: the same steps over the same hops, one transaction for each step and order.
//!
//! It is what one would write first: correct on one machine, nothing grouped.

mod store;

use std::net::SocketAddr;

use anyhow::Result;
use api::{common, id, order as wire, user};
use sqlx::PgPool;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

use user::wallet_client::WalletClient;

/// Serves `Orders.Place` as the baseline does it, and nothing else of the order service; without a `wallet` as a plain shop does
/// that takes no money.
///
/// # Errors
/// When it cannot listen.
pub async fn serve_orders(at: SocketAddr, database: &str, wallet: Option<&str>) -> Result<()> {
    let wallet = wallet.map(|wallet| Endpoint::from_shared(wallet.to_owned()));
    let orders = Orders {
        pool: store::pool(database),
        wallet: wallet
            .transpose()?
            .map(|wallet| WalletClient::new(wallet.connect_lazy())),
    };
    Server::builder()
        .add_service(wire::orders_server::OrdersServer::new(orders))
        .serve(at)
        .await?;
    Ok(())
}

/// Serves `Wallet.Charge` as the baseline does it, and nothing else of the user service.
///
/// # Errors
/// When it cannot listen.
pub async fn serve_wallet(at: SocketAddr, database: &str) -> Result<()> {
    let wallet = Wallet {
        pool: store::pool(database),
    };
    Server::builder()
        .add_service(user::wallet_server::WalletServer::new(wallet))
        .serve(at)
        .await?;
    Ok(())
}

struct Orders {
    pool: PgPool,
    wallet: Option<WalletClient<Channel>>,
}

struct Wallet {
    pool: PgPool,
}

impl Orders {
    async fn run(&self, request: wire::PlaceRequest) -> Result<wire::Order> {
        let key = request.idempotency.unwrap_or_default();
        let item = &request.items[0];
        let wanted = store::Wanted {
            customer: id::ACCOUNT.read(&request.customer_id)?,
            product: id::PRODUCT.read(&item.product_id)?,
            quantity: item.quantity,
            key: &key.key,
            hash: &key.request_hash,
        };
        let (placed, version) = match &self.wallet {
            None => (store::sell(&self.pool, &wanted).await?, 1),
            Some(wallet) => {
                let placed = store::hold(&self.pool, &wanted).await?;
                let charge = user::ChargeRequest {
                    order_id: id::ORDER.write(placed.id),
                    account_id: request.customer_id.clone(),
                    amount: Some(usd(placed.total)),
                };
                wallet.clone().charge(charge).await?;
                let version = store::confirm(&self.pool, placed.id, wanted.customer).await?;
                (placed, version)
            }
        };
        Ok(wire::Order {
            id: id::ORDER.write(placed.id),
            customer_id: request.customer_id,
            status: "confirmed".into(),
            items: vec![wire::OrderItem {
                product_id: item.product_id.clone(),
                name: placed.name,
                quantity: item.quantity,
                unit_price: Some(usd(placed.total / i64::from(item.quantity))),
            }],
            total: Some(usd(placed.total)),
            created_at: "2026-01-01T00:00:00.000000Z".into(),
            version,
            ..Default::default()
        })
    }
}

fn usd(amount: i64) -> common::Money {
    common::Money {
        amount,
        currency: "USD".into(),
    }
}

fn failed(error: &anyhow::Error) -> Status {
    Status::internal(format!("{error:#}"))
}

/// What the baseline does not serve.
fn absent<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("the baseline only places orders"))
}

#[tonic::async_trait]
impl user::wallet_server::Wallet for Wallet {
    async fn charge(
        &self,
        request: Request<user::ChargeRequest>,
    ) -> Result<Response<user::ChargeResponse>, Status> {
        let charge = request.into_inner();
        let amount = charge.amount.unwrap_or_default().amount;
        let (order, account) = (
            id::ORDER.read(&charge.order_id),
            id::ACCOUNT.read(&charge.account_id),
        );
        let (Ok(order), Ok(account)) = (order, account) else {
            return Err(Status::invalid_argument("ids"));
        };
        store::charge(&self.pool, order, account, amount)
            .await
            .map_err(|error| failed(&error))?;
        let outcome = user::ChargeOutcome::Charged.into();
        Ok(Response::new(user::ChargeResponse {
            outcome,
            reason: String::new(),
        }))
    }

    async fn balance(
        &self,
        _: Request<user::BalanceRequest>,
    ) -> Result<Response<user::BalanceResponse>, Status> {
        absent()
    }

    async fn top_up(
        &self,
        _: Request<user::TopUpRequest>,
    ) -> Result<Response<user::TopUpResponse>, Status> {
        absent()
    }

    async fn refund(
        &self,
        _: Request<user::RefundRequest>,
    ) -> Result<Response<user::RefundResponse>, Status> {
        absent()
    }

    async fn list_entries(
        &self,
        _: Request<user::ListEntriesRequest>,
    ) -> Result<Response<user::ListEntriesResponse>, Status> {
        absent()
    }
}

#[tonic::async_trait]
impl wire::orders_server::Orders for Orders {
    type WatchEventsStream = tokio_stream::Empty<Result<wire::OrderEvent, Status>>;

    async fn place(
        &self,
        request: Request<wire::PlaceRequest>,
    ) -> Result<Response<wire::PlaceResponse>, Status> {
        let order = self
            .run(request.into_inner())
            .await
            .map_err(|error| failed(&error))?;
        Ok(Response::new(wire::PlaceResponse {
            order: Some(order),
            replayed: false,
        }))
    }

    async fn get(
        &self,
        _: Request<wire::GetOrderRequest>,
    ) -> Result<Response<wire::Order>, Status> {
        absent()
    }

    async fn list(
        &self,
        _: Request<wire::ListOrdersRequest>,
    ) -> Result<Response<wire::ListOrdersResponse>, Status> {
        absent()
    }

    async fn cancel(
        &self,
        _: Request<wire::CancelRequest>,
    ) -> Result<Response<wire::Order>, Status> {
        absent()
    }

    async fn refund(
        &self,
        _: Request<wire::RefundOrderRequest>,
    ) -> Result<Response<wire::OrderRefund>, Status> {
        absent()
    }

    async fn ship(
        &self,
        _: Request<wire::MoveOrderRequest>,
    ) -> Result<Response<wire::Order>, Status> {
        absent()
    }

    async fn deliver(
        &self,
        _: Request<wire::MoveOrderRequest>,
    ) -> Result<Response<wire::Order>, Status> {
        absent()
    }

    async fn watch_events(
        &self,
        _: Request<wire::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        absent()
    }
}
