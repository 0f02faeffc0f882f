//! A highly available shop of one test's own, with a product on the shelf.

use std::time::Duration;

use holdfast::ha::{self, Deed, Wanted};
use holdfast::shop::Customer;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, query};
use stack::Folder;
use uuid::Uuid;

/// How long anything may take to settle.
pub(crate) const SETTLED: Duration = Duration::from_mins(1);
/// A key that protects nothing.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// A shop, open for one test.
pub(crate) struct Shop {
    pub(crate) running: ha::Shop,
    pub(crate) user: Store,
    pub(crate) order: Store,
    /// The front doors.
    pub(crate) fronts: [String; 2],
    _logs: Folder,
}

/// One service's database, looked into from outside.
pub(crate) struct Store(PgPool);

impl Store {
    fn of(shop: &ha::Shop, name: &str) -> Self {
        let url = &shop.cluster().primary_urls(name, name)[0];
        // It pings before it is used, so a failover meanwhile does no harm.
        Self(PgPoolOptions::new().connect_lazy(url).unwrap())
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.0
    }
}

impl Shop {
    /// Opens it.
    pub(crate) async fn open() -> Self {
        let logs = Folder::scratch().unwrap();
        let settings = [
            ("MASTER_KEY", KEY),
            ("SERVICE_TOKEN", "a token for tests only"),
            ("LOG", "warn"),
            ("RATE_ADDRESS", "1000000/1m"),
            ("RATE_ACCOUNT", "1000000/1m"),
            ("RATE_SIGN_IN", "1000000/1m"),
        ];
        let ports = [testkit::free_port(), testkit::free_port()];
        let wanted = Wanted {
            folder: Folder::scratch().unwrap(),
            kept: false,
            logs: logs.path().to_owned(),
            program: env!("CARGO_BIN_EXE_holdfast").into(),
            fronts: ports,
            settings: settings
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
        };
        let running = ha::Shop::open(wanted).await.unwrap();
        Self {
            user: Store::of(&running, "user"),
            order: Store::of(&running, "order"),
            running,
            fronts: ports.map(|port| format!("http://127.0.0.1:{port}")),
            _logs: logs,
        }
    }

    /// Does something to one of its parts.
    pub(crate) async fn act(&self, deed: Deed) {
        self.running.act(&deed).await.unwrap();
    }

    /// A customer with much money.
    pub(crate) async fn customer(&self) -> Customer {
        let mut customer = Customer::of(self.fronts[0].clone());
        let email = format!("{}@example.com", Uuid::now_v7().simple());
        let password = "correct horse battery staple";
        customer.register("Ann", &email, password).await.unwrap();
        customer.sign_in(&email, password).await.unwrap();
        customer.top_up("funds", 1_000_000, "USD").await.unwrap();
        customer
    }

    /// Puts many of a new product on the shelf; answers its id.
    pub(crate) async fn shelve(&self) -> String {
        let (id, units, pool) = (Uuid::now_v7(), 1_000_000_i64, self.order.pool());
        query("insert into products (id, sku, name, category, price) values ($1, 'HA-1', 'Mug', 'Tests', 10)")
            .bind(id)
            .execute(pool)
            .await
            .unwrap();
        query("insert into stock (product_id, free) values ($1, $2)")
            .bind(id)
            .bind(units)
            .execute(pool)
            .await
            .unwrap();
        query(
            "insert into movements (id, product_id, kind, quantity) values ($1, $2, 'restock', $3)",
        )
        .bind(Uuid::now_v7())
        .bind(id)
        .bind(units)
        .execute(pool)
        .await
        .unwrap();
        api::id::PRODUCT.write(id)
    }
}
