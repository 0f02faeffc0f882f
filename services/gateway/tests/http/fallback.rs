//! What is shown while a service is away, and to whom.

use api::news::{Article, ListArticlesResponse};
use api::order::{GetProductRequest, ListCategoriesResponse, ListProductsResponse, Product};
use prost::Message;
use reqwest::Method;
use tonic::{Code, Status};

use crate::fake::Answer;
use crate::front::{Front, Heard, until};

/// Read at place 0x20 of cluster 7, to be shown for five minutes.
const READ_AT: &str = "7.1.20;300000";
const PRODUCT: &str = "prd_01h455vb4pex5vsknk084sn02q";
const ARTICLE: &str = "art_01h455vb4pex5vsknk084sn02q";

fn paths() -> [String; 5] {
    [
        "/v1/products?q=mug".to_owned(),
        format!("/v1/products/{PRODUCT}"),
        "/v1/categories".to_owned(),
        "/v1/news".to_owned(),
        format!("/v1/news/{ARTICLE}"),
    ]
}

const RPCS: [&str; 5] = [
    "Catalog/ListProducts",
    "Catalog/GetProduct",
    "Catalog/ListCategories",
    "News/ListArticles",
    "News/GetArticle",
];

/// A gateway whose neighbours tell where they have read what they say.
async fn front(redis: &testkit::Redis, read_at: &'static str) -> Front {
    let url = redis.url();
    let front = Front::with(&[
        ("REDIS_URL", &url),
        ("REQUEST_TIMEOUT", "3s"),
        ("BODY_TIMEOUT", "2s"),
    ])
    .await;
    let product = Product {
        id: PRODUCT.to_owned(),
        version: 3,
        name: "Mug".to_owned(),
        ..Product::default()
    };
    let article = Article {
        id: ARTICLE.to_owned(),
        version: 2,
        ..Article::default()
    };
    let products = ListProductsResponse {
        products: vec![product.clone()],
        ..ListProductsResponse::default()
    };
    let articles = ListArticlesResponse {
        articles: vec![article.clone()],
        ..ListArticlesResponse::default()
    };
    let said = [
        products.encode_to_vec(),
        product.encode_to_vec(),
        ListCategoriesResponse::default().encode_to_vec(),
        articles.encode_to_vec(),
        article.encode_to_vec(),
    ];
    for (rpc, message) in RPCS.into_iter().zip(said) {
        let answer = Answer::ReadAt(message, read_at);
        front.fake.follows(rpc, move |_, _| answer.clone());
    }
    front
}

/// Has the services answer no more. A status that is not asked for again: the budget for that is for other tests.
fn leave(front: &Front, code: Code) {
    for rpc in RPCS {
        front.fake.refuses(rpc, Status::new(code, "gone"));
    }
}

async fn get(front: &Front, path: &str, token: Option<&str>) -> Heard {
    let asking = front.ask(Method::GET, path);
    let asking = token.into_iter().fold(asking, |asking, token| {
        asking.header("consistency-token", token)
    });
    asking.hear().await
}

/// As [`get`], when the moment is over for which an answer serves again as if it were fresh.
async fn get_later(front: &Front, path: &str) -> Heard {
    let mut heard = get(front, path, None).await;
    until(async || {
        heard = get(front, path, None).await;
        heard.status != 200 || !heard.header("cache-status").is_empty()
    })
    .await;
    heard
}

#[tokio::test]
async fn what_was_read_a_moment_ago_serves_again_whoever_has_seen_no_more() {
    let redis = testkit::redis().await;
    let front = front(&redis, READ_AT).await;
    let path = &paths()[1];
    let asked = || front.fake.asked::<GetProductRequest>(RPCS[1]).len();

    let first = get(&front, path, None).await;
    let again = get(&front, path, Some("7.1.20")).await;

    assert_eq!((&again.text, asked()), (&first.text, 1));
    assert_eq!(again.header("consistency-token"), "7.1.20");
    for more in ["7.1.21", "8.1.1", "7.0.0p", "nonsense"] {
        let before = asked();
        get(&front, path, Some(more)).await;
        assert_eq!(asked(), before + 1, "{more}");
    }
    let before = asked();
    until(async || {
        get(&front, path, None).await;
        asked() > before
    })
    .await;
}

