//! A shop for one test: its own databases and Redis, every service, customers with money.

use std::sync::Arc;
use std::time::Duration;

use drill::{Answer, Buyer, Customer, Product, Refusal};
use holdfast::house::{Ground, House, Keeper, Kind, Place};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection, query_scalar};
use stack::{Options, Postgres, Redis};
use testkit::{Database, Seat};
use tokio::time::{Instant, sleep};

/// How long anything may take to settle, on a machine that has much else to do.
pub(crate) const SETTLED: Duration = Duration::from_mins(3);
/// A key that protects nothing.
const KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

/// A shop, open for one test.
pub(crate) struct Shop {
    pub(crate) house: House,
    /// What the house stands on.
    pub(crate) ground: Ground,
    pub(crate) redis: Redis,
    /// A pair of its own, where the test is going to break it.
    pub(crate) pair: Option<Postgres>,
    pub(crate) user: Database,
    pub(crate) order: Database,
    pub(crate) news: Database,
    pub(crate) control: Database,
}

/// How a shop is to be opened.
pub(crate) struct Wanted<'a> {
    /// How many of each service.
    pub(crate) count: usize,
    /// Whether the test breaks Postgres.
    pub(crate) own_pair: bool,
    /// Set for the services, all those who know it.
    pub(crate) settings: &'a [(&'a str, &'a str)],
}

impl Shop {
    /// Opens a shop with one of each service.
    pub(crate) async fn open() -> Self {
        Self::wanted(Wanted {
            count: 1,
            own_pair: false,
            settings: &[],
        })
        .await
    }

    /// Opens a shop as wanted.
    pub(crate) async fn wanted(wanted: Wanted<'_>) -> Self {
        let shop = Self::empty(wanted.own_pair, wanted.settings, Place::Here).await;
        for kind in Kind::ALL {
            for _ in 0..wanted.count {
                shop.house.add(kind, &[]).await.unwrap();
            }
        }
        shop.house.ready().await.unwrap();
        shop
    }

    /// A shop in which nothing runs yet.
    pub(crate) async fn empty(own_pair: bool, settings: &[(&str, &str)], place: Place) -> Self {
        let pair = if own_pair {
            Some(Postgres::start(Options::scratch().unwrap()).await.unwrap())
        } else {
            None
        };
        let make = async |name| match &pair {
            Some(pair) => {
                for role in Ground::KEEPERS {
                    pair.provide(role).await.unwrap();
                }
                testkit::database_on(&Seat::of(pair), name).await
            }
            None => testkit::database(name).await,
        };
        let (user, order) = (make("user").await, make("order").await);
        let (news, control) = (make("news").await, make("control").await);
        let redis = testkit::redis().await;
        let keeper = |name, database: &Database| Keeper {
            name,
            primary: database.primary_url(),
            replica: database.replica_url(),
        };
        let keepers = vec![
            keeper("user", &user),
            keeper("order", &order),
            keeper("news", &news),
            keeper("control", &control),
        ];
        let ground = Ground {
            keepers,
            redis: redis.url(),
            settings: Vec::new(),
        };
        let shared = [
            ("MASTER_KEY", KEY),
            ("SERVICE_TOKEN", "a token for tests only"),
            ("DRAIN_GRACE", "0s"),
            ("LOG", "warn"),
        ];
        let ground = shared
            .iter()
            .chain(settings)
            .fold(ground, |ground, (name, value)| ground.with(name, *value));
        Self {
            house: House::empty(ground.clone(), place)
                .expecting_control(1)
                .unwrap(),
            ground,
            redis,
            pair,
            user,
            order,
            news,
            control,
        }
    }

    /// The address of a gateway; the next one for each `turn`.
    pub(crate) fn gateway(&self, turn: usize) -> String {
        let urls = self.house.urls();
        urls[turn % urls.len()].clone()
    }

