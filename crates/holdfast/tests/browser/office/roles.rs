//! Who may see what: customers nothing of the back office, support what helps customers, administrators all.

use holdfast::house::Place;
use serde_json::{Value, json};

use super::{shop, signed_in};
use crate::browser::Browser;
use crate::people::Person;

const ADMINS_ONLY: [&str; 9] = [
    "/topology",
    "/admin/registry",
    "/admin/resources",
    "/admin/faults",
    "/admin/locks",
    "/admin/backups",
    "/admin/audit",
    "/admin/news",
    "/admin/products/new",
];

/// The status of the page that is shown, and the places it leads to.
async fn shown(browser: &Browser, path: &str) -> (Value, Value) {
    browser.go(path).await;
    browser.sees("h1").await;
    let status = "return performance.getEntriesByType('navigation')[0].responseStatus";
    let ways = "return [...document.querySelectorAll('a[href^=\"/admin\"]')].map((a) => a.getAttribute('href'))";
    (browser.run(status).await, browser.run(ways).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a browser: make test-browser"]
async fn customers_and_support_see_what_they_may_and_are_told_so_in_words() {
    let shop = shop(1, Place::Here).await;
    let mut customer = Person::join(&shop, "customer").await;
    let mug = shop.shelve(10).await;
    let money = json!({"amount": {"amount": 5_000, "currency": "USD"}});
    customer.makes("/v1/me/wallet/topups", &money).await;
    let order = customer.buys(&mug).await;
    let browser = Browser::open(&shop.gateway(0)).await;

    signed_in(&browser, &customer, "/orders").await;
    let (_, ways) = shown(&browser, "/").await;
    assert_eq!(ways, json!([]), "customers are led there");
    let shared = [
        "/admin",
        "/admin/orders",
        "/admin/users",
        "/admin/products",
        "/admin/sagas",
    ];
    for path in shared.iter().chain(&ADMINS_ONLY) {
        let (status, _) = shown(&browser, path).await;
        let told = browser.text("main").await;
        assert_eq!(status, 403, "{path}: {told}");
        assert!(
            told.contains("Your account may not do this."),
            "{path}: {told}"
        );
    }
    browser.tool("Network.clearBrowserCookies", json!({})).await;

    let support = Person::join(&shop, "support").await;
    signed_in(&browser, &support, "/orders").await;
    browser.go("/admin").await;
    assert_eq!(browser.path().await, "/admin/orders");
    let (_, ways) = shown(&browser, "/admin/orders").await;
    let ways = ways.to_string();
    assert!(
        ways.contains("\"/admin/users\"") && !ways.contains("registry"),
        "{ways}"
    );
    for path in ADMINS_ONLY {
        let (status, _) = shown(&browser, path).await;
        assert_eq!(status, 403, "{path}");
    }
    // Moves the order on to its customer, without scripts too, and gives nobody a role.
    let scripts = "Emulation.setScriptExecutionDisabled";
    browser.tool(scripts, json!({"value": true})).await;
    browser.go(&format!("/admin/orders/{order}/ship")).await;
    browser.press("main form button").await;
    browser.sees(".notice.good").await;
    browser.sees(".state.shipped").await;
    browser.tool(scripts, json!({"value": false})).await;
    let (_, ways) = shown(&browser, &format!("/admin/users/{}", customer.id)).await;
    assert!(!ways.to_string().contains("/role"), "{ways}");
    let (status, _) = shown(&browser, &format!("/admin/users/{}/role", customer.id)).await;
    assert_eq!(status, 403);
    shop.close().await;
}
