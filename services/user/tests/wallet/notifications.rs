//! What accounts are told, and what is forgotten.

use crate::bank::Bank;
use db::Db;
use futures::FutureExt as _;
use user::domain::notification::{Notice, Notification};
use user::prune;
use user::store::notifications;
use uuid::Uuid;

fn notice(event: Uuid, account: Uuid) -> Notice {
    let (kind, subject) = ("order.confirmed".to_owned(), "ord_1".to_owned());
    Notice {
        event,
        account,
        kind,
        subject,
    }
}

async fn tell(db: &Db, notices: &[Notice]) {
    let told = db.keyed("notify", |tx| {
        let notices = notices.to_vec();
        async move { notifications::insert(tx, &notices).await }.boxed()
    });
    told.await.unwrap();
}

async fn list(db: &Db, account: Uuid, after: Option<&Notification>) -> Vec<Notification> {
    let before = after.map(|last| (last.created_at, last.id));
    let listed = db.read_primary("list", move |tx| {
        notifications::list(tx, account, before, 2).boxed()
    });
    listed.await.unwrap().value
}

async fn age(bank: &Bank, days: i32) {
    for table in [
        "update notifications set created_at = now() - make_interval(days => $1)",
        "update keys set created_at = now() - make_interval(days => $1)",
    ] {
        sqlx::query(table)
            .bind(days)
            .execute(bank.database.pool())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn what_is_told_twice_is_kept_once() {
    let bank = Bank::open().await;
    let (db, account) = (bank.database.db(), bank.account().await);
    let notice = notice(Uuid::now_v7(), account);

    tell(&db, &[notice.clone(), notice.clone()]).await;
    tell(&db, &[notice]).await;

    assert_eq!(list(&db, account, None).await.len(), 1);
}

#[tokio::test]
async fn what_is_told_to_nobody_is_dropped() {
    let bank = Bank::open().await;
    let (db, account) = (bank.database.db(), bank.account().await);

    tell(
        &db,
        &[
            notice(Uuid::now_v7(), Uuid::now_v7()),
            notice(Uuid::now_v7(), account),
        ],
    )
    .await;

    assert_eq!(bank.count("select count(*) from notifications").await, 1);
}

#[tokio::test]
async fn pages_hold_every_notification_once_newest_first() {
    let bank = Bank::open().await;
    let (db, account) = (bank.database.db(), bank.account().await);
    let events: Vec<Uuid> = (0..5).map(|_| Uuid::now_v7()).collect();
    for pair in events.chunks(2) {
        let notices: Vec<_> = pair.iter().map(|event| notice(*event, account)).collect();
        tell(&db, &notices).await;
    }

    let mut listed: Vec<Notification> = Vec::new();
    loop {
        let page = list(&db, account, listed.last()).await;
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }

    let listed: Vec<Uuid> = listed.iter().map(|it| it.id).collect();
    assert_eq!(listed, events.into_iter().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_notification_is_read_by_its_own_account_and_keeps_the_first_time() {
    let bank = Bank::open().await;
    let (db, account, event) = (bank.database.db(), bank.account().await, Uuid::now_v7());
    tell(&db, &[notice(event, account)]).await;
    let read = async |account: Uuid| {
        let read = db.keyed("read", move |tx| {
            notifications::read(tx, account, event).boxed()
        });
        read.await.unwrap()
    };

    let by_other = read(Uuid::now_v7()).await;
    let first = read(account).await.unwrap();
    let again = read(account).await.unwrap();

    assert_eq!(by_other, None);
    assert!(first.read_at.is_some());
    assert_eq!(first, again);
}

#[tokio::test]
async fn keys_are_forgotten_after_7_days_and_notifications_after_90() {
    let bank = Bank::open().await;
    let db = bank.database.db();
    let account = bank.customer(10).await;
    tell(&db, &[notice(Uuid::now_v7(), account)]).await;
    let left = async |days| {
        age(&bank, days).await;
        prune::once(&db).await;
        let keys = bank.count("select count(*) from keys").await;
        (keys, bank.count("select count(*) from notifications").await)
    };

    assert_eq!(left(6).await, (1, 1));
    assert_eq!(left(8).await, (0, 1));
    assert_eq!(left(89).await, (0, 1));
    assert_eq!(left(91).await, (0, 0));
}
