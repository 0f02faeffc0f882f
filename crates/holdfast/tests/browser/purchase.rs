//! The whole way of a purchase, as people walk it: with scripts, without them, and while the primary is gone.

use reqwest::Method;
use serde_json::json;

use crate::browser::Browser;
use crate::open::{SETTLED, Shop, Wanted};
use crate::people::Person;

/// A shop with the demo's catalogue.
pub(crate) async fn stocked(own_pair: bool) -> Shop {
    let shop = Shop::wanted(Wanted {
        count: 1,
        own_pair,
        settings: &[],
    });
    planted(shop.await).await
}

/// The same with the demo's catalogue and news.
pub(crate) async fn planted(shop: Shop) -> Shop {
    order::seed::run(&shop.order.db()).await.unwrap();
    news::seed::run(&shop.news.db()).await.unwrap();
    shop
}

/// Registers, and fills a wallet and an address.
pub(crate) async fn joined(browser: &Browser, name: &str) {
    browser.go("/register").await;
    browser.fill("#name", name).await;
    browser
        .fill(
            "#email",
            &format!("{}@example.org", uuid::Uuid::now_v7().simple()),
        )
        .await;
    browser.fill("#password", "correct horse battery").await;
    browser.press("main form button").await;
    browser.sees(".digits").await;
    browser.go("/wallet").await;
    browser.fill("#amount", "900").await;
    browser.press("main form button").await;
    browser.sees(".notice.good").await;
    browser.go("/account/addresses/new").await;
    for (field, text) in [
        ("#recipient", name),
        ("#line1", "Oude Delft 1"),
        ("#city", "Delft"),
        ("#postal_code", "2611 CA"),
        ("#country", "NL"),
    ] {
        browser.fill(field, text).await;
    }
    browser.press("main form button").await;
    browser.sees(".notice.good").await;
}

/// Puts the first product of the catalogue into the cart.
pub(crate) async fn filled_cart(browser: &Browser) {
    browser.go("/products?category=kitchen").await;
    browser.press(".card-of a").await;
    browser.press(".buy button").await;
    browser.sees(".lines li").await;
}

async fn orders(browser: &Browser) -> i64 {
    browser.go("/orders").await;
    browser.sees("h1").await;
    let count = browser
        .run("return document.querySelectorAll('.ledger li').length")
        .await;
    count.as_i64().unwrap()
}

/// Ships and delivers the order, as the back office does.
async fn delivered(shop: &Shop, id: &str) {
    let mut support = Person::join(shop, "support").await;
    for act in ["ship", "deliver"] {
        let path = format!("/v1/orders/{id}/{act}");
        let answer = support.customer.send(Method::POST, &path, None, None).await;
        let answer = answer.unwrap();
        assert!(answer.status.is_success(), "{act}: {answer:?}");
    }
}

async fn bought(browser: &Browser) -> String {
    joined(browser, "Ann Example").await;
    filled_cart(browser).await;
    browser.press(".bill .button").await;
    browser.press("#place button").await;
    browser.sees("#order").await;
    let path = browser.path().await;
    path.trim_start_matches("/orders/").to_owned()
}

#[tokio::test]
#[ignore = "it needs a browser: make test-browser"]
async fn a_stranger_becomes_a_customer_and_sees_the_order_come() {
    let shop = stocked(false).await;
    let browser = Browser::open(&shop.gateway(0)).await;

    let id = bought(&browser).await;
    browser
        .until("return document.querySelector('#order')?.dataset.status === 'confirmed'")
        .await;
    delivered(&shop, &id).await;

    // Without a reload: the page follows the order.
    browser
        .until("return document.querySelector('#order')?.dataset.status === 'delivered'")
        .await;
    shop.close().await;
}

#[tokio::test]
#[ignore = "it needs a browser: make test-browser"]
async fn a_double_click_a_reload_and_the_way_back_place_one_order() {
    let shop = stocked(false).await;
    let browser = Browser::open(&shop.gateway(0)).await;
    joined(&browser, "Bob Example").await;
    filled_cart(&browser).await;
    browser.press(".bill .button").await;
    browser.sees("#place button").await;
    // Past the script that holds back a second sending: what counts is the key.
    let twice = "const form = document.querySelector('#place'); const body = new URLSearchParams(new FormData(form)); \
        window.first = fetch('/checkout', { method: 'POST', body }); HTMLFormElement.prototype.submit.call(form); return true";
    browser.run(twice).await;

    browser.sees("#order").await;
    browser.run("location.reload(); return true").await;
    browser.sees("#order").await;
    browser.run("history.back(); return true").await;

    assert_eq!(orders(&browser).await, 1);
    shop.close().await;
}

#[tokio::test]
#[ignore = "it needs a browser: make test-browser"]
async fn the_whole_purchase_works_without_scripts() {
    let shop = stocked(false).await;
    let browser = Browser::open(&shop.gateway(0)).await;
    browser
        .tool(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": true }),
        )
        .await;

    bought(&browser).await;

    let ran = browser.run("return typeof htmx").await;
    assert_eq!(ran, "undefined", "scripts ran after all");
    assert_eq!(orders(&browser).await, 1);
    shop.close().await;
}

#[tokio::test]
#[ignore = "it needs a browser: make test-browser"]
async fn while_the_primary_is_gone_the_shop_is_browsed_and_the_cart_is_kept() {
    let shop = stocked(true).await;
    let browser = Browser::open(&shop.gateway(0)).await;
    joined(&browser, "Cy Example").await;
    filled_cart(&browser).await;
    browser.press(".bill .button").await;
    browser.sees("#place button").await;
    shop.caught_up().await;

    let pair = shop.pair.as_ref().unwrap();
    pair.primary().kill().await;
    browser.press("#place button").await;
    browser.sees(".notice.bad, .trouble").await;
    let told = browser.text("main").await;
    assert!(told.contains("again"), "{told}");
    let key = browser
        .run("return document.querySelector('form[action=\"/checkout\"] [name=key]')?.value ?? ''")
        .await;
    assert_ne!(key, "", "the form was lost: {told}");
    browser.go("/products?category=kitchen").await;
    browser.sees(".card-of").await;

    pair.primary().restart().await.unwrap();
    let end = tokio::time::Instant::now() + SETTLED;
    loop {
        browser.go("/checkout").await;
        if browser
            .run("return !!document.querySelector('#place button')")
            .await
            == true
        {
            browser.press("#place button").await;
        }
        if orders(&browser).await == 1 {
            break;
        }
        assert!(tokio::time::Instant::now() < end, "no order after all");
    }
    shop.close().await;
}
