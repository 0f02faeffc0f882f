//! An instance is killed, stands still, is slow, is cut off: one row each, of two who watch.

use std::time::Duration;

use api::control::ListFaultsRequest;
use testkit::Wire;

use crate::faults::processes::Observer;
use crate::house::{House, acquainted, free, tiny};

/// Within how many seconds a fault has to be detected, and one that only time can tell.
const SOON: f64 = 5.0;
const LATE: f64 = 10.0;

/// What is done to the wire before an order service, within how many seconds it is found, and what that is.
async fn struck(deed: impl Fn(&Wire), kind: &str, goal: f64) {
    let house = House::new().await;
    let order = tiny("order", free()).await;
    let wire = Wire::to(order.addr).await;
    let watched = [("ORDER_ADDRS", wire.addr().to_string())];
    let component = format!("order@{}", wire.addr());
    let (one, other) = tokio::join!(
        Observer::start(&house, "one", &watched),
        Observer::start(&house, "two", &watched)
    );
    acquainted().await;

    deed(&wire);
    let took = house.one(kind).await;
    tokio::join!(one.sees(&component), other.sees(&component));
    wire.heal();

    let all = house.all_over().await;
    crate::house::say(format_args!(
        "{kind}: detected after {took:.1} s (goal: {goal} s)"
    ));
    assert_eq!(all, [format!("{kind} {component} resumed")]);
    assert!(took < goal * 3.0, "{took}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_takes_connections_and_says_nothing_is_paused() {
    struck(Wire::freeze, "instance_paused", LATE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_whose_connections_break_is_cut_off() {
    struck(Wire::cut, "instance_cut", SOON).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_whose_answers_take_a_second_is_slow() {
    let slow = |wire: &Wire| wire.delay(Duration::from_millis(500));
    struck(slow, "instance_slow", SOON).await;
}

/// Asked whenever it has just answered, it would be quick every other time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_goes_in_pulses_is_slow() {
    let house = House::new().await;
    let order = tiny("order", free()).await;
    let wire = Wire::to(order.addr).await;
    let watched = [("ORDER_ADDRS", wire.addr().to_string())];
    house.control("one", &watched).await.acquainted().await;
    let pulses = async {
        loop {
            wire.freeze();
            tokio::time::sleep(Duration::from_millis(1_600)).await;
            wire.heal();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };

    tokio::select! {
        took = house.one("instance_slow") => assert!(took < SOON * 3.0, "{took}"),
        () = pulses => {}
    }
    wire.heal();

    let resumed = format!("instance_slow order@{} resumed", wire.addr());
    assert_eq!(house.all_over().await, [resumed]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_is_gone_was_killed_each_time_anew() {
    let house = House::new().await;
    let addr = free();
    let mut order = tiny("order", addr).await;
    let watched = [("ORDER_ADDRS", addr.to_string())];
    let (one, other) = tokio::join!(
        house.control("one", &watched),
        house.control("two", &watched)
    );
    tokio::join!(one.acquainted(), other.acquainted());

    for times in 1..=2 {
        order.kill();
        crate::house::until("it is missed", async || house.rows().await.len() == times).await;
        order = tiny("order", addr).await;
        house.all_over().await;
        one.acquainted().await;
    }

    let rows = house.rows().await;
    let killed = format!("instance_killed order@{addr} restarted");
    assert_eq!(house.all_over().await, [killed.clone(), killed]);
    assert!(rows.iter().all(|row| row.3 < SOON * 3.0), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_life_that_stands_still_twice_has_two_faults() {
    let house = House::new().await;
    let order = tiny("order", free()).await;
    let wire = Wire::to(order.addr).await;
    let control = house
        .control("one", &[("ORDER_ADDRS", wire.addr().to_string())])
        .await;
    control.acquainted().await;

    for times in 1..=2 {
        wire.cut();
        crate::house::until("it is missed", async || house.rows().await.len() == times).await;
        wire.heal();
        house.all_over().await;
    }

    let faults = control.list(ListFaultsRequest::default()).await;
    let lives: Vec<&str> = faults.iter().map(|fault| &*fault.incarnation).collect();
    assert_eq!(lives.len(), 2, "{faults:?}");
    assert_eq!(lives[0], format!("{}#2", lives[1]));
}
