//! Charges, refunds and top-ups that meet, on a real database.

use crate::bank::{Bank, receipt};
use futures::StreamExt as _;
use futures::future::join_all;
use user::domain::wallet::{Charged, Kind, NoRefund, Reason, ToppedUp};
use uuid::Uuid;

#[tokio::test]
async fn charge_and_refund_at_once_a_thousand_times_never_end_charged() {
    let bank = Bank::open().await;
    let (here, there) = (bank.till.clone(), bank.another_till());
    let customers = join_all((0..10).map(|_| bank.customer(1_000))).await;

    let rounds = (0..1_000).map(|round| {
        let (here, there, account) = (&here, &there, customers[round % 10]);
        async move {
            let order = Uuid::now_v7();
            let charge = here.charge(order, account, 7);
            let (charged, refunded) = tokio::join!(charge, there.refund(order, Kind::Compensation));
            (charged, refunded.unwrap().amount)
        }
    });
    let ends: Vec<_> = futures::stream::iter(rounds)
        .buffer_unordered(64)
        .collect()
        .await;

    for end in &ends {
        let consistent = matches!(
            end,
            (Charged::Done, 7) | (Charged::Declined(Reason::Voided), 0)
        );
        assert!(consistent, "{end:?}");
    }
    assert_eq!(
        bank.count("select count(*) from payments where state = 'charged'")
            .await,
        0
    );
    for customer in customers {
        assert_eq!(bank.balance(customer).await, 1_000);
    }
    bank.assert_conserved().await;
}

#[tokio::test]
async fn of_two_partial_refunds_at_once_the_one_that_no_longer_fits_is_refused() {
    let bank = Bank::open().await;
    let there = bank.another_till();
    let account = bank.customer(10_000).await;

    for _ in 0..30 {
        let order = Uuid::now_v7();
        assert_eq!(bank.till.charge(order, account, 100).await, Charged::Done);
        let (one, other) = tokio::join!(
            bank.till.refund(order, Kind::Partial(60)),
            there.refund(order, Kind::Partial(60))
        );

        let refused = Err(NoRefund::Over);
        assert!((one == refused) != (other == refused), "{one:?}, {other:?}");
    }

    assert_eq!(bank.balance(account).await, 10_000 - 30 * 40);
    bank.assert_conserved().await;
}

#[tokio::test]
async fn a_part_and_then_a_cancel_give_back_the_whole_and_no_more() {
    let bank = Bank::open().await;
    let account = bank.customer(100).await;
    let order = Uuid::now_v7();
    bank.till.charge(order, account, 80).await;

    let part = bank.till.refund(order, Kind::Partial(30)).await.unwrap();
    let rest = bank.till.refund(order, Kind::Cancel).await.unwrap();
    let again = bank.till.refund(order, Kind::Cancel).await.unwrap();
    let late = bank.till.refund(order, Kind::Partial(1)).await;

    assert_eq!((part.amount, rest.amount, again), (30, 50, rest));
    assert_eq!(late, Err(NoRefund::Over));
    assert_eq!(bank.balance(account).await, 100);
    bank.assert_conserved().await;
}

#[tokio::test]
async fn a_cancel_that_finds_nothing_left_is_done() {
    let bank = Bank::open().await;
    let account = bank.customer(100).await;
    let order = Uuid::now_v7();
    bank.till.charge(order, account, 80).await;
    bank.till.refund(order, Kind::Partial(80)).await.unwrap();

    let rest = bank.till.refund(order, Kind::Cancel).await.unwrap();

    assert_eq!(rest.amount, 0);
    bank.assert_conserved().await;
}

#[tokio::test]
async fn an_order_that_was_declined_stays_declined_when_money_has_come() {
    let bank = Bank::open().await;
    let account = bank.customer(10).await;
    let order = Uuid::now_v7();
    let declined = bank.till.charge(order, account, 50).await;
    bank.till.top_up(account, "more", 100).await;

    let again = bank.till.charge(order, account, 50).await;
    let another = bank.till.charge(Uuid::now_v7(), account, 50).await;

    assert_eq!(declined, Charged::Declined(Reason::InsufficientFunds));
    assert_eq!((again, another), (declined, Charged::Done));
    assert_eq!(bank.balance(account).await, 60);
}

