//! The parts of the shop start in any order, and it opens once the last of them is there.

use std::fmt;
use std::net::SocketAddr;

use holdfast::house::{House, Kind, Place};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use reqwest::StatusCode;
use serde_json::json;

use crate::books;
use crate::open::{Shop, until_known};

/// What is started one after the other.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Postgres,
    Redis,
    Service(Kind),
}

/// Each before those that need it.
const PARTS: [Part; 6] = [
    Part::Postgres,
    Part::Redis,
    Part::Service(Kind::User),
    Part::Service(Kind::News),
    Part::Service(Kind::Order),
    Part::Service(Kind::Gateway),
];

/// How many orders are tried that nobody has chosen.
const RANDOM: usize = 4;

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Service(kind) => kind.name(),
        })
    }
}

/// Everybody's address, known before anybody is there.
struct Plan(Vec<(Kind, String)>);

impl Plan {
    fn new() -> Self {
        let addr = || SocketAddr::from(([127, 0, 0, 1], testkit::free_port())).to_string();
        Self(Kind::ALL.map(|kind| (kind, addr())).to_vec())
    }

    /// What an instance of `kind` is told: where it is, and where the others will be.
    fn of(&self, kind: Kind) -> Vec<(String, String)> {
        let told = self.0.iter().map(|(other, addr)| {
            let name = if *other == kind {
                "LISTEN".to_owned()
            } else {
                format!("{}_ADDRS", other.name().to_uppercase())
            };
            (name, addr.clone())
        });
        told.collect()
    }
}

/// Ends all of the shop, and opens it again part by part, in this order.
async fn open_again(shop: &mut Shop, order: &[Part]) {
    let pair = shop.pair.as_ref().unwrap();
    shop.house.stop().await;
    pair.stop().await;
    shop.redis.kill().await;
    shop.house = House::empty(shop.ground.clone(), Place::Here);
    let plan = Plan::new();
    for part in order {
        if *part == Part::Postgres {
            nobody_is_ready_without_it(shop).await;
        }
        match part {
            Part::Postgres => {
                pair.primary().restart().await.unwrap();
                pair.replica().restart().await.unwrap();
            }
            Part::Redis => shop.redis.restart().await.unwrap(),
            Part::Service(kind) => {
                let told = plan.of(*kind);
                let told: Vec<_> = told
                    .iter()
                    .map(|(name, value)| (&**name, &**value))
                    .collect();
                shop.house.add(*kind, &told).await.unwrap();
            }
        }
    }
    shop.house.ready().await.unwrap();
}

/// An instance that has never reached its database says so, and goes on trying.
async fn nobody_is_ready_without_it(shop: &Shop) {
    for seat in shop.house.all() {
        let ready = reqwest::get(format!("http://{}/readyz", seat.admin())).await;
        let status = ready.unwrap().status();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{}", seat.name());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_parts_start_in_any_order_and_an_order_goes_through() {
    let mut shop = Shop::empty(true, &[], Place::Here).await;
    let mug = shop.shelve(1_000).await;
    let seed: u64 = rand::random();
    let mut chance = StdRng::seed_from_u64(seed);
    let mut orders = vec![PARTS, PARTS];
    orders[1].reverse();
    for _ in 0..RANDOM {
        let mut order = PARTS;
        order.shuffle(&mut chance);
        orders.push(order);
    }
    for order in orders {
        holdfast::say::line(format_args!("{order:?} (seed {seed})"));

        open_again(&mut shop, &order).await;

        let mut customer = shop.customer(10_000).await;
        let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
        let placed = until_known(&mut customer, "first", &body).await;
        assert_eq!(
            placed.status,
            StatusCode::CREATED,
            "{order:?}: {}",
            placed.text
        );
        assert_eq!(placed.body["status"], "confirmed", "{order:?}");
    }
    books::balance(&shop).await;
    shop.close().await;
}
