//! The whole shop on given databases, and an order in it.

use drill::{Buyer, Product};
use holdfast::house::{Ground, House, Keeper, Place};
use sqlx::postgres::PgPool;
use testkit::Redis;
use uuid::Uuid;

/// A key that protects nothing.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
/// What every service is told; a busy machine gets more time than a customer has.
const TOLD: [(&str, &str); 5] = [
    ("MASTER_KEY", KEY),
    ("SERVICE_TOKEN", "a token for tests only"),
    ("DRAIN_GRACE", "0s"),
    ("REQUEST_TIMEOUT", "30s"),
    ("LOG", "warn"),
];

/// A shop with one of each service.
pub(crate) struct Shop {
    house: House,
    orders: PgPool,
    _redis: Redis,
}

impl Shop {
    /// Opens it on `keepers`, brought up to date.
    pub(crate) async fn open(keepers: Vec<Keeper>) -> Self {
        let orders = keepers
            .iter()
            .find(|keeper| keeper.name == "order")
            .unwrap();
        let orders = PgPool::connect(&orders.primary).await.unwrap();
        let redis = testkit::redis().await;
        let ground = Ground {
            keepers,
            redis: redis.url(),
            settings: Vec::new(),
        };
        let tell = |ground: Ground, (name, value): (&str, &str)| ground.with(name, value);
        let ground = TOLD.into_iter().fold(ground, tell);
        ground.migrate().await.unwrap();
        Self {
            house: House::open(ground, Place::Here, 1).await.unwrap(),
            orders,
            _redis: redis,
        }
    }

    /// Looks around and places an order, as a customer does.
    pub(crate) async fn order(&self) {
        let product = Product::shelve(&self.orders, 5, 1000).await.unwrap();
        let mut buyer = Buyer::join(&self.house.urls()[0], 10_000).await.unwrap();
        buyer.customer.browse(10).await.unwrap();
        let (key, items) = (Uuid::now_v7(), [(&*product.shown(), 1)]);
        let placed = buyer.customer.order(key, &items).await.unwrap();
        let placed = placed.good().unwrap();
        assert_eq!(placed["status"], "confirmed", "{placed}");
    }

    /// What it shows to Prometheus.
    pub(crate) async fn metrics(&self) -> String {
        let admin = self.house.all()[0].admin();
        let answer = reqwest::get(format!("http://{admin}/metrics")).await;
        answer.unwrap().text().await.unwrap()
    }

    pub(crate) async fn close(self) {
        self.house.stop().await;
    }
}
