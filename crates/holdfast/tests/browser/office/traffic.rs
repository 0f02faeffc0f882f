//! An administrator drains an instance, sees the traffic move, and lets it come back.

use drill::Customer;
use holdfast::house::Place;
use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::{shop, signed_in};
use crate::browser::Browser;
use crate::open::SETTLED;
use crate::people::Person;

/// Asks for something that no cache answers, until it is ended.
async fn load(mut customer: Customer) {
    loop {
        let path = "/v1/orders?limit=1";
        let _ = customer.send(Method::GET, path, None, None).await;
    }
}

/// How many requests order-1 and order-2 have had, as the page shows it.
async fn requests(browser: &Browser) -> [i64; 2] {
    browser.sees("a[href='/admin/registry/order-2']").await;
    let script = "return ['order-1', 'order-2'].map((id) => {
        const row = document.querySelector(`a[href='/admin/registry/${id}']`)?.closest('tr');
        return Number(row?.querySelector('[data-word=Requests]').textContent ?? -1);
    })";
    let counts: Value = browser.run(script).await;
    [counts[0].as_i64().unwrap(), counts[1].as_i64().unwrap()]
}

/// Waits until order-2 has had many more requests; answers how many more each has had.
async fn moved(browser: &Browser) -> [i64; 2] {
    let (before, end) = (requests(browser).await, Instant::now() + SETTLED);
    loop {
        let now = requests(browser).await;
        let more = [now[0] - before[0], now[1] - before[1]];
        if more[1] >= 30 {
            return more;
        }
        assert!(Instant::now() < end, "no traffic: {more:?}");
    }
}

/// Waits until what moves is as it should be.
async fn until_moved(browser: &Browser, so: fn([i64; 2]) -> bool) -> [i64; 2] {
    let end = Instant::now() + SETTLED;
    loop {
        let more = moved(browser).await;
        if so(more) {
            return more;
        }
        assert!(Instant::now() < end, "it stays at {more:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a browser: make test-browser"]
async fn an_administrator_drains_an_instance_and_sees_the_traffic_move() {
    let shop = shop(2, Place::Here).await;
    let admin = Person::join(&shop, "admin").await;
    let customer = Person::join(&shop, "customer").await;
    let load = tokio::spawn(load(customer.customer));
    let browser = Browser::open(&shop.gateway(0)).await;
    signed_in(&browser, &admin, "/admin/registry").await;
    until_moved(&browser, |[one, _]| one > 0).await;

    browser.press("a[href='/admin/registry/order-1']").await;
    browser.press("a[href$='/drain']").await;
    browser.sees("main form button").await;
    let asked = browser.text("main").await;
    assert!(asked.contains("order-1 gets no new requests"), "{asked}");
    browser.press("main form button").await;
    browser.sees(".notice.good").await;
    let told = browser.text(".notice.good").await;
    assert!(told.contains("Done by you to order-1"), "{told}");

    let more = until_moved(&browser, |[one, _]| one == 0).await;
    holdfast::say::line(format_args!(
        "drained: order-1 +{}, order-2 +{}",
        more[0], more[1]
    ));
    let row = "return document.querySelector(\"a[href='/admin/registry/order-1']\").closest('tr').innerText";
    let row = browser.run(row).await;
    assert!(row.to_string().contains("drained"), "{row}");

    browser.press(".notice.good a").await;
    browser.sees("td").await;
    let audit = browser.text("main table").await;
    for part in ["Ann", "Instance adjusted", "drained: false → true"] {
        assert!(audit.contains(part), "{part}: {audit}");
    }

    browser.go("/admin/registry/order-1/undrain").await;
    browser.press("main form button").await;
    browser.sees(".notice.good").await;
    until_moved(&browser, |[one, _]| one > 0).await;
    load.abort();
    shop.close().await;
}
