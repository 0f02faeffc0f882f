//! One fault under a load of orders: what was seen of it, and what it left in the books.

use drill::{Figures, Findings, Goal, History, Load, Stored, check};
use holdfast::say;
use stack::Process;
use tokio::time::Instant;

use crate::open::{SETTLED, Shop};

/// How many orders and looks show that they go on.
pub(crate) const SOME: usize = 30;

/// Does `deed` under a load of orders, waits until all is well, and holds what was seen against `goal` and what is stored.
pub(crate) async fn strike(
    shop: &Shop,
    what: &str,
    goal: Goal,
    deed: impl AsyncFnOnce(&Shop, &Load),
) -> Figures {
    let load = Load::begin(shop.plan()).await.unwrap();
    load.goes_on(SOME).await.unwrap();
    let struck = Instant::now();

    deed(shop, &load).await;

    shop.healed().await;
    let healed = struck.elapsed();
    load.goes_on(SOME).await.unwrap();
    let until = Instant::now();
    let history = load.end().await.unwrap();
    let findings = find(shop, &history).await;
    let figures = Figures::of(&history, &findings, struck, until);
    let line = goal.line(what, &figures);
    say::line(format_args!(
        "{line}, healed after {:.1} s",
        healed.as_secs_f64()
    ));
    assert_eq!(findings.all(), Vec::<&str>::new(), "{what}");
    let failures = goal.failures(&figures);
    let stubborn = history.stubborn(goal.retries.unwrap_or(usize::MAX - 1));
    assert!(failures.is_empty(), "{what}: {failures:?}; {stubborn:#?}");
    figures
}

/// Waits until all orders have settled, looks into the books, which have to balance, and holds `history` against what is stored.
pub(crate) async fn find(shop: &Shop, history: &History) -> Findings {
    let books = shop.books().await;
    let wrong = books.balance(SETTLED).await.unwrap();
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", said(shop));
    let stored = Stored::of(&books.order, &history.customers())
        .await
        .unwrap();
    check(&history.sendings(), &history.reads(), &stored)
}

/// The last words of each process.
fn said(shop: &Shop) -> String {
    let said = |process: &Process| format!("{}: {}\n", process.name(), process.said());
    shop.processes(said).concat()
}

/// Kills the part called `name`; whoever sees to it starts it again.
pub(crate) async fn kill(shop: &Shop, name: &str) {
    shop.act(&format!("kill {name}")).await;
}

/// Kills the part called `name`, and has it started again when orders have gone on without it.
pub(crate) async fn lose(shop: &Shop, load: &Load, name: &str) {
    shop.act(&format!("kill {name} stay")).await;
    load.goes_on(SOME).await.unwrap();
    shop.act(&format!("resume {name}")).await;
}
