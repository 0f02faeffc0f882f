//! A mistake is planted into the shop's databases, in place of one in its services: the drill finds it, and names what it broke.

use std::time::Duration;

use drill::{Kind, Part, Report, Round, Service};
use holdfast::ha::Shop;
use holdfast::ha::drill::{Asked, judged};
use stack::Folder;
use tokio_util::sync::CancellationToken;

/// Drills a shop into whose database `name` `plants` are put, by `rounds`.
async fn drilled(name: &str, plants: &[&'static str], rounds: Vec<Round>) -> Report {
    let folder = Folder::scratch().unwrap();
    let asked = Asked {
        minutes: 1,
        seed: Some(7),
        only: Vec::new(),
        report: folder.path().to_owned(),
        rate: 12,
        against: "ha".to_owned(),
        plan: false,
        apart: false,
        program: Some(env!("CARGO_BIN_EXE_holdfast").into()),
    };
    let before = async |shop: &Shop| {
        for plant in plants {
            let leader = shop.cluster().leader().await?;
            leader.run(name, plant).await?;
        }
        Ok(())
    };
    let report = judged(&asked, rounds, CancellationToken::new(), before).await;
    report.unwrap().unwrap()
}

fn rounds(kind: Kind, part: Part, count: usize) -> Vec<Round> {
    let blow = drill::Blow { kind, part };
    let round = Round {
        blows: vec![blow],
        hold: Duration::from_secs(8),
    };
    vec![round; count]
}

/// The words against `report` that say that `what` does not hold.
fn against<'a>(report: &'a Report, what: &str) -> &'a str {
    assert!(!report.passed());
    let found = report.against.iter().find(|words| words.starts_with(what));
    found.unwrap_or_else(|| panic!("{:#?}", report.against))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_keys_that_are_not_unique_are_found_as_doubled_orders() {
    let plants = ["alter table keys drop constraint keys_pkey"];

    // It takes orders, and its answers stand still: whoever waits for one sends the same key elsewhere.
    let mute = rounds(Kind::OneWay, Part::Instance(Service::Order, 1), 2);
    let report = drilled("order", &plants, mute).await;

    let words = against(&report, "no key has two orders");
    assert!(words.contains("drill-"), "the key is named: {words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_commits_that_wait_for_nobody_are_found_as_lost_orders() {
    let plants = [
        "alter system set wal_writer_delay = '10s'",
        "select pg_reload_conf()",
        "alter role \"order\" set synchronous_commit = off",
        "alter role \"user\" set synchronous_commit = off",
        "alter role control set synchronous_commit = off",
        "alter role drill set synchronous_commit = off",
        "select pg_terminate_backend(pid) from pg_stat_activity where usename in ('order', 'user', 'control', 'drill')",
    ];

    let report = drilled("postgres", &plants, rounds(Kind::Kill, Part::Leader, 3)).await;

    let words = against(&report, "every acknowledged order is stored");
    assert!(words.contains("drill-"), "the key is named: {words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_fences_that_forget_are_found_as_late_writes() {
    let plants = [
        "create function forget() returns trigger language plpgsql as $$ begin new.token := 0; return new; end $$",
        "create trigger forget before insert or update on fences for each row execute function forget()",
    ];

    let report = drilled("drill", &plants, rounds(Kind::Kill, Part::Sentinel(1), 3)).await;

    let words = against(&report, "a lock is held by one at a time");
    assert!(words.contains("a write with"), "{words}");
}

/// Without which the others prove nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_nothing_is_found_as_nothing() {
    let report = drilled("order", &[], rounds(Kind::Kill, Part::Leader, 1)).await;

    assert_eq!(report.against, Vec::<String>::new());
}
