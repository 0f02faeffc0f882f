//! How often one caller may ask, and whose address counts.

use reqwest::Method;

use crate::front::{Asking, Front, Heard, until};

async fn products(front: &Front) -> Heard {
    front.ask(Method::GET, "/v1/products").hear().await
}

#[tokio::test]
async fn too_many_requests_are_refused_with_the_time_to_come_back() {
    let front = Front::with(&[("RATE_ADDRESS", "3/1h")]).await;
    let mut heard = products(&front).await;
    while heard.status == 200 {
        heard = products(&front).await;
    }

    assert_eq!(heard.said(), "429 rate_limited");
    assert!(heard.header("retry-after").parse::<u64>().unwrap() > 60);
    assert_eq!(heard.header("ratelimit-policy"), "\"address\";q=3;w=3600");
    assert!(heard.header("ratelimit").starts_with("\"address\";r=0;t="));
}

#[tokio::test]
async fn accounts_are_counted_one_by_one_and_apart_from_addresses() {
    let front = Front::with(&[("RATE_ACCOUNT", "2/1h")]).await;
    let addresses = || front.customer(Method::GET, "/v1/me/addresses").hear();

    let statuses = [addresses().await, addresses().await, addresses().await]
        .map(|heard| heard.status.as_u16());

    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(products(&front).await.status, 200);
    let other = front.token(uuid::Uuid::now_v7(), auth::Role::Customer);
    let other = Asking(
        front
            .ask(Method::GET, "/v1/me/addresses")
            .0
            .bearer_auth(other),
    );
    assert_eq!(other.hear().await.status, 200);
}

#[tokio::test]
async fn passwords_may_be_tried_less_often_than_anything_else() {
    let front = Front::with(&[("RATE_SIGN_IN", "1/1h")]).await;
    let body = serde_json::json!({"email": "ann@example.org", "password": "correct horse"});
    let login = || front.ask(Method::POST, "/v1/auth/login").json(&body).hear();

    let (first, second) = (login().await, login().await);

    assert_eq!(first.status, 200);
    assert_eq!(second.said(), "429 rate_limited");
}

