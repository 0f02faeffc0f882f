//! The wire of stock.

use std::sync::Arc;

use api::cursor::Page;
use api::order as wire;
use api::{id, time};
use tonic::metadata::MetadataValue;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::{read_id, read_key};
use crate::domain::stock::{Movement, Restock, Stock};
use crate::error::{Error, REPLAYED};
use crate::{Tools, restock};

/// Answers `holdfast.order.v1.Inventory`.
pub(super) fn service(tools: &Arc<Tools>) -> wire::inventory_server::InventoryServer<Inventory> {
    let tools = tools.clone();
    wire::inventory_server::InventoryServer::new(Inventory { tools })
}

pub(super) struct Inventory {
    tools: Arc<Tools>,
}

#[tonic::async_trait]
impl wire::inventory_server::Inventory for Inventory {
    async fn get_stock(
        &self,
        request: Request<wire::GetStockRequest>,
    ) -> Result<Response<wire::Stock>, Status> {
        let product = read_id(id::PRODUCT, "product_id", &request.into_inner().product_id)?;
        let stock = restock::stock(&self.tools, product).await?;
        Ok(Response::new(write(stock)))
    }

    async fn restock(
        &self,
        request: Request<wire::RestockRequest>,
    ) -> Result<Response<wire::Stock>, Status> {
        let request = request.into_inner();
        let actor = read_id(id::ACCOUNT, "actor_id", &request.actor_id)?;
        let product = read_id(id::PRODUCT, "product_id", &request.product_id)?;
        let key = read_key(request.idempotency)?;
        let restock = Restock::new(Uuid::now_v7(), key, actor, product, request.quantity);
        let restock = restock.map_err(Error::from)?;
        let (stock, replayed) = restock::run(&self.tools, restock).await?;
        let mut answer = Response::new(write(stock));
        if replayed {
            let yes = MetadataValue::from_static("true");
            answer.metadata_mut().insert(REPLAYED, yes);
        }
        Ok(answer)
    }

    async fn list_movements(
        &self,
        request: Request<wire::ListMovementsRequest>,
    ) -> Result<Response<wire::ListMovementsResponse>, Status> {
        let request = request.into_inner();
        let product = read_id(id::PRODUCT, "product_id", &request.product_id)?;
        let page = Page::<Uuid>::read(format!("movements {product}"), request.page)?;
        let after = page.after().copied();
        let found = restock::movements(&self.tools, product, after, page.rows()).await?;
        let (found, next_cursor) = page.cut(found, |movement| movement.id);
        let movements = found.into_iter().map(write_movement).collect();
        Ok(Response::new(wire::ListMovementsResponse {
            movements,
            next_cursor,
        }))
    }
}

fn write(stock: Stock) -> wire::Stock {
    wire::Stock {
        product_id: id::PRODUCT.write(stock.product),
        free: stock.free,
        held: stock.held,
    }
}

fn write_movement(movement: Movement) -> wire::Movement {
    let order = movement.order.map(|order| id::ORDER.write(order));
    wire::Movement {
        id: id::MOVEMENT.write(movement.id),
        product_id: id::PRODUCT.write(movement.product),
        order_id: order.unwrap_or_default(),
        kind: movement.kind,
        quantity: movement.quantity,
        moved_at: time::write(movement.moved_at),
    }
}
