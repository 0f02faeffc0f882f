//! How the database finds locks, faults, loads and decisions: by an index, however many there are.

use sqlx::{Connection as _, PgConnection};
use testkit::plans::{is_about, run, statements};

const TABLES: [&str; 5] = [
    "lock_claims",
    "lock_ends",
    "faults",
    "scaling_load",
    "scaling_decisions",
];
/// Statements that count all there is, and say so.
const COUNTS: [&str; 3] = [
    "select count(token)",
    "select type as kind",
    // How many claims there are in all, of 10,000 at most.
    "select clock_timestamp() as \"now!\"",
];

fn is_ours(statement: &str) -> bool {
    is_about(statement, &TABLES) && !COUNTS.iter().any(|begin| statement.starts_with(begin))
}

#[tokio::test]
async fn no_statement_about_what_grows_reads_a_whole_table() {
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
        insert into scaling_load (service, step, total, samples)
        select service, n, 1, 1 from scaling, generate_series(1, 8352) n;
        insert into scaling_decisions (service, version, desired, why, floor, load, least, most, decided_at)
        select service, n, 2, 'load', 2, 1, 1, 8, now() from scaling, generate_series(1, 10000) n;
        analyze lock_claims, lock_ends, faults, scaling, scaling_load, scaling_decisions;";
    run(&mut connection, grow).await;
    let statements = statements(is_ours);
    assert!(statements.len() >= 20, "where are the statements?");

    let mut wrong = Vec::new();
    for statement in statements {
        let plan = statement.plan(&mut connection).await;
        let whole = |table: &&str| plan.contains(&format!("Seq Scan on {table}"));
        if TABLES.iter().any(whole) {
            wrong.push(format!("{}\n{plan}", statement.text));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
