//! A token that was revoked opens nothing any more, at any gateway; and what goes on when nobody can tell.

use std::time::Duration;

use drill::{Answer, Customer};
use holdfast::house::Kind;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::access::{Rule, routes};
use crate::books;
use crate::open::{SETTLED, Shop, Wanted, settled, until_known, until_taken};
use crate::people::{PASSWORD, Person};

/// How far behind a gateway is at most while the user service answers.
const BEHIND: Duration = Duration::from_secs(5);

async fn get(customer: &Customer, url: String, path: &str) -> Answer {
    let mut there = customer.at(url);
    there.send(Method::GET, path, None, None).await.unwrap()
}

/// Waits until both gateways answer `path` with `code`; answers how long it took.
async fn refused(shop: &Shop, customer: &Customer, path: &str, code: &str) -> Duration {
    let start = Instant::now();
    for url in shop.house.urls() {
        loop {
            let answer = get(customer, url.clone(), path).await;
            if answer.code() == code {
                break;
            }
            // A time fails only beyond three times its goal.
            assert!(start.elapsed() < BEHIND * 3, "{url}{path}: {}", answer.text);
            sleep(Duration::from_millis(20)).await;
        }
    }
    start.elapsed()
}

async fn two_of_each() -> Shop {
    let wanted = Wanted {
        count: 2,
        own_pair: false,
        settings: &[],
    };
    Shop::wanted(wanted).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_is_refused_by_every_gateway_within_five_seconds() {
    let shop = two_of_each().await;
    let mut admin = Person::join(&shop, "admin").await;
    for act in ["signed out everywhere", "changed the password", "disabled"] {
        let mut person = Person::join(&shop, "customer").await;
        let before = person.customer.clone();
        for url in shop.house.urls() {
            assert_eq!(get(&before, url, "/v1/me").await.status, StatusCode::OK);
        }

        match act {
            "signed out everywhere" => {
                let body = json!({"refresh_token": person.refresh, "everywhere": true});
                person.makes("/v1/auth/logout", &body).await;
            }
            "changed the password" => {
                let new = "battery staple correct horse";
                let body = json!({"current_password": PASSWORD, "new_password": new});
                person.makes("/v1/me/password", &body).await;
            }
            _ => {
                let path = format!("/v1/admin/users/{}", person.id);
                let body = json!({"disabled": true});
                let done = admin.customer.change(&path, "\"1\"", body).await.unwrap();
                assert_eq!(done.status, StatusCode::OK, "{}", done.text);
            }
        }

        let took = refused(&shop, &before, "/v1/me", "token_revoked").await;
        let mark = if took <= BEHIND { "ok" } else { "LATE" };
        holdfast::say::line(format_args!(
            "{act}: refused by both gateways after {:.1} s (goal {} s) {mark}",
            took.as_secs_f64(),
            BEHIND.as_secs()
        ));
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_user_service_customers_go_on_and_no_role_counts() {
    let shop = two_of_each().await;
    let mug = shop.shelve(10).await;
    let (mut customer, owner) = (shop.customer(10_000).await, shop.customer(10_000).await);
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let theirs = until_known(&mut owner.clone(), "k", &body).await;
    let order = format!("/v1/orders/{}", theirs.id());
    let admin = Person::join(&shop, "admin").await;
    for url in shop.house.urls() {
        let seen = get(&admin.customer, url, &order).await;
        assert_eq!(seen.status, StatusCode::OK, "an order of anybody");
    }

    for user in shop.house.seats(Kind::User) {
        user.stop().await;
    }
    refused(&shop, &admin.customer, "/v1/admin/orders", "role_unsure").await;

    let powers = routes()
        .into_iter()
        .filter(|route| route.rule >= Rule::Support);
    for (route, url) in powers.flat_map(|route| {
        shop.house
            .urls()
            .into_iter()
            .map(move |url| (route.clone(), url))
    }) {
        let headers = [("Idempotency-Key", Some("k")), ("If-Match", Some("\"1\""))];
        let method = route.method.parse().unwrap();
        let there = &mut admin.customer.at(url);
        let heard = there
            .ask(method, &route.target(None), &headers, route.body.clone())
            .await;
        let heard = heard.unwrap();
        assert_eq!(
            heard.code(),
            "role_unsure",
            "{} {}: {}",
            route.method,
            route.path,
            heard.text
        );
    }
    for url in shop.house.urls() {
        let seen = get(&admin.customer, url.clone(), &order).await;
        assert_eq!(
            seen.status,
            StatusCode::NOT_FOUND,
            "as support would: {}",
            seen.text
        );
        let own = get(&owner, url, &order).await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.text);
    }
    let placed = until_taken(&mut customer, "during", &body).await;
    assert_eq!(placed.status, StatusCode::ACCEPTED, "{}", placed.text);

    for user in shop.house.seats(Kind::User) {
        user.start().await.unwrap();
    }
    let end = Instant::now() + SETTLED;
    while get(&admin.customer, shop.gateway(0), &order).await.status != StatusCode::OK {
        assert!(Instant::now() < end, "the role counts no more");
        sleep(Duration::from_millis(50)).await;
    }
    settled(&mut customer, placed.id()).await;
    books::balance(&shop).await;
    shop.close().await;
}
