//! A cart that could not be paid for is there again, and is ordered once there is money.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::books;
use crate::open::{Shop, until_known};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_cart_is_ordered_again_after_a_top_up() {
    let shop = Shop::open().await;
    let mug = shop.shelve(5).await;
    let mut customer = shop.customer(1_500).await;
    let cart = customer.send(Method::POST, "/v1/carts", None, None).await;
    let cart = cart.unwrap();
    let items = format!("/v1/carts/{}/items", cart.id());
    let two = json!({"product_id": mug, "quantity": 2});
    let filled = customer.send(Method::POST, &items, None, Some(two)).await;
    let filled = filled.unwrap();
    assert!(filled.status.is_success(), "{}", filled.text);
    let order = json!({"cart_id": cart.id()});

    let declined = until_known(&mut customer, "short", &order).await;
    let again = until_known(&mut customer, "short", &order).await;
    customer.top_up("more", 500, "USD").await.unwrap();
    let replayed = until_known(&mut customer, "short", &order).await;
    let placed = until_known(&mut customer, "paid", &order).await;
    let once_more = until_known(&mut customer, "greedy", &order).await;

    let said = (declined.status, declined.code());
    assert_eq!(said, (StatusCode::PAYMENT_REQUIRED, "payment_declined"));
    assert_eq!(
        (&again.text, &replayed.text),
        (&declined.text, &declined.text)
    );
    assert!(again.replayed && replayed.replayed);
    assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
    assert_eq!(placed.body["total"]["amount"], 2_000);
    assert_eq!(placed.body["cart_id"], *cart.id());
    assert_eq!(once_more.code(), "cart_ordered", "{}", once_more.text);
    let wallet = customer
        .send(Method::GET, "/v1/me/wallet", None, None)
        .await;
    assert_eq!(wallet.unwrap().body["balance"]["amount"], 0);
    books::balance(&shop).await;
    assert_eq!(books::count(&shop, "confirmed").await, 1);
    assert_eq!(books::count(&shop, "rejected").await, 1);
    shop.close().await;
}
