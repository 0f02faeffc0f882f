//! Commits that do not wait, each in its way, and a fence that forgets.

use std::time::Duration;

use drill::{Kind, Part, Round, Service};

use super::{ANEW, LOST, Planted, rounds};

/// The standby stands still, and a while later the leader is lost for so long that the standby leads.
fn standby_and_leader() -> Vec<Round> {
    let mut rounds = rounds(
        1,
        &[(Kind::Pause, Part::Standby), (Kind::Kill, Part::Leader)],
    );
    rounds[0].hold = Duration::from_secs(5);
    rounds
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_commits_that_are_told_before_they_are_written_are_found_as_lost_orders() {
    let planted = Planted::new(&[
        ("postgres", "alter system set wal_writer_delay = '10s'"),
        ("postgres", "select pg_reload_conf()"),
        (
            "postgres",
            "alter role \"order\" set synchronous_commit = off",
        ),
        (
            "postgres",
            "alter role \"user\" set synchronous_commit = off",
        ),
        (
            "postgres",
            "alter role control set synchronous_commit = off",
        ),
        ("postgres", "alter role drill set synchronous_commit = off"),
        ANEW,
    ]);

    let found = planted
        .drilled(rounds(3, &[(Kind::Kill, Part::Leader)]))
        .await;

    found.has_against("every acknowledged order is stored", &LOST);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_commits_that_wait_for_no_standby_are_found_as_lost_orders() {
    let planted = Planted::new(&[
        (
            "postgres",
            "alter role \"order\" set synchronous_commit = local",
        ),
        (
            "postgres",
            "alter role \"user\" set synchronous_commit = local",
        ),
        (
            "postgres",
            "alter role control set synchronous_commit = local",
        ),
        (
            "postgres",
            "alter role drill set synchronous_commit = local",
        ),
        ANEW,
    ]);

    let found = planted.drilled(standby_and_leader()).await;

    found.has_against("every acknowledged order is stored", &LOST);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_fences_that_forget_are_found_as_late_writes() {
    let planted = Planted::new(&[
        (
            "drill",
            "create function forget() returns trigger language plpgsql as $$ begin new.token := 0; return new; end $$",
        ),
        (
            "drill",
            "create trigger forget before insert or update on fences for each row execute function forget()",
        ),
    ]);

    let found = planted
        .drilled(rounds(3, &[(Kind::Kill, Part::Sentinel(1))]))
        .await;

    found.has_against(
        "a lock is held by one at a time",
        &["a write with", "client-"],
    );
}

/// Without which the others prove nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-drill"]
async fn planted_nothing_is_found_as_nothing() {
    let right = Planted::new(&[ANEW]);

    let all = [
        rounds(1, &[(Kind::OneWay, Part::Instance(Service::Order, 1))]),
        rounds(1, &[(Kind::Kill, Part::Leader)]),
        standby_and_leader(),
    ];
    let found = right.drilled(all.concat()).await;

    found.has_nothing_against_but(&[]);
}
