//! Charges, refunds and top-ups while something breaks.

use std::time::Duration;

use crate::bank::{Bank, Till, receipt};
use db::{Db, Settings};
use futures::future::join_all;
use retry::Deadline;
use testkit::Wire;
use user::domain::wallet::{Charge, Charged, Kind};
use uuid::Uuid;

/// An instance of the service whose way to the primary leads over a wire.
async fn wired(bank: &Bank) -> (Wire, Till) {
    let wire = Wire::to_url(&bank.database.primary_url()).await;
    let db = Db::connect(Settings {
        primaries: vec![wire.url(&bank.database.primary_url())],
        ..Settings::default()
    });
    (wire, Till::at(&db))
}

#[tokio::test]
async fn a_job_that_spoils_its_group_spoils_nobody_elses() {
    let bank = Bank::open().await;
    let account = bank.customer(1_000).await;
    let taken = Uuid::now_v7();
    let charge = |transfer| Charge {
        order: Uuid::now_v7(),
        account,
        amount: 1,
        transfer,
    };
    bank.till.charges.submit(charge(taken)).await.unwrap();

    // A transfer's id is given once, by a constraint: this one cannot be written.
    let jobs = (0..50).map(|number| if number == 25 { taken } else { Uuid::now_v7() });
    let outcomes = join_all(jobs.map(|id| bank.till.charges.submit(charge(id)))).await;

    for (number, outcome) in outcomes.iter().enumerate() {
        let done = matches!(outcome, Ok(Charged::Done));
        assert_eq!(done, number != 25, "{number}: {outcome:?}");
    }
    assert_eq!(bank.balance(account).await, 1_000 - 50);
    bank.assert_conserved().await;
}

#[tokio::test]
async fn a_wire_that_is_cut_after_commit_was_sent_leaves_one_outcome_which_the_same_request_tells()
{
    let bank = Bank::open().await;
    let account = bank.customer(100_000).await;
    let (wire, over_wire) = wired(&bank).await;
    let mut unknown = 0;

    for round in 0..40_u64 {
        let order = Uuid::now_v7();
        let key = round.to_string();
        over_wire.charge(Uuid::now_v7(), account, 0).await;
        wire.cut_after_sent("commit", Duration::from_micros(round * 50));
        let sent = async {
            let charged = over_wire.try_charge(order, account, 10).await;
            unknown += u32::from(charged.is_err());
        };
        Deadline::after(Duration::from_millis(120))
            .scope(sent)
            .await;
        wire.on_sent_nothing();

        let charged = bank.till.charge(order, account, 10).await;
        let again = over_wire.charge(order, account, 10).await;
        let first = receipt(bank.till.top_up(account, &key, 5).await);
        let second = receipt(over_wire.top_up(account, &key, 5).await);

        assert_eq!((charged, again), (Charged::Done, Charged::Done));
        assert_eq!(first, second);
    }

    assert!(unknown > 0, "every commit was answered: nothing was cut");
    assert_eq!(bank.balance(account).await, 100_000 - 40 * 10 + 40 * 5);
    let charges = "select count(*) from transfers where kind = 'charge'";
    assert_eq!(bank.count(charges).await, 40);
    bank.assert_conserved().await;
}

#[tokio::test]
async fn what_was_decided_is_not_said_again_while_the_standby_does_not_have_it() {
    let cluster = testkit::cluster().await;
    let database = cluster.database("user").await;
    let till = Till::at(&database.db());
    let account = crate::bank::account(&database).await;
    let order = Uuid::now_v7();
    receipt(till.top_up(account, "key", 50).await);
    till.charge(order, account, 20).await;
    till.refund(order, Kind::Cancel).await.unwrap();

    cluster.replica().pause();
    let limit = || Deadline::after(Duration::from_millis(500));
    let charged = limit().scope(till.try_charge(order, account, 20)).await;
    cluster.replica().resume();

    assert!(charged.is_err(), "{charged:?}");
    let declined = till.charge(order, account, 20).await;
    assert!(matches!(declined, Charged::Declined(_)));
}
