//! Money and notifications as callers see them.

use api::id::{ACCOUNT, ORDER};
use api::user as wire;
use api::user::{ChargeOutcome, RefundKind};
use uuid::Uuid;

use crate::service::{Service, charge, money, refund, top_up};

#[tokio::test]
async fn a_customer_reads_back_what_came_and_went() {
    let service = Service::start().await;
    let (account, order) = (service.account().await, Uuid::now_v7());
    assert_eq!(service.balance(&account).await, Ok(0));

    let topped_up = service.top_up(top_up(&account, "key", 500)).await.unwrap();
    let charged = service.charge(charge(order, &account, 300)).await.unwrap();
    let refunded = service.refund(refund(order, RefundKind::Partial, 50)).await;

    assert_eq!(topped_up.balance, money(500));
    assert_eq!(charged.outcome(), ChargeOutcome::Charged);
    assert_eq!(refunded.unwrap().amount, money(50));
    assert_eq!(service.balance(&account).await, Ok(250));
    let entries = service.entries(&account, 2).await;
    let seen: Vec<_> = entries
        .iter()
        .map(|it| (it.kind.as_str(), it.amount.clone(), it.order_id.clone()))
        .collect();
    let of = ORDER.write(order);
    let none = String::new();
    let expected = [
        ("refund", money(50), of.clone()),
        ("charge", money(-300), of),
        ("topup", money(500), none),
    ];
    assert_eq!(seen, expected);
    assert_eq!(entries.last(), topped_up.entry.as_ref());
}

#[tokio::test]
async fn an_answer_that_is_sent_again_differs_only_in_saying_so() {
    let service = Service::start().await;
    let account = service.account().await;
    let first = service.top_up(top_up(&account, "key", 500)).await.unwrap();
    service.top_up(top_up(&account, "other", 1)).await.unwrap();

    let again = service.top_up(top_up(&account, "key", 500)).await.unwrap();

    assert!(!first.replayed);
    let replayed = true;
    assert_eq!(again, wire::TopUpResponse { replayed, ..first });
}

#[tokio::test]
async fn a_decline_says_why() {
    let service = Service::start().await;
    let (account, order) = (service.account().await, Uuid::now_v7());
    let stranger = ACCOUNT.write(Uuid::now_v7());
    let compensation = refund(order, RefundKind::Compensation, 0);
    service.refund(compensation).await.unwrap();

    let short = service.charge(charge(Uuid::now_v7(), &account, 1)).await;
    let nobody = service.charge(charge(Uuid::now_v7(), &stranger, 1)).await;
    let voided = service.charge(charge(order, &account, 1)).await;

    let reasons = [short, nobody, voided].map(|declined| {
        let declined = declined.unwrap();
        assert_eq!(declined.outcome(), ChargeOutcome::Declined);
        declined.reason
    });
    assert_eq!(reasons, ["insufficient_funds", "no_such_account", "voided"]);
}

#[tokio::test]
async fn a_refusal_says_why() {
    let service = Service::start().await;
    let (account, order) = (service.account().await, Uuid::now_v7());
    let stranger = ACCOUNT.write(Uuid::now_v7());
    service.top_up(top_up(&account, "key", 500)).await.unwrap();
    service.charge(charge(order, &account, 300)).await.unwrap();

    let reused = service.top_up(top_up(&account, "key", 501)).await;
    let nobody = service.top_up(top_up(&stranger, "key", 1)).await;
    let no_balance = service.balance(&stranger).await;
    let other_charge = service.charge(charge(order, &account, 301)).await;
    let over = service
        .refund(refund(order, RefundKind::Partial, 301))
        .await;
    let uncharged = refund(Uuid::now_v7(), RefundKind::Partial, 1);
    let uncharged = service.refund(uncharged).await;

    assert_eq!(reused, Err("KEY_REUSED".into()));
    assert_eq!(nobody, Err("NOT_FOUND".into()));
    assert_eq!(no_balance, Err("NOT_FOUND".into()));
    assert_eq!(other_charge, Err("KEY_REUSED".into()));
    assert_eq!(over, Err("OVER_REFUND".into()));
    assert_eq!(uncharged, Err("NOT_CHARGED".into()));
}

