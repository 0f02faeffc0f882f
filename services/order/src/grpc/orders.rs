//! The wire of orders.

use std::pin::Pin;
use std::sync::Arc;

use api::id::{ACCOUNT, ORDER};
use api::order as wire;
use api::order::orders_server::{Orders, OrdersServer};
use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use super::order::{
    read_cancel, read_filter, read_move, read_place, read_refund, replayed, write, write_event,
    write_refund,
};
use super::{read_id, read_optional_id};
use crate::move_order::Move;
use crate::{
    Error, Tools, cancel_order, events, list_orders, move_order, place_order, refund_order,
};

/// Answers for orders.
pub(super) fn service(tools: &Arc<Tools>) -> OrdersServer<Wire> {
    OrdersServer::new(Wire {
        tools: tools.clone(),
    })
}

pub(super) struct Wire {
    tools: Arc<Tools>,
}

#[tonic::async_trait]
impl Orders for Wire {
    async fn place(
        &self,
        request: Request<wire::PlaceRequest>,
    ) -> Result<Response<wire::PlaceResponse>, Status> {
        let new = read_place(request.into_inner(), &self.tools.currency)?;
        let (order, again) = place_order::run(&self.tools, new).await?;
        let placed = wire::PlaceResponse {
            order: Some(write(order)),
            replayed: again,
        };
        Ok(replayed(placed, again))
    }

    async fn get(
        &self,
        request: Request<wire::GetOrderRequest>,
    ) -> Result<Response<wire::Order>, Status> {
        let request = request.into_inner();
        let id = read_id(ORDER, "id", &request.id)?;
        let customer = read_optional_id(ACCOUNT, "customer_id", &request.customer_id)?;
        let order = events::find(&self.tools, id, customer).await?;
        Ok(Response::new(write(order)))
    }

    async fn list(
        &self,
        request: Request<wire::ListOrdersRequest>,
    ) -> Result<Response<wire::ListOrdersResponse>, Status> {
        let (filter, page) = read_filter(request.into_inner())?;
        let orders = list_orders::run(&self.tools, filter, page.rows()).await?;
        let (orders, next_cursor) = page.cut(orders, |order| order.id);
        let orders = orders.into_iter().map(write).collect();
        Ok(Response::new(wire::ListOrdersResponse {
            orders,
            next_cursor,
        }))
    }

    async fn cancel(
        &self,
        request: Request<wire::CancelRequest>,
    ) -> Result<Response<wire::Order>, Status> {
        let request = read_cancel(request.into_inner())?;
        let (order, again) = cancel_order::run(&self.tools, request).await?;
        Ok(replayed(write(order), again))
    }

    async fn refund(
        &self,
        request: Request<wire::RefundOrderRequest>,
    ) -> Result<Response<wire::OrderRefund>, Status> {
        let request = read_refund(request.into_inner(), &self.tools.currency)?;
        let (refund, again) = refund_order::run(&self.tools, request).await?;
        Ok(replayed(write_refund(&refund, again), again))
    }

    async fn ship(
        &self,
        request: Request<wire::MoveOrderRequest>,
    ) -> Result<Response<wire::Order>, Status> {
        let (order, actor) = read_move(&request.into_inner())?;
        let order = move_order::run(&self.tools, order, actor, Move::Ship).await?;
        Ok(Response::new(write(order)))
    }

    async fn deliver(
        &self,
        request: Request<wire::MoveOrderRequest>,
    ) -> Result<Response<wire::Order>, Status> {
        let (order, actor) = read_move(&request.into_inner())?;
        let order = move_order::run(&self.tools, order, actor, Move::Deliver).await?;
        Ok(Response::new(write(order)))
    }

    type WatchEventsStream = Pin<Box<dyn Stream<Item = Result<wire::OrderEvent, Status>> + Send>>;

    async fn watch_events(
        &self,
        request: Request<wire::WatchEventsRequest>,
    ) -> Result<Response<Self::WatchEventsStream>, Status> {
        let request = request.into_inner();
        let id = read_id(ORDER, "id", &request.id)?;
        let customer = read_optional_id(ACCOUNT, "customer_id", &request.customer_id)?;
        let events = events::watch(self.tools.clone(), id, customer, request.after_version).await?;
        let events = events.map(|event| event.map(write_event).map_err(Error::into));
        Ok(Response::new(Box::pin(events)))
    }
}
