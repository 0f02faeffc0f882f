//! An edit that comes second is told so, and loses nothing that was typed.

use holdfast::house::Place;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{shop, signed_in};
use crate::browser::Browser;
use crate::people::Person;
use crate::shown::looked_at;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it needs a browser: make test-browser"]
async fn who_edits_second_is_told_who_was_first_and_keeps_what_was_typed() {
    let shop = shop(1, Place::Here).await;
    let mut other = Person::join(&shop, "admin").await;
    let admin = Person::join(&shop, "admin").await;
    let draft = json!({"title": "Open on Sunday", "body": "We are open."});
    let (id, version) = other.makes("/v1/admin/news", &draft).await;
    let browser = Browser::open(&shop.gateway(0)).await;
    let edit = format!("/admin/news/{id}/edit");
    signed_in(&browser, &admin, &edit).await;
    browser.fill("#title", "Open on Monday").await;
    browser.fill("#text", "Typed with care.").await;

    let headers = [("If-Match", Some(&*version))];
    let first = json!({"title": "Closed on Sunday"});
    let path = format!("/v1/admin/news/{id}");
    let first = other
        .customer
        .ask(Method::PATCH, &path, &headers, Some(first));
    assert_eq!(first.await.unwrap().status, StatusCode::OK);
    browser.press("main form button").await;

    browser.sees(".notice.bad").await;
    let told = browser.text(".notice.bad").await;
    for part in ["Somebody else was first", "Ann did it", "Closed on Sunday"] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let kept =
        "return [document.querySelector('#title').value, document.querySelector('#text').value]";
    let kept = browser.run(kept).await;
    assert_eq!(kept, json!(["Open on Monday", "Typed with care."]));
    let mut found = Vec::new();
    looked_at(&browser, "office-stale", &mut found).await;
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
    // Whoever still means it sends it once more.
    browser.press("main form button").await;
    browser.sees(".notice.good").await;
    let shown = browser.text("main").await;
    assert!(
        shown.contains("Open on Monday") && shown.contains("Typed with care."),
        "{shown}"
    );
    shop.close().await;
}
