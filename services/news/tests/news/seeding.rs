//! The articles that a new shop begins with.

use crate::shop::{Shop, as_one};

#[tokio::test]
async fn seeding_twice_is_seeding_once_and_keeps_what_was_changed_since() {
    let shop = Shop::open().await;
    let db = shop.database.db();
    as_one(async {
        news::seed::run(&db).await.unwrap();
        let titles = shop.front().await;
        assert_eq!(titles.len(), 5, "one of the six is a draft");
        let change = "update articles set title = 'Changed', version = version + 1 where title = 'We are open'";
        sqlx::query(change).execute(shop.database.pool()).await.unwrap();

        news::seed::run(&db).await.unwrap();

        let count = "select count(*) from articles where title <> 'We are open'";
        let count = sqlx::query_scalar::<_, i64>(count);
        assert_eq!(count.fetch_one(shop.database.pool()).await.unwrap(), 6);
    })
    .await;
}
