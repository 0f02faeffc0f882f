//! The generic tests over every saga of this service, and looking after sagas.

use std::sync::Arc;
use std::time::Duration;

use api::order::{GetSagaRequest, ListSagasRequest, RetrySagaRequest};
use order::Tools;
use order::cancel_order::CancelOrder;
use order::domain::key::Key;
use order::domain::new_order::{Basket, Item, Items, NewOrder};
use order::domain::order::Order;
use order::place_order::PlaceOrder;
use order::store::cancel::{self, Begun, Cancelling};
use order::store::place::{Placed, Placing};
use order::wallet::Wallet;
use saga::check::{
    Bench, a_runner_that_was_overtaken_changes_nothing, any_step_may_fail,
    every_step_may_be_repeated,
};
use saga::{Ending, Runner, Settings, Work};
use testkit::Database;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use crate::books::assert_conserved;
use crate::house::{House, LIMIT, reason, shelve};
use crate::user::{Fault, User};
use crate::wish::Wish;

/// What both sagas are tried on.
struct Shop {
    database: Database,
    user: User,
    tools: Arc<Tools>,
    mug: Uuid,
}

impl Shop {
    async fn open() -> Self {
        let database = testkit::database("order").await;
        let user = User::start().await;
        let mug = shelve(&database, "mug", 1_000).await;
        let known = [("USER_ADDRS", user.addr.to_string())];
        let env = chassis::Env::local(known).knowing(order::config::SETTINGS);
        let wallet = Wallet::over(env.channel("user").unwrap());
        let db = database.db();
        let runner = Runner::new(db.clone(), settings());
        let tools = Arc::new(Tools::with(db, runner, wallet, "USD".to_owned()));
        Self {
            database,
            user,
            tools,
            mug,
        }
    }

    async fn place(&self, runner: &Runner) -> (Order, Work) {
        let (id, customer) = (Uuid::now_v7(), Uuid::now_v7());
        let (product, quantity) = (self.mug, 3);
        let items = Items::new(vec![Item { product, quantity }]).unwrap();
        let key = key(customer, id);
        let new = NewOrder::new(id, customer, key, Basket::Items(items), "USD".to_owned());
        let saga = runner.begin::<PlaceOrder>(id, id);
        let work = saga.work();
        let placed = self.tools.places.submit(Arc::new(Placing { new, saga }));
        match placed.await.unwrap() {
            Placed::Order { order, .. } => (order, work),
            other => panic!("{other:?}"),
        }
    }

    async fn assert_status(&self, order: Uuid, expected: &str) {
        let status = "select status from orders where id = $1";
        let status: String = sqlx::query_scalar(status)
            .bind(order)
            .fetch_one(self.database.pool())
            .await
            .unwrap();
        assert_eq!(status, expected);
        assert_conserved(&self.database, &self.user).await;
    }
}

fn settings() -> Settings {
    Settings {
        lease: Duration::from_mins(1),
        ..Settings::default()
    }
}

fn key(account: Uuid, id: Uuid) -> Key {
    Key::new(
        account,
        "POST /v1/orders".to_owned(),
        id.to_string(),
        vec![7; 32],
    )
    .unwrap()
}

struct Placements(Shop);

impl Bench for Placements {
    type Saga = PlaceOrder;

    fn runner(&self) -> Runner {
        Runner::new(self.0.tools.db.clone(), settings())
    }

    fn tools(&self) -> Arc<Tools> {
        self.0.tools.clone()
    }

    async fn begin(&self, runner: &Runner) -> (PlaceOrder, Work) {
        let (order, work) = self.0.place(runner).await;
        (PlaceOrder::of(order), work)
    }

    async fn assert_clean(&self, order: Uuid, ending: &Ending) {
        let undone = *ending == Ending::Undone;
        let status = if undone { "rejected" } else { "confirmed" };
        self.0.assert_status(order, status).await;
    }
}

struct Cancellations(Shop);

impl Bench for Cancellations {
    type Saga = CancelOrder;

    fn runner(&self) -> Runner {
        Runner::new(self.0.tools.db.clone(), settings())
    }

