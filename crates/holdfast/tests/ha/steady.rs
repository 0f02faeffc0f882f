//! Nothing is broken. The machine is busy by fits and starts, and whoever watches is not to cry wolf.

use std::time::Duration;
use std::{hint, thread};

use drill::Load;
use holdfast::say;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use tokio::time::{Instant, sleep};

use crate::open::Shop;
use crate::strike::{SOME, find};

/// How long the machine takes a breath between two bursts, in milliseconds.
const CALM: std::ops::Range<u64> = 2_000..8_000;
/// How long nobody else gets much of the processors, in milliseconds.
const BURST: std::ops::Range<u64> = 200..1_500;
/// How long one process gets nothing of them at all, in milliseconds: less than anybody would call a fault.
const PAUSE: std::ops::Range<u64> = 50..400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn half_an_hour_on_a_machine_that_stutters_opens_no_false_row() {
    stutter_for(Duration::from_mins(30)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn short_a_machine_that_stutters_opens_no_false_row() {
    stutter_for(Duration::from_secs(40)).await;
}

/// Has orders and looks come for `time` while processors are taken away, and holds the ledger against what was broken: nothing.
async fn stutter_for(time: Duration) {
    let shop = Shop::open().await;
    let seed = rand::random();
    let mut chance = SmallRng::seed_from_u64(seed);
    let mut plan = shop.plan();
    (plan.buyers, plan.pause) = (2, Duration::from_millis(300));
    let load = Load::begin(plan).await.unwrap();
    load.goes_on(SOME).await.unwrap();

    let end = Instant::now() + time;
    let (mut bursts, mut pauses) = (0, 0);
    while Instant::now() < end {
        sleep(Duration::from_millis(chance.random_range(CALM))).await;
        if chance.random() {
            burst(Duration::from_millis(chance.random_range(BURST))).await;
            bursts += 1;
        } else {
            let name = shop.names().choose(&mut chance).unwrap().clone();
            pause(
                &shop,
                &name,
                Duration::from_millis(chance.random_range(PAUSE)),
            )
            .await;
            pauses += 1;
        }
    }

    load.goes_on(SOME).await.unwrap();
    let history = load.end().await.unwrap();
    let rows = shop.running.faults(0).await;
    let told: Vec<String> = rows.iter().map(ToString::to_string).collect();
    say::line(format_args!(
        "{} orders in {time:?}, {bursts} bursts and {pauses} pauses (seed {seed}); rows: {told:?}",
        history.acknowledged()
    ));
    assert_eq!(find(&shop, &history).await.all(), Vec::<&str>::new());
    let wrong = |row: &&holdfast::ha::FaultRow| row.resolution.as_deref() != Some("false_alarm");
    assert_eq!(rows.iter().filter(wrong).count(), 0, "{told:?}");
    shop.close().await;
}

/// Keeps every processor busy, twice over.
async fn burst(time: Duration) {
    let spin = move || {
        let end = std::time::Instant::now() + time;
        while std::time::Instant::now() < end {
            hint::spin_loop();
        }
    };
    let cores = thread::available_parallelism().unwrap().get();
    let threads: Vec<_> = (0..2 * cores).map(|_| thread::spawn(spin)).collect();
    sleep(time).await;
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Keeps the process called `name` from running.
async fn pause(shop: &Shop, name: &str, time: Duration) {
    let with = |deed: fn(&stack::Process)| {
        shop.processes(|process| {
            if process.name() == name {
                deed(process);
            }
        })
    };
    with(stack::Process::pause);
    sleep(time).await;
    with(stack::Process::resume);
}
