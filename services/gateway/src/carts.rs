//! `/v1/carts`: what the caller means to buy.

use api::order::{self as wire, CreateCartRequest, GetCartRequest, SetCartItemRequest};
use auth::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path};
use crate::id::{CartId, ProductId, account};
use crate::money::Money;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{CartsClient, Edge};
use crate::version::{IfMatch, IfMatchHeader, Tagged};

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Customer.on(routes!(create)))
        .routes(Rule::Customer.on(routes!(find)))
        .routes(Rule::Customer.on(routes!(add)))
        .routes(Rule::Customer.on(routes!(set, remove)))
}

/// Makes an empty cart.
#[utoipa::path(post, path = "/v1/carts", tag = "carts", responses((status = 201, body = CartBody)))]
async fn create(State(carts): State<CartsClient>, caller: Caller) -> Result<Response, Problem> {
    let wanted = CreateCartRequest {
        customer_id: account(caller),
    };
    let made = ask::write(&carts, wanted, CartsClient::create_cart).await?;
    let location = [(LOCATION, format!("/v1/carts/{}", made.id))];
    Ok((StatusCode::CREATED, location, tagged(made)).into_response())
}

/// Finds a cart of the caller, at the prices of this moment.
#[utoipa::path(get, path = "/v1/carts/{id}", tag = "carts", params(("id" = inline(CartId), Path)),
    responses((status = 200, body = CartBody)), extensions(("x-owner" = json!("cart"))))]
async fn find(
    State(carts): State<CartsClient>,
    caller: Caller,
    Path(id): Path<CartId>,
) -> Result<Tagged<CartBody>, Problem> {
    let wanted = GetCartRequest {
        customer_id: account(caller),
        id: id.into_wire(),
    };
    let found = ask::read(&carts, wanted, CartsClient::get_cart).await?;
    Ok(tagged(found))
}

/// Adds units of a product to what is in the cart.
#[utoipa::path(post, path = "/v1/carts/{id}/items", tag = "carts", params(("id" = inline(CartId), Path)),
    responses((status = 200, body = CartBody)), extensions(("x-owner" = json!("cart"))))]
async fn add(
    State(carts): State<CartsClient>,
    caller: Caller,
    Path(id): Path<CartId>,
    Json(body): Json<NewItem>,
) -> Result<Tagged<CartBody>, Problem> {
    let wanted = SetCartItemRequest {
        customer_id: account(caller),
        id: id.into_wire(),
        product_id: body.product_id.into_wire(),
        quantity: body.quantity,
        version: 0,
        add: true,
    };
    let changed = ask::write(&carts, wanted, CartsClient::set_cart_item).await?;
    Ok(tagged(changed))
}

/// Sets how many units of a product are in the cart.
#[utoipa::path(patch, path = "/v1/carts/{id}/items/{product_id}", tag = "carts",
    params(("id" = inline(CartId), Path), ("product_id" = inline(ProductId), Path), IfMatchHeader),
    responses((status = 200, body = CartBody)), extensions(("x-owner" = json!("cart"))))]
async fn set(
    State(carts): State<CartsClient>,
    caller: Caller,
    Path((id, product)): Path<(CartId, ProductId)>,
    IfMatch(version): IfMatch,
    Json(body): Json<Quantity>,
) -> Result<Tagged<CartBody>, Problem> {
    let wanted = line(caller, id, product, body.quantity, version);
    let changed = ask::write(&carts, wanted, CartsClient::set_cart_item).await?;
    Ok(tagged(changed))
}

/// Takes a product out of the cart.
#[utoipa::path(delete, path = "/v1/carts/{id}/items/{product_id}", tag = "carts",
    params(("id" = inline(CartId), Path), ("product_id" = inline(ProductId), Path), IfMatchHeader),
    responses((status = 200, body = CartBody)), extensions(("x-owner" = json!("cart"))))]
async fn remove(
    State(carts): State<CartsClient>,
    caller: Caller,
    Path((id, product)): Path<(CartId, ProductId)>,
    IfMatch(version): IfMatch,
) -> Result<Tagged<CartBody>, Problem> {
    let wanted = line(caller, id, product, 0, version);
    let changed = ask::write(&carts, wanted, CartsClient::set_cart_item).await?;
    Ok(tagged(changed))
}

/// Units of a product to be added.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NewItem {
    #[garde(skip)]
    product_id: ProductId,
    #[garde(range(min = 1, max = 1000))]
    #[schema(minimum = 1, maximum = 1000)]
    quantity: i32,
}

/// How many there shall be.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Quantity {
    #[garde(range(min = 1, max = 1000))]
    #[schema(minimum = 1, maximum = 1000)]
    quantity: i32,
}

/// A cart.
#[derive(Serialize, ToSchema)]
struct CartBody {
    #[schema(example = "crt_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `cart`.
    #[schema(example = "cart")]
    object: &'static str,
    items: Vec<CartItemBody>,
    /// At the prices of this moment.
    total: Money,
    /// `open` or `ordered`.
    #[schema(example = "open")]
    status: String,
    /// Counts the changes, from 1.
    version: i64,
    created_at: String,
    updated_at: String,
}

/// One line of a cart.
#[derive(Serialize, ToSchema)]
struct CartItemBody {
    #[schema(example = "prd_01h455vb4pex5vsknk084sn02q")]
    product_id: String,
    name: String,
    quantity: i32,
    unit_price: Money,
}

impl From<wire::Cart> for CartBody {
    fn from(cart: wire::Cart) -> Self {
        Self {
            id: cart.id,
            object: "cart",
            items: cart.items.into_iter().map(Into::into).collect(),
            total: cart.total.into(),
            status: cart.status,
            version: cart.version,
            created_at: cart.created_at,
            updated_at: cart.updated_at,
        }
    }
}

impl From<wire::CartItem> for CartItemBody {
    fn from(item: wire::CartItem) -> Self {
        Self {
            product_id: item.product_id,
            name: item.name,
            quantity: item.quantity,
            unit_price: item.unit_price.into(),
        }
    }
}

/// Asks for `quantity` units in one line.
fn line(
    caller: Caller,
    id: CartId,
    product: ProductId,
    quantity: i32,
    version: i64,
) -> SetCartItemRequest {
    SetCartItemRequest {
        customer_id: account(caller),
        id: id.into_wire(),
        product_id: product.into_wire(),
        quantity,
        version,
        add: false,
    }
}

fn tagged(cart: wire::Cart) -> Tagged<CartBody> {
    Tagged::new(cart.version, cart.into())
}