    fn tools(&self) -> Arc<Tools> {
        self.0.tools.clone()
    }

    async fn begin(&self, runner: &Runner) -> (CancelOrder, Work) {
        let (order, work) = self.0.place(runner).await;
        let placing = PlaceOrder::of(order.clone());
        let placed = runner.start(placing, work, self.tools()).ended().await;
        // The probe of a test may look on here as well: it only ever strikes at steps of the saga under test.
        assert_eq!(placed, Ending::Done);
        let saga = runner.begin::<CancelOrder>(Uuid::now_v7(), order.id);
        let work = saga.work();
        let job = Cancelling {
            order: order.id,
            customer: None,
            actor: None,
            key: key(Uuid::now_v7(), order.id),
            saga,
        };
        let begun = self.0.tools.db.keyed("begin cancel", |tx| {
            let job = job.clone();
            Box::pin(async move { cancel::begin(tx, &job).await })
        });
        let begun: Result<Begun, db::Error> = begun.await;
        assert!(matches!(begun, Ok(Begun::Now(_))), "{begun:?}");
        (CancelOrder::of(order.id), work)
    }

    async fn assert_clean(&self, order: Uuid, _: &Ending) {
        self.0.assert_status(order, "cancelled").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_of_every_saga_may_be_repeated() {
    every_step_may_be_repeated(&Placements(Shop::open().await)).await;
    every_step_may_be_repeated(&Cancellations(Shop::open().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_step_of_any_saga_may_fail() {
    any_step_may_fail(&Placements(Shop::open().await)).await;
    any_step_may_fail(&Cancellations(Shop::open().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_runner_that_was_overtaken_changes_nothing() {
    a_runner_that_was_overtaken_changes_nothing(&Placements(Shop::open().await)).await;
    a_runner_that_was_overtaken_changes_nothing(&Cancellations(Shop::open().await)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saga_that_waits_is_listed_and_taken_up_at_once_when_it_is_made_due() {
    // Nobody takes it up by himself for as long as this test lasts.
    let house = House::with(1, &[("SAGA_LEASE", "5m")]).await;
    let mug = house.shelve("mug", 1).await;
    house.user.fault(Fault::Down);
    let order = house.pending(&Wish::of(&[(mug, 1)])).await;
    let mut sagas = house.sagas.clone();
    let open = ListSagasRequest {
        open: true,
        ..ListSagasRequest::default()
    };
    let listed = house.told(sagas.list_sagas(open)).await.sagas;
    let id = listed[0].id.clone();
    let of = |order_id: String| ListSagasRequest {
        order_id,
        ..ListSagasRequest::default()
    };
    let of_it = house.told(sagas.list_sagas(of(order.id.clone()))).await;
    assert_eq!(of_it.sagas, listed);
    let other = api::id::ORDER.write(Uuid::now_v7());
    assert_eq!(house.told(sagas.list_sagas(of(other))).await.sagas, []);
    let bad = sagas.list_sagas(of("half an id".to_owned())).await;
    assert_eq!(reason(&bad.unwrap_err()), "INVALID");
    let retry = RetrySagaRequest {
        actor_id: api::id::ACCOUNT.write(Uuid::now_v7()),
        id: id.clone(),
    };

    house.told(sagas.retry_saga(retry.clone())).await;
    let taken_up = async {
        let id = || GetSagaRequest { id: id.clone() };
        while house.told(sagas.get_saga(id())).await.epoch < 2 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(LIMIT, taken_up).await.unwrap();
    house.user.fault(Fault::None);
    house.until(&order.id, "confirmed").await;

    assert_eq!(
        (listed.len(), listed[0].subject_id.as_str()),
        (1, order.id.as_str())
    );
    let ended = house.told(sagas.get_saga(GetSagaRequest { id })).await;
    assert!(!ended.ended_at.is_empty());
    let refused = house.refused(sagas.retry_saga(retry)).await;
    assert_eq!(reason(&refused), "SAGA_ENDED");
    let audit = house
        .told(sagas.list_audit(api::common::ListAuditRequest::default()))
        .await;
    assert_eq!(audit.entries[0].action, "saga.retry");
    house.assert_conserved().await;
}
