//! How the database finds rows: by an index, however large a table is.

use sqlx::Connection as _;
use sqlx::PgConnection;
use testkit::plans::{run, statements};

use crate::shop::Shop;

/// What lists and finds articles.
fn is_ours(statement: &str) -> bool {
    statement.starts_with("select") && statement.contains("from articles")
}

#[tokio::test]
async fn no_list_of_articles_reads_the_whole_table() {
    let shop = Shop::open().await;
    let url = shop.database.primary_url();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let grow = "insert into articles (id, title, body, publish_at)
        select gen_random_uuid(), 'Title ' || n, repeat('body ', 20), now() - n * interval '1 minute'
        from generate_series(1, 20000) n;
        analyze articles;";
    run(&mut connection, grow).await;
    let statements = statements(is_ours);
    assert!(statements.len() >= 4, "where are the statements?");

    for statement in statements {
        let plan = statement.plan(&mut connection).await;
        assert!(!plan.contains("Seq Scan"), "{}\n{plan}", statement.text);
        assert!(!plan.contains("Sort"), "{}\n{plan}", statement.text);
    }
}
