//! What every answer wears, and what tells how the gateway is.

use reqwest::Method;

use crate::front::Front;

#[tokio::test]
async fn the_gateway_lives_and_is_ready_without_its_neighbours() {
    let front = Front::with(&[
        ("ORDER_ADDRS", "127.0.0.1:1"),
        ("NEWS_ADDRS", "127.0.0.1:1"),
    ])
    .await;

    let live = front.ask(Method::GET, "/livez").hear().await;
    let ready = front.ask(Method::GET, "/readyz").hear().await;

    assert_eq!((live.status.as_u16(), ready.status.as_u16()), (200, 200));
}

#[tokio::test]
async fn every_answer_wears_what_keeps_browsers_from_mischief() {
    let front = Front::open().await;
    for path in ["/v1/products", "/v1/nowhere", "/v1/me"] {
        let heard = front.ask(Method::GET, path).hear().await;

        assert_eq!(heard.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(heard.header("x-frame-options"), "DENY");
        assert_eq!(heard.header("cache-control"), "no-store");
        assert!(
            heard
                .header("content-security-policy")
                .contains("default-src 'none'")
        );
        assert_eq!(
            heard.header("strict-transport-security"),
            "",
            "not without TLS"
        );
        assert_eq!(heard.header("access-control-allow-origin"), "");
        assert_eq!(heard.header("x-request-id").len(), 32);
    }
}

#[tokio::test]
async fn a_plain_request_id_is_taken_over_and_any_other_is_not() {
    let front = Front::open().await;

    let plain = front
        .ask(Method::GET, "/v1/nowhere")
        .header("x-request-id", "from-me_1.2")
        .hear()
        .await;
    let other = front
        .ask(Method::GET, "/v1/nowhere")
        .header("x-request-id", "a b\"c")
        .hear()
        .await;

    assert_eq!(plain.header("x-request-id"), "from-me_1.2");
    assert_eq!(plain.json()["request_id"], "from-me_1.2");
    assert_ne!(other.header("x-request-id"), "a b\"c");
}

#[tokio::test]
async fn the_reader_comes_out_of_the_binary_and_reads_the_description() {
    let front = Front::open().await;

    let page = front.ask(Method::GET, "/docs/").hear().await;
    let script = front
        .ask(Method::GET, "/docs/swagger-initializer.js")
        .hear()
        .await;
    let description = front.ask(Method::GET, "/v1/openapi.json").hear().await;

    assert_eq!(page.status, 200);
    assert!(
        page.header("content-security-policy")
            .contains("script-src 'self'")
    );
    assert!(
        !page.text.contains("https://"),
        "nothing is loaded from elsewhere"
    );
    assert!(script.text.contains("/v1/openapi.json"));
    assert!(
        description.json()["openapi"]
            .as_str()
            .unwrap()
            .starts_with("3.1")
    );
}

#[tokio::test]
async fn long_answers_are_compressed_for_who_asks() {
    let front = Front::open().await;

    let heard = front
        .ask(Method::GET, "/v1/openapi.json")
        .header("accept-encoding", "gzip")
        .0
        .send()
        .await
        .unwrap();

    assert_eq!(heard.headers()["content-encoding"], "gzip");
}