#[tokio::test]
async fn what_its_service_would_not_show_again_does_not_serve_again() {
    let redis = testkit::redis().await;
    // It may be shown for no longer.
    let front = front(&redis, "7.1.20;0").await;
    let path = &paths()[1];

    get(&front, path, None).await;
    get(&front, path, None).await;

    let asked = front.fake.asked::<GetProductRequest>(RPCS[1]).len();
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn what_was_read_is_shown_while_its_service_is_away_and_says_so() {
    let redis = testkit::redis().await;
    let front = front(&redis, READ_AT).await;
    let mut before = Vec::new();
    for path in paths() {
        before.push(get(&front, &path, None).await);
    }

    leave(&front, Code::DeadlineExceeded);

    for (path, before) in paths().iter().zip(before) {
        let heard = get_later(&front, path).await;
        assert_eq!(before.header("cache-status"), "", "{path}");
        assert_eq!(
            (heard.status, &heard.text),
            (before.status, &before.text),
            "{path}"
        );
        let said = heard.header("cache-status");
        let left = said.strip_prefix("holdfast; hit; ttl=");
        let left = left.and_then(|left| left.split_once(';')?.0.parse::<u64>().ok());
        // Of 300 seconds, what a busy machine leaves.
        assert!(
            left.is_some_and(|left| (200..=300).contains(&left)),
            "{path}: `{said}`"
        );
        assert_eq!(heard.header("etag"), before.header("etag"));
    }
    // Nobody has ever asked for this one.
    let never = get(&front, "/v1/products?q=cup", None).await;
    assert_eq!(never.said(), "503 unavailable");
}

#[tokio::test]
async fn who_has_seen_more_than_was_kept_is_told_to_come_back() {
    let redis = testkit::redis().await;
    let front = front(&redis, READ_AT).await;
    let path = &paths()[1];
    get(&front, path, None).await;

    leave(&front, Code::DeadlineExceeded);

    assert_eq!(get(&front, path, Some("7.1.20")).await.status, 200);
    for more in ["7.1.21", "7.2.1", "8.1.1", "7.0.0p", "nonsense"] {
        let heard = get(&front, path, Some(more)).await;
        assert_eq!(heard.said(), "503 not_yet_consistent", "{more}");
        assert_ne!(heard.header("retry-after"), "");
    }
}

#[tokio::test]
async fn a_service_that_answers_is_believed_whatever_was_kept() {
    let redis = testkit::redis().await;
    let front = front(&redis, READ_AT).await;
    let path = &paths()[1];
    get(&front, path, None).await;

    leave(&front, Code::NotFound);

    assert_eq!(get_later(&front, path).await.said(), "404 not_found");
}

#[tokio::test]
async fn another_gateway_shows_it_too() {
    let redis = testkit::redis().await;
    let (one, two) = (front(&redis, READ_AT).await, front(&redis, READ_AT).await);
    leave(&two, Code::DeadlineExceeded);

    // Each turn another page: what was read before the Redis was reached is kept in that process alone.
    let mut turn = 0;
    until(async || {
        turn += 1;
        let path = format!("/v1/products?q=mug{turn}");
        get(&one, &path, None).await;
        get(&two, &path, None).await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_frozen_service_counts_as_away() {
    let redis = testkit::redis().await;
    let front = front(&redis, READ_AT).await;
    let path = &paths()[1];
    get(&front, path, None).await;

    front
        .fake
        .follows("Catalog/GetProduct", |_, _| Answer::Unending(Vec::new()));

    let heard = get_later(&front, path).await;
    assert_eq!(heard.status, 200, "{}", heard.text);
    assert!(heard.header("cache-status").starts_with("holdfast; hit"));
}

#[tokio::test]
async fn nothing_is_shown_for_longer_than_its_service_would_have() {
    let redis = testkit::redis().await;
    let front = front(&redis, "7.1.20;6000").await;
    let path = &paths()[1];
    get(&front, path, None).await;

    leave(&front, Code::DeadlineExceeded);

    assert_eq!(get(&front, path, None).await.status, 200);
    until(async || get(&front, path, None).await.status == 503).await;
}
