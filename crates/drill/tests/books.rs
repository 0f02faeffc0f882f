//! The books are looked into with something wrong planted into them, which has to be found.
#![cfg(test)]

use std::time::Duration;

use drill::{Books, Product, Stored};
use sqlx::{AssertSqlSafe, PgPool, query};
use testkit::Database;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_millis(100);
const ANN: Uuid = Uuid::from_u128(1);
const ORDER: Uuid = Uuid::from_u128(2);

/// The databases of a shop in which Ann has bought two mugs at 10.
struct Shop {
    order: Database,
    user: Database,
    mug: Product,
}

impl Shop {
    async fn open() -> Self {
        let (order, user) = (
            testkit::database("order").await,
            testkit::database("user").await,
        );
        let mug = Product::shelve(order.pool(), 5, 10).await.unwrap();
        let shop = Self { order, user, mug };
        shop.in_order(
            "insert into orders (id, customer_id, status, total, currency, settled_as, settled_version, settled_at)
                 values ($order, $ann, 'confirmed', 20, 'USD', 'confirmed', 2, now());
             insert into order_lines values ($order, $mug, 'Mug', 2, 10);
             insert into keys (account_id, route, key, hash, order_id)
                 values ($ann, 'POST /v1/orders', 'k', decode(repeat('00', 32), 'hex'), $order);
             insert into movements (id, product_id, order_id, kind, quantity) values ($new, $mug, $order, 'hold', -2);
             update stock set free = 3",
        )
        .await;
        shop.in_user(
            "insert into wallets values ($ann, 80);
             insert into payments (order_id, account_id, amount, state) values ($order, $ann, 20, 'charged');
             insert into transfers (id, kind, debit, credit, amount)
                 values ($new, 'topup', 'ffffffff-ffff-ffff-ffff-ffffffffffff', $ann, 100);
             insert into transfers (id, kind, debit, credit, amount, order_id)
                 values ($new, 'charge', $ann, '00000000-0000-0000-0000-000000000000', 20, $order)",
        )
        .await;
        shop
    }

    async fn in_order(&self, sql: &str) {
        self.run(self.order.pool(), sql).await;
    }

    async fn in_user(&self, sql: &str) {
        self.run(self.user.pool(), sql).await;
    }

    async fn run(&self, pool: &PgPool, sql: &str) {
        for statement in sql.split(';') {
            let mut statement = statement.to_owned();
            let new = Uuid::now_v7();
            for (name, id) in [
                ("$order", ORDER),
                ("$ann", ANN),
                ("$mug", self.mug.id),
                ("$new", new),
            ] {
                statement = statement.replace(name, &format!("'{id}'"));
            }
            query(AssertSqlSafe(statement)).execute(pool).await.unwrap();
        }
    }

    fn books(&self) -> Books {
        Books {
            order: self.order.pool().clone(),
            user: self.user.pool().clone(),
        }
    }

    async fn wrong(&self) -> Vec<String> {
        self.books().balance(LIMIT).await.unwrap()
    }
}

#[tokio::test]
async fn books_in_order_are_found_to_be_so_and_show_the_order() {
    let shop = Shop::open().await;

    assert_eq!(shop.wrong().await, Vec::<String>::new());
    let stored = Stored::of(shop.order.pool(), &[ANN]).await.unwrap();
    let expected = Stored {
        id: ORDER,
        customer: ANN,
        key: Some("k".to_owned()),
        status: "confirmed".to_owned(),
        total: 20,
        products: vec![shop.mug.id],
        quantities: vec![2],
    };
    assert_eq!(stored, [expected]);
}

