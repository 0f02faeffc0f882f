//! `/v1/products`, `/v1/categories`: what is for sale.

use api::order::{self as wire, GetProductRequest, ListCategoriesRequest, ListProductsRequest};
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Path, Query};
use crate::fallback::{Fallback, Shown};
use crate::id::ProductId;
use crate::money::Money;
use crate::page::{List, page_of};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{CatalogClient, Edge};
use crate::version::{Tagged, Written};

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Public.on(routes!(list)))
        .routes(Rule::Public.on(routes!(find)))
        .routes(Rule::Public.on(routes!(categories)))
}

/// Lists what is for sale.
#[utoipa::path(get, path = "/v1/products", tag = "catalogue", params(ProductsQuery),
    responses((status = 200, body = List<ProductBody>,
    headers(("Cache-Status" = Option<String>, description = "Only while the service behind is away and this was read before: `holdfast; hit`, with the seconds that it may still be shown as `ttl` (RFC 9211).")))))]
async fn list(
    State(catalog): State<CatalogClient>,
    State(fallback): State<Fallback>,
    Query(query): Query<ProductsQuery>,
) -> Result<Shown<Written>, Problem> {
    let (wanted, call) = (query.of(false), CatalogClient::list_products);
    let write = |page: wire::ListProductsResponse| {
        Written::plain(&List::<ProductBody>::of(page.products, page.next_cursor))
    };
    let asked = fallback.read("products", &catalog, wanted, call, write);
    asked.await
}

/// Finds a product, also one that is no longer for sale.
#[utoipa::path(get, path = "/v1/products/{id}", tag = "catalogue", params(("id" = inline(ProductId), Path)),
    responses((status = 200, body = ProductBody,
    headers(("Cache-Status" = Option<String>, description = "Only while the service behind is away and this was read before: `holdfast; hit`, with the seconds that it may still be shown as `ttl` (RFC 9211).")))))]
async fn find(
    State(catalog): State<CatalogClient>,
    State(fallback): State<Fallback>,
    Path(id): Path<ProductId>,
) -> Result<Shown<Written>, Problem> {
    let wanted = GetProductRequest { id: id.into_wire() };
    let call = CatalogClient::get_product;
    let write = |product| tagged(product).into();
    let asked = fallback.read("product", &catalog, wanted, call, write);
    asked.await
}

/// Lists the categories that have something for sale, by name.
#[utoipa::path(get, path = "/v1/categories", tag = "catalogue", responses((status = 200, body = List<CategoryBody>,
    headers(("Cache-Status" = Option<String>, description = "Only while the service behind is away and this was read before: `holdfast; hit`, with the seconds that it may still be shown as `ttl` (RFC 9211).")))))]
async fn categories(
    State(catalog): State<CatalogClient>,
    State(fallback): State<Fallback>,
) -> Result<Shown<Written>, Problem> {
    let (wanted, call) = (ListCategoriesRequest {}, CatalogClient::list_categories);
    let write = |all: wire::ListCategoriesResponse| {
        Written::plain(&List::<CategoryBody>::whole(all.categories))
    };
    let asked = fallback.read("categories", &catalog, wanted, call, write);
    asked.await
}

/// Which products are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProductsQuery {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Words to look for.
    #[garde(length(chars, max = 200))]
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only in this category.
    #[garde(length(chars, min = 1, max = 40))]
    category: Option<String>,
    /// By relevance where `q` is given, else newest first.
    #[garde(skip)]
    #[param(inline)]
    sort: Option<Sort>,
}

/// How products are ordered.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Sort {
    Newest,
    Name,
    PriceAsc,
    PriceDesc,
}

/// Something for sale.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProductBody {
    #[schema(example = "prd_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `product`.
    #[schema(example = "product")]
    object: &'static str,
    /// Stock keeping unit.
    #[schema(example = "MUG-BLUE-01")]
    sku: String,
    name: String,
    description: String,
    category: String,
    price: Money,
    /// Whether it is for sale.
    active: bool,
    /// Units that may be ordered, as last seen; the order decides.
    available: i64,
    /// Counts the changes, from 1.
    version: i64,
    created_at: String,
    updated_at: String,
}

/// A kind of products.
#[derive(Serialize, ToSchema)]
struct CategoryBody {
    name: String,
    /// How many products of it are for sale.
    products: i64,
}

impl ProductsQuery {
    pub(crate) fn of(self, include_inactive: bool) -> ListProductsRequest {
        let sort = match self.sort {
            None => wire::ProductSort::Unspecified,
            Some(Sort::Newest) => wire::ProductSort::Newest,
            Some(Sort::Name) => wire::ProductSort::Name,
            Some(Sort::PriceAsc) => wire::ProductSort::PriceAsc,
            Some(Sort::PriceDesc) => wire::ProductSort::PriceDesc,
        };
        ListProductsRequest {
            page: Some(page_of(self.limit, self.cursor)),
            query: self.q.unwrap_or_default(),
            category: self.category.unwrap_or_default(),
            sort: sort.into(),
            include_inactive,
        }
    }
}

impl From<wire::Product> for ProductBody {
    fn from(product: wire::Product) -> Self {
        Self {
            id: product.id,
            object: "product",
            sku: product.sku,
            name: product.name,
            description: product.description,
            category: product.category,
            price: product.price.into(),
            active: product.active,
            available: product.available,
            version: product.version,
            created_at: product.created_at,
            updated_at: product.updated_at,
        }
    }
}

impl From<wire::Category> for CategoryBody {
    fn from(category: wire::Category) -> Self {
        Self {
            name: category.name,
            products: category.products,
        }
    }
}

pub(crate) fn tagged(product: wire::Product) -> Tagged<ProductBody> {
    Tagged::new(product.version, product.into())
}
