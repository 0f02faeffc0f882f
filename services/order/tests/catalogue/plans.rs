//! How the database finds products: by an index, however many there are.

use sqlx::Connection as _;
use sqlx::PgConnection;
use testkit::plans::{is_about, run, statements};

use crate::shop::Shop;

/// The tables of the catalogue and the carts.
const TABLES: [&str; 5] = ["products", "stock", "movements", "carts", "cart_items"];
/// Counting a category's products reads all of them, once for each life of a cache entry.
const READS_ALL: &str = "group by category";

fn is_ours(statement: &str) -> bool {
    is_about(statement, &TABLES) && !statement.contains(READS_ALL)
}

#[tokio::test]
async fn no_statement_of_the_catalogue_reads_a_whole_table() {
    let shop = Shop::open().await;
    let url = shop.database.primary_url();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let grow = "insert into products (id, sku, name, description, category, price)
        select gen_random_uuid(), 'SKU-' || n, 'Thing ' || n, 'It is good for ' || n, 'category ' || n % 40, n % 5000
        from generate_series(1, 20000) n;
        insert into stock (product_id, free) select id, 10 from products;
        insert into movements (id, product_id, kind, quantity) select gen_random_uuid(), id, 'restock', 10 from products;
        insert into holds (order_id, product_id, quantity) select gen_random_uuid(), id, 1 from products;
        insert into carts (id, customer_id) select gen_random_uuid(), gen_random_uuid() from generate_series(1, 20000);
        insert into cart_items (cart_id, product_id, quantity)
        select carts.id, (select id from products limit 1), 1 from carts;
        analyze;";
    run(&mut connection, grow).await;
    let statements = statements(is_ours);
    assert!(statements.len() >= 12, "where are the statements?");

    for statement in statements {
        let plan = statement.plan(&mut connection).await;
        let whole = |table: &&str| plan.contains(&format!("Seq Scan on {table}"));
        let read = TABLES.iter().find(|table| whole(table));
        assert!(read.is_none(), "{read:?}\n{}\n{plan}", statement.text);
    }
}