#[tokio::test]
async fn what_is_wrong_with_the_stock_or_the_orders_is_found() {
    for (planted, words) in [
        ("update stock set free = 4", "not the sum of its movements"),
        (
            "alter table stock drop constraint stock_never_below_zero;
             update stock set free = -1",
            "stock below zero",
        ),
        (
            "insert into movements (id, product_id, order_id, kind, quantity) values ($new, $mug, $order, 'release', 2)",
            "holds what it did not buy, or bought what it does not hold",
        ),
        (
            "insert into movements (id, product_id, order_id, kind, quantity) values ($new, $mug, $new, 'hold', -1)",
            "what is in no order",
        ),
        ("insert into holds values ($order, $mug, 1)", "held for nobody"),
        ("update orders set total = 19", "something else than its lines"),
        ("delete from keys", "several keys stand for, or none"),
        (
            "insert into keys (account_id, route, key, hash, order_id)
                 values ($ann, 'POST /v1/orders', 'other', decode(repeat('00', 32), 'hex'), $order)",
            "several keys stand for, or none",
        ),
        (
            "insert into sagas (id, name, subject, owner, leased_until, settle_by)
                 values ($new, 'place-order', $order, 'nobody', now(), now())",
            "is stuck: place-order forward, epoch 1",
        ),
    ] {
        let shop = Shop::open().await;

        shop.in_order(planted).await;

        let wrong = shop.wrong().await;
        assert!(wrong.iter().any(|wrong| wrong.contains(words)), "{words}: {wrong:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_money_is_found() {
    let twice = "drop index transfers_charge_once;
        insert into transfers (id, kind, debit, credit, amount, order_id)
            values ($new, 'charge', $ann, '00000000-0000-0000-0000-000000000000', 20, $order);
        update wallets set balance = 60";
    for (planted, words) in [
        (
            "update wallets set balance = 81",
            "not the sum of its transfers",
        ),
        (
            "alter table wallets drop constraint wallets_never_below_zero;
             update wallets set balance = -1",
            "wallet below zero",
        ),
        ("delete from wallets", "nobody's wallet"),
        (twice, "paid twice"),
        (twice, "40 was paid for the order"),
        (
            "delete from transfers where kind = 'charge'",
            "0 was paid for the order",
        ),
        (
            "update payments set refunded = 5",
            "differs from its transfers",
        ),
        (
            "insert into transfers (id, kind, debit, credit, amount, order_id)
                 values ($new, 'charge', $ann, '00000000-0000-0000-0000-000000000000', 7, $new)",
            "which is no order",
        ),
    ] {
        let shop = Shop::open().await;

        shop.in_user(planted).await;

        let wrong = shop.wrong().await;
        assert!(
            wrong.iter().any(|wrong| wrong.contains(words)),
            "{words}: {wrong:?}"
        );
    }
}

#[tokio::test]
async fn what_is_found_stands_by_what_it_is_about() {
    let shop = Shop::open().await;
    shop.in_order(
        "alter table stock drop constraint stock_never_below_zero;
         update stock set free = -1;
         delete from keys;
         insert into sagas (id, name, subject, owner, leased_until, settle_by)
             values ($new, 'place-order', $order, 'nobody', now(), now())",
    )
    .await;
    shop.in_user("update wallets set balance = 81").await;

    let wrong = shop.books().imbalance(LIMIT).await.unwrap();

    let all = [
        &wrong.stuck,
        &wrong.keys,
        &wrong.oversold,
        &wrong.stock,
        &wrong.money,
    ];
    assert_eq!(all.map(Vec::len), [1; 5], "{wrong:?}");
}

#[tokio::test]
async fn what_was_put_into_a_wallet_twice_is_found_though_its_transfers_say_so_too() {
    let shop = Shop::open().await;
    let stored = Stored::of(shop.order.pool(), &[ANN]).await.unwrap();
    let found = async || {
        let wallets = shop.books().wallets(&[(ANN, 100)], &stored).await;
        wallets.unwrap().len()
    };
    let before = found().await;

    shop.in_user(
        "insert into transfers (id, kind, debit, credit, amount)
             values ($new, 'topup', 'ffffffff-ffff-ffff-ffff-ffffffffffff', $ann, 100);
         update wallets set balance = 180",
    )
    .await;

    assert_eq!((before, found().await), (0, 1));
    assert_eq!(shop.wrong().await, Vec::<String>::new());
    assert_eq!(shop.books().left(shop.mug.id).await.unwrap(), 3);
}
