//! The order service is killed at every step of every saga, as a process of its own; another one finds what it left.

use std::path::PathBuf;
use std::time::Duration;

use drill::Customer;
use holdfast::house::{Kind, Place};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::books;
use crate::open::{SETTLED, Shop, settled, until_known};

/// Short, so that what a killed process had is soon taken up.
const LEASE: [(&str, &str); 2] = [("SAGA_LEASE", "2s"), ("SAGA_ATTEMPT", "1s")];

/// Where it is killed while an order is placed that goes through.
const PLACED: [&str; 6] = [
    "place-order:HoldStock:before",
    "place-order:HoldStock:after",
    "place-order:TakeMoney:before",
    "place-order:TakeMoney:after",
    "place-order:Confirm:before",
    "place-order:Confirm:after",
];

/// Where it is killed while an order is undone for want of money.
const UNDONE: [&str; 4] = [
    "place-order:undo-TakeMoney:before",
    "place-order:undo-TakeMoney:after",
    "place-order:undo-HoldStock:before",
    "place-order:undo-HoldStock:after",
];

/// Where it is killed while an order is cancelled.
const CANCELLED: [&str; 6] = [
    "cancel-order:ReturnStock:before",
    "cancel-order:ReturnStock:after",
    "cancel-order:ReturnMoney:before",
    "cancel-order:ReturnMoney:after",
    "cancel-order:Finish:before",
    "cancel-order:Finish:after",
];

/// A shop whose order service is going to be killed.
struct Scene {
    shop: Shop,
    spot: &'static str,
    /// Where its processes log to.
    _logs: TempDir,
}

impl Scene {
    /// Opens a shop whose only order service is killed at `spot`: whatever delays it, nobody else gets there first.
    async fn open(spot: &'static str) -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_holdfast"));
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().to_owned();
        let shop = Shop::empty(false, &[], Place::Apart { program, logs }).await;
        shop.house.add(Kind::User, &[]).await.unwrap();
        shop.house.add(Kind::News, &[]).await.unwrap();
        let doomed = [LEASE[0], LEASE[1], ("CRASH_AT", spot)];
        shop.house.add(Kind::Order, &doomed).await.unwrap();
        shop.house.add(Kind::Gateway, &[]).await.unwrap();
        shop.house.ready().await.unwrap();
        Self {
            shop,
            spot,
            _logs: folder,
        }
    }

    /// Posts `body` until the order service is dead of it: otherwise nothing was tested.
    async fn kill_by(&self, customer: &mut Customer, path: &str, body: &Value) {
        let seat = self.shop.seat(Kind::Order, 0);
        let doomed = seat.process().unwrap();
        let dead = async {
            while doomed.alive() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        let post = async {
            loop {
                // Not taken by a machine that is busy, it is sent again, as a good client does.
                let _ = customer.post(path, "k", body).await;
                sleep(Duration::from_millis(100)).await;
            }
        };
        let killed = async {
            tokio::select! { () = dead => (), () = post => () }
        };
        let killed = timeout(SETTLED, killed).await;
        killed.unwrap_or_else(|_| panic!("nothing was killed at {}", self.spot));
    }

    /// Opens another order service and a gateway that knows it; answers the customer as its client.
    async fn elsewhere(&mut self, customer: &Customer) -> Customer {
        for (kind, settings) in [(Kind::Order, &LEASE[..]), (Kind::Gateway, &[])] {
            let seat = self.shop.house.add(kind, settings).await.unwrap();
            seat.ready().await.unwrap();
        }
        customer.at(self.shop.gateway(1))
    }
}

fn one(product: &str) -> Value {
    json!({"items": [{"product_id": product, "quantity": 1}]})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_process_is_killed_at_any_step_is_confirmed_once() {
    for spot in PLACED {
        let mut scene = Scene::open(spot).await;
        let body = one(&scene.shop.shelve(5).await);
        let mut customer = scene.shop.customer(10_000).await;

        scene.kill_by(&mut customer, "/v1/orders", &body).await;
        let mut customer = scene.elsewhere(&customer).await;

        let answer = until_known(&mut customer, "k", &body).await;
        assert_eq!(answer.status, 201, "{spot}: {}", answer.text);
        books::balance(&scene.shop).await;
        assert_eq!(books::count(&scene.shop, "confirmed").await, 1, "{spot}");
        scene.shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_process_is_killed_while_it_is_undone_is_rejected_and_its_stock_is_back() {
    for spot in UNDONE {
        let mut scene = Scene::open(spot).await;
        let body = one(&scene.shop.shelve(5).await);
        let mut customer = scene.shop.customer(100).await;

        scene.kill_by(&mut customer, "/v1/orders", &body).await;
        let mut customer = scene.elsewhere(&customer).await;

        let answer = until_known(&mut customer, "k", &body).await;
        assert_eq!(answer.code(), "payment_declined", "{spot}: {}", answer.text);
        books::balance(&scene.shop).await;
        scene.shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_whose_process_is_killed_at_any_step_gives_stock_and_money_back_once() {
    for spot in CANCELLED {
        let mut scene = Scene::open(spot).await;
        let body = one(&scene.shop.shelve(5).await);
        let mut customer = scene.shop.customer(10_000).await;
        let placed = until_known(&mut customer, "placed", &body).await;
        assert_eq!(placed.status, 201, "{spot}: {}", placed.text);

        let cancel = format!("/v1/orders/{}/cancel", placed.id());
        scene.kill_by(&mut customer, &cancel, &json!({})).await;
        let mut customer = scene.elsewhere(&customer).await;

        // Nobody told the customer that the cancel was begun, so a replica that is behind might show them what was before.
        scene.shop.caught_up().await;
        let order = settled(&mut customer, placed.id()).await;
        assert_eq!(order["status"], "cancelled", "{spot}: {order}");
        books::balance(&scene.shop).await;
        scene.shop.close().await;
    }
}
