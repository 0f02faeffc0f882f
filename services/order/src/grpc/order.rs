//! Orders on the wire, read and written.

use api::cursor::Page;
use api::error;
use api::id::{ACCOUNT, ADDRESS, CART, ORDER, PRODUCT, REFUND};
use api::order as wire;
use tonic::metadata::MetadataValue;
use tonic::{Response, Status};
use uuid::Uuid;

use super::{read_id, read_key, read_optional_id, write_money};
use crate::domain::new_order::{Basket, Expected, Item, Items, NewOrder};
use crate::domain::order::{Event, Line, Order};
use crate::error::REPLAYED;
use crate::refund_order::Refund;
use crate::store::orders::Filter;
use crate::{Error, cancel_order, refund_order};

/// What somebody wants to order, with the id that the order will have.
pub(super) fn read_place(request: wire::PlaceRequest, currency: &str) -> Result<NewOrder, Status> {
    let customer = read_id(ACCOUNT, "customer_id", &request.customer_id)?;
    let key = read_key(request.idempotency)?;
    let basket = read_basket(&request.items, &request.cart_id)?;
    let mut new = NewOrder::new(Uuid::now_v7(), customer, key, basket, currency.to_owned());
    new.address = read_optional_id(ADDRESS, "address_id", &request.address_id)?;
    new.expected = request.expected_total.map(|shown| Expected {
        amount: shown.amount,
        currency: shown.currency,
    });
    Ok(new)
}

fn read_basket(items: &[wire::PlaceItem], cart: &str) -> Result<Basket, Status> {
    match (items, read_optional_id(CART, "cart_id", cart)?) {
        ([], Some(cart)) => Ok(Basket::Cart(cart)),
        (_, Some(_)) => Err(error::invalid("cart_id", "either this or items")),
        (items, None) => {
            let items = items.iter().enumerate().map(read_item);
            let items = Items::new(items.collect::<Result<_, _>>()?);
            Ok(Basket::Items(items.map_err(Error::from)?))
        }
    }
}

fn read_item((at, item): (usize, &wire::PlaceItem)) -> Result<Item, Status> {
    let field = format!("items[{at}].product_id");
    Ok(Item {
        product: read_id(PRODUCT, &field, &item.product_id)?,
        quantity: item.quantity,
    })
}

/// Which orders are wanted, and which page of them.
pub(super) fn read_filter(
    request: wire::ListOrdersRequest,
) -> Result<(Filter, Page<Uuid>), Status> {
    let customer = read_optional_id(ACCOUNT, "customer_id", &request.customer_id)?;
    let list = format!(
        "orders?customer={}&status={}",
        request.customer_id, request.status
    );
    let page = Page::read(list, request.page)?;
    let filter = Filter {
        customer,
        status: Some(request.status).filter(|status| !status.is_empty()),
        before: page.after().copied(),
    };
    Ok((filter, page))
}

/// Who wants which order cancelled.
pub(super) fn read_cancel(request: wire::CancelRequest) -> Result<cancel_order::Request, Status> {
    Ok(cancel_order::Request {
        order: read_id(ORDER, "id", &request.id)?,
        customer: read_optional_id(ACCOUNT, "customer_id", &request.customer_id)?,
        actor: read_optional_id(ACCOUNT, "actor_id", &request.actor_id)?,
        key: read_key(request.idempotency)?,
    })
}

/// Who gives back how much of which order.
pub(super) fn read_refund(
    request: wire::RefundOrderRequest,
    currency: &str,
) -> Result<refund_order::Request, Status> {
    let amount = request.amount.unwrap_or_default();
    if amount.amount <= 0 || amount.currency != currency {
        let rule = "more than 0, in the shop's currency";
        return Err(error::invalid("amount", rule));
    }
    Ok(refund_order::Request {
        order: read_id(ORDER, "id", &request.id)?,
        actor: read_id(ACCOUNT, "actor_id", &request.actor_id)?,
        amount: amount.amount,
        key: read_key(request.idempotency)?,
    })
}

/// Which order is moved on, and who does it.
pub(super) fn read_move(request: &wire::MoveOrderRequest) -> Result<(Uuid, Uuid), Status> {
    let order = read_id(ORDER, "id", &request.id)?;
    Ok((order, read_id(ACCOUNT, "actor_id", &request.actor_id)?))
}

/// An order.
pub(super) fn write(order: Order) -> wire::Order {
    let currency = &order.currency;
    let items = order
        .lines
        .into_iter()
        .map(|line| write_line(line, currency));
    wire::Order {
        items: items.collect(),
        id: ORDER.write(order.id),
        customer_id: ACCOUNT.write(order.customer),
        status: order.status.word().to_owned(),
        reason: order.status.reason().to_owned(),
        total: Some(write_money(currency, order.total)),
        created_at: api::time::write(order.created_at),
        version: order.version,
        address_id: order
            .address
            .map(|id| ADDRESS.write(id))
            .unwrap_or_default(),
        cart_id: order.cart.map(|id| CART.write(id)).unwrap_or_default(),
    }
}

fn write_line(line: Line, currency: &str) -> wire::OrderItem {
    wire::OrderItem {
        product_id: PRODUCT.write(line.product),
        name: line.name,
        quantity: line.quantity,
        unit_price: Some(write_money(currency, line.unit_price)),
    }
}

/// What happened to an order.
pub(super) fn write_event(event: Event) -> wire::OrderEvent {
    wire::OrderEvent {
        happened_at: api::time::write(event.at),
        order: Some(write(event.order)),
    }
}

/// A refund.
pub(super) fn write_refund(refund: &Refund, replayed: bool) -> wire::OrderRefund {
    wire::OrderRefund {
        id: REFUND.write(refund.id),
        order_id: ORDER.write(refund.order),
        amount: Some(write_money(&refund.currency, refund.amount)),
        created_at: api::time::write(refund.at),
        replayed,
    }
}

/// An answer, marked where it is the one of an earlier request with the same key.
pub(super) fn replayed<T>(answer: T, again: bool) -> Response<T> {
    let mut response = Response::new(answer);
    if again {
        let yes = MetadataValue::from_static("true");
        response.metadata_mut().insert(REPLAYED, yes);
    }
    response
}
