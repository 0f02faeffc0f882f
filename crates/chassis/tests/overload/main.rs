//! More than an instance can do: it sheds, goes on at its best, and is itself again right after. What is measured here is
//! measured alone: in a process of its own, one test at a time.
#![cfg(test)]

mod capacity;
mod load;

use std::time::Duration;

use api::Priority;

use crate::capacity::{Heard, Instance};
use crate::load::{Load, Outcome};

/// What 4 at a time and 160 ms each come to in a second: little, so that it is this and not the machine that is short.
const CAPACITY: u32 = 24;
/// A refusal takes no longer, or no longer than a health check that is never refused takes on a busy machine meanwhile; like
/// all times it fails a test only beyond three times the goal.
const REFUSED_IN: Duration = Duration::from_millis(50);

/// One flood at a time: two would share the machine.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// `parts` quarters of the capacity, of which `checkout` quarters are checkouts.
fn quarters(parts: u32, checkout: u32) -> Load {
    Load {
        checkout: checkout * CAPACITY / 4,
        browsing: (parts - checkout) * CAPACITY / 4,
    }
}

async fn seconds(load: Load, instance: &Instance, settling: u64, lasting: u64) -> Outcome {
    let (settling, lasting) = (Duration::from_secs(settling), Duration::from_secs(lasting));
    load.run(instance, settling, lasting).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stdout, reason = "figures are shown beside their goals")]
async fn at_three_times_its_capacity_an_instance_does_what_it_can_and_checkouts_first() {
    let _alone = ALONE.lock().await;
    let instance = Instance::start([("MIN_IN_FLIGHT", "4")]).await;
    let before = seconds(quarters(2, 1), &instance, 1, 3).await;
    // In turns, so that a machine that is busy for a moment is so for both.
    let (mut peak, mut flood) = (Outcome::default(), Outcome::default());
    for _ in 0..2 {
        peak += seconds(quarters(5, 1), &instance, 2, 5).await;
        flood += seconds(quarters(12, 2), &instance, 3, 7).await;
    }
    let after = seconds(quarters(2, 1), &instance, 1, 6).await;

    println!("half of capacity      {before}\nits peak              {peak}");
    println!("three times capacity  {flood}\na second after        {after}");
    println!(
        "goals: 0.95 of the peak, checkouts 99 %, afterwards as before; a busy machine may keep from them"
    );
    // One that collapses answers next to nothing.
    assert!(flood.goodput() >= 0.7 * peak.goodput());
    // A third of all that comes can be served; without a preference that is what checkouts would get.
    assert!(flood.served(Priority::Checkout) >= 0.9);
    assert!(flood.lost() < 0.01);
    let goal = REFUSED_IN.max(flood.p99(Heard::Healthy));
    assert!(flood.p99(Heard::NotTaken) < 3 * goal, "goal {goal:?}");
    // Of so few the 99th is the slowest, and one stall of the machine makes it; a queue that is left over makes all slow.
    assert!(after.median(Heard::Answer) < 3 * before.median(Heard::Answer));
    assert!(after.served(Priority::Browsing) >= 0.8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stdout, reason = "figures are shown beside their goals")]
async fn a_neighbour_that_is_slow_costs_those_nothing_who_do_not_ask_it() {
    let _alone = ALONE.lock().await;
    let instance = Instance::start([("MIN_IN_FLIGHT", "4"), ("MAX_IN_FLIGHT", "64")]).await;
    let before = seconds(quarters(3, 1), &instance, 1, 3).await;

    instance.neighbour.send_replace(Duration::from_secs(2));
    let slow = seconds(quarters(3, 1), &instance, 2, 8).await;

    println!("before  {before}\nslow    {slow}\ngoal: 99 % of both");
    assert!(slow.served(Priority::Browsing) >= 0.9);
    assert!(slow.served(Priority::Checkout) >= 0.9);
}

#[tokio::test]
async fn what_waits_for_one_neighbour_fills_half_of_an_instance_at_most() {
    let _alone = ALONE.lock().await;
    let instance = Instance::start([("MIN_IN_FLIGHT", "4"), ("MAX_IN_FLIGHT", "8")]).await;
    instance.neighbour.send_replace(Duration::from_secs(2));

    let asking = (0..5).map(|_| tokio::spawn(instance.ask(Priority::Checkout)));
    let asking: Vec<_> = asking.collect();
    let mut heard = Vec::new();
    for one in asking {
        heard.push(one.await.unwrap());
    }

    let answered = heard.iter().filter(|heard| **heard == Heard::Answer);
    assert_eq!(answered.count(), 4, "{heard:?}");
    assert!(heard.contains(&Heard::NotTaken));
}

#[tokio::test]
async fn the_limit_and_what_was_shed_can_be_seen() {
    let _alone = ALONE.lock().await;
    let instance = Instance::start([("MIN_IN_FLIGHT", "1"), ("MAX_IN_FLIGHT", "1")]).await;
    let (one, two) = tokio::join!(
        instance.ask(Priority::Browsing),
        instance.ask(Priority::Browsing)
    );
    assert_ne!(one, two);

    let url = format!("http://{}/metrics", instance.running.admin_addr);
    let metrics = reqwest::get(url).await.unwrap().text().await.unwrap();

    for line in [
        "requests_limit{service=\"capacity\"",
        "requests_in_flight{service=\"capacity\"",
        "requests_shed_total{service=\"capacity\",priority=\"browsing\"",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}
