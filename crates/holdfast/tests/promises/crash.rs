//! The order service is killed at every step of every saga, as a process of its own.

use std::path::PathBuf;

use holdfast::house::{Kind, Place};
use holdfast::shop::Customer;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::books;
use crate::open::{SETTLED, Shop, settled, until_known};

/// Short, so that what a killed process had is soon taken up.
const LEASE: [(&str, &str); 2] = [("SAGA_LEASE", "1s"), ("SAGA_ATTEMPT", "800ms")];

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

/// A shop in which the first order service is killed at `spot`, and the second is not.
async fn shop(spot: &str) -> Shop {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_holdfast"));
    let logs = std::env::temp_dir().join(format!("holdfast-{}", uuid::Uuid::now_v7().simple()));
    std::fs::create_dir_all(&logs).unwrap();
    let mut shop = Shop::empty(false, &[], Place::Apart { program, logs }).await;
    shop.house.add(Kind::User, &[]).await.unwrap();
    shop.house.add(Kind::News, &[]).await.unwrap();
    let doomed = [LEASE[0], LEASE[1], ("CRASH_AT", spot)];
    shop.house.add(Kind::Order, &doomed).await.unwrap();
    shop.house.add(Kind::Gateway, &[]).await.unwrap();
    shop.house.add(Kind::Order, &LEASE).await.unwrap();
    shop.house.add(Kind::Gateway, &[]).await.unwrap();
    shop.house.ready().await.unwrap();
    shop
}

/// Waits until the doomed instance is dead: otherwise nothing was tested.
async fn killed(shop: &Shop, spot: &str) {
    let end = Instant::now() + SETTLED;
    while shop.seat(Kind::Order, 0).process().unwrap().alive() {
        assert!(Instant::now() < end, "nothing was killed at {spot}");
        sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// The customer as a client of a gateway that knows the surviving instance too.
fn elsewhere(shop: &Shop, customer: &Customer) -> Customer {
    customer.at(shop.gateway(1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_process_is_killed_at_any_step_is_confirmed_once() {
    for spot in PLACED {
        let shop = shop(spot).await;
        let mug = shop.shelve(5).await;
        let mut customer = shop.customer(10_000).await;
        let body = json!({"items": [{"product_id": mug, "quantity": 1}]});

        let _ = customer.post("/v1/orders", "k", &body).await;
        killed(&shop, spot).await;

        let answer = until_known(&mut elsewhere(&shop, &customer), "k", &body).await;
        assert_eq!(answer.status, 201, "{spot}: {}", answer.text);
        books::balance(&shop).await;
        assert_eq!(books::count(&shop, "confirmed").await, 1, "{spot}");
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_process_is_killed_while_it_is_undone_is_rejected_and_its_stock_is_back() {
    for spot in UNDONE {
        let shop = shop(spot).await;
        let mug = shop.shelve(5).await;
        let mut customer = shop.customer(100).await;
        let body = json!({"items": [{"product_id": mug, "quantity": 1}]});

        let _ = customer.post("/v1/orders", "k", &body).await;
        killed(&shop, spot).await;

        let answer = until_known(&mut elsewhere(&shop, &customer), "k", &body).await;
        assert_eq!(answer.code(), "payment_declined", "{spot}: {}", answer.text);
        books::balance(&shop).await;
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_whose_process_is_killed_at_any_step_gives_stock_and_money_back_once() {
    for spot in CANCELLED {
        let shop = shop(spot).await;
        let mug = shop.shelve(5).await;
        let mut customer = shop.customer(10_000).await;
        let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
        let placed = customer.post("/v1/orders", "k", &body).await.unwrap();

        let path = format!("/v1/orders/{}/cancel", placed.id());
        let _ = customer.post(&path, "c", &json!({})).await;
        killed(&shop, spot).await;

        let order = settled(&mut elsewhere(&shop, &customer), placed.id()).await;
        assert_eq!(order["status"], "cancelled", "{spot}: {order}");
        books::balance(&shop).await;
        shop.close().await;
    }
}