#[tokio::test]
async fn two_gateways_count_together_over_redis_and_alone_without_it() {
    let redis = testkit::redis().await;
    let url = redis.url();
    let settings = [("RATE_SIGN_IN", "2/1h"), ("REDIS_URL", &*url)];
    let (one, two) = (Front::with(&settings).await, Front::with(&settings).await);
    until(async || one.has("redis").await && two.has("redis").await).await;
    let body = serde_json::json!({"email": "ann@example.org", "password": "correct horse"});
    let login = async |front: &Front| {
        front
            .ask(Method::POST, "/v1/auth/login")
            .json(&body)
            .hear()
            .await
            .status
    };

    let together = [
        login(&one).await,
        login(&two).await,
        login(&one).await,
        login(&two).await,
    ];
    redis.kill().await;

    assert_eq!(together.map(|status| status.as_u16()), [200, 200, 429, 429]);
    // A third gateway that never saw Redis lets its own share through, and no more.
    let three = Front::with(&settings).await;
    until(async || login(&three).await == 429).await;
    assert_eq!(products(&three).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_counted_before_the_primary_of_redis_was_lost_still_counts() {
    let redis = testkit::redis_ha().await;
    let url = redis.url();
    let settings = [("RATE_SIGN_IN", "1/1h"), ("REDIS_URL", &*url)];
    let body = serde_json::json!({"email": "ann@example.org", "password": "correct horse"});
    let login = async |front: &Front| {
        let asking = front.ask(Method::POST, "/v1/auth/login").json(&body);
        asking.hear().await.status
    };
    let one = Front::with(&settings).await;
    until(async || one.has("redis").await).await;
    assert_eq!(login(&one).await, 200);
    until(async || redis.behind().await == Some(0)).await;

    let primary = redis.primary().await.unwrap();
    primary.process().kill().await;
    until(async || {
        redis
            .primary()
            .await
            .is_ok_and(|now| now.name() != primary.name())
    })
    .await;

    // A gateway that knows nothing itself would let one through, if the new primary did not know of it.
    let two = Front::with(&settings).await;
    until(async || two.has("redis").await).await;
    assert_eq!(login(&two).await, 429);
}

#[tokio::test]
async fn a_count_from_a_redis_whose_clock_was_ahead_holds_nobody_up() {
    let redis = testkit::redis().await;
    let url = redis.url();
    let front = Front::with(&[("RATE_SIGN_IN", "2/2s"), ("REDIS_URL", &*url)]).await;
    let client = redis::Client::open(url.as_str()).unwrap();
    let mut wire = client.get_multiplexed_async_connection().await.unwrap();
    let far = 4_000_000_000_000_000_u64; // The year 2096, in microseconds.
    let mut set = redis::cmd("SET");
    set.arg("holdfast:limit:sign-in:127.0.0.1").arg(far);
    set.query_async::<()>(&mut wire).await.unwrap();

    let body = serde_json::json!({"email": "ann@example.org", "password": "correct horse"});
    until(async || {
        let asking = front.ask(Method::POST, "/v1/auth/login").json(&body);
        asking.hear().await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_forwarded_address_counts_only_when_a_trusted_proxy_says_it() {
    let limit = ("RATE_ADDRESS", "60/1h");
    let trusting = Front::with(&[limit, ("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    let wary = Front::with(&[limit]).await;
    let left = async |front: &Front, client: &str| {
        let heard = front
            .ask(Method::GET, "/v1/products")
            .header("x-forwarded-for", client)
            .hear()
            .await;
        let left = heard
            .header("ratelimit")
            .split(';')
            .nth(1)
            .unwrap()
            .to_owned();
        left.trim_start_matches("r=").parse::<u32>().unwrap()
    };

    let fresh = [
        left(&trusting, "203.0.113.1").await,
        left(&trusting, "203.0.113.2").await,
    ];
    let same = [
        left(&wary, "203.0.113.1").await,
        left(&wary, "203.0.113.2").await,
    ];

    assert_eq!(fresh, [59, 59], "each address has a count of its own");
    assert!(same[1] < same[0], "a made-up address changes nothing");
}

#[tokio::test]
async fn a_full_gateway_refuses_at_once_and_still_says_that_it_lives() {
    let front = Front::with(&[
        ("MAX_IN_FLIGHT", "1"),
        ("REQUEST_TIMEOUT", "6s"),
        ("BODY_TIMEOUT", "2s"),
    ])
    .await;
    front.fake.follows("News/ListArticles", |_, _| {
        crate::fake::Answer::Unending(Vec::new())
    });
    let slow = tokio::spawn(front.ask(Method::GET, "/v1/news").hear());
    until(async || !front.fake.all_asked().is_empty()).await;

    let refused = products(&front).await;
    let alive = front.ask(Method::GET, "/livez").hear().await;

    assert_eq!(refused.said(), "503 overloaded");
    assert_ne!(refused.header("retry-after"), "");
    assert_eq!(alive.status, 200);
    assert_eq!(slow.await.unwrap().said(), "503 unavailable");
}

#[tokio::test]
async fn browsing_that_fills_its_share_leaves_room_for_a_checkout() {
    let front = Front::with(&[("MAX_IN_FLIGHT", "6"), ("REQUEST_TIMEOUT", "9s")]).await;
    for rpc in ["News/ListArticles", "Catalog/ListCategories"] {
        let unending = |_: &[u8], _| crate::fake::Answer::Unending(Vec::new());
        front.fake.follows(rpc, unending);
    }
    front.fake.forget();
    let paths = ["/v1/news", "/v1/news", "/v1/categories", "/v1/categories"];
    let slow = paths.map(|path| tokio::spawn(front.ask(Method::GET, path).hear()));
    until(async || front.fake.all_asked().len() == 4).await;

    let browsing = products(&front).await;
    let checkout = front.customer(Method::POST, "/v1/carts").hear().await;

    assert_eq!(browsing.said(), "503 overloaded");
    assert_eq!(checkout.status, 201, "{}", checkout.text);
    slow.iter().for_each(tokio::task::JoinHandle::abort);
}
