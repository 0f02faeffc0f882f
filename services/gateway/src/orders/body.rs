//! The bodies that orders come and go in.

use std::collections::HashSet;

use api::order::{self as wire, ListOrdersRequest, PlaceRequest};
use auth::Caller;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::id::{AddressId, CartId, ProductId, account};
use crate::key::IdempotencyKey;
use crate::money::{Money, above_zero};
use crate::page::page_of;
use crate::problem::Problem;

/// An order to be placed: either `items` or `cart_id`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceBody {
    /// What is ordered; no product twice.
    #[serde(default)]
    #[garde(length(max = 50), dive)]
    #[schema(max_items = 50)]
    items: Vec<PlaceItem>,
    /// The cart that is ordered.
    #[garde(skip)]
    cart_id: Option<CartId>,
    /// Where it goes.
    #[garde(skip)]
    address_id: Option<AddressId>,
    /// What the customer was shown; another total is refused.
    #[garde(dive)]
    expected_total: Option<Money>,
}

/// One line of an order to be placed.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaceItem {
    #[garde(skip)]
    product_id: ProductId,
    #[garde(range(min = 1, max = 1000))]
    #[schema(minimum = 1, maximum = 1000)]
    quantity: i32,
}

/// What is to be given back.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundBody {
    #[garde(dive, custom(above_zero))]
    pub(crate) amount: Money,
}

/// Which orders are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrdersQuery {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Only in this status.
    #[garde(skip)]
    #[param(inline)]
    status: Option<OrderStatus>,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OrderStatus {
    Pending,
    Confirmed,
    Shipped,
    Delivered,
    Rejected,
    Cancelling,
    Cancelled,
}

/// An order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OrderBody {
    #[schema(example = "ord_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `order`.
    #[schema(example = "order")]
    object: &'static str,
    /// `pending`, `confirmed`, `shipped`, `delivered`, `rejected`, `cancelling` or `cancelled`.
    #[schema(example = "confirmed")]
    status: String,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "insufficient_stock")]
    reason: Option<String>,
    items: Vec<OrderItemBody>,
    total: Money,
    /// RFC 3339, UTC.
    created_at: String,
    /// Counts the changes, from 1.
    pub(crate) version: i64,
    /// Whose it is, where support asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cart_id: Option<String>,
}

/// One line of an order, as it was when it was placed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OrderItemBody {
    #[schema(example = "prd_01h455vb4pex5vsknk084sn02q")]
    product_id: String,
    name: String,
    quantity: i32,
    unit_price: Money,
}

/// A refund.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct RefundedBody {
    #[schema(example = "rfd_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `refund`.
    #[schema(example = "refund")]
    object: &'static str,
    order_id: String,
    amount: Money,
    created_at: String,
}

impl PlaceBody {
    pub(crate) fn from(self, caller: Caller, key: IdempotencyKey) -> Result<PlaceRequest, Problem> {
        if self.items.is_empty() != self.cart_id.is_some() {
            return Err(Problem::invalid(
                "/items",
                "one_of",
                "send either items or cart_id",
            ));
        }
        let idempotency = key.bind(account(caller), &((), (), &self));
        let mut seen = HashSet::new();
        if let Some(at) = self
            .items
            .iter()
            .position(|item| !seen.insert(item.product_id.to_string()))
        {
            let pointer = format!("/items/{at}/product_id");
            return Err(Problem::invalid(
                &pointer,
                "repeated",
                "the product stands in an earlier line already",
            ));
        }
        let item = |item: PlaceItem| wire::PlaceItem {
            product_id: item.product_id.into_wire(),
            quantity: item.quantity,
        };
        Ok(PlaceRequest {
            customer_id: account(caller),
            items: self.items.into_iter().map(item).collect(),
            cart_id: self.cart_id.map(CartId::into_wire).unwrap_or_default(),
            address_id: self
                .address_id
                .map(AddressId::into_wire)
                .unwrap_or_default(),
            expected_total: self.expected_total.map(Into::into),
            idempotency: Some(idempotency),
        })
    }
}

impl OrdersQuery {
    /// Asks for the orders of `customer`, or of everybody when it is empty.
    pub(crate) fn of(self, customer: String) -> ListOrdersRequest {
        ListOrdersRequest {
            customer_id: customer,
            page: Some(page_of(self.limit, self.cursor)),
            status: self.status.map(OrderStatus::into_wire).unwrap_or_default(),
        }
    }
}

impl OrderStatus {
    pub(crate) fn into_wire(self) -> String {
        let word = match self {
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
        };
        word.to_owned()
    }
}

impl From<wire::Order> for OrderBody {
    fn from(order: wire::Order) -> Self {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        Self {
            id: order.id,
            object: "order",
            status: order.status,
            reason: some(order.reason),
            items: order.items.into_iter().map(Into::into).collect(),
            total: order.total.into(),
            created_at: order.created_at,
            version: order.version,
            customer_id: some(order.customer_id),
            address_id: some(order.address_id),
            cart_id: some(order.cart_id),
        }
    }
}

impl From<wire::OrderItem> for OrderItemBody {
    fn from(item: wire::OrderItem) -> Self {
        Self {
            product_id: item.product_id,
            name: item.name,
            quantity: item.quantity,
            unit_price: item.unit_price.into(),
        }
    }
}

impl From<wire::OrderRefund> for RefundedBody {
    fn from(refund: wire::OrderRefund) -> Self {
        Self {
            id: refund.id,
            object: "refund",
            order_id: refund.order_id,
            amount: refund.amount.into(),
            created_at: refund.created_at,
        }
    }
}
