//! One part of the shop struck under a load of orders: what customers were told is held against what is stored.

use std::time::Duration;

use drill::{Figures, Goal, Load, Stored, check};
use holdfast::compose::{SETTLED, Shop, until};
use holdfast::say;
use tokio::time::Instant;

/// How many orders and looks show that they go on.
const SOME: usize = 20;
/// Who falls silent is missed after two checks that wait for a second each; who dies refuses at once.
const MISSED: Duration = Duration::from_secs(3);

/// Kills the process of the container `name`, which is started again; `what` says who that is.
pub(crate) async fn crash(shop: &Shop, what: &str, name: &str, limit: u64) {
    let goal = Goal::seconds(limit);
    strike(shop, &format!("kill -9 {what}"), goal, async |_| {
        let container = shop.container(name).await.unwrap();
        container.crash().unwrap();
        until("it was started again", async || {
            let now = shop.container(name).await.unwrap();
            now.told["State"]["StartedAt"] != container.told["State"]["StartedAt"]
        })
        .await
        .unwrap();
    })
    .await;
}

/// Takes the container `name` off the network `from`, until orders go on without it.
pub(crate) async fn cut(shop: &Shop, what: &str, name: &str, from: &str, limit: u64) {
    let said = format!("cut {what} off `{from}`");
    let goal = Goal {
        reads: MISSED,
        ..Goal::seconds(limit)
    };
    strike(shop, &said, goal, async |load: &Load| {
        let container = shop.container(name).await.unwrap();
        container.leave(&shop.network(from)).await.unwrap();
        let gone_on = load.goes_on(SOME).await;
        container.join(&shop.network(from)).await.unwrap();
        gone_on.unwrap();
    })
    .await;
}

/// Has `deed` done under a load of orders, waits until all is well again, and prints a line of what customers noticed.
async fn strike(shop: &Shop, what: &str, goal: Goal, deed: impl AsyncFnOnce(&Load)) {
    let load = Load::begin(shop.plan().await.unwrap()).await.unwrap();
    load.goes_on(SOME).await.unwrap();
    let struck = Instant::now();

    deed(&load).await;

    shop.healed().await.unwrap();
    let healed = struck.elapsed();
    load.goes_on(SOME).await.unwrap();
    let until = Instant::now();
    let history = load.end().await.unwrap();
    let books = shop.books().await.unwrap();
    let wrong = books.balance(SETTLED).await.unwrap();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
    let stored = Stored::of(&books.order, &history.customers())
        .await
        .unwrap();
    let findings = check(&history.sendings(), &history.reads(), &stored);
    let figures = Figures::of(&history, &findings, struck, until);
    say::line(format_args!(
        "{}, healed after {:.1} s",
        goal.line(what, &figures),
        healed.as_secs_f64()
    ));
    assert_eq!(findings.all(), Vec::<&str>::new(), "{what}");
    let failures = goal.failures(&figures);
    assert!(failures.is_empty(), "{what}: {failures:?}");
}