#[tokio::test]
async fn who_never_had_money_is_short_of_it_and_who_is_not_there_is_not() {
    let bank = Bank::open().await;
    let poor = bank.account().await;
    let (first, second) = (Uuid::now_v7(), Uuid::now_v7());

    let short = bank.till.charge(first, poor, 1).await;
    let nobody = bank.till.charge(second, Uuid::now_v7(), 1).await;
    let free = bank.till.charge(Uuid::now_v7(), poor, 0).await;

    assert_eq!(short, Charged::Declined(Reason::InsufficientFunds));
    assert_eq!(nobody, Charged::Declined(Reason::NoSuchAccount));
    assert_eq!(free, Charged::Done);
    assert_eq!(
        bank.count("select count(*) from payments where state = 'void'")
            .await,
        2
    );
}

#[tokio::test]
async fn the_same_charge_is_done_once_and_another_one_of_its_order_is_refused() {
    let bank = Bank::open().await;
    let (account, other) = (bank.customer(100).await, bank.customer(100).await);
    let order = Uuid::now_v7();

    let equal = join_all((0..50).map(|_| bank.till.charge(order, account, 30))).await;

    assert!(equal.iter().all(|charged| *charged == Charged::Done));
    assert_eq!(bank.till.charge(order, account, 31).await, Charged::Other);
    assert_eq!(bank.till.charge(order, other, 30).await, Charged::Other);
    assert_eq!(
        (bank.balance(account).await, bank.balance(other).await),
        (70, 100)
    );
    bank.assert_conserved().await;
}

#[tokio::test]
async fn a_refund_that_is_sent_again_is_answered_the_same_and_its_id_is_nobody_elses() {
    let bank = Bank::open().await;
    let account = bank.customer(100).await;
    let (order, other, id) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    bank.till.charge(order, account, 40).await;
    bank.till.charge(other, account, 40).await;

    let equal = (0..50).map(|_| bank.till.refund_as(id, order, Kind::Partial(10)));
    let equal = join_all(equal).await;

    let refunded = equal[0].unwrap();
    assert!(equal.iter().all(|again| *again == Ok(refunded)));
    let other_order = bank.till.refund_as(id, other, Kind::Partial(10)).await;
    let other_amount = bank.till.refund_as(id, order, Kind::Partial(11)).await;
    assert_eq!(
        (other_order, other_amount),
        (Err(NoRefund::Other), Err(NoRefund::Other))
    );
    assert_eq!(bank.balance(account).await, 30);
}

#[tokio::test]
async fn a_refund_whose_id_is_taken_at_the_same_moment_is_refused() {
    let bank = Bank::open().await;
    let account = bank.customer(100).await;
    let (order, other, id) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    bank.till.charge(order, account, 40).await;
    bank.till.charge(other, account, 40).await;
    let mut meanwhile = bank.database.pool().begin().await.unwrap();
    sqlx::query("insert into refunds (id, kind, order_id, amount) values ($1, 'partial', $2, 10)")
        .bind(id)
        .bind(other)
        .execute(&mut *meanwhile)
        .await
        .unwrap();

    let till = bank.till.clone();
    let refund = async move { till.refund_as(id, order, Kind::Partial(10)).await };
    let refund = tokio::spawn(refund);
    bank.until_somebody_waits().await;
    meanwhile.commit().await.unwrap();

    assert_eq!(refund.await.unwrap(), Err(NoRefund::Other));
}

#[tokio::test]
async fn a_part_of_what_was_never_charged_is_refused() {
    let bank = Bank::open().await;
    let account = bank.customer(10).await;
    let declined = Uuid::now_v7();
    bank.till.charge(declined, account, 50).await;

    let of_declined = bank.till.refund(declined, Kind::Partial(1)).await;
    let of_nothing = bank.till.refund(Uuid::now_v7(), Kind::Partial(1)).await;

    let refused = Err(NoRefund::NotCharged);
    assert_eq!((of_declined, of_nothing), (refused, refused));
}

