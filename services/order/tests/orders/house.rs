//! An order service with a database of its own and a wallet that may fail.

use std::sync::Mutex;
use std::time::Duration;

use api::order::orders_client::OrdersClient;
use api::order::saga_admin_client::SagaAdminClient;
use api::order::{CancelRequest, GetOrderRequest, Order, PlaceResponse};
use api::token::{self, Given};
use chassis::{Env, Running, Setting};
use discovery::Channel;
use retry::Deadline;
use testkit::Database;
use tokio::time::{Instant, sleep};
use tonic::{Code, Response, Status};
use uuid::Uuid;

use crate::user::User;
use crate::wish::{Wish, idempotency};

/// How long anything may take before it counts as stuck.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);
/// What a caller waits who is meant to go away with an order that is still pending.
pub(crate) const SHORT: Duration = Duration::from_secs(3);
/// What a test's caller waits for an answer: more than a slow machine takes, unless something is stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct House {
    pub(crate) database: Database,
    pub(crate) user: User,
    instances: Vec<Running>,
    pub(crate) orders: OrdersClient<Channel>,
    pub(crate) sagas: SagaAdminClient<Channel>,
    /// What this client has seen, so that a replica that is behind does not answer it.
    seen: Mutex<Given>,
}

impl House {
    pub(crate) async fn start() -> Self {
        Self::with(1, &[]).await
    }

    /// Starts so many instances, with these settings.
    pub(crate) async fn with(instances: usize, settings: &[(&str, &str)]) -> Self {
        let database = testkit::database("order").await;
        let user = User::start().await;
        let url = database.url();
        Self::over(database, user, &url, instances, settings).await
    }

    /// The same, reaching the primary at `url`.
    pub(crate) async fn over(
        database: Database,
        user: User,
        url: &str,
        instances: usize,
        settings: &[(&str, &str)],
    ) -> Self {
        let mut running = Vec::new();
        for _ in 0..instances {
            let env = env(&database, &user, url, settings);
            let started = chassis::start("order", env, order::Service::connect).await;
            running.push(started.unwrap());
        }
        let addrs: Vec<String> = running.iter().map(|one| one.addr.to_string()).collect();
        let channel = channel(&addrs.join(","));
        Self {
            database,
            user,
            instances: running,
            orders: OrdersClient::new(channel.clone()),
            sagas: SagaAdminClient::new(channel),
            seen: Mutex::default(),
        }
    }

