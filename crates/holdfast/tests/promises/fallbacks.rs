//! The order and the news service are away: browsing goes on with what was read before, and nobody is shown less than they
//! have seen.

use drill::{Answer, Customer};
use holdfast::house::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Duration, Instant, sleep};

use crate::open::{SETTLED, Shop};
use crate::people::Person;

/// Public pages, and who may change what is on two of them.
struct Scene {
    shop: Shop,
    admin: Person,
    product: (String, String),
    paths: Vec<String>,
}

impl Scene {
    async fn open() -> Self {
        let shop = Shop::open().await;
        let mut admin = Person::join(&shop, "admin").await;
        let cup = json!({"sku": "CUP", "name": "Cup", "category": "Tests", "price": price(1)});
        let product = admin.makes("/v1/admin/products", &cup).await;
        let news = json!({"title": "1", "body": ""});
        let (article, draft) = admin.makes("/v1/admin/news", &news).await;
        let publish = format!("/v1/admin/news/{article}/publish");
        let headers = [("If-Match", Some(&*draft))];
        let public = admin
            .customer
            .ask(Method::POST, &publish, &headers, Some(json!({})));
        public.await.unwrap().good().unwrap();
        shop.caught_up().await;
        let paths = [
            "/v1/products?category=Tests".to_owned(),
            format!("/v1/products/{}", product.0),
            "/v1/categories".to_owned(),
            "/v1/news".to_owned(),
            format!("/v1/news/{article}"),
        ];
        Self {
            shop,
            admin,
            product,
            paths: paths.to_vec(),
        }
    }

    fn product(&self) -> String {
        format!("/v1/products/{}", self.product.0)
    }
}

fn price(amount: i64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

async fn get(visitor: &mut Customer, path: &str) -> Answer {
    visitor.send(Method::GET, path, None, None).await.unwrap()
}

/// As [`get`], when the moment is over for which an answer serves again as if it were fresh.
async fn get_later(visitor: &mut Customer, path: &str) -> Answer {
    let end = Instant::now() + SETTLED;
    loop {
        let read = get(visitor, path).await;
        if read.status != StatusCode::OK || read.kept {
            return read;
        }
        assert!(Instant::now() < end, "{path} is still answered");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_services_behind_it_browsing_goes_on_and_nobody_is_shown_less_than_they_have_seen()
 {
    let mut scene = Scene::open().await;
    let mut stranger = Customer::of(scene.shop.gateway(0));
    let product = scene.product();
    let mut before = Vec::new();
    for path in &scene.paths {
        let read = get(&mut stranger, path).await;
        assert_eq!(
            (read.status, read.kept),
            (StatusCode::OK, false),
            "{path}: {}",
            read.text
        );
        before.push(read.text);
    }
    let change = format!("/v1/admin/products/{}", scene.product.0);
    let body = json!({"price": price(2)});
    let changed = scene.admin.customer.change(&change, &scene.product.1, body);
    changed.await.unwrap().good().unwrap();

    for kind in [Kind::Order, Kind::News] {
        scene.shop.seat(kind, 0).stop().await;
    }

    for (path, before) in scene.paths.iter().zip(before) {
        let read = get_later(&mut stranger, path).await;
        assert_eq!(
            (read.status, read.kept),
            (StatusCode::OK, true),
            "{path}: {}",
            read.text
        );
        assert_eq!(read.text, before, "{path}");
    }
    let own = get(&mut scene.admin.customer, &product).await;
    assert_eq!(own.status, StatusCode::SERVICE_UNAVAILABLE, "{}", own.text);
    assert_eq!(own.body["code"], "not_yet_consistent");

    for kind in [Kind::Order, Kind::News] {
        scene.shop.seat(kind, 0).start().await.unwrap();
    }
    let end = Instant::now() + SETTLED;
    loop {
        let own = get(&mut scene.admin.customer, &product).await;
        if own.status == StatusCode::OK {
            assert_eq!(
                (own.body["price"]["amount"].as_i64(), own.kept),
                (Some(2), false)
            );
            break;
        }
        assert!(Instant::now() < end, "{}", own.text);
        sleep(Duration::from_millis(100)).await;
    }
    scene.shop.close().await;
}
