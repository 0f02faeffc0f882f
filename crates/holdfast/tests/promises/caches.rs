//! Products and news through caches: who changed something reads it so at once, and nobody reads it otherwise for long.

use std::time::Duration;

use drill::Customer;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::open::{Shop, Wanted};
use crate::people::Person;

/// How long the replica shows nothing new.
const PAUSED: Duration = Duration::from_secs(2);
/// How long an entry lives at most in the memory of a process.
const IN_PROCESS: Duration = Duration::from_secs(30);

/// A shop with two of each, a product, an article, and who looks after them.
struct Scene {
    shop: Shop,
    admin: Person,
    product: String,
    article: String,
    versions: [String; 2],
}

impl Scene {
    async fn open(own_pair: bool) -> Self {
        let shop = Shop::wanted(Wanted {
            count: 2,
            own_pair,
            settings: &[],
        })
        .await;
        let mut admin = Person::join(&shop, "admin").await;
        let cup = json!({"sku": "CUP", "name": "Cup", "category": "Tests", "price": money(1)});
        let (product, first) = admin.makes("/v1/admin/products", &cup).await;
        let news = json!({"title": "1", "body": ""});
        let (article, draft) = admin.makes("/v1/admin/news", &news).await;
        let publish = format!("/v1/admin/news/{article}/publish");
        let headers = [("If-Match", Some(&*draft))];
        let public = admin
            .customer
            .ask(Method::POST, &publish, &headers, Some(json!({})));
        let second = public.await.unwrap().etag.unwrap();
        shop.caught_up().await;
        Self {
            shop,
            admin,
            product,
            article,
            versions: [first, second],
        }
    }

    /// Changes the product's price and the article's title to `number`.
    async fn change(&mut self, number: i64) {
        let changes = [
            (
                format!("/v1/admin/products/{}", self.product),
                json!({"price": money(number)}),
            ),
            (
                format!("/v1/admin/news/{}", self.article),
                json!({"title": number.to_string()}),
            ),
        ];
        for ((path, body), version) in changes.into_iter().zip(&mut self.versions) {
            let answer = self
                .admin
                .customer
                .change(&path, version, body)
                .await
                .unwrap();
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
            *version = answer.etag.unwrap();
        }
    }

    /// The numbers that `reader` is shown at every gateway: of the product and of the article, alone and in their lists.
    async fn numbers(&self, reader: &Customer) -> Vec<i64> {
        let (product, article) = (&self.product, &self.article);
        let mut numbers = Vec::new();
        for url in self.shop.house.urls() {
            let mut visitor = reader.at(url);
            let mut get = async |path: &str| {
                let read = visitor.send(Method::GET, path, None, None).await;
                read.unwrap().good().unwrap()
            };
            let title = |article: &Value| article["title"].as_str().unwrap().parse().unwrap();
            let price = |product: &Value| product["price"]["amount"].as_i64().unwrap();
            numbers.push(price(&get(&format!("/v1/products/{product}")).await));
            numbers.push(price(&get("/v1/products?category=Tests").await["data"][0]));
            numbers.push(title(&get(&format!("/v1/news/{article}")).await));
            numbers.push(title(&get("/v1/news").await["data"][0]));
            // Instances are asked in turn: an odd number of questions, and the next look is at the other one.
            get("/v1/categories").await;
            get("/v1/news?limit=1").await;
        }
        numbers
    }

    /// Lets every instance keep what a stranger reads.
    async fn warm(&self) -> Customer {
        let stranger = Customer::of(self.shop.gateway(0));
        for _ in 0..4 {
            self.numbers(&stranger).await;
        }
        stranger
    }
}

fn money(amount: i64) -> Value {
    json!({"amount": amount, "currency": "USD"})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_changes_the_catalogue_and_the_news_reads_them_so_while_the_replica_stands_still() {
    let mut scene = Scene::open(true).await;
    let stranger = scene.warm().await;
    let pair = scene.shop.pair.take().unwrap();
    pair.replica().pause_replay().await.unwrap();

    let end = Instant::now() + PAUSED;
    let mut number = 1;
    while Instant::now() < end {
        number += 1;
        scene.change(number).await;
        let own = scene.numbers(&scene.admin.customer).await;
        assert!(own.iter().all(|read| *read == number), "{number}: {own:?}");
        // Whoever has seen nothing may be shown what was before, but is always answered.
        assert_eq!(scene.numbers(&stranger).await.len(), own.len());
    }

    pair.replica().resume_replay().await.unwrap();
    holdfast::say::line(format_args!(
        "{} own reads of products and news, 0 stale",
        (number - 1) * 8
    ));
    scene.shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_whose_invalidation_was_lost_is_shown_to_nobody_past_its_bound() {
    let mut scene = Scene::open(false).await;
    let stranger = scene.warm().await;

    scene.shop.redis.kill().await;
    scene.change(2).await;
    let changed = Instant::now();
    scene.shop.redis.restart().await.unwrap();
    let mut shown = None;
    while changed.elapsed() <= IN_PROCESS {
        let asked = changed.elapsed();
        let read = scene.numbers(&stranger).await;
        if read.contains(&1) {
            shown = Some(asked);
        }
        sleep(Duration::from_millis(200)).await;
    }

    // Each instance is asked in turn.
    for _ in 0..4 {
        let read = scene.numbers(&stranger).await;
        assert!(read.iter().all(|number| *number == 2), "{read:?}");
    }
    let shown = shown.expect("something was kept, or nothing was tested");
    holdfast::say::line(format_args!(
        "without its invalidation an entry was shown for {:.1} s (bound {} s)",
        shown.as_secs_f64(),
        IN_PROCESS.as_secs()
    ));
    scene.shop.close().await;
}