    /// A customer with `money` minor units in the wallet. Where the shop is too busy to take one, another one comes.
    pub(crate) async fn customer(&self, money: i64) -> Customer {
        let end = Instant::now() + SETTLED;
        loop {
            match Buyer::join(&self.gateway(0), money).await {
                Ok(buyer) => return buyer.customer,
                Err(busy) if is_passing(&busy) && Instant::now() < end => {}
                Err(refusal) => panic!("{refusal:#}"),
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Puts `units` of a new product on the shelf, at 1,000 minor units each; answers its id.
    pub(crate) async fn shelve(&self, units: i64) -> String {
        let product = Product::shelve(self.order.pool(), units, 1000).await;
        product.unwrap().shown()
    }

    /// Waits until the replica shows all that has been written so far, to whomever has seen nothing of it too.
    pub(crate) async fn caught_up(&self) {
        let written = "select (pg_current_wal_flush_lsn() - '0/0')::bigint";
        let written: i64 = query_scalar(written)
            .fetch_one(self.order.pool())
            .await
            .unwrap();
        let mut replica = PgConnection::connect(&self.order.replica_url())
            .await
            .unwrap();
        let end = Instant::now() + SETTLED;
        loop {
            let shown = "select (pg_last_wal_replay_lsn() - '0/0')::bigint";
            let shown: i64 = query_scalar(shown).fetch_one(&mut replica).await.unwrap();
            if shown >= written {
                return;
            }
            assert!(Instant::now() < end, "the replica stays behind");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// The instance of `kind` that was started as number `at`.
    pub(crate) fn seat(&self, kind: Kind, at: usize) -> Arc<holdfast::house::Seat> {
        self.house.seats(kind).remove(at)
    }

    /// Ends everything in order.
    pub(crate) async fn close(self) {
        self.house.stop().await;
    }
}

fn is_passing(error: &anyhow::Error) -> bool {
    let refusal = error.downcast_ref::<Refusal>();
    refusal.is_some_and(Refusal::is_passing)
}

/// Reads an order until it is pending no more.
pub(crate) async fn settled(customer: &mut Customer, id: &str) -> Value {
    let end = Instant::now() + SETTLED;
    loop {
        let order = customer.find(id).await;
        match order {
            Ok(order) if order["status"] != "pending" && order["status"] != "cancelling" => {
                return order;
            }
            found => assert!(Instant::now() < end, "{id} does not settle: {found:?}"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Settings under which every answer is the settled one, however busy the machine is.
pub(crate) const PATIENT: (&str, &str) = ("REQUEST_TIMEOUT", "30s");

/// Places an order as a good client does: sends the same key again until the answer is final.
pub(crate) async fn until_known(customer: &mut Customer, key: &str, body: &Value) -> Answer {
    until_other_than(&[202, 429, 503, 504], customer, key, body).await
}

/// Reads `path`; again while the shop has too much to do to answer.
pub(crate) async fn until_read(customer: &mut Customer, path: &str) -> Answer {
    let end = Instant::now() + SETTLED;
    loop {
        let answer = customer.send(Method::GET, path, None, None).await.unwrap();
        if answer.status == StatusCode::OK {
            return answer;
        }
        let passing = [429, 503, 504].contains(&answer.status.as_u16());
        assert!(passing && Instant::now() < end, "{path}: {answer:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

/// Places an order that cannot settle yet: sends the same key again until the shop has taken it.
pub(crate) async fn until_taken(customer: &mut Customer, key: &str, body: &Value) -> Answer {
    until_other_than(&[429, 503, 504], customer, key, body).await
}

async fn until_other_than(
    open: &[u16],
    customer: &mut Customer,
    key: &str,
    body: &Value,
) -> Answer {
    let end = Instant::now() + SETTLED;
    // Many who ask again at once, and again, would be what they wait for.
    let mut wait = Duration::from_millis(100);
    loop {
        let answer = customer.post("/v1/orders", key, body).await;
        match answer {
            Ok(answer) if !open.contains(&answer.status.as_u16()) => return answer,
            passing => assert!(
                Instant::now() < end,
                "`{key}` has no such answer: {passing:?}"
            ),
        }
        sleep(wait).await;
        wait = (wait * 2).min(Duration::from_secs(2));
    }
}
