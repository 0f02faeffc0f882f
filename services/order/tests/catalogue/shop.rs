//! An order service of a test's own, with shelves to fill.

use std::future::Future;

use api::common::{Idempotency, Money, Page};
use api::id::ACCOUNT;
use api::order::carts_client::CartsClient;
use api::order::catalog_client::CatalogClient;
use api::order::inventory_client::InventoryClient;
use api::order::{
    CreateProductRequest, GetProductRequest, ListProductsRequest, ListProductsResponse, Product,
    RestockRequest, Stock, UpdateProductRequest,
};
use api::token::{Given, scope};
use chassis::{Env, Running, Setting};
use discovery::Channel;
use testkit::{Database, Redis};
use tonic::{Code, Status};
use uuid::Uuid;

const NEIGHBOURS: &[Setting] = &[Setting::required("ORDER_ADDRS", "Where the service is.")];

/// An order service with its database and its Redis, and nobody beside it.
pub(crate) struct Shop {
    pub(crate) catalog: CatalogClient<Channel>,
    pub(crate) inventory: InventoryClient<Channel>,
    pub(crate) carts: CartsClient<Channel>,
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    _running: Running,
}

/// Who administers in these tests.
pub(crate) fn admin() -> String {
    account(1)
}

/// One of many accounts.
pub(crate) fn account(number: u128) -> String {
    ACCOUNT.write(Uuid::from_u128(number))
}

/// Runs `work` as one client that hands on its consistency token.
pub(crate) async fn as_one<F: Future>(work: F) -> F::Output {
    // A test's whole work is large for a stack.
    scope(Given::Nothing, Box::pin(work)).await.0
}

async fn start(database: &Database, redis: &Redis) -> (Running, Channel) {
    let env = Env::local([
        ("DATABASE_URLS", database.primary_url()),
        ("DATABASE_REPLICA_URLS", database.replica_url()),
        ("REDIS_URL", redis.url()),
        ("USER_ADDRS", "127.0.0.1:1".to_owned()),
        ("LOG", "error".to_owned()),
    ]);
    let running = chassis::start("order", env, order::Service::connect).await;
    let running = running.unwrap();
    let env = Env::local([("ORDER_ADDRS", running.addr.to_string())]).knowing(NEIGHBOURS);
    (running, env.channel("order").unwrap())
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let (database, redis) = tokio::join!(testkit::database("order"), testkit::redis());
        let (running, channel) = start(&database, &redis).await;
        Self {
            catalog: CatalogClient::new(channel.clone()),
            inventory: InventoryClient::new(channel.clone()),
            carts: CartsClient::new(channel),
            database,
            redis,
            _running: running,
        }
    }

    /// The catalogue of a second instance on the same database and Redis.
    pub(crate) async fn another(&self) -> (Running, CatalogClient<Channel>) {
        let (running, channel) = start(&self.database, &self.redis).await;
        (running, CatalogClient::new(channel))
    }

    pub(crate) async fn add(&self, new: CreateProductRequest) -> Result<Product, Status> {
        let added = self.catalog.clone().create_product(new).await?;
        Ok(added.into_inner())
    }

    /// Adds a product, of which only the name and the price matter.
    pub(crate) async fn shelve(&self, name: &str, price: i64) -> Product {
        self.add(product(name, price)).await.unwrap()
    }

    pub(crate) async fn find(&self, id: &str) -> Result<Product, Status> {
        find(&self.catalog, id).await
    }

    pub(crate) async fn update(&self, change: UpdateProductRequest) -> Result<Product, Status> {
        let changed = self.catalog.clone().update_product(change).await?;
        Ok(changed.into_inner())
    }

    pub(crate) async fn retire(&self, product: &Product) -> Product {
        let change = UpdateProductRequest {
            active: Some(false),
            ..change(product)
        };
        self.update(change).await.unwrap()
    }

    pub(crate) async fn list(&self, wanted: ListProductsRequest) -> ListProductsResponse {
        let page = self.catalog.clone().list_products(wanted).await;
        page.unwrap().into_inner()
    }

    pub(crate) async fn restock(&self, restock: RestockRequest) -> Result<Stock, Status> {
        let stocked = self.inventory.clone().restock(restock).await?;
        Ok(stocked.into_inner())
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let count = format!("select count(*) from {table}");
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(count));
        count.fetch_one(self.database.pool()).await.unwrap()
    }
}

pub(crate) async fn find(catalog: &CatalogClient<Channel>, id: &str) -> Result<Product, Status> {
    let id = id.to_owned();
    let mut catalog = catalog.clone();
    Ok(catalog
        .get_product(GetProductRequest { id })
        .await?
        .into_inner())
}

pub(crate) fn money(amount: i64) -> Money {
    let currency = "USD".to_owned();
    Money { amount, currency }
}

/// A product with a sku of its own.
pub(crate) fn product(name: &str, price: i64) -> CreateProductRequest {
    let sku = Uuid::now_v7().simple().to_string().to_uppercase();
    CreateProductRequest {
        actor_id: admin(),
        sku,
        name: name.to_owned(),
        description: String::new(),
        category: "things".to_owned(),
        price: Some(money(price)),
    }
}

/// A change of `product` that changes nothing yet.
pub(crate) fn change(product: &Product) -> UpdateProductRequest {
    UpdateProductRequest {
        actor_id: admin(),
        id: product.id.clone(),
        version: product.version,
        ..UpdateProductRequest::default()
    }
}

pub(crate) fn restock(product: &Product, quantity: i64, key: &str) -> RestockRequest {
    let hash = u8::try_from(quantity % 256).unwrap();
    RestockRequest {
        actor_id: admin(),
        product_id: product.id.clone(),
        quantity,
        idempotency: Some(Idempotency {
            account_id: admin(),
            route: "POST /v1/admin/products/{id}/stock".to_owned(),
            key: key.to_owned(),
            request_hash: vec![hash; 32],
        }),
    }
}

pub(crate) fn page(limit: u32, cursor: &str) -> Page {
    let cursor = cursor.to_owned();
    Page { limit, cursor }
}

pub(crate) fn names(page: &ListProductsResponse) -> Vec<&str> {
    let products = page.products.iter();
    products.map(|product| product.name.as_str()).collect()
}

/// Why a request was refused.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let reason = api::error::reason(&status).unwrap_or_default();
    (status.code(), reason)
}

pub(crate) fn refused(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}