#[tokio::test]
async fn a_hundred_equal_top_ups_at_once_are_one_transfer_and_equal_answers() {
    let bank = Bank::open().await;
    let (there, account) = (bank.another_till(), bank.account().await);
    let tills = [&bank.till, &there];

    let sent = (0..100).map(|number| tills[number % 2].top_up(account, "key", 500));
    let answers = join_all(sent).await;

    let fresh = answers.iter().filter(|it| {
        matches!(
            it,
            ToppedUp::Done {
                replayed: false,
                ..
            }
        )
    });
    assert_eq!(fresh.count(), 1);
    let receipts: Vec<_> = answers.into_iter().map(receipt).collect();
    assert!(receipts.iter().all(|it| *it == receipts[0]), "{receipts:?}");
    assert_eq!(receipts[0].balance, 500);
    assert_eq!(bank.count("select count(*) from transfers").await, 1);
    assert_eq!(bank.balance(account).await, 500);
}

#[tokio::test]
async fn a_top_up_is_answered_with_the_balance_of_then_however_late_it_is_sent_again() {
    let bank = Bank::open().await;
    let account = bank.account().await;
    let first = receipt(bank.till.top_up(account, "key", 500).await);
    bank.till.top_up(account, "other", 100).await;

    let again = receipt(bank.till.top_up(account, "key", 500).await);
    let reused = bank.till.top_up(account, "key", 501).await;

    assert_eq!((again.balance, &again), (500, &first));
    assert_eq!(reused, ToppedUp::KeyReused);
    assert_eq!(bank.balance(account).await, 600);
}

#[tokio::test]
async fn a_top_up_of_nobody_leaves_no_key_behind() {
    let bank = Bank::open().await;
    let closed = bank.account().await;
    sqlx::query(
        "update accounts set closed_at = now(), data_key = null, email = null, email_hash = null,
             name = null, password = null where id = $1",
    )
    .bind(closed)
    .execute(bank.database.pool())
    .await
    .unwrap();

    let nobody = bank.till.top_up(Uuid::now_v7(), "key", 1).await;
    let of_closed = bank.till.top_up(closed, "key", 1).await;

    assert_eq!(
        (nobody, of_closed),
        (ToppedUp::NoSuchAccount, ToppedUp::NoSuchAccount)
    );
    assert_eq!(bank.count("select count(*) from keys").await, 0);
    assert_eq!(bank.count("select count(*) from wallets").await, 0);
}

#[tokio::test]
async fn everything_at_once_conserves_money_and_nobody_waits_on_each_other() {
    let bank = Bank::open().await;
    let (here, there) = (bank.till.clone(), bank.another_till());
    let customers = join_all((0..4).map(|_| bank.customer(300))).await;
    let orders: Vec<Uuid> = (0..60).map(|_| Uuid::now_v7()).collect();

    let acts = (0..1_200_usize).map(|act| {
        let till = if act % 2 == 0 { &here } else { &there };
        // Steps that share no factor with the lengths, so that every act meets every order.
        let (order, account) = (orders[act * 7 % 60], customers[act * 7 % 60 % 4]);
        async move {
            match act % 11 {
                0 => _ = till.refund(order, Kind::Compensation).await,
                1 => _ = till.refund(order, Kind::Cancel).await,
                2 | 3 => _ = till.refund(order, Kind::Partial(9)).await,
                4 => _ = till.top_up(account, &(act % 13).to_string(), 20).await,
                _ => _ = till.charge(order, account, 25).await,
            }
        }
    });
    futures::stream::iter(acts)
        .buffer_unordered(100)
        .collect::<()>()
        .await;

    bank.assert_conserved().await;
    assert_eq!(bank.database.deadlocks().await, 0);
}
