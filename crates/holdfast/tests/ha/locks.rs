//! One lock, many clients, while the database fails over and an instance of control is killed.

mod clients;
mod history;
mod office;

use std::time::Duration;

use tokio::time::Instant;

use clients::Clients;
use office::Office;

/// How many want the lock.
const CLIENTS: usize = 50;
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
    let clients = Clients::begin(&office, CLIENTS, wanted);

    clients.have_had(wanted / 3, GOES_ON).await;
    let old = office.kill_primary().await;
    clients.have_had_more(10, GOES_ON).await;
    office.replaced(&old).await;
    clients.have_had(wanted * 2 / 3, GOES_ON).await;
    office.kill_one_instance().await;
    clients.have_had_more(10, GOES_ON).await;
    let seen = clients.end(GOES_ON).await;

    let took = began.elapsed().as_secs_f64();
    let writes = office.writes().await;
    say(&format!(
        "  {} grants to {CLIENTS} clients in {took:.0} s, {} writes accepted, {} refused by their tokens, {} lost",
        seen.grants.len(),
        writes.len(),
        seen.refused,
        seen.lost
    ));
    assert!(seen.grants.len() >= wanted, "{} grants", seen.grants.len());
    assert_eq!(history::broken(&seen.grants, &writes), Vec::<String>::new());
    office.close().await;
}

#[expect(clippy::print_stderr, reason = "figures of a test are read by people")]
fn say(line: &str) {
    eprintln!("{line}");
}
