//! Giving back a part of what was paid.

use api::common::Money;
use api::order::{OrderRefund, RefundOrderRequest};
use std::time::Duration;
use tonic::Status;
use uuid::Uuid;

use crate::house::{House, PATIENCE, reason};
use crate::user::{Fault, PURSE};
use crate::wish::{Wish, idempotency};

impl House {
    async fn refund(
        &self,
        order: &str,
        key: &str,
        amount: i64,
        patience: Duration,
    ) -> Result<OrderRefund, Status> {
        let currency = "USD".to_owned();
        let request = RefundOrderRequest {
            actor_id: api::id::ACCOUNT.write(Uuid::from_u128(7)),
            id: order.to_owned(),
            amount: Some(Money { amount, currency }),
            idempotency: Some(idempotency(
                Uuid::from_u128(7),
                "POST /v1/orders/{id}/refunds",
                key,
                &format!("{order} {amount}"),
            )),
        };
        let mut orders = self.orders.clone();
        let refunded = self.ask(patience, orders.refund(request)).await;
        refunded.map(tonic::Response::into_inner)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_partial_refunds_at_once_one_goes_over_the_charge() {
    let house = House::with(2, &[]).await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 1)]);
    let order = house.order(&ann).await;

    let (one, two) = tokio::join!(
        house.refund(&order.id, "one", 400, PATIENCE),
        house.refund(&order.id, "two", 400, PATIENCE),
    );

    assert!(one.is_ok() != two.is_ok());
    assert_eq!(reason(&one.err().or(two.err()).unwrap()), "OVER_REFUND");
    assert_eq!(house.user.purse(&ann.account()), PURSE - 300);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_sent_again_is_the_same_refund() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 1)]);
    let order = house.order(&ann).await;
    let first = house.refund(&order.id, "one", 400, PATIENCE).await.unwrap();

    let again = house.refund(&order.id, "one", 400, PATIENCE).await.unwrap();
    let other = house
        .refund(&order.id, "one", 300, PATIENCE)
        .await
        .unwrap_err();

    assert!(again.replayed && !first.replayed);
    assert_eq!(
        OrderRefund {
            replayed: false,
            ..again
        },
        first
    );
    assert_eq!(reason(&other), "KEY_REUSED");
    assert_eq!(house.user.purse(&ann.account()), PURSE - 300);
    let audit = house
        .told(
            house
                .sagas
                .clone()
                .list_audit(api::common::ListAuditRequest::default()),
        )
        .await;
    let acts = audit.entries;
    assert_eq!(acts.len(), 1);
    assert_eq!(
        (acts[0].action.as_str(), acts[0].subject_id.as_str()),
        ("order.refund", order.id.as_str())
    );
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_forgotten_stands_for_another_refund() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 1)]);
    let order = house.order(&ann).await;
    let first = house.refund(&order.id, "one", 400, PATIENCE).await.unwrap();
    sqlx::query("update keys set expires_at = expires_at - interval '8 days'")
        .execute(house.database.pool())
        .await
        .unwrap();
    order::prune::round(&house.database.db()).await.unwrap();

    let second = house.refund(&order.id, "one", 300, PATIENCE).await.unwrap();

    assert_ne!(second.id, first.id);
    assert!(!second.replayed);
    assert_eq!(house.user.purse(&ann.account()), PURSE);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refund_whose_answer_was_lost_is_told_by_the_same_key() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 1)]);
    let order = house.order(&ann).await;
    house.user.fault(Fault::AnswerLost);
    let unknown = house
        .refund(&order.id, "one", 400, Duration::from_secs(2))
        .await
        .unwrap_err();
    house.user.fault(Fault::None);

    let told = house.refund(&order.id, "one", 400, PATIENCE).await.unwrap();

    assert_eq!(reason(&unknown), "OUTCOME_UNKNOWN");
    assert_eq!(told.amount.unwrap().amount, 400);
    assert_eq!(house.user.purse(&ann.account()), PURSE - 300);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_after_a_refund_gives_back_what_is_left_and_ends_refunds() {
    let house = House::start().await;
    let mug = house.shelve("mug", 5).await;
    let ann = Wish::of(&[(mug, 1)]);
    let order = house.order(&ann).await;
    house.refund(&order.id, "one", 400, PATIENCE).await.unwrap();

    let cancelled = house.cancel(&order.id, "stop").await.unwrap();
    let refused = house
        .refund(&order.id, "two", 1, PATIENCE)
        .await
        .unwrap_err();

    assert_eq!(cancelled.status, "cancelled");
    assert_eq!(reason(&refused), "ILLEGAL_MOVE");
    assert_eq!(house.user.purse(&ann.account()), PURSE);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_bought_is_not_refunded() {
    let house = House::start().await;
    let mug = house.shelve("mug", 0).await;
    let order = house.order(&Wish::of(&[(mug, 1)])).await;
    let nowhere = api::id::ORDER.write(Uuid::now_v7());

    let refused = house
        .refund(&order.id, "one", 1, PATIENCE)
        .await
        .unwrap_err();
    let again = house
        .refund(&order.id, "one", 1, PATIENCE)
        .await
        .unwrap_err();
    let missing = house
        .refund(&nowhere, "two", 1, PATIENCE)
        .await
        .unwrap_err();

    assert_eq!(reason(&refused), "ILLEGAL_MOVE");
    assert_eq!(again.message(), refused.message());
    assert_eq!(reason(&missing), "NOT_FOUND");
    house.assert_conserved().await;
}
