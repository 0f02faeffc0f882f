//! Groups reach their rows by indexes, whatever the tables were like when their statements were prepared.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use crate::bank::Bank;
use db::{Db, Error, Run, Settings};
use futures::FutureExt as _;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use user::domain::wallet::{Charge, Key, Kind, Refund, TopUp};
use user::{charge, refund, top_up};
use uuid::Uuid;

/// Makes the server say the plan of each statement; afterwards, no more: a COMMIT with a warning is unknown.
const EXPLAIN: &str = "load 'auto_explain'; set auto_explain.log_min_duration = 0;
    set auto_explain.log_level = 'warning'; set auto_explain.log_nested_statements = off";
const SILENCE: &str = "set auto_explain.log_min_duration = -1";

/// Collects what the server says to a client.
#[derive(Clone, Default)]
struct Plans {
    said: Arc<Mutex<Vec<String>>>,
}

impl<S: Subscriber> Layer<S> for Plans {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::postgres::notice" {
            event.record(&mut Message(&self.said));
        }
    }
}

struct Message<'p>(&'p Mutex<Vec<String>>);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0
                .lock()
                .unwrap()
                .push(format!("{value:?}").replace("\\n", "\n"));
        }
    }
}

/// What the tests here run: as one who may look at plans, over one connection, so that its statements are prepared once.
struct Looker {
    db: Db,
    plans: Plans,
    _default: tracing::subscriber::DefaultGuard,
}

impl Looker {
    fn at(bank: &Bank) -> Self {
        let url = bank
            .database
            .primary_url()
            .replacen("user@", "postgres@", 1);
        let settings = Settings {
            primaries: vec![url],
            connections: 1,
            ..Settings::default()
        };
        let plans = Plans::default();
        let subscriber = tracing_subscriber::registry().with(plans.clone());
        Self {
            db: Db::connect(settings),
            plans,
            _default: tracing::subscriber::set_default(subscriber),
        }
    }

    /// Runs `jobs` as one group, and answers the plans of its statements.
    async fn run<J, O>(&self, run: Run<J, O>, jobs: Vec<J>) -> Vec<String>
    where
        J: Clone + Send + Sync,
        O: Send,
    {
        self.plans.said.lock().unwrap().clear();
        let ran = self.db.keyed("look", |tx| {
            let jobs = jobs.clone();
            async move {
                sqlx::raw_sql(EXPLAIN).execute(&mut **tx).await?;
                let outcomes = run(tx, &jobs).await?;
                sqlx::raw_sql(SILENCE).execute(&mut **tx).await?;
                Ok::<_, Error>(outcomes)
            }
            .boxed()
        });
        ran.await.unwrap();
        self.plans.said.lock().unwrap().clone()
    }
}

fn charges(accounts: &[Uuid], count: usize) -> Vec<Charge> {
    let charge = |account: &Uuid| Charge {
        order: Uuid::now_v7(),
        account: *account,
        // More than anybody has for some, so that payments are voided too.
        amount: if account.as_u128().is_multiple_of(5) {
            1_000_000_000
        } else {
            1
        },
        transfer: Uuid::now_v7(),
    };
    accounts.iter().cycle().take(count).map(charge).collect()
}

fn refunds(charges: &[Charge]) -> Vec<Refund> {
    let refund = |(number, charge): (usize, &Charge)| {
        let (id, kind) = match number % 2 {
            0 => (charge.order, Kind::Cancel),
            _ => (Uuid::now_v7(), Kind::Partial(1)),
        };
        Refund {
            id,
            order: charge.order,
            kind,
            transfer: Uuid::now_v7(),
        }
    };
    charges.iter().enumerate().map(refund).collect()
}

fn top_ups(accounts: &[Uuid], count: usize) -> Vec<TopUp> {
    let top_up = |account: &Uuid| {
        let key = Uuid::now_v7().to_string();
        let key = Key {
            account: *account,
            route: "top up".into(),
            key,
        };
        TopUp {
            key,
            hash: vec![0; 32],
            amount: 1,
            transfer: Uuid::now_v7(),
        }
    };
    accounts.iter().cycle().take(count).map(top_up).collect()
}

/// Asserts that no plan reads a whole table of ours.
fn assert_by_index(plans: &[String]) {
    assert!(plans.len() > 2, "the server said no plans: {plans:?}");
    for plan in plans {
        let whole = plan.contains("Seq Scan on");
        assert!(!whole, "reads a whole table:\n{plan}");
    }
}

/// Runs groups of each kind, again and again, so that plans become generic.
async fn look(looker: &Looker, accounts: &[Uuid], assert: bool) {
    for count in [32, 128, 1, 32, 128, 32, 128, 1] {
        let charges = charges(accounts, count);
        // Sent twice: the second time all of them are found.
        let plans = [
            looker.run(charge::together, charges.clone()).await,
            looker.run(charge::together, charges.clone()).await,
            looker.run(refund::together, refunds(&charges)).await,
            looker.run(top_up::together, top_ups(accounts, count)).await,
        ];
        let again = top_ups(accounts, count);
        looker.run(top_up::together, again.clone()).await;
        let again = looker.run(top_up::together, again).await;
        if assert {
            plans
                .iter()
                .chain([&again])
                .for_each(|plans| assert_by_index(plans));
        }
    }
}

/// Fills the tables as months would.
async fn fill(bank: &Bank) {
    sqlx::raw_sql(
        "insert into wallets select gen_random_uuid(), 10 from generate_series(1, 20000);
         insert into payments (order_id, account_id, amount, state)
             select gen_random_uuid(), gen_random_uuid(), 1, 'charged' from generate_series(1, 20000);
         insert into refunds (id, kind, order_id, amount)
             select gen_random_uuid(), 'partial', order_id, 1 from payments;
         insert into keys (account, route, key, hash, answer)
             select gen_random_uuid(), 'r', 'k', sha256('k'), '{}' from generate_series(1, 20000);
         insert into accounts (id, registration_number, data_key, email, email_hash, name, password)
             select gen_random_uuid(), (1000000000 + n)::text, '', '', sha256(n::text::bytea), '', '$argon2id$'
             from generate_series(1, 20000) as n;",
    )
    .execute(bank.database.pool())
    .await
    .unwrap();
}

async fn customers(bank: &Bank) -> Vec<Uuid> {
    let mut customers = Vec::new();
    for _ in 0..40 {
        customers.push(bank.customer(1_000).await);
    }
    customers
}

#[tokio::test]
async fn groups_of_every_size_reach_their_rows_by_indexes() {
    let bank = Bank::open().await;
    let customers = customers(&bank).await;
    fill(&bank).await;
    sqlx::raw_sql("analyze")
        .execute(bank.database.pool())
        .await
        .unwrap();

    look(&Looker::at(&bank), &customers, true).await;
}

#[tokio::test]
async fn statements_that_were_prepared_on_empty_tables_go_by_indexes_when_these_have_grown() {
    let bank = Bank::open().await;
    let customers = customers(&bank).await;
    let looker = Looker::at(&bank);
    look(&looker, &customers, false).await;
    fill(&bank).await;

    look(&looker, &customers, true).await;
}
