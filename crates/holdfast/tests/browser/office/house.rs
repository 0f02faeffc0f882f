//! The live house: a killed instance turns red and recovers, without a reload.

use holdfast::house::Kind;
use tokio::time::Instant;

use super::{apart, signed_in};
use crate::browser::Browser;
use crate::people::Person;
use crate::shown::looked_at;

const NEWS: &str = "document.querySelector('[data-instance=news-1]')";

/// Who asks for it knows it by its name or by its address.
const FAULT: &str = ".faults [data-component^=news]";

/// Waits until the tile of news-1 has this class; answers the colour of its edge.
async fn is(browser: &Browser, class: &str) -> String {
    let there = format!("return {NEWS}?.classList.contains({class:?}) ?? false");
    browser.until(&there).await;
    let colour = format!("return getComputedStyle({NEWS}).borderLeftColor");
    browser.run(&colour).await.as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a browser: make test-browser"]
async fn a_killed_instance_turns_red_in_the_live_house_and_recovers() {
    let (shop, _logs) = apart(1).await;
    let admin = Person::join(&shop, "admin").await;
    let browser = Browser::open(&shop.gateway(0)).await;
    signed_in(&browser, &admin, "/topology").await;
    let well = is(&browser, "up").await;
    // A page that is loaded anew would have forgotten this.
    browser.run("window.stayed = true; return true").await;

    shop.seat(Kind::News, 0).kill().await.unwrap();
    let begun = Instant::now();
    let ill = is(&browser, "silent").await;
    let turned = begun.elapsed();
    browser.sees(FAULT).await;
    let told = browser.text(".count").await;
    assert!(told.contains("1 silent"), "{told}");
    let mut found = Vec::new();
    looked_at(&browser, "office-house-ill", &mut found).await;
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    shop.seat(Kind::News, 0).start().await.unwrap();
    let again = is(&browser, "up").await;
    browser
        .until(&format!("return !document.querySelector({FAULT:?})"))
        .await;

    holdfast::say::line(format_args!(
        "red after {:.1} s: {well}, {ill}, {again}",
        turned.as_secs_f64()
    ));
    assert_eq!((well == again, well == ill), (true, false));
    assert_eq!(browser.run("return window.stayed").await, true);
    shop.close().await;
}
