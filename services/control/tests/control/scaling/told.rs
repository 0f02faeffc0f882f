//! What is told, and for how long it holds.

use time::{Duration, OffsetDateTime};

use super::fenced::write_until;
use crate::shop::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_decides_again_holds_for_a_while_and_then_the_floor_stands() {
    let shop = Shop::open().await;
    let mut follower = shop.control.follow().await;
    // Nobody hears of any instance, so nobody decides.
    let until = OffsetDateTime::now_utc() + Duration::seconds(4);
    assert!(write_until(&shop.database.db(), i64::MAX, 6, None, until).await);

    let told = follower.hears(|_| true).await;
    let later = follower.hears(|_| true).await;

    assert_eq!(
        (told.count, &*told.why, told.expired),
        (6, "forecast", false)
    );
    assert_eq!((later.count, &*later.why, later.expired), (2, "load", true));
    assert!(OffsetDateTime::now_utc() >= until);
    let listed = shop.control.scaled().await.desired.unwrap();
    assert_eq!((listed.count, listed.expired), (2, true));
}
