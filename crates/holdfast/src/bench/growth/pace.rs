//! How long orders take at 70 % of what the shop can do, by customers who do not wait for each other.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::bench::contest::Turns;
use crate::bench::figure::{Figure, Measured, Target, Unit, spread};
use crate::bench::load;
use crate::bench::scene::{Scene, Side};
use crate::bench::took::Took;

/// The part of saturation at which times are taken.
const PART: f64 = 0.7;
/// Of those who come by chance, so that two runs see the same.
const SEED: u64 = 70;

pub(super) async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<Measured> {
    let (mut rates, mut halves, mut slowest) = (Vec::new(), Vec::new(), Vec::new());
    saturation(scene, turns.turn / 4).await?;
    for round in (0..).take(turns.rounds) {
        let rate = saturation(scene, turns.turn).await?;
        let took = arrive(scene, rate * PART, turns.turn, SEED + round).await?;
        rates.push(rate);
        halves.push(took.p50());
        slowest.push(took.p99());
    }
    let table = format!(
        "orders at {:.0} % of saturation, open loop: p50 {} ms, p99 {} ms; saturation {} a second",
        PART * 100.0,
        spread(halves.clone()),
        spread(slowest.clone()),
        spread(rates),
    );
    let figure = Figure::of("an order's p99 at 70 % of saturation", Unit::Time, slowest);
    let figure = figure.beside("its p50", halves).aims(Target::AtMost(3.0));
    Ok(Measured {
        table,
        figures: vec![figure],
    })
}

/// How many orders a second go through at most: by all customers, each one at a time.
async fn saturation(scene: &Scene, time: Duration) -> anyhow::Result<f64> {
    let tally = load::buy(
        scene.gateway(Side::Ours),
        &scene.buyers,
        &scene.products,
        time,
    )
    .await?;
    anyhow::ensure!(tally.others == 0, "{} other answers", tally.others);
    Ok(tally.rate())
}

/// How long each order took, from when it was due, when `rate` a second come for `time`, by chance.
async fn arrive(scene: &Scene, rate: f64, time: Duration, seed: u64) -> anyhow::Result<Took> {
    let client = reqwest::Client::new();
    let (buyers, products) = (
        Arc::new(scene.buyers.clone()),
        Arc::new(scene.products.clone()),
    );
    let mut orders = JoinSet::new();
    let start = Instant::now();
    for (number, after) in due(rate, time, seed).into_iter().enumerate() {
        let due = start + after;
        sleep_until(due).await;
        let (client, buyers, products) = (client.clone(), buyers.clone(), products.clone());
        let gateway = scene.gateway(Side::Ours).to_owned();
        orders.spawn(async move {
            let buyer = &buyers[number % buyers.len()];
            let product = &products[number * 7_919 % products.len()];
            let status = load::order(&client, &gateway, buyer, product).await?;
            anyhow::ensure!(status == 201, "an order was answered with {status}");
            Ok(due.elapsed())
        });
    }
    let mut took = Took::default();
    for time in orders.join_all().await {
        took.note(time?);
    }
    Ok(took)
}

/// When each of `rate` a second comes who come by chance, within `time`.
fn due(rate: f64, time: Duration, seed: u64) -> Vec<Duration> {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut at = Duration::ZERO;
    let mut all = Vec::new();
    loop {
        let wait = -(1.0 - rand::Rng::random::<f64>(&mut chance)).ln() / rate;
        at += Duration::from_secs_f64(wait);
        if at >= time {
            return all;
        }
        all.push(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_come_as_are_to_come_and_not_evenly() {
        let all = due(500.0, Duration::from_secs(20), 1);

        let waits: Vec<Duration> = all
            .windows(2)
            .map(|two| two[1].saturating_sub(two[0]))
            .collect();
        let (most, least) = (waits.iter().max().unwrap(), waits.iter().min().unwrap());
        assert!((9_500..10_500).contains(&all.len()), "{}", all.len());
        assert!(*most > *least * 100, "{most:?} {least:?}");
    }
}
