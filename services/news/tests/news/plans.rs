//! How the database finds rows: by an index, however large a table is.

use sqlx::Connection as _;
use sqlx::PgConnection;

use crate::shop::Shop;

/// The statements that list and find, as they stand in the committed query cache.
fn statements(table: &str) -> Vec<(String, usize)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx");
    let files = std::fs::read_dir(folder).unwrap();
    let queries = files.map(|file| {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let query: serde_json::Value = serde_json::from_str(&text).unwrap();
        let parameters = query["describe"]["parameters"]["Left"].as_array();
        let text = query["query"].as_str().unwrap().to_owned();
        (text, parameters.map_or(0, Vec::len))
    });
    let reads = |text: &str| text.starts_with("select") && text.contains(&format!("from {table}"));
    queries.filter(|(text, _)| reads(text)).collect()
}

/// The plan of a statement that knows nothing of its arguments.
async fn plan(connection: &mut PgConnection, statement: &str, arguments: usize) -> String {
    let run = async |connection: &mut PgConnection, text: String| {
        sqlx::raw_sql(sqlx::AssertSqlSafe(text))
            .execute(connection)
            .await
            .unwrap()
    };
    run(connection, format!("prepare planned as {statement}")).await;
    let nulls = vec!["null"; arguments].join(", ");
    let arguments = if arguments == 0 {
        String::new()
    } else {
        format!("({nulls})")
    };
    let explain = format!("explain execute planned{arguments}");
    let lines = sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(explain));
    let lines = lines.fetch_all(&mut *connection).await.unwrap();
    run(connection, "deallocate planned".to_owned()).await;
    lines.join("\n")
}

#[tokio::test]
async fn no_list_of_articles_reads_the_whole_table() {
    let shop = Shop::open().await;
    let url = shop.database.primary_url();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let grow = "insert into articles (id, title, body, publish_at)
        select gen_random_uuid(), 'Title ' || n, repeat('body ', 20), now() - n * interval '1 minute'
        from generate_series(1, 20000) n;
        analyze articles;
        set plan_cache_mode = force_generic_plan;";
    sqlx::raw_sql(grow).execute(&mut connection).await.unwrap();
    let statements = statements("articles");
    assert!(statements.len() >= 4, "where are the statements?");

    for (statement, arguments) in statements {
        let plan = plan(&mut connection, &statement, arguments).await;
        assert!(!plan.contains("Seq Scan"), "{statement}\n{plan}");
        assert!(!plan.contains("Sort"), "{statement}\n{plan}");
    }
}
