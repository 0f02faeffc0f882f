//! The wire of carts.

use std::sync::Arc;

use api::order as wire;
use api::{id, time};
use tonic::{Request, Response, Status};

use super::{read_id, write_money};
use crate::domain::cart::{Cart, Item, Wish};
use crate::error::Error;
use crate::{Tools, fill_cart};

/// Answers `holdfast.order.v1.Carts`.
pub(super) fn service(tools: &Arc<Tools>) -> wire::carts_server::CartsServer<Carts> {
    let tools = tools.clone();
    wire::carts_server::CartsServer::new(Carts { tools })
}

pub(super) struct Carts {
    tools: Arc<Tools>,
}

#[tonic::async_trait]
impl wire::carts_server::Carts for Carts {
    async fn create_cart(
        &self,
        request: Request<wire::CreateCartRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        let request = request.into_inner();
        let customer = read_id(id::ACCOUNT, "customer_id", &request.customer_id)?;
        let made = fill_cart::create(&self.tools, customer).await?;
        Ok(Response::new(self.write(made)))
    }

    async fn get_cart(
        &self,
        request: Request<wire::GetCartRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        let request = request.into_inner();
        let customer = read_id(id::ACCOUNT, "customer_id", &request.customer_id)?;
        let id = read_id(id::CART, "id", &request.id)?;
        let found = fill_cart::find(&self.tools, id, customer).await?;
        Ok(Response::new(self.write(found)))
    }

    async fn set_cart_item(
        &self,
        request: Request<wire::SetCartItemRequest>,
    ) -> Result<Response<wire::Cart>, Status> {
        let request = request.into_inner();
        let customer = read_id(id::ACCOUNT, "customer_id", &request.customer_id)?;
        let id = read_id(id::CART, "id", &request.id)?;
        let product = read_id(id::PRODUCT, "product_id", &request.product_id)?;
        let wish = Wish::new(product, request.quantity, request.add).map_err(Error::from)?;
        let filled = fill_cart::set(&self.tools, id, customer, request.version, wish).await?;
        Ok(Response::new(self.write(filled)))
    }
}

impl Carts {
    fn write(&self, cart: Cart) -> wire::Cart {
        let currency = &self.tools.currency;
        let status = if cart.ordered { "ordered" } else { "open" };
        wire::Cart {
            id: id::CART.write(cart.id),
            customer_id: id::ACCOUNT.write(cart.customer),
            total: Some(write_money(currency, cart.total())),
            version: cart.version,
            status: status.to_owned(),
            created_at: time::write(cart.created_at),
            updated_at: time::write(cart.updated_at),
            items: cart.items.into_iter().map(|item| self.item(item)).collect(),
        }
    }

    fn item(&self, item: Item) -> wire::CartItem {
        wire::CartItem {
            product_id: id::PRODUCT.write(item.product),
            name: item.name,
            quantity: item.quantity,
            unit_price: Some(write_money(&self.tools.currency, item.unit_price)),
        }
    }
}
