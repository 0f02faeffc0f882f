//! Versions: `ETag`, `If-Match`, `If-None-Match`.

use api::order::Product;
use api::user::{Account, UpdateAccountRequest};
use reqwest::Method;
use serde_json::json;

use crate::front::Front;

fn account(version: i64) -> Account {
    Account {
        version,
        name: "Ann".into(),
        ..Account::default()
    }
}

#[tokio::test]
async fn a_change_is_made_from_the_version_that_was_read() {
    let front = Front::open().await;
    front.fake.says("Users/GetAccount", &account(3));
    front.fake.says("Users/UpdateAccount", &account(4));
    let read = front.customer(Method::GET, "/v1/me").hear().await;

    let change = front
        .customer(Method::PATCH, "/v1/me")
        .header("if-match", read.header("etag"));
    let changed = change.json(&json!({"name": "Ann"})).hear().await;

    let asked: Vec<UpdateAccountRequest> = front.fake.asked("Users/UpdateAccount");
    assert_eq!(
        (
            asked[0].version,
            asked[0].name.as_deref(),
            asked[0].email.as_deref()
        ),
        (3, Some("Ann"), None)
    );
    assert_eq!(changed.header("etag"), "\"4\"");
}

#[tokio::test]
async fn a_change_from_no_version_is_428_and_from_another_412() {
    let front = Front::open().await;
    let stale = api::error::status(
        tonic::Code::FailedPrecondition,
        "STALE",
        "another version is current",
    );
    front.fake.refuses("Users/UpdateAccount", stale);
    let change = || {
        front
            .customer(Method::PATCH, "/v1/me")
            .json(&json!({"name": "Ann"}))
    };

    assert_eq!(change().hear().await.said(), "428 version_required");
    assert_eq!(
        change().header("if-match", "*").hear().await.said(),
        "428 version_required"
    );
    assert_eq!(
        change().header("if-match", "\"2\"").hear().await.said(),
        "412 stale"
    );
    assert_eq!(
        front.fake.all_asked().len(),
        1,
        "only a version of ours is asked about"
    );
    for foreign in ["\"x\"", "W/\"2\"", "2", "\"-1\""] {
        assert_eq!(
            change().header("if-match", foreign).hear().await.said(),
            "412 stale",
            "{foreign}"
        );
    }
    assert_eq!(front.fake.all_asked().len(), 1);
}

#[tokio::test]
async fn what_the_caller_has_already_is_not_sent_again() {
    let front = Front::open().await;
    front.fake.says("Users/GetAccount", &account(3));
    let read = |tag: &'static str| {
        front
            .customer(Method::GET, "/v1/me")
            .header("if-none-match", tag)
            .hear()
    };

    for same in ["\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"] {
        let heard = read(same).await;
        assert_eq!((heard.status.as_u16(), &*heard.text), (304, ""), "{same}");
        assert_eq!(heard.header("etag"), "\"3\"");
    }
    assert_eq!(read("\"2\"").await.status, 200);
}

#[tokio::test]
async fn a_products_stock_may_change_without_its_version_so_it_is_always_sent() {
    let front = Front::open().await;
    front.fake.says(
        "Catalog/GetProduct",
        &Product {
            version: 3,
            available: 7,
            ..Product::default()
        },
    );
    let path = format!(
        "/v1/products/{}",
        api::id::PRODUCT.write(uuid::Uuid::now_v7())
    );

    let heard = front
        .ask(Method::GET, &path)
        .header("if-none-match", "\"3\"")
        .hear()
        .await;

    assert_eq!(heard.status, 200);
    assert_eq!(heard.json()["available"], 7);
}
