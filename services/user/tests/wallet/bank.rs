//! What the tests of money share: a bank whose customers have wallets, and its books.

use std::collections::HashMap;
use std::time::Duration;

use db::{Db, Error, Group};
use testkit::Database;
use user::domain::wallet::{
    Charge, Charged, Key, Kind, NoRefund, OUTSIDE, Receipt, Refund, Refunded, SHOP, TopUp, ToppedUp,
};
use user::{charge, refund, top_up};
use uuid::Uuid;

/// One instance of the service, as far as money goes.
#[derive(Clone)]
pub(crate) struct Till {
    pub(crate) charges: Group<Charge, Charged>,
    pub(crate) refunds: Group<Refund, Result<Refunded, NoRefund>>,
    pub(crate) top_ups: Group<TopUp, ToppedUp>,
}

impl Till {
    pub(crate) fn at(db: &Db) -> Self {
        Self {
            charges: Group::start(db, "charge", charge::together),
            refunds: Group::start(db, "refund", refund::together),
            top_ups: Group::start(db, "top_up", top_up::together),
        }
    }

    pub(crate) async fn charge(&self, order: Uuid, account: Uuid, amount: i64) -> Charged {
        self.try_charge(order, account, amount).await.unwrap()
    }

    pub(crate) async fn try_charge(
        &self,
        order: Uuid,
        account: Uuid,
        amount: i64,
    ) -> Result<Charged, Error> {
        let transfer = Uuid::now_v7();
        let charge = Charge {
            order,
            account,
            amount,
            transfer,
        };
        self.charges.submit(charge).await
    }

    pub(crate) async fn refund(&self, order: Uuid, kind: Kind) -> Result<Refunded, NoRefund> {
        let id = if let Kind::Partial(_) = kind {
            Uuid::now_v7()
        } else {
            order
        };
        self.refund_as(id, order, kind).await
    }

    pub(crate) async fn refund_as(
        &self,
        id: Uuid,
        order: Uuid,
        kind: Kind,
    ) -> Result<Refunded, NoRefund> {
        let transfer = Uuid::now_v7();
        let refund = Refund {
            id,
            order,
            kind,
            transfer,
        };
        refund::submit(&self.refunds, refund).await.unwrap()
    }

    pub(crate) async fn top_up(&self, account: Uuid, key: &str, amount: i64) -> ToppedUp {
        let route = "POST /v1/me/wallet/topups".into();
        let key = Key {
            account,
            route,
            key: key.into(),
        };
        // The hash stands for the amount, as it does on the wire.
        let mut hash = vec![0; 32];
        hash[..8].copy_from_slice(&amount.to_be_bytes());
        let transfer = Uuid::now_v7();
        let top_up = TopUp {
            key,
            hash,
            amount,
            transfer,
        };
        self.top_ups.submit(top_up).await.unwrap()
    }
}

/// A database with customers in it.
pub(crate) struct Bank {
    pub(crate) database: Database,
    pub(crate) till: Till,
}

impl Bank {
    pub(crate) async fn open() -> Self {
        let database = testkit::database("user").await;
        let till = Till::at(&database.db());
        Self { database, till }
    }

    /// Another instance of the service on the same database.
    pub(crate) fn another_till(&self) -> Till {
        Till::at(&self.database.db())
    }

    /// An account without a wallet.
    pub(crate) async fn account(&self) -> Uuid {
        account(&self.database).await
    }

    /// An account with `amount` in its wallet.
    pub(crate) async fn customer(&self, amount: i64) -> Uuid {
        let account = self.account().await;
        let topped_up = self.till.top_up(account, "first", amount).await;
        receipt(topped_up);
        account
    }

    pub(crate) async fn balance(&self, account: Uuid) -> i64 {
        let balance = sqlx::query_scalar("select balance from wallets where account_id = $1");
        let found = balance.bind(account).fetch_one(self.database.pool()).await;
        found.unwrap()
    }

    /// Waits until a statement waits for a lock of another transaction.
    pub(crate) async fn until_somebody_waits(&self) {
        let waiting = "select count(*) from pg_stat_activity
             where wait_event_type = 'Lock' and datname = current_database()";
        let limit = Duration::from_mins(1);
        let watch = async {
            while self.count(waiting).await == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(limit, watch)
            .await
            .expect("nobody waits");
    }

    /// How many rows `sql` counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let count = sqlx::query_scalar(sql).fetch_one(self.database.pool());
        count.await.unwrap()
    }

    /// Asserts that every balance is the sum of its transfers, and that no wallet is below zero.
    pub(crate) async fn assert_conserved(&self) {
        let transfers: Vec<(Uuid, Uuid, i64)> =
            sqlx::query_as("select debit, credit, amount from transfers")
                .fetch_all(self.database.pool())
                .await
                .unwrap();
        let mut sums: HashMap<Uuid, i64> = HashMap::new();
        for (debit, credit, amount) in transfers {
            *sums.entry(debit).or_default() -= amount;
            *sums.entry(credit).or_default() += amount;
        }
        assert_eq!(sums.values().sum::<i64>(), 0);
        sums.remove(&SHOP);
        sums.remove(&OUTSIDE);
        let wallets: Vec<(Uuid, i64)> = sqlx::query_as("select account_id, balance from wallets")
            .fetch_all(self.database.pool())
            .await
            .unwrap();
        for (account, balance) in wallets {
            assert!(balance >= 0);
            assert_eq!(sums.remove(&account).unwrap_or(0), balance, "of {account}");
        }
        assert!(sums.is_empty(), "money without a wallet: {sums:?}");
    }
}

/// An account without a wallet.
pub(crate) async fn account(database: &Database) -> Uuid {
    let id = Uuid::now_v7();
    let number = format!("{:010}", id.as_u128() % 10_000_000_000);
    let mut tx = database.pool().begin().await.unwrap();
    // Nobody has a token of this write: the replica is to show it at once.
    sqlx::query("set local synchronous_commit = remote_apply")
        .execute(&mut *tx)
        .await
        .unwrap();
    sqlx::query(
        "insert into accounts (id, registration_number, data_key, email, email_hash, name, password)
         values ($1, $2, '', '', sha256($2::bytea), '', '$argon2id$')",
    )
    .bind(id)
    .bind(number)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

pub(crate) fn receipt(topped_up: ToppedUp) -> Receipt {
    match topped_up {
        ToppedUp::Done { receipt, .. } => receipt,
        other => panic!("not topped up: {other:?}"),
    }
}
