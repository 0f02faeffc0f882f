//! One lock, many clients, while the database fails over and an instance of control is killed.

mod office;

use std::time::Duration;

use drill::{Clients, Wanting, check_locks, lock_writes};
use tokio::time::{Instant, sleep};

use office::Office;

/// How many want the lock.
const CLIENTS: usize = 50;
const WANTING: Wanting = Wanting {
    clients: CLIENTS,
    pause: Duration::ZERO,
    overstays: None,
};
/// How often it is looked how many grants there were.
const LOOK: Duration = Duration::from_millis(20);
/// Within which time somebody has it again: a ttl, a failover, and a busy machine.
const GOES_ON: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn short_a_lock_of_fifty_clients_outlives_a_failover_and_a_killed_instance() {
    handed_on(1_000).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn ten_thousand_grants_outlive_a_failover_and_a_killed_instance() {
    handed_on(10_000).await;
}

/// Lets the lock be granted `wanted` times, with both faults in the middle, and holds all that was seen against the promises.
async fn handed_on(wanted: usize) {
    let office = Office::open().await;
    let began = Instant::now();
    let clients = Clients::begin(&office.channel(), &office.resource, WANTING);

    have_had(&clients, wanted / 3).await;
    let old = office.kill_primary().await;
    have_had(&clients, clients.had() + 10).await;
    office.replaced(&old).await;
    have_had(&clients, wanted * 2 / 3).await;
    office.kill_one_instance().await;
    have_had(&clients, wanted).await;
    let seen = clients.end().await;

    let took = began.elapsed().as_secs_f64();
    let writes = lock_writes(&office.resource).await.unwrap();
    say(&format!(
        "  {} grants to {CLIENTS} clients in {took:.0} s, {} writes accepted, {} refused by their tokens, {} lost",
        seen.grants.len(),
        writes.len(),
        seen.refused,
        seen.lost
    ));
    assert!(seen.grants.len() >= wanted, "{} grants", seen.grants.len());
    assert_eq!(check_locks(&seen.grants, &writes), Vec::<String>::new());
    office.close().await;
}

/// Waits until there were so many grants in all.
async fn have_had(clients: &Clients, grants: usize) {
    let (mut last, mut since) = (0, Instant::now());
    while clients.had() < grants {
        let had = clients.had();
        if had > last {
            (last, since) = (had, Instant::now());
        }
        assert!(since.elapsed() < GOES_ON, "stuck at {had} grants");
        sleep(LOOK).await;
    }
}

#[expect(clippy::print_stderr, reason = "figures of a test are read by people")]
fn say(line: &str) {
    eprintln!("{line}");
}
