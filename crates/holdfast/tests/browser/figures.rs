//! What a page costs: bytes, requests and blocking time in a browser, and the server's time beside that of the API's answers.
//! Printed, for whoever reads them; only what a page must not cost is asserted.

use std::time::{Duration, Instant};

use futures::future::join_all;
use holdfast::say;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use reqwest::Client;
use reqwest::header::ACCEPT_ENCODING;
use serde::Deserialize;
use serde_json::json;

use crate::browser::Browser;
use crate::open::{Shop, Wanted};
use crate::purchase::planted;

/// What the first page may send, with all that it loads.
const MOST_BYTES: u64 = 60_000;
/// How many times each is asked for.
const ROUNDS: usize = 200;
/// A page, and what it asks the API for.
const CACHED: [(&str, &[&str]); 3] = [
    (
        "/",
        &[
            "/v1/products?sort=name&limit=10",
            "/v1/categories",
            "/v1/news?limit=3",
        ],
    ),
    ("/products", &["/v1/products?limit=24", "/v1/categories"]),
    ("/news", &["/v1/news?limit=12"]),
];
/// As Lighthouse counts: of each task on the main thread, what is over 50 ms.
const COST: &str = r"
    const observer = new PerformanceObserver(() => {});
    observer.observe({ type: 'longtask', buffered: true });
    const blocked = observer.takeRecords().reduce((sum, task) => sum + task.duration - 50, 0);
    const [page] = performance.getEntriesByType('navigation');
    const loaded = performance.getEntriesByType('resource');
    const paint = performance.getEntriesByName('first-contentful-paint')[0];
    const request = new XMLHttpRequest();
    request.open('GET', location.pathname, false);
    request.send();
    const critical = loaded.filter((one) => one.initiatorType !== 'img');
    return {
      page_bytes: page.transferSize,
      bytes: [page, ...loaded].reduce((sum, one) => sum + one.transferSize, 0),
      requests: 1 + loaded.length,
      images: loaded.length - critical.length,
      blocked, painted: paint?.startTime ?? 0,
      critical: critical.map((one) => new URL(one.name).pathname),
      chained: critical.map((one) => new URL(one.name).pathname).filter((path) => !request.responseText.includes(path)),
    };
";

#[derive(Debug, Deserialize)]
struct Cost {
    page_bytes: u64,
    bytes: u64,
    requests: u64,
    images: u64,
    blocked: f64,
    painted: f64,
    critical: Vec<String>,
    /// What is critical and is only found by loading something else first.
    chained: Vec<String>,
}

async fn shop() -> Shop {
    let rates = ["RATE_ADDRESS", "RATE_ACCOUNT"].map(|name| (name, "1000000/1m"));
    let shop = Shop::wanted(Wanted {
        count: 1,
        own_pair: false,
        settings: &rates,
    });
    planted(shop.await).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a browser: make test-browser"]
async fn the_first_page_comes_small_and_its_critical_parts_in_one_round() {
    let shop = shop().await;
    let browser = Browser::open(&shop.gateway(0)).await;
    // The processor of a telephone, as Lighthouse takes it.
    browser
        .tool("Emulation.setCPUThrottlingRate", json!({ "rate": 4 }))
        .await;

    browser.go("/").await;
    browser.sees("footer").await;
    let cost: Cost = serde_json::from_value(browser.run(COST).await).unwrap();

    say::line(format_args!(
        "first page, at a quarter of this processor: {} bytes ({} of them the page), {} requests ({} for pictures), blocked {:.0} ms, first paint after {:.0} ms",
        cost.bytes, cost.page_bytes, cost.requests, cost.images, cost.blocked, cost.painted
    ));
    assert!(cost.critical.len() >= 3, "{cost:?}");
    assert!(cost.chained.is_empty(), "{cost:?}");
    assert!(cost.bytes < MOST_BYTES, "{cost:?}");
    shop.close().await;
}

/// What the processors have worked for this process, in which the whole shop runs.
fn worked() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let micros = |time: TimeVal| time.tv_sec() * 1_000_000 + time.tv_usec();
    let all = micros(usage.user_time()) + micros(usage.system_time());
    Duration::from_micros(all.try_into().unwrap())
}

/// The time of one answer, or of several asked for at once, and what was worked meanwhile.
async fn time(client: &Client, shop: &str, paths: &[&str]) -> (Duration, Duration) {
    let (began, before) = (Instant::now(), worked());
    let asked = paths.iter().map(|path| {
        let asked = client.get(format!("{shop}{path}"));
        let sent = asked.header(ACCEPT_ENCODING, "gzip").send();
        async move {
            let answer = sent.await.unwrap().error_for_status().unwrap();
            assert!(!answer.bytes().await.unwrap().is_empty());
        }
    });
    join_all(asked).await;
    (began.elapsed(), worked().saturating_sub(before))
}

/// The medians of both.
fn medians(times: Vec<(Duration, Duration)>) -> [f64; 2] {
    let (taken, worked) = times.into_iter().unzip();
    [taken, worked].map(|mut times: Vec<Duration>| {
        times.sort();
        times[times.len() / 2].as_secs_f64() * 1_000.0
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a browser: make test-browser"]
async fn a_cached_page_says_what_it_costs_beside_the_answers_it_is_made_of() {
    let shop = shop().await;
    let (client, url) = (Client::new(), shop.gateway(0));

    for (page, answers) in CACHED {
        let (mut drawn, mut told) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            drawn.push(time(&client, &url, &[page]).await);
            told.push(time(&client, &url, answers).await);
        }
        let [drawn, drawn_work] = medians(drawn);
        let [told, told_work] = medians(told);
        say::line(format_args!(
            "{page}, cached: {drawn:.2} ms, the API's answers {told:.2} ms: {:.2} times that; of work {drawn_work:.2} ms, {told_work:.2} ms: {:.2} times",
            drawn / told,
            drawn_work / told_work
        ));
    }

    shop.close().await;
}