/// Top-ups that break a rule, each another one.
fn bad_top_ups(account: &str) -> Vec<wire::TopUpRequest> {
    let good = || top_up(account, "key", 500);
    let mut bad: Vec<_> = [0, -1, 1_000_001, i64::MIN, i64::MAX]
        .map(|amount| wire::TopUpRequest {
            amount: money(amount),
            ..good()
        })
        .into();
    let mut euros = good();
    euros.amount.as_mut().unwrap().currency = "EUR".into();
    bad.push(euros);
    bad.push(wire::TopUpRequest {
        amount: None,
        ..good()
    });
    bad.push(wire::TopUpRequest {
        idempotency: None,
        ..good()
    });
    for id in ["", "usr_", "ord_01h455vb4pex5vsknk084sn02q"] {
        bad.push(wire::TopUpRequest {
            account_id: id.into(),
            ..good()
        });
    }
    for key in ["", "a\nb", "\u{e4}", &"k".repeat(256)] {
        let mut request = good();
        request.idempotency.as_mut().unwrap().key = key.into();
        bad.push(request);
    }
    let mut other = good();
    other.idempotency.as_mut().unwrap().account_id = ACCOUNT.write(Uuid::now_v7());
    let mut short = good();
    short.idempotency.as_mut().unwrap().request_hash.pop();
    bad.extend([other, short]);
    bad
}

/// Refunds that break a rule, each another one.
fn bad_refunds(order: Uuid) -> Vec<wire::RefundRequest> {
    let good = || refund(order, RefundKind::Partial, 10);
    let other = Uuid::now_v7().to_string();
    vec![
        wire::RefundRequest {
            amount: money(0),
            ..good()
        },
        wire::RefundRequest {
            amount: money(i64::MIN),
            ..good()
        },
        wire::RefundRequest {
            amount: None,
            ..good()
        },
        wire::RefundRequest { kind: 0, ..good() },
        wire::RefundRequest { kind: 77, ..good() },
        wire::RefundRequest {
            refund_id: "1".into(),
            ..good()
        },
        wire::RefundRequest {
            order_id: "ord_1".into(),
            ..good()
        },
        wire::RefundRequest {
            refund_id: other,
            ..refund(order, RefundKind::Cancel, 0)
        },
    ]
}

#[tokio::test]
async fn a_request_that_breaks_a_rule_is_refused_and_writes_nothing() {
    let service = Service::start().await;
    let (account, order) = (service.account().await, Uuid::now_v7());

    for bad in bad_top_ups(&account) {
        assert_eq!(
            service.top_up(bad.clone()).await,
            Err("INVALID".into()),
            "{bad:?}"
        );
    }
    for bad in bad_refunds(order) {
        assert_eq!(
            service.refund(bad.clone()).await,
            Err("INVALID".into()),
            "{bad:?}"
        );
    }
    let negative = service.charge(charge(order, &account, -1)).await;
    assert_eq!(negative, Err("INVALID".into()));

    let rows = "select (select count(*) from keys) + (select count(*) from payments) + (select count(*) from transfers)";
    let rows: i64 = sqlx::query_scalar(rows)
        .fetch_one(service.database.pool())
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

fn notice(account: &str) -> wire::Notice {
    wire::Notice {
        event_id: Uuid::now_v7().to_string(),
        account_id: account.to_owned(),
        kind: "order.confirmed".into(),
        subject_id: ORDER.write(Uuid::now_v7()),
    }
}

#[tokio::test]
async fn an_account_lists_and_reads_what_it_was_told() {
    let service = Service::start().await;
    let account = service.account().await;
    let told = notice(&account);
    service
        .notify(vec![told.clone(), told.clone()])
        .await
        .unwrap();

    let (account_id, page) = (account.clone(), None);
    let request = wire::ListNotificationsRequest { account_id, page };
    let listed = service
        .ask(service.users.clone().list_notifications(request))
        .await
        .unwrap();
    let [unread] = listed.notifications.as_slice() else {
        panic!("not one: {listed:?}");
    };
    let id = unread.id.clone();
    let request = |account: &str| wire::ReadNotificationRequest {
        account_id: account.into(),
        id: id.clone(),
    };
    let read = service
        .ask(service.users.clone().read_notification(request(&account)))
        .await;
    let stranger = service.account().await;
    let by_stranger = service
        .ask(service.users.clone().read_notification(request(&stranger)))
        .await;

    assert_eq!(
        (&unread.kind, &unread.subject_id),
        (&told.kind, &told.subject_id)
    );
    assert!(unread.read_at.is_empty() && !read.unwrap().read_at.is_empty());
    assert_eq!(by_stranger, Err("NOT_FOUND".into()));
}

#[tokio::test]
async fn five_hundred_are_told_at_once_and_no_more() {
    let service = Service::start().await;
    let account = service.account().await;
    let notices = |count| (0..count).map(|_| notice(&account)).collect::<Vec<_>>();

    let most = service.notify(notices(500)).await;
    let more = service.notify(notices(501)).await;

    assert_eq!((most, more), (Ok(()), Err("INVALID".into())));
}
