//! The products that a new shop begins with.

use api::order::{ListCategoriesRequest, ListProductsRequest};

use crate::shop::{Shop, as_one};

#[tokio::test]
async fn seeding_twice_is_seeding_once_and_keeps_what_was_sold_since() {
    let shop = Shop::open().await;
    let db = shop.database.db();
    as_one(async {
        order::seed::run(&db).await.unwrap();
        let products = shop.count("products").await;
        assert!(products >= 200, "{products} products are no catalogue");
        assert_eq!(shop.count("stock").await, products);
        let sold = "update stock set free = free - 1 where free > 0";
        sqlx::query(sold)
            .execute(shop.database.pool())
            .await
            .unwrap();
        let left = shop.count("stock where free = 479").await;

        order::seed::run(&db).await.unwrap();

        assert_eq!(shop.count("products").await, products);
        assert_eq!(shop.count("stock where free = 479").await, left);
        let mut catalog = shop.catalog.clone();
        let categories = catalog.list_categories(ListCategoriesRequest {}).await;
        let categories = categories.unwrap().into_inner().categories;
        assert_eq!(categories.len(), 12);
        let sum: i64 = categories.iter().map(|category| category.products).sum();
        assert_eq!(sum, products);
        let page = shop.list(ListProductsRequest::default()).await;
        assert_eq!(
            (page.products.len(), page.next_cursor.is_empty()),
            (20, false)
        );
    })
    .await;
}

#[tokio::test]
async fn the_seeded_stock_is_the_sum_of_its_movements() {
    let shop = Shop::open().await;
    order::seed::run(&shop.database.db()).await.unwrap();

    let off = "stock where free <> coalesce(
        (select sum(quantity) from movements where movements.product_id = stock.product_id), 0)";
    assert_eq!(shop.count(off).await, 0);
}
