//! How the database finds locks and faults: by an index, however many there are.

use sqlx::{Connection as _, PgConnection};

const TABLES: [&str; 3] = ["lock_claims", "lock_ends", "faults"];
/// Statements that count all there is, and say so.
const COUNTS: [&str; 3] = [
    "select count(token)",
    "select type as kind",
    // How many claims there are in all, of 10,000 at most.
    "select clock_timestamp() as \"now!\"",
];

/// The statements about locks and faults, as they stand in the committed query cache.
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
        let reads = |pair: &[&str]| {
            ["from", "update", "join"].contains(&pair[0]) && TABLES.contains(&pair[1])
        };
        let counts = COUNTS.iter().any(|begin| text.starts_with(begin));
        words.windows(2).any(reads) && !counts
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
async fn no_statement_about_locks_and_faults_reads_a_whole_table() {
    let database = testkit::database("control").await;
    let mut connection = PgConnection::connect(&database.primary_url())
        .await
        .unwrap();
    // Nearly all locks are held, without a maximum; nearly all faults are over.
    let grow = "insert into lock_claims (name, owner, id, attempt, instance, exclusive, place, ttl_ms, waits_until,
            token, granted_at, expires_at, timeline)
        select 'lock-' || n, 'owner-' || n, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), true, n, 10000, now(),
            n, now(), now() + interval '1 hour', 1
        from generate_series(1, 9000) n;
        insert into lock_ends (id, ended_at) select gen_random_uuid(), now() + n * interval '1 s' from generate_series(1, 20000) n;
        insert into faults (type, component, incarnation, occurred_at, detected_at, severity, resolved_at, resolution)
        select 'instance_killed', 'order-' || n % 50, n::text, now(), now(), 'major', now(), 'restarted'
        from generate_series(1, 20000) n;
        insert into faults (type, component, incarnation, occurred_at, detected_at, severity)
        values ('instance_killed', 'order-1', 'open', now(), now(), 'major');
        analyze lock_claims, lock_ends, faults;
        set plan_cache_mode = force_generic_plan;";
    run(&mut connection, grow.to_owned()).await;
    let statements = statements();
    assert!(statements.len() >= 15, "where are the statements?");

    let mut wrong = Vec::new();
    for (statement, arguments) in statements {
        let plan = plan(&mut connection, &statement, arguments).await;
        let whole = |table: &&str| plan.contains(&format!("Seq Scan on {table}"));
        if TABLES.iter().any(whole) {
            wrong.push(format!("{statement}\n{plan}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
