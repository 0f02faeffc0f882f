//! Reads through caches: never older than what their reader has seen.

use api::token::{Given, scope};

use crate::shop::{Shop, as_one, find};

#[tokio::test]
async fn an_editor_finds_her_change_on_every_instance_at_once() {
    let shop = Shop::open().await;
    let (_other, elsewhere) = shop.another().await;
    as_one(async {
        let mut article = shop.published("Version 0").await;
        for version in 1..=50 {
            let title = format!("Version {version}");

            article = shop.rename(&article, &title).await.unwrap();

            let found = find(&elsewhere, &article.id).await.unwrap();
            assert_eq!(found.title, title);
            assert_eq!(shop.front().await, [title]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_without_a_token_is_served_from_the_cache_until_it_is_invalidated() {
    let shop = Shop::open().await;
    let (article, first) = as_one(async {
        let article = shop.published("Before").await;
        // What is read on the primary at the very position of a write is not kept, so the log goes on a little.
        sqlx::query("select pg_logical_emit_message(true, 'test', 'something else')")
            .execute(shop.database.pool())
            .await
            .unwrap();
        let first = shop.find(&article.id).await.unwrap();
        (article, first)
    })
    .await;
    let behind = "update articles set title = 'Behind the back of the service'";
    sqlx::query(behind)
        .execute(shop.database.pool())
        .await
        .unwrap();

    let cached = as_one(shop.find(&article.id)).await.unwrap();
    let (renamed, seen) = scope(Given::Nothing, shop.rename(&article, "After")).await;
    renamed.unwrap();
    let fresh = scope(seen, shop.find(&article.id)).await.0.unwrap();

    assert_eq!(
        (first.title.as_str(), cached.title.as_str()),
        ("Before", "Before")
    );
    assert_eq!(fresh.title, "After");
}

#[tokio::test]
async fn articles_are_read_and_written_while_redis_is_gone() {
    let shop = Shop::open().await;
    as_one(async {
        let article = shop.published("Before").await;
        shop.find(&article.id).await.unwrap();

        shop.redis.kill().await;

        let renamed = shop.rename(&article, "After").await.unwrap();
        assert_eq!(shop.find(&article.id).await.unwrap(), renamed);
        assert_eq!(shop.front().await, ["After"]);
    })
    .await;
}
