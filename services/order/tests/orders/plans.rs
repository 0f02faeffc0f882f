//! The order path is held to its indexes: no group reads a table from end to end.

use std::sync::Arc;

use order::domain::key::Key;
use order::domain::new_order::{Basket, Item, Items, NewOrder};
use order::place_order::PlaceOrder;
use order::store::place::{Placing, place};
use order::store::settle::{Task, confirm, release};
use saga::{Runner, Settings, Taken};
use testkit::Database;
use uuid::Uuid;

/// Enough rows that a sequential scan shows, with the planner's statistics of them.
async fn fill(database: &Database) -> Vec<Uuid> {
    let fill = [
        "insert into products (id, sku, name, category, price)
            select gen_random_uuid(), 'P-' || n, 'thing ' || n, 'test', 700 from generate_series(1, 20000) n",
        "insert into stock (product_id, free) select id, 1000000 from products",
        "insert into movements (id, product_id, kind, quantity) select gen_random_uuid(), product_id, 'restock', free from stock",
        "insert into orders (id, customer_id, status, total, currency, settled_as, settled_version, settled_at)
            select gen_random_uuid(), gen_random_uuid(), 'confirmed', 700, 'USD', 'confirmed', 2, now() from generate_series(1, 50000)",
        "insert into order_lines (order_id, product_id, name, quantity, unit_price)
            select id, gen_random_uuid(), 'thing', 1, 700 from orders",
        "insert into keys (account_id, route, key, hash, order_id)
            select customer_id, 'POST /v1/orders', id::text, sha256(id::text::bytea), id from orders",
        "insert into sagas (id, name, subject, owner, leased_until, settle_by, ended_at)
            select id, 'place-order', id, 'nobody', now(), now(), now() from orders",
        "insert into holds (order_id, product_id, quantity) select id, gen_random_uuid(), 1 from orders limit 20000",
    ];
    // On one connection, which tells of its own scans before anybody counts those of others.
    let mut one = database.pool().acquire().await.unwrap();
    for sql in fill
        .into_iter()
        .chain(["analyze", "select pg_stat_force_next_flush()"])
    {
        sqlx::query(sql).execute(&mut *one).await.unwrap();
    }
    let some = "select id from products order by id limit 200";
    sqlx::query_scalar(some).fetch_all(&mut *one).await.unwrap()
}

const SCANS: &str = "select relname || ' ' || seq_scan from pg_stat_user_tables
    where relname in ('products', 'stock', 'movements', 'orders', 'order_lines', 'keys', 'sagas', 'holds') order by 1";

async fn scans(database: &Database) -> Vec<String> {
    sqlx::query_scalar(SCANS)
        .fetch_all(database.pool())
        .await
        .unwrap()
}

fn job(runner: &Runner, products: &[Uuid], at: usize) -> Arc<Placing> {
    let (id, customer) = (Uuid::now_v7(), Uuid::now_v7());
    let item = |step: usize| Item {
        product: products[(at * 3 + step * 7) % products.len()],
        quantity: 1,
    };
    let items = Items::new(vec![item(0), item(1)]).unwrap();
    let key = Key::new(
        customer,
        "POST /v1/orders".to_owned(),
        id.to_string(),
        vec![7; 32],
    )
    .unwrap();
    let new = NewOrder::new(id, customer, key, Basket::Items(items), "USD".to_owned());
    let saga = runner.begin::<PlaceOrder>(id, id);
    Arc::new(Placing { new, saga })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_group_of_orders_reads_a_table_from_end_to_end() {
    let database = testkit::database("order").await;
    let products = fill(&database).await;
    let db = database.db();
    let runner = Runner::new(db.clone(), Settings::default());
    let before = scans(&database).await;

    // Often enough on one connection that the planner would settle for one plan for all sizes.
    for round in 0..12 {
        let size = if round % 2 == 0 { 32 } else { 128 };
        let jobs: Vec<_> = (0..size).map(|at| job(&runner, &products, at)).collect();
        let task = |job: &Arc<Placing>| Task {
            order: job.new.id,
            lease: job.saga.work().lease,
        };
        let tasks: Vec<Task> = jobs.iter().map(task).collect();
        let (bought, undone) = tasks.split_at(size / 2);
        let taken: Result<_, db::Error> = db
            .keyed("plans", |tx| {
                let (jobs, bought, undone) = (jobs.clone(), bought.to_vec(), undone.to_vec());
                Box::pin(async move {
                    place(tx, &jobs).await?;
                    // A replay of half of them.
                    place(tx, &jobs[..size / 2]).await?;
                    let mut taken = confirm(tx, &bought).await?;
                    for task in &undone {
                        turn(tx, task).await?;
                    }
                    taken.extend(release(tx, &undone).await?);
                    sqlx::query("select pg_stat_force_next_flush()")
                        .execute(&mut **tx)
                        .await?;
                    Ok(taken)
                })
            })
            .await;
        assert!(taken.unwrap().iter().all(|taken| *taken == Taken::Done));
    }

    assert_eq!(scans(&database).await, before);
}

/// Turns a saga back, as a runner would have before the undo.
async fn turn(tx: &mut db::Tx, task: &Task) -> Result<(), db::Error> {
    let sql = "update sagas set direction = 'undo', reason = 'payment_declined' where id = $1";
    sqlx::query(sql)
        .bind(task.lease.saga)
        .execute(&mut *tx)
        .await?;
    Ok(())
}
