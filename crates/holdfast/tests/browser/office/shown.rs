//! Every page of the back office as it looks, and whether everybody can use it.

use holdfast::house::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use tempfile::TempDir;

use super::{apart, signed_in};
use crate::browser::Browser;
use crate::open::{SETTLED, Shop};
use crate::people::{Person, text};
use crate::shown::looked_at;

/// What there is to be seen: an id of each kind.
struct Scene {
    shop: Shop,
    admin: Person,
    customer: String,
    product: String,
    order: String,
    saga: String,
    article: String,
    fault: i64,
    _logs: TempDir,
}

impl Scene {
    async fn open() -> Self {
        let (shop, logs) = apart(2).await;
        order::seed::run(&shop.order.db()).await.unwrap();
        news::seed::run(&shop.news.db()).await.unwrap();
        let mut admin = Person::join(&shop, "admin").await;
        let mut customer = Person::join(&shop, "customer").await;
        let money = json!({"amount": {"amount": 90_000, "currency": "USD"}});
        customer.makes("/v1/me/wallet/topups", &money).await;
        let products = admin.reads("/v1/products?limit=3").await;
        let product = text(&products["data"][0]["id"]);
        let mut order = String::new();
        for at in 0..3 {
            let id = text(&products["data"][at]["id"]);
            order = customer.buys(&id).await;
        }
        let sagas = admin.reads("/v1/admin/sagas").await;
        let saga = text(&sagas["data"][0]["id"]);
        let draft = json!({"title": "A new shelf in March", "body": "It is of oak.\n\nIt holds a hundred kilos."});
        let (article, _) = admin.makes("/v1/admin/news", &draft).await;
        let scene = Self {
            fault: fault(&shop, &mut admin).await,
            _logs: logs,
            customer: customer.id,
            shop,
            admin,
            product,
            order,
            saga,
            article,
        };
        scene.changed().await
    }

    /// Does something to an instance and to a resource, for their histories.
    async fn changed(mut self) -> Self {
        for (path, body) in [
            ("/v1/admin/registry/order-2", json!({"drained": true})),
            (
                "/v1/admin/resources/gateway",
                json!({"rate_account": 6000, "flags": {"search": false}}),
            ),
        ] {
            let version = [("If-Match", Some("\"1\""))];
            let done = self
                .admin
                .customer
                .ask(Method::PATCH, path, &version, Some(body));
            let done = done.await.unwrap();
            assert_eq!(done.status, StatusCode::OK, "{path}: {}", done.text);
        }
        self
    }

    /// Every page, by the name of its pictures.
    fn pages(&self) -> Vec<(&'static str, String)> {
        let Self {
            customer,
            product,
            order,
            saga,
            article,
            fault,
            ..
        } = self;
        let fixed = [
            ("office-house", "/admin"),
            ("office-registry", "/admin/registry"),
            ("office-instance", "/admin/registry/order-2"),
            ("office-drain", "/admin/registry/order-1/drain"),
            ("office-weight", "/admin/registry/order-1/weight"),
            ("office-resources", "/admin/resources"),
            ("office-resource", "/admin/resources/gateway"),
            ("office-resource-change", "/admin/resources/gateway/change"),
            ("office-faults", "/admin/faults"),
            ("office-locks", "/admin/locks"),
            ("office-backups", "/admin/backups"),
            ("office-audit", "/admin/audit"),
            ("office-orders", "/admin/orders"),
            ("office-sagas", "/admin/sagas"),
            ("office-products", "/admin/products"),
            ("office-product-new", "/admin/products/new"),
            ("office-users", "/admin/users"),
            ("office-news", "/admin/news"),
            ("office-article-new", "/admin/news/new"),
        ];
        let fixed = fixed.map(|(name, path)| (name, path.to_owned()));
        let of_one = [
            ("office-fault", format!("/admin/faults/{fault}")),
            ("office-note", format!("/admin/faults/{fault}/note")),
            ("office-order", format!("/admin/orders/{order}")),
            ("office-ship", format!("/admin/orders/{order}/ship")),
            ("office-cancel", format!("/admin/orders/{order}/cancel")),
            ("office-refund", format!("/admin/orders/{order}/refund")),
            ("office-saga", format!("/admin/sagas/{saga}")),
            ("office-product", format!("/admin/products/{product}")),
            (
                "office-product-change",
                format!("/admin/products/{product}/change"),
            ),
            (
                "office-withdraw",
                format!("/admin/products/{product}/withdraw"),
            ),
            (
                "office-restock",
                format!("/admin/products/{product}/restock"),
            ),
            ("office-user", format!("/admin/users/{customer}")),
            ("office-role", format!("/admin/users/{customer}/role")),
            ("office-disable", format!("/admin/users/{customer}/disable")),
            ("office-article", format!("/admin/news/{article}")),
            ("office-edit", format!("/admin/news/{article}/edit")),
            ("office-publish", format!("/admin/news/{article}/publish")),
        ];
        fixed.into_iter().chain(of_one).collect()
    }
}

/// Kills the news and starts them again, and waits until that is written down as a fault; answers its number.
async fn fault(shop: &Shop, admin: &mut Person) -> i64 {
    let seat = shop.seat(Kind::News, 0);
    seat.kill().await.unwrap();
    let end = tokio::time::Instant::now() + SETTLED;
    let number = loop {
        let faults: Value = admin.reads("/v1/admin/faults").await;
        if let Some(number) = faults["data"][0]["number"].as_i64() {
            break number;
        }
        assert!(
            tokio::time::Instant::now() < end,
            "no fault is written down"
        );
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    seat.start().await.unwrap();
    number
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a browser: make test-browser"]
async fn every_page_of_the_back_office_can_be_used_by_everybody_in_light_dark_narrow_and_wide() {
    let scene = Scene::open().await;
    let browser = Browser::open(&scene.shop.gateway(0)).await;
    signed_in(&browser, &scene.admin, "/admin").await;
    let mut found = Vec::new();

    for (name, path) in scene.pages() {
        browser.go(&path).await;
        browser.sees("main h1").await;
        assert_eq!(browser.path().await, path);
        looked_at(&browser, name, &mut found).await;
    }
    browser
        .go(&format!("/admin/products/{}/change", scene.product))
        .await;
    browser.fill("#price", "3.50").await;
    browser.press("main form button").await;
    browser.sees(".changes").await;
    looked_at(&browser, "office-product-sure", &mut found).await;
    browser.picture(320, false).await;
    browser.press(".menu summary").await;
    looked_at(&browser, "office-menu", &mut found).await;
    browser.go("/language/zh?back=/admin/registry").await;
    browser.sees("td").await;
    looked_at(&browser, "office-registry-zh", &mut found).await;

    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    scene.shop.close().await;
}
