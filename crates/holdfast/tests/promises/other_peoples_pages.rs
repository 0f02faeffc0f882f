//! Whoever names what is somebody else's on a page is told that there is no such thing, and changes nothing of it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::open::{SETTLED, Shop};
use crate::people::{Person, text};
use crate::visitor::Visitor;

/// What is Ann's alone, and must stand on no page of anybody else.
const SECRETS: [&str; 3] = ["Oude Delft 1", "Ann Alone", "order.confirmed"];

/// What Ann has.
struct Own {
    order: String,
    address: String,
    cart: String,
    notification: String,
}

async fn own(shop: &Shop, ann: &mut Person) -> Own {
    let money = json!({"amount": {"amount": 9_000, "currency": "USD"}});
    ann.makes("/v1/me/wallet/topups", &money).await;
    let address = json!({"recipient": "Ann Alone", "line1": "Oude Delft 1", "city": "Delft", "postal_code": "2611 CA", "country": "NL"});
    let (address, _) = ann.makes("/v1/me/addresses", &address).await;
    let mug = shop.shelve(10).await;
    let order = ann.buys(&mug).await;
    let (cart, _) = ann.makes("/v1/carts", &json!({})).await;
    let item = json!({"product_id": mug, "quantity": 2});
    ann.makes(&format!("/v1/carts/{cart}/items"), &item).await;
    Own {
        order,
        address,
        cart,
        notification: notification(ann).await,
    }
}

async fn notification(ann: &mut Person) -> String {
    let end = Instant::now() + SETTLED;
    loop {
        let told = ann.reads("/v1/me/notifications").await;
        if let Some(first) = told["data"].as_array().and_then(|told| told.first()) {
            return text(&first["id"]);
        }
        assert!(Instant::now() < end, "nobody tells of the order");
        sleep(Duration::from_millis(50)).await;
    }
}

/// All that Ann has, as she sees it herself.
async fn seen(ann: &mut Person, own: &Own) -> [Value; 4] {
    [
        ann.reads(&format!("/v1/orders/{}", own.order)).await,
        ann.reads("/v1/me/addresses").await,
        ann.reads(&format!("/v1/carts/{}", own.cart)).await,
        ann.reads("/v1/me/notifications").await,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_no_page_is_anything_of_somebody_else_shown_or_changed() {
    let shop = Shop::open().await;
    let mut ann = Person::join(&shop, "customer").await;
    let own = own(&shop, &mut ann).await;
    let before = seen(&mut ann, &own).await;
    let bob = Person::join(&shop, "customer").await;
    let mut bob = Visitor::of(&shop, &bob).await;
    // In his cookie stands her cart.
    bob.cookies = format!("{}; cart={}.2", bob.cookies, own.cart);
    let Own {
        order,
        address,
        notification,
        ..
    } = &own;
    let new = [
        ("recipient", "Bob"),
        ("line1", "x"),
        ("city", "x"),
        ("postal_code", "x"),
        ("country", "NL"),
        ("version", "1"),
    ];
    let get = |path: String| (Method::GET, path, &[][..]);
    let mut told = Vec::new();

    for (method, path, fields) in [
        get(format!("/orders/{order}")),
        get(format!("/orders/{order}/events")),
        (
            Method::POST,
            format!("/orders/{order}/cancel"),
            &[("key", "k-1")][..],
        ),
        get(format!("/account/addresses/{address}")),
        (
            Method::POST,
            format!("/account/addresses/{address}"),
            &new[..],
        ),
        (
            Method::POST,
            format!("/account/addresses/{address}/remove"),
            &new[5..],
        ),
        (
            Method::POST,
            format!("/account/notifications/{notification}/read"),
            &[][..],
        ),
        get(format!("/admin/orders/{order}")),
        get(format!("/admin/orders/{order}/ship")),
        (Method::POST, format!("/admin/orders/{order}/ship"), &[][..]),
        (
            Method::POST,
            format!("/admin/orders/{order}/cancel"),
            &[("key", "k-2")][..],
        ),
        get(format!("/admin/users/{}", ann.id)),
        (
            Method::POST,
            format!("/admin/users/{}/disable", ann.id),
            &[("version", "1")][..],
        ),
        get("/cart".to_owned()),
        get("/checkout".to_owned()),
        get("/account".to_owned()),
        get("/orders".to_owned()),
    ] {
        let answer = bob.ask(method.clone(), &path, fields).await;
        let status = answer.status().as_u16();
        let page = answer.text().await.unwrap();
        for secret in SECRETS.into_iter().chain([&*ann.email]) {
            assert!(!page.contains(secret), "{method} {path} tells {secret}");
        }
        told.push(status);
    }

    // 204 tells a browser not to come back for events.
    let expected = [
        404, 204, 404, 404, 404, 404, 404, // her order, address and notification
        403, 403, 403, 404, 403, 403, // the back office
        200, 303, 200, 200, // his own
    ];
    assert_eq!(told, expected);
    assert_eq!(seen(&mut ann, &own).await, before);
    shop.close().await;
}
