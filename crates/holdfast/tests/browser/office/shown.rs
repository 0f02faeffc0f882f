//! Every page of the back office as it looks, and whether everybody can use it.

use holdfast::house::Kind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use tempfile::TempDir;

use super::{empty_apart, filled, signed_in};
use crate::browser::Browser;
use crate::open::{SETTLED, Shop};
use crate::people::{Person, text};
use crate::shown::looked_at;

/// Three days of load up to now, each with its noon, of which the last one was foreseen; for a while nobody looked.
const DAYS: &str = "
    insert into scaling_load (service, step, total, samples, cpu, memory, foreseen)
    select 'order', step, 2 * (load + noise), 2, 0.2, 104857600, case when back <= 288 then load * 1.05 end
    from generate_series(1, 864) back, lateral (select extract(epoch from now())::bigint / 300 - back as step) at,
        lateral (select 100 - 80 * cos(2 * pi() * step / 288) as load, abs(hashint8(step)) % 12 as noise) day
    where back not between 20 and 24";

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
        let (empty, logs) = empty_apart().await;
        sqlx::query(DAYS)
            .execute(empty.control.pool())
            .await
            .unwrap();
        let shop = filled(empty, 2).await;
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
        foreseen(&mut admin).await;
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
            (
                "/v1/admin/resources/order",
                json!({"requests_per_instance": 30, "max_instances": 6}),
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
            ("office-scaling", "/admin/scaling"),
            ("office-scaling-service", "/admin/scaling/order"),
            ("office-scaling-unknown", "/admin/scaling/news"),
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

/// Waits until control expects something of the orders.
async fn foreseen(admin: &mut Person) {
    let end = tokio::time::Instant::now() + SETTLED;
    loop {
        let path = "/v1/admin/scaling/order/forecast";
        let told: Value = admin.reads(path).await;
        if told["forecast"][0].is_object() {
            return;
        }
        assert!(tokio::time::Instant::now() < end, "no forecast: {told}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// From the list to the drawings of what is expected of the orders, with their figures unfolded.
async fn drawn(browser: &Browser) {
    browser.go("/admin/scaling").await;
    browser.press("td a[href='/admin/scaling/order']").await;
    browser.sees(".chart path.band").await;
    let count = |of: &str| format!("return document.querySelectorAll({of:?}).length");
    assert_eq!(browser.run(&count(".chart")).await, 2);
    // What came is broken where nobody looked.
    let came = "return document.querySelectorAll('.chart path.came')[0].getAttribute('d').split('M').length";
    assert!(browser.run(came).await.as_i64().unwrap() >= 3);
    browser.press(".part summary").await;
    let rows = browser.run(&count(".part details tbody tr")).await;
    assert!(rows.as_i64().unwrap() > 280, "{rows}");
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
    drawn(&browser).await;
    looked_at(&browser, "office-scaling-figures", &mut found).await;
    browser.go("/language/zh?back=/admin/registry").await;
    browser.sees("td").await;
    looked_at(&browser, "office-registry-zh", &mut found).await;
    browser.go("/admin/scaling/order").await;
    browser.sees(".chart").await;
    looked_at(&browser, "office-scaling-service-zh", &mut found).await;

    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    scene.shop.close().await;
}
