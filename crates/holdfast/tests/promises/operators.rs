//! What operators say is in effect within two seconds, at every instance, and the shop goes on without whoever tells it.

use std::time::Duration;

use drill::Answer;
use holdfast::house::{Kind, Place};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::open::{SETTLED, Shop, Wanted};
use crate::people::{Person, text};

/// Within this time a change must be in effect.
const IN_EFFECT: Duration = Duration::from_secs(2);
/// Three times the goal fails.
const LIMIT: Duration = IN_EFFECT.saturating_mul(3);

/// A shop with two of each service and its administrator.
async fn open() -> (Shop, Person) {
    let shop = Shop::wanted(Wanted {
        count: 2,
        own_pair: false,
        settings: &[],
    })
    .await;
    let admin = Person::join(&shop, "admin").await;
    (shop, admin)
}

async fn patch(admin: &mut Person, path: &str, version: i64, body: Value) -> Answer {
    let version = format!("\"{version}\"");
    let headers = [("If-Match", Some(&*version))];
    let answer = admin
        .customer
        .ask(Method::PATCH, path, &headers, Some(body));
    answer.await.unwrap()
}

/// The registry's row of `id`, once there is one.
async fn row(admin: &mut Person, id: &str) -> Value {
    let end = Instant::now() + SETTLED;
    loop {
        let registry = admin.reads("/v1/admin/registry").await;
        let rows = registry["data"].as_array().unwrap();
        if let Some(row) = rows.iter().find(|row| row["id"] == id) {
            return row.clone();
        }
        assert!(Instant::now() < end, "{id} is not in the registry");
        sleep(Duration::from_millis(50)).await;
    }
}

