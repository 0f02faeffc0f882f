//! `/v1/admin/products`: what is for sale, and for how much.

use api::order::{CreateProductRequest, UpdateProductRequest};
use auth::{Admin, Caller};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path, Query};
use crate::id::{ProductId, account};
use crate::money::Money;
use crate::page::List;
use crate::problem::Problem;
use crate::products::{ProductBody, ProductsQuery, tagged};
use crate::rule::Rule;
use crate::state::{CatalogClient, Edge};
use crate::version::{IfMatch, IfMatchHeader, Tagged};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Support.on(routes!(list)))
        .routes(Rule::Admin.on(routes!(create)))
        .routes(Rule::Admin.on(routes!(change)))
}

/// Lists products, also those that are no longer for sale.
#[utoipa::path(get, path = "/v1/admin/products", tag = "admin", params(ProductsQuery),
    operation_id = "list_all_products", responses((status = 200, body = List<ProductBody>)))]
async fn list(
    State(catalog): State<CatalogClient>,
    Query(query): Query<ProductsQuery>,
) -> Result<List<ProductBody>, Problem> {
    let found = ask::read(&catalog, query.of(true), CatalogClient::list_products).await?;
    Ok(List::of(found.products, found.next_cursor))
}

/// Adds a product, with nothing in stock.
#[utoipa::path(post, path = "/v1/admin/products", tag = "admin", operation_id = "create_product",
    responses((status = 201, body = ProductBody)))]
async fn create(
    State(catalog): State<CatalogClient>,
    Admin(caller): Admin,
    Json(body): Json<NewProduct>,
) -> Result<Response, Problem> {
    let made = ask::write(&catalog, body.by(caller), CatalogClient::create_product).await?;
    let location = [(LOCATION, format!("/v1/products/{}", made.id))];
    Ok((StatusCode::CREATED, location, tagged(made)).into_response())
}

/// Changes a product.
#[utoipa::path(patch, path = "/v1/admin/products/{id}", tag = "admin", operation_id = "change_product",
    params(("id" = inline(ProductId), Path), IfMatchHeader), responses((status = 200, body = ProductBody)))]
async fn change(
    State(catalog): State<CatalogClient>,
    Admin(caller): Admin,
    Path(id): Path<ProductId>,
    IfMatch(version): IfMatch,
    Json(body): Json<ProductChange>,
) -> Result<Tagged<ProductBody>, Problem> {
    let wanted = body.by(caller, id, version);
    let changed = ask::write(&catalog, wanted, CatalogClient::update_product).await?;
    Ok(tagged(changed))
}

/// A product to be added.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NewProduct {
    /// A-Z, 0-9 and `-`; unique.
    #[garde(custom(stock_keeping_unit))]
    #[schema(pattern = "^[A-Z0-9-]{1,40}$", example = "MUG-BLUE-01")]
    sku: String,
    #[garde(length(chars, min = 1, max = 120))]
    #[schema(min_length = 1, max_length = 120)]
    name: String,
    #[serde(default)]
    #[garde(length(chars, max = 4000))]
    #[schema(max_length = 4000)]
    description: String,
    #[garde(length(chars, min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    category: String,
    /// At most 100,000,000 minor units.
    #[garde(dive)]
    price: Money,
}

/// What is to be changed of a product; what is left out stays.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct ProductChange {
    #[garde(inner(custom(stock_keeping_unit)))]
    #[schema(pattern = "^[A-Z0-9-]{1,40}$")]
    sku: Option<String>,
    #[garde(length(chars, min = 1, max = 120))]
    #[schema(min_length = 1, max_length = 120)]
    name: Option<String>,
    #[garde(length(chars, max = 4000))]
    #[schema(max_length = 4000)]
    description: Option<String>,
    #[garde(length(chars, min = 1, max = 40))]
    #[schema(min_length = 1, max_length = 40)]
    category: Option<String>,
    #[garde(dive)]
    price: Option<Money>,
    /// Whether it is for sale.
    #[garde(skip)]
    active: Option<bool>,
}

impl NewProduct {
    fn by(self, caller: Caller) -> CreateProductRequest {
        CreateProductRequest {
            actor_id: account(caller),
            sku: self.sku,
            name: self.name,
            description: self.description,
            category: self.category,
            price: Some(self.price.into()),
        }
    }
}

impl ProductChange {
    fn by(self, caller: Caller, id: ProductId, version: i64) -> UpdateProductRequest {
        UpdateProductRequest {
            actor_id: account(caller),
            id: id.into_wire(),
            version,
            sku: self.sku,
            name: self.name,
            description: self.description,
            category: self.category,
            price: self.price.map(Into::into),
            active: self.active,
        }
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its context by reference"
)]
fn stock_keeping_unit(text: &str, _: &()) -> garde::Result {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=40).contains(&text.len()) && text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(garde::Error::new("1 to 40 of A-Z, 0-9 and -"))
    }
}
