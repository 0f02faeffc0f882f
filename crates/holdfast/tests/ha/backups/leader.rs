//! One backup at a time: by the lock service, and by the repository's own lock where that is away.

use holdfast::house::Kind;
use stack::Extent;

use super::door::Door;
use crate::open::{Shop, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha ALL=1"]
async fn whoever_has_no_turn_is_told_and_without_control_the_repository_keeps_two_apart() {
    let shop = Shop::open().await;
    let door = Door::of(&shop);
    let other = shop.supervisor();
    let turn = other.take().await.unwrap();
    assert!(turn.is_led());

    let told = door.say_in_vain(&["backup"]).await;
    assert!(told.contains("another supervisor"), "{told}");
    drop(turn);
    until("the turn is to be had again", async || {
        other.take().await.is_ok()
    })
    .await;
    until("and again", async || door.said(&["backup"]).await).await;

    for seat in shop.running.house().seats(Kind::Control) {
        shop.act(&format!("kill {} stay", seat.name())).await;
    }
    door.say(&["backup"]).await;
    let backups = shop.running.backups().unwrap();
    let before = backups.list().await.unwrap().len();
    let both = tokio::join!(backups.take(Extent::Full), backups.take(Extent::Full));
    let told = [both.0.err(), both.1.err()];
    let told: Vec<String> = told.iter().flatten().map(ToString::to_string).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("lock"), "{told:?}");
    assert_eq!(backups.list().await.unwrap().len(), before + 1);
    door.close();
    shop.close().await;
}
