//! `/v1/admin/products/{id}/stock`: how much is left, and how that came to be.

use api::order::{self as wire, GetStockRequest, ListMovementsRequest, RestockRequest};
use auth::Admin;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path, Query};
use crate::id::{ProductId, account};
use crate::key::{IdempotencyKey, KeyHeader, Once};
use crate::page::{List, Page};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, InventoryClient};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Support.on(routes!(find)))
        .routes(Rule::Support.on(routes!(movements)))
        .routes(Rule::Admin.on(routes!(restock)))
}

/// Tells the stock of a product.
#[utoipa::path(get, path = "/v1/admin/products/{id}/stock", tag = "admin", operation_id = "find_stock",
    params(("id" = inline(ProductId), Path)), responses((status = 200, body = StockBody)))]
async fn find(
    State(inventory): State<InventoryClient>,
    Path(id): Path<ProductId>,
) -> Result<axum::Json<StockBody>, Problem> {
    let wanted = GetStockRequest {
        product_id: id.into_wire(),
    };
    let stock = ask::read(&inventory, wanted, InventoryClient::get_stock).await?;
    Ok(axum::Json(stock.into()))
}

/// Lists the movements of a product's free stock, newest first.
#[utoipa::path(get, path = "/v1/admin/products/{id}/stock/movements", tag = "admin",
    operation_id = "list_movements", params(("id" = inline(ProductId), Path), Page),
    responses((status = 200, body = List<MovementBody>)))]
async fn movements(
    State(inventory): State<InventoryClient>,
    Path(id): Path<ProductId>,
    Query(page): Query<Page>,
) -> Result<List<MovementBody>, Problem> {
    let wanted = ListMovementsRequest {
        product_id: id.into_wire(),
        page: Some(page.into()),
    };
    let found = ask::read(&inventory, wanted, InventoryClient::list_movements).await?;
    Ok(List::of(found.movements, found.next_cursor))
}

/// Adds units to a product's stock.
#[utoipa::path(post, path = "/v1/admin/products/{id}/stock/restocks", tag = "admin",
    params(("id" = inline(ProductId), Path), KeyHeader), responses((status = 200, body = StockBody)))]
async fn restock(
    State(inventory): State<InventoryClient>,
    Admin(caller): Admin,
    Path(id): Path<ProductId>,
    key: IdempotencyKey,
    Json(body): Json<NewRestock>,
) -> Result<Once<axum::Json<StockBody>>, Problem> {
    let wanted = RestockRequest {
        actor_id: account(caller),
        product_id: id.to_string(),
        quantity: body.quantity,
        idempotency: Some(key.bind(account(caller), &(id, (), body))),
    };
    let stock = ask::keyed_once(&inventory, wanted, InventoryClient::restock).await?;
    Ok(stock.map(|stock| axum::Json(stock.into())))
}

/// Units to be added.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NewRestock {
    #[garde(range(min = 1, max = 1_000_000))]
    #[schema(minimum = 1, maximum = 1_000_000)]
    quantity: i64,
}

/// The stock of a product.
#[derive(Serialize, ToSchema)]
struct StockBody {
    #[schema(example = "prd_01h455vb4pex5vsknk084sn02q")]
    product_id: String,
    /// Always `stock`.
    #[schema(example = "stock")]
    object: &'static str,
    /// Units that may still be ordered.
    free: i64,
    /// Units held by orders that have not settled.
    held: i64,
}

/// One change of a product's free stock.
#[derive(Serialize, ToSchema)]
struct MovementBody {
    #[schema(example = "mov_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `movement`.
    #[schema(example = "movement")]
    object: &'static str,
    product_id: String,
    /// The order it was for.
    order_id: Option<String>,
    /// `restock`, `hold`, `release` or `return`.
    #[schema(example = "restock")]
    kind: String,
    /// Units; below 0 where free stock shrank.
    quantity: i64,
    moved_at: String,
}

impl From<wire::Stock> for StockBody {
    fn from(stock: wire::Stock) -> Self {
        Self {
            product_id: stock.product_id,
            object: "stock",
            free: stock.free,
            held: stock.held,
        }
    }
}

impl From<wire::Movement> for MovementBody {
    fn from(movement: wire::Movement) -> Self {
        Self {
            id: movement.id,
            object: "movement",
            product_id: movement.product_id,
            order_id: Some(movement.order_id).filter(|id| !id.is_empty()),
            kind: movement.kind,
            quantity: movement.quantity,
            moved_at: movement.moved_at,
        }
    }
}