/// How many requests order-1 has answered until now: as control hears it after this was asked.
async fn answered(admin: &mut Person) -> u64 {
    let (asked, end) = (OffsetDateTime::now_utc(), Instant::now() + SETTLED);
    loop {
        let row = row(admin, "order-1").await;
        if api::time::read(&text(&row["heard_at"])).unwrap() > asked {
            return row["requests"].as_u64().unwrap();
        }
        assert!(Instant::now() < end, "order-1 tells nothing any more");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until `holds`, prints after how long, and fails far beyond the goal.
async fn in_effect(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !holds().await {
        assert!(begun.elapsed() < LIMIT, "{what}: not within {LIMIT:?}");
        sleep(Duration::from_millis(20)).await;
    }
    let mark = if begun.elapsed() > IN_EFFECT {
        " !"
    } else {
        ""
    };
    holdfast::say::line(format_args!(
        "{what}: in effect after {:.2} s (goal {} s){mark}",
        begun.elapsed().as_secs_f64(),
        IN_EFFECT.as_secs()
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_instance_gets_no_more_requests_within_two_seconds_and_is_called_again_when_it_may()
 {
    let (shop, mut admin) = open().await;
    let mug = shop.shelve(1_000_000).await;
    let seen = row(&mut admin, "order-1").await;
    assert_eq!(
        (&seen["state"], &seen["weight"]),
        (&json!("up"), &json!(100))
    );

    let path = "/v1/admin/registry/order-1";
    let drained = patch(&mut admin, path, 1, json!({"drained": true})).await;
    assert_eq!(drained.status, StatusCode::OK, "{}", drained.text);
    let looks = async |admin: &mut Person| {
        for _ in 0..20 {
            let _ = admin.reads(&format!("/v1/products/{mug}")).await;
            // Another one each time: no cache may answer.
            let _ = admin.reads("/v1/orders?limit=1").await;
        }
    };
    // Its own count of requests stands still while others rise.
    in_effect("a drain", async || {
        let before = answered(&mut admin).await;
        looks(&mut admin).await;
        answered(&mut admin).await == before
    })
    .await;

    let back = patch(&mut admin, path, 2, json!({"drained": false})).await;
    assert_eq!(back.status, StatusCode::OK, "{}", back.text);
    in_effect("the end of a drain", async || {
        let before = answered(&mut admin).await;
        looks(&mut admin).await;
        answered(&mut admin).await > before
    })
    .await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_switched_off_is_refused_at_every_gateway_and_outlives_control() {
    let (shop, mut admin) = open().await;
    let mug = shop.shelve(1_000).await;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let mut buyers = Vec::new();
    for turn in 0..2 {
        let buyer = shop.customer(1_000_000).await;
        buyers.push(buyer.at(shop.gateway(turn)));
    }
    let path = "/v1/admin/resources/gateway";

    let off = json!({"flags": {"checkout": false}});
    let said = patch(&mut admin, path, 1, off).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text);
    for (turn, buyer) in buyers.iter_mut().enumerate() {
        in_effect(&format!("a switch at gateway {turn}"), async || {
            let key = Uuid::now_v7().to_string();
            let answer = buyer.post("/v1/orders", &key, &body).await.unwrap();
            answer.status == StatusCode::SERVICE_UNAVAILABLE && answer.text.contains("switched_off")
        })
        .await;
    }

    // What was said last stays when those who said it are gone, and looking around goes on.
    for seat in shop.house.seats(Kind::Control) {
        seat.stop().await;
    }
    let key = Uuid::now_v7().to_string();
    let refused = buyers[0].post("/v1/orders", &key, &body).await.unwrap();
    assert!(refused.text.contains("switched_off"), "{}", refused.text);
    let path_of = format!("/v1/products/{mug}");
    let looked = buyers[0].send(Method::GET, &path_of, None, None).await;
    assert_eq!(looked.unwrap().status, StatusCode::OK);

    for seat in shop.house.seats(Kind::Control) {
        seat.start().await.unwrap();
    }
    let on = json!({"flags": {"checkout": true}});
    in_effect("word of control after its start", async || {
        let said = patch(&mut admin, path, 2, on.clone()).await;
        said.status == StatusCode::OK || said.status == StatusCode::PRECONDITION_FAILED
    })
    .await;
    in_effect("the end of a switch", async || {
        let answer = buyers[1].post("/v1/orders", &key, &body).await.unwrap();
        // The refusal has bound no key.
        answer.status == StatusCode::CREATED
    })
    .await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_requests_is_lowered_and_raised_while_the_shop_runs() {
    let (shop, mut admin) = open().await;
    let path = "/v1/admin/resources/order";

    let said = patch(
        &mut admin,
        path,
        1,
        json!({"min_in_flight": 3, "max_in_flight": 5}),
    )
    .await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text);
    in_effect("a lower limit", async || {
        let [one, two] = [
            row(&mut admin, "order-1").await,
            row(&mut admin, "order-2").await,
        ];
        [one, two]
            .iter()
            .all(|row| row["limit"].as_u64().unwrap() <= 5)
    })
    .await;

    let said = patch(
        &mut admin,
        path,
        2,
        json!({"min_in_flight": null, "max_in_flight": null}),
    )
    .await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text);
    in_effect("the end of a limit", async || {
        row(&mut admin, "order-1").await["limit"].as_u64().unwrap() >= 64
    })
    .await;
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_version_is_412_and_a_value_out_of_range_is_422_with_its_field() {
    let (shop, mut admin) = open().await;
    let path = "/v1/admin/resources/order";
    let said = patch(&mut admin, path, 1, json!({"max_instances": 4})).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text);

    let stale = patch(&mut admin, path, 1, json!({"max_instances": 5})).await;
    let wrong = json!({"max_instances": 101, "rate_account": 5, "flags": {"search": false}});
    let wrong = patch(&mut admin, path, 2, wrong).await;

    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let problem: Value = serde_json::from_str(&wrong.text).unwrap();
    let errors = problem["errors"].as_array().unwrap();
    let named: Vec<_> = errors.iter().map(|one| &one["pointer"]).collect();
    assert_eq!(named, ["/max_instances", "/rate_account", "/flags/search"]);
    let audit = admin.reads("/v1/admin/audit?service=control").await;
    assert_eq!(audit["data"].as_array().unwrap().len(), 1, "{audit}");
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_are_placed_while_control_was_never_there() {
    let shop = Shop::empty(false, &[], Place::Here).await;
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Control) {
        shop.house.add(kind, &[]).await.unwrap();
    }
    shop.house.ready().await.unwrap();
    let mug = shop.shelve(10).await;
    let mut buyer = shop.customer(1_000_000).await;

    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let placed = buyer.post("/v1/orders", "without control", &body).await;

    assert_eq!(placed.unwrap().status, StatusCode::CREATED);
    shop.close().await;
}
