//! What is wrong is refused with a stable code, and nothing is asked of a service.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

use crate::front::{Front, Heard};

fn product() -> String {
    api::id::PRODUCT.write(Uuid::now_v7())
}

async fn place(front: &Front, body: &str) -> Heard {
    let order = front.customer(Method::POST, "/v1/orders").key("k");
    order.raw(body.to_owned()).hear().await
}

/// Status and code, then the first pointer and its code.
pub(crate) fn told(heard: &Heard) -> String {
    let fault = &heard.json()["errors"][0];
    let text = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", heard.said(), text("pointer"), text("code"))
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn a_bad_body_is_a_problem_that_says_where() {
    let front = Front::open().await;
    let (one, order) = (product(), api::id::ORDER.write(Uuid::now_v7()));
    let line =
        |quantity: &str| format!(r#"{{"items":[{{"product_id":"{one}","quantity":{quantity}}}]}}"#);
    let twice = format!(r#"{{"product_id":"{one}","quantity":1}}"#);
    let many = vec![format!(r#"{{"product_id":"{}","quantity":1}}"#, product()); 51].join(",");
    let table = [
        (String::new(), "400 malformed_json"),
        ("{".into(), "400 malformed_json"),
        ("{\"items\":[}".into(), "400 malformed_json"),
        ("{}{}".into(), "400 malformed_json"),
        ("\u{1}".into(), "400 malformed_json"),
        ("[]".into(), "400 invalid  wrong_type"),
        ("null".into(), "400 invalid  wrong_type"),
        ("{}".into(), "400 invalid /items one_of"),
        (r#"{"items":[]}"#.into(), "400 invalid /items one_of"),
        (r#"{"items":"mug"}"#.into(), "400 invalid /items wrong_type"),
        (
            r#"{"surprise":1}"#.into(),
            "400 invalid /surprise unknown_field",
        ),
        (
            r#"{"items":[{"quantity":1}]}"#.into(),
            "400 invalid /items/0/product_id missing_field",
        ),
        (
            r#"{"items":[{"product_id":"mug","quantity":1}]}"#.into(),
            "400 invalid /items/0/product_id invalid",
        ),
        (
            format!(r#"{{"items":[{{"product_id":"{order}","quantity":1}}]}}"#),
            "400 invalid /items/0/product_id invalid",
        ),
        (line("0"), "400 invalid /items/0/quantity out_of_range"),
        (line("-1"), "400 invalid /items/0/quantity out_of_range"),
        (line("1001"), "400 invalid /items/0/quantity out_of_range"),
        (line("1.5"), "400 invalid /items/0/quantity wrong_type"),
        (line("\"1\""), "400 invalid /items/0/quantity wrong_type"),
        (
            line("99999999999999999999999999"),
            "400 invalid /items/0/quantity wrong_type",
        ),
        (
            line("2147483648"),
            "400 invalid /items/0/quantity out_of_range",
        ),
        (line("1e400"), "400 malformed_json"),
        (line("null"), "400 invalid /items/0/quantity wrong_type"),
        (
            format!(r#"{{"items":[{twice},{twice}]}}"#),
            "400 invalid /items/1/product_id repeated",
        ),
        (
            format!(r#"{{"items":[{many}]}}"#),
            "400 invalid /items out_of_range",
        ),
        (
            format!(r#"{{"items":[{twice}],"items":[]}}"#),
            "400 invalid /items duplicate_field",
        ),
        (
            format!(
                r#"{{"items":[{twice}],"cart_id":"{}"}}"#,
                api::id::CART.write(Uuid::now_v7())
            ),
            "400 invalid /items one_of",
        ),
        (
            format!(r#"{{"items":[{twice}],"expected_total":{{"amount":-1,"currency":"USD"}}}}"#),
            "400 invalid /expected_total/amount out_of_range",
        ),
        (
            format!(r#"{{"items":[{twice}],"expected_total":{{"amount":1,"currency":"usd"}}}}"#),
            "400 invalid /expected_total/currency out_of_range",
        ),
        (
            format!(r#"{{"items":{}"#, "[".repeat(50_000)),
            "400 invalid /items/0/0 wrong_type",
        ),
    ];
    for (body, expected) in table {
        let heard = place(&front, &body).await;

        let shown: String = body.chars().take(120).collect();
        assert_eq!(told(&heard), expected, "{shown}");
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn money_must_be_a_sensible_amount() {
    let front = Front::open().await;
    for (amount, expected) in [
        ("0", "400 invalid /amount out_of_range"),
        ("-5", "400 invalid /amount/amount out_of_range"),
        ("1000001", "400 invalid /amount out_of_range"),
        ("1e3", "400 invalid /amount/amount wrong_type"),
        (
            "9223372036854775808",
            "400 invalid /amount/amount out_of_range",
        ),
        ("\"10\"", "400 invalid /amount/amount wrong_type"),
    ] {
        let body = format!(r#"{{"amount":{{"amount":{amount},"currency":"USD"}}}}"#);

        let heard = front
            .customer(Method::POST, "/v1/me/wallet/topups")
            .key("k")
            .raw(body)
            .hear()
            .await;

        assert_eq!(told(&heard), expected, "{amount}");
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn a_body_of_10_mb_is_refused_before_it_is_read() {
    let front = Front::open().await;

    let heard = place(&front, &"x".repeat(10 << 20)).await;

    assert_eq!(heard.said(), "413 too_large");
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn a_body_must_be_announced_as_json() {
    let front = Front::open().await;
    let order = || front.customer(Method::POST, "/v1/orders").key("k");

    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
        "json",
    ] {
        let heard = order().header("content-type", kind).hear().await;
        assert_eq!(heard.said(), "415 unsupported_media_type", "{kind}");
    }
    assert_eq!(order().hear().await.said(), "415 unsupported_media_type");
    let right = order()
        .header("content-type", "application/json; charset=utf-8")
        .hear()
        .await;
    assert_eq!(right.said(), "400 malformed_json");
}

#[tokio::test]
async fn a_bad_id_in_the_path_names_nothing_that_exists() {
    let front = Front::open().await;
    for id in [
        "1",
        "ord_",
        "ord_x",
        "prd_01h455vb4pex5vsknk084sn02q",
        "..%2f..",
        "%00",
        "%ff",
        "ORD_01h455vb4pex5vsknk084sn02q",
    ] {
        let heard = front
            .customer(Method::GET, &format!("/v1/orders/{id}"))
            .hear()
            .await;

        assert_eq!(heard.said(), "404 not_found", "{id}");
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn a_cursor_that_a_service_refuses_is_a_bad_request() {
    let front = Front::open().await;
    front.fake.refuses(
        "Catalog/ListProducts",
        api::error::invalid("page.cursor", "not a cursor of this list"),
    );

    let heard = front
        .ask(Method::GET, "/v1/products?cursor=nonsense")
        .hear()
        .await;

    assert_eq!(told(&heard), "400 invalid /page/cursor invalid");
}

#[tokio::test]
async fn a_key_that_breaks_the_rules_is_refused() {
    let front = Front::open().await;
    let body = json!({"items": [{"product_id": product(), "quantity": 1}]});
    let order = || front.customer(Method::POST, "/v1/orders").json(&body);

    assert_eq!(order().hear().await.said(), "400 idempotency_key_missing");
    for key in ["", "\"", "\"open", "a\tb", "ключ", &"k".repeat(256)] {
        let heard = order().key(key).hear().await;
        assert_eq!(heard.said(), "400 idempotency_key_invalid", "{key:?}");
    }
    let two = order().key("one").key("two").hear().await;
    assert_eq!(two.said(), "400 idempotency_key_invalid");
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn a_route_or_method_that_is_not_there_is_a_problem_too() {
    let front = Front::open().await;

    let nowhere = front.ask(Method::GET, "/v1/nowhere").hear().await;
    let method = front.ask(Method::DELETE, "/v1/products").hear().await;

    assert_eq!(nowhere.said(), "404 no_such_route");
    assert_eq!(method.said(), "405 method_not_allowed");
    assert!(method.header("allow").contains("GET"), "{method:?}");
}

#[tokio::test]
async fn headers_and_paths_have_a_length() {
    let front = Front::open().await;

    let headers = front
        .ask(Method::GET, "/v1/products")
        .header("x-long", &"h".repeat(20_000))
        .hear()
        .await;
    let path = front
        .ask(
            Method::GET,
            &format!("/v1/products?q={}", "q".repeat(9_000)),
        )
        .hear()
        .await;

    assert_eq!(headers.said(), "431 headers_too_large");
    assert_eq!(path.said(), "414 uri_too_long");
}

#[tokio::test]
async fn a_body_that_trickles_in_is_cut_short() {
    let front = Front::with(&[("BODY_TIMEOUT", "300ms")]).await;
    let token = front.token(front.account, auth::Role::Customer);
    let mut wire = TcpStream::connect(front.running.addr).await.unwrap();
    let head = format!(
        "POST /v1/orders HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {token}\r\nidempotency-key: k\r\n\
         content-type: application/json\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n{{"
    );

    wire.write_all(head.as_bytes()).await.unwrap();

    let answer = read_all(wire).await;
    assert!(
        answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout"),
        "{answer}"
    );
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn headers_that_trickle_in_end_the_connection() {
    let front = Front::with(&[("HEADER_TIMEOUT", "300ms")]).await;
    let mut wire = TcpStream::connect(front.running.addr).await.unwrap();

    wire.write_all(b"GET /v1/products HTTP/1.1\r\nhost: sh")
        .await
        .unwrap();

    let answer = read_all(wire).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_body_with_bad_values_for_an_admin_is_refused_as_well() {
    let front = Front::open().await;
    let id = product();
    let table: [(Method, String, Value, &str); 4] = [
        (
            Method::POST,
            "/v1/admin/products".into(),
            json!({"sku": "", "name": "n", "category": "c", "price": {"amount": 1, "currency": "USD"}}),
            "400 invalid /sku out_of_range",
        ),
        (
            Method::PATCH,
            format!("/v1/admin/products/{id}"),
            json!({"price": {"amount": -1, "currency": "USD"}}),
            "400 invalid /price/amount out_of_range",
        ),
        (
            Method::POST,
            format!("/v1/admin/products/{id}/stock/restocks"),
            json!({"quantity": 0}),
            "400 invalid /quantity out_of_range",
        ),
        (
            Method::POST,
            "/v1/admin/news".into(),
            json!({"title": "t".repeat(201), "body": ""}),
            "400 invalid /title out_of_range",
        ),
    ];
    for (method, path, body, expected) in table {
        let asking = front
            .by(auth::Role::Admin, method, &path)
            .key("k")
            .header("if-match", "\"1\"");

        let heard = asking.json(&body).hear().await;

        assert_eq!(told(&heard), expected, "{path}");
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

/// All that comes back until the other side closes, within a limit.
pub(crate) async fn read_all(mut wire: TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), wire.read_to_end(&mut bytes)).await;
    read.expect("the connection was closed in time")
        .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}
