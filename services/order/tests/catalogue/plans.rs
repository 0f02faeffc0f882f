//! How the database finds products: by an index, however many there are.

use sqlx::Connection as _;
use sqlx::PgConnection;

use crate::shop::Shop;

/// The tables of the catalogue and the carts.
const TABLES: [&str; 5] = ["products", "stock", "movements", "carts", "cart_items"];
/// Counting a category's products reads all of them, once for each life of a cache entry.
const READS_ALL: &str = "group by category";

/// The statements on these tables, as they stand in the committed query cache.
fn statements() -> Vec<(String, usize)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx");
    let files = std::fs::read_dir(folder).unwrap();
    let queries = files.map(|file| {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let query: serde_json::Value = serde_json::from_str(&text).unwrap();
        let parameters = query["describe"]["parameters"]["Left"].as_array();
        let text = query["query"].as_str().unwrap().to_owned();
        (text, parameters.map_or(0, Vec::len))
    });
    let ours = |text: &str| {
        let words: Vec<_> = text.split_whitespace().collect();
        let named = words
            .windows(2)
            .any(|pair| ["from", "update", "join"].contains(&pair[0]) && TABLES.contains(&pair[1]));
        named && !text.contains(READS_ALL)
    };
    queries.filter(|(text, _)| ours(text)).collect()
}

async fn run(connection: &mut PgConnection, text: String) {
    let text = sqlx::AssertSqlSafe(text);
    sqlx::raw_sql(text).execute(connection).await.unwrap();
}

/// The plan of a statement that knows nothing of its arguments.
async fn plan(connection: &mut PgConnection, statement: &str, arguments: usize) -> String {
    run(connection, format!("prepare planned as {statement}")).await;
    let nulls = vec!["null"; arguments].join(", ");
    let arguments = if arguments == 0 {
        String::new()
    } else {
        format!("({nulls})")
    };
    let explain = sqlx::AssertSqlSafe(format!("explain execute planned{arguments}"));
    let lines = sqlx::query_scalar::<_, String>(explain);
    let lines = lines.fetch_all(&mut *connection).await.unwrap();
    run(connection, "deallocate planned".to_owned()).await;
    lines.join("\n")
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
        analyze;
        set plan_cache_mode = force_generic_plan;";
    run(&mut connection, grow.to_owned()).await;
    let statements = statements();
    assert!(statements.len() >= 12, "where are the statements?");

    for (statement, arguments) in statements {
        let plan = plan(&mut connection, &statement, arguments).await;
        let whole = |table: &&str| plan.contains(&format!("Seq Scan on {table}"));
        let read = TABLES.iter().find(|table| whole(table));
        assert!(read.is_none(), "{read:?}\n{statement}\n{plan}");
    }
}
