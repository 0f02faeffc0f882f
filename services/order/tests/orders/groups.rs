//! Keys that were sent before share a group with new ones: each job is told and given its own.

use std::sync::Arc;

use db::Db;
use order::domain::key::Key;
use order::domain::new_order::{Basket, Item, Items, NewOrder};
use order::place_order::PlaceOrder;
use order::store::place::{Placed, Placing, place};
use saga::{Runner, Settings};
use uuid::Uuid;

use crate::house::shelve;

fn job(runner: &Runner, product: Uuid) -> Arc<Placing> {
    let (id, customer) = (Uuid::now_v7(), Uuid::now_v7());
    let route = "POST /v1/orders".to_owned();
    let key = Key::new(customer, route, id.to_string(), vec![7; 32]).unwrap();
    let quantity = 1;
    let items = Items::new(vec![Item { product, quantity }]).unwrap();
    let new = NewOrder::new(id, customer, key, Basket::Items(items), "USD".to_owned());
    let saga = runner.begin::<PlaceOrder>(id, id);
    Arc::new(Placing { new, saga })
}

async fn together(db: &Db, jobs: &[&Arc<Placing>]) -> Vec<Placed> {
    let jobs: Vec<_> = jobs.iter().map(|job| Arc::clone(job)).collect();
    let placed: Result<_, db::Error> = db
        .keyed("together", |tx| {
            let jobs = jobs.clone();
            Box::pin(async move { place(tx, &jobs).await })
        })
        .await;
    placed.unwrap()
}

fn id(placed: &Placed) -> Option<Uuid> {
    match placed {
        Placed::Order { order, .. } => Some(order.id),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_has_its_own_saga_whatever_was_sent_again_beside_it() {
    let database = testkit::database("order").await;
    let mug = shelve(&database, "mug", 10).await;
    let db = database.db();
    let runner = Runner::new(db.clone(), Settings::default());
    let [old, one, two] = [(); 3].map(|()| job(&runner, mug));
    together(&db, &[&old]).await;

    let placed = together(&db, &[&old, &one, &old, &two]).await;

    let told: Vec<_> = placed.iter().map(id).collect();
    let ids = [&old, &one, &old, &two].map(|job| Some(job.new.id));
    assert_eq!(told, ids);
    let without = "select o.id from orders o where not exists
        (select from sagas s where s.subject = o.id and s.ended_at is null)";
    let without: Vec<Uuid> = sqlx::query_scalar(without)
        .fetch_all(database.pool())
        .await
        .unwrap();
    assert_eq!(without, Vec::<Uuid>::new(), "orders that nobody carries on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_kept_under_its_own_key_whatever_was_sent_again_beside_it() {
    let database = testkit::database("order").await;
    let mug = shelve(&database, "mug", 10).await;
    let db = database.db();
    let runner = Runner::new(db.clone(), Settings::default());
    let (old, none) = (job(&runner, mug), job(&runner, Uuid::now_v7()));
    together(&db, &[&old]).await;

    let first = together(&db, &[&old, &none]).await;
    let again = together(&db, &[&none, &old]).await;

    assert!(
        matches!(
            first[1],
            Placed::Refused {
                replayed: false,
                ..
            }
        ),
        "{first:?}"
    );
    assert!(
        matches!(again[0], Placed::Refused { replayed: true, .. }),
        "{again:?}"
    );
    assert_eq!(id(&again[1]), Some(old.new.id));
}