    /// Asks as a client does that hands its token on.
    pub(crate) async fn ask<T>(
        &self,
        patience: Duration,
        asked: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<Response<T>, Status> {
        let given = *self.seen.lock().unwrap();
        let asked = Box::pin(Deadline::after(patience).scope(asked));
        let (answer, seen) = token::scope(given, asked).await;
        if let Given::Token(seen) = seen {
            let mut mine = self.seen.lock().unwrap();
            *mine = mine.raised(seen);
        }
        answer
    }

    /// The same, and expects an answer.
    pub(crate) async fn told<T>(
        &self,
        asked: impl Future<Output = Result<Response<T>, Status>>,
    ) -> T {
        self.ask(PATIENCE, asked).await.unwrap().into_inner()
    }

    /// The same, and expects a refusal.
    pub(crate) async fn refused<T: std::fmt::Debug>(
        &self,
        asked: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Status {
        self.ask(PATIENCE, asked).await.unwrap_err()
    }

    pub(crate) async fn stop(self) {
        self.close().await;
    }

    /// Ends the instances; what they leave is in the database.
    pub(crate) async fn close(self) -> Database {
        for instance in self.instances {
            instance.stop().await;
        }
        self.database
    }

    /// Puts a product for sale, with so many units of it, at 700 each.
    pub(crate) async fn shelve(&self, name: &str, units: i64) -> Uuid {
        shelve(&self.database, name, units).await
    }

    pub(crate) async fn free(&self, product: Uuid) -> i64 {
        let free = sqlx::query_scalar("select free from stock where product_id = $1").bind(product);
        free.fetch_one(self.database.pool()).await.unwrap()
    }

    /// An open cart of `customer`.
    pub(crate) async fn cart(&self, customer: Uuid, items: &[(Uuid, i32)]) -> Uuid {
        let cart = Uuid::now_v7();
        let pool = self.database.pool();
        let made = sqlx::query("insert into carts (id, customer_id) values ($1, $2)");
        made.bind(cart).bind(customer).execute(pool).await.unwrap();
        for (product, quantity) in items {
            sqlx::query(
                "insert into cart_items (cart_id, product_id, quantity) values ($1, $2, $3)",
            )
            .bind(cart)
            .bind(product)
            .bind(quantity)
            .execute(pool)
            .await
            .unwrap();
        }
        cart
    }

    pub(crate) async fn place(&self, wish: &Wish) -> Result<PlaceResponse, Status> {
        self.place_within(wish, PATIENCE)
            .await
            .map(Response::into_inner)
    }

    pub(crate) async fn place_within(
        &self,
        wish: &Wish,
        patience: Duration,
    ) -> Result<Response<PlaceResponse>, Status> {
        let mut orders = self.orders.clone();
        self.ask(patience, orders.place(wish.request.clone())).await
    }

    /// Places an order and expects one. Where the answer got lost on a busy machine, the same key is sent again.
    pub(crate) async fn order(&self, wish: &Wish) -> Order {
        let start = Instant::now();
        loop {
            match self.place(wish).await {
                Ok(placed) => return placed.order.unwrap(),
                Err(lost) if lost.code() == Code::Unavailable && start.elapsed() < LIMIT => {}
                Err(refused) => panic!("{refused:?}"),
            }
        }
    }

    /// Places an order of which nobody can say yet how it ends, and comes back with it as it is: pending.
    pub(crate) async fn pending(&self, wish: &Wish) -> Order {
        let start = Instant::now();
        let placed = loop {
            match self.place_within(wish, SHORT).await {
                Ok(placed) => break placed.into_inner().order.unwrap(),
                // A busy machine takes longer than that to take it: the same key is sent again.
                Err(refused) => assert!(start.elapsed() < LIMIT, "{refused:?}"),
            }
        };
        assert_eq!(placed.status, "pending");
        placed
    }

    pub(crate) async fn cancel(&self, order: &str, key: &str) -> Result<Order, Status> {
        let request = CancelRequest {
            id: order.to_owned(),
            idempotency: Some(idempotency(
                Uuid::nil(),
                "POST /v1/orders/{id}/cancel",
                &format!("{key} {order}"),
                order,
            )),
            ..CancelRequest::default()
        };
        let mut orders = self.orders.clone();
        let answer = self.ask(PATIENCE, orders.cancel(request)).await;
        answer.map(Response::into_inner)
    }

    pub(crate) async fn get(&self, order: &str) -> Order {
        let (id, customer_id) = (order.to_owned(), String::new());
        let request = GetOrderRequest { customer_id, id };
        self.told(self.orders.clone().get(request)).await
    }

    /// Waits until the order of `wish` is written, settled or not.
    pub(crate) async fn written(&self, wish: &Wish) -> String {
        let start = Instant::now();
        loop {
            let found = sqlx::query_scalar("select id from orders where customer_id = $1");
            let found = found
                .bind(wish.customer)
                .fetch_optional(self.database.pool());
            if let Some(id) = found.await.unwrap() {
                return api::id::ORDER.write(id);
            }
            assert!(start.elapsed() < LIMIT, "never written");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the order stands at `status`.
    pub(crate) async fn until(&self, order: &str, status: &str) -> Order {
        let start = Instant::now();
        loop {
            let found = self.get(order).await;
            if found.status == status {
                return found;
            }
            assert!(start.elapsed() < LIMIT, "stuck: {found:?}, never {status}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

pub(crate) async fn shelve(database: &Database, name: &str, units: i64) -> Uuid {
    let product = Uuid::now_v7();
    let sku = format!("T-{}", product.simple()).to_uppercase();
    sqlx::query(
        "insert into products (id, sku, name, category, price) values ($1, $2, $3, 'test', 700)",
    )
    .bind(product)
    .bind(sku)
    .bind(name)
    .execute(database.pool())
    .await
    .unwrap();
    sqlx::query("insert into stock (product_id, free) values ($1, $2)")
        .bind(product)
        .bind(units)
        .execute(database.pool())
        .await
        .unwrap();
    if units > 0 {
        sqlx::query(
            "insert into movements (id, product_id, kind, quantity) values ($1, $2, 'restock', $3)",
        )
        .bind(Uuid::now_v7())
        .bind(product)
        .bind(units)
        .execute(database.pool())
        .await
        .unwrap();
    }
    product
}

/// The settings of an instance.
pub(crate) fn env(database: &Database, user: &User, url: &str, settings: &[(&str, &str)]) -> Env {
    let own = [
        ("DATABASE_URLS", url.to_owned()),
        ("DATABASE_REPLICA_URLS", database.replica_url()),
        ("USER_ADDRS", user.addr.to_string()),
        ("LOG", "warn".to_owned()),
        ("REDIS_URL", "redis://127.0.0.1:1".to_owned()),
    ];
    let given = settings
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    Env::local(own.into_iter().chain(given))
}

/// A channel to the instances at `addrs`.
pub(crate) fn channel(addrs: &str) -> Channel {
    const KNOWN: &[Setting] = &[Setting::required("ORDER_ADDRS", "where the instances are")];
    let env = Env::local([("ORDER_ADDRS", addrs)]).knowing(KNOWN);
    env.channel("order").unwrap()
}

/// The reason of a refusal. Of what was not said in time nobody knows, as the gateway has it.
pub(crate) fn reason(status: &Status) -> String {
    match api::error::reason(status) {
        Some(reason) => reason,
        None if status.code() == Code::DeadlineExceeded => api::error::OUTCOME_UNKNOWN.to_owned(),
        None => panic!("no reason in {status:?}"),
    }
}

/// Another instance, whose way to the primary is `wire`.
pub(crate) async fn apart(house: &House, wire: &testkit::Wire) -> (Running, OrdersClient<Channel>) {
    let url = wire.url(&house.database.url());
    let env = env(&house.database, &house.user, &url, &[]);
    let started = chassis::start("order", env, order::Service::connect).await;
    let running = started.unwrap();
    let client = OrdersClient::new(channel(&running.addr.to_string()));
    (running, client)
}
