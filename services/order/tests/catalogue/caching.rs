//! Reads through caches: never older than what their reader has seen.

use std::time::Duration;

use api::order::{ListProductsRequest, UpdateProductRequest};
use api::token::{Given, scope};

use crate::shop::{Shop, as_one, change, find, money, restock};

#[tokio::test]
async fn an_administrator_finds_a_change_on_every_instance_at_once() {
    let shop = Shop::open().await;
    let (_other, elsewhere) = shop.another().await;
    as_one(async {
        let mut product = shop.shelve("Mug", 1).await;
        for price in 2..=40 {
            let priced = UpdateProductRequest {
                price: Some(money(price)),
                ..change(&product)
            };

            product = shop.update(priced).await.unwrap();

            let found = find(&elsewhere, &product.id).await.unwrap();
            assert_eq!(found.price, Some(money(price)));
            let listed = elsewhere
                .clone()
                .list_products(ListProductsRequest::default())
                .await;
            assert_eq!(
                listed.unwrap().into_inner().products[0].price,
                Some(money(price))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_restock_shows_on_the_product_at_once() {
    let shop = Shop::open().await;
    as_one(async {
        let mug = shop.shelve("Mug", 1).await;
        for round in 1..=10 {
            shop.find(&mug.id).await.unwrap();

            shop.restock(restock(&mug, 10, &format!("{round}")))
                .await
                .unwrap();

            assert_eq!(shop.find(&mug.id).await.unwrap().available, round * 10);
        }
    })
    .await;
}

#[tokio::test]
async fn what_changed_behind_the_back_of_the_service_shows_only_to_whom_a_cache_may_not_serve() {
    let shop = Shop::open().await;
    let mug = as_one(async {
        let mug = shop.shelve("Mug", 100).await;
        // What is read on the primary at the very position of a write is not kept, so the log goes on a little.
        sqlx::query("select pg_logical_emit_message(true, 'test', 'something else')")
            .execute(shop.database.pool())
            .await
            .unwrap();
        shop.find(&mug.id).await.unwrap()
    })
    .await;
    let behind = "update products set name = 'Cup'";
    sqlx::query(behind)
        .execute(shop.database.pool())
        .await
        .unwrap();

    let cached = as_one(shop.find(&mug.id)).await.unwrap();
    let priced = UpdateProductRequest {
        price: Some(money(90)),
        ..change(&mug)
    };
    let (changed, seen) = scope(Given::Nothing, shop.update(priced)).await;
    changed.unwrap();
    let fresh = scope(seen, shop.find(&mug.id)).await.0.unwrap();

    assert_eq!(cached.name, "Mug");
    assert_eq!((fresh.name.as_str(), fresh.price), ("Cup", Some(money(90))));
}

#[tokio::test]
async fn products_are_read_and_changed_while_redis_is_gone_or_frozen() {
    let shop = Shop::open().await;
    as_one(async {
        let mug = shop.shelve("Mug", 100).await;
        shop.find(&mug.id).await.unwrap();

        shop.redis.pause();
        let priced = UpdateProductRequest {
            price: Some(money(90)),
            ..change(&mug)
        };
        let changed = tokio::time::timeout(Duration::from_secs(15), shop.update(priced)).await;
        let mug = changed.expect("a frozen Redis holds nobody up").unwrap();
        assert_eq!(shop.find(&mug.id).await.unwrap(), mug);
        shop.redis.resume();
        shop.redis.kill().await;

        assert_eq!(shop.find(&mug.id).await.unwrap(), mug);
        assert_eq!(
            shop.list(ListProductsRequest::default()).await.products,
            [mug]
        );
    })
    .await;
}
