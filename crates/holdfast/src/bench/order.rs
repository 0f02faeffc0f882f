//! Measures what an order costs, beside the same order written as one would write it first.
//!
//! All sides stand behind the same gateway program, on the same Postgres pair.

use std::time::Duration;

use super::contest::Turns;
use super::figure::{Figure, Measured, Target, Unit, spread};
use super::limit::Limit;
use super::report::{Round, Shape};
use super::results::Results;
use super::scene::{Scene, Side};
use super::{groups, load};
use crate::say;

/// How many products are ordered where the load is spread.
const SPREAD: usize = 200;

/// Measures orders by so many `buyers`, each one thing at a time.
///
/// # Errors
/// When something that is measured does not start, or refuses an order.
pub(super) async fn order(
    turns: Turns,
    buyers: usize,
    results: &mut Results,
) -> anyhow::Result<()> {
    let mut scene = say::during("a shop and its baseline", Scene::set(buyers)).await?;
    let limit = Limit::set(&scene.postgres, &scene.redis, turns);
    let limit = say::during("what pgbench is to write", limit).await?;
    let (shapes, floor) = say::during("orders", measure(&mut scene, &limit, turns)).await?;
    results.take(tell(&shapes, floor));
    say::line(format_args!(
        "{} rounds of {} s a side, {buyers} customers; median (lowest to highest). CPU of the load itself is not counted.",
        turns.rounds,
        turns.turn.as_secs()
    ));
    scene.strike().await;
    Ok(())
}

/// Both shapes of load have their turns in each round, for they are compared with each other too.
async fn measure(
    scene: &mut Scene,
    limit: &Limit,
    turns: Turns,
) -> anyhow::Result<([Shape; 2], Vec<f64>)> {
    let mut floor = Vec::new();
    let servers = scene.databases();
    let mut shapes = [
        Shape::of("uniform, 200 products", SPREAD),
        Shape::of("one hot product", 1),
    ];
    // Not counted: connections are opened, plans made, pages read.
    for side in Side::ALL {
        turn(scene, side, turns.turn / 4, SPREAD).await?;
    }
    limit.turn(&servers, 0).await?;
    for number in 1..=turns.rounds {
        floor.push(limit.turn(&servers, number).await?);
        for shape in &mut shapes {
            for side in Side::ALL {
                let round = turn(scene, side, turns.turn, shape.products).await?;
                shape.add(side, round);
            }
        }
    }
    Ok((shapes, floor))
}

fn tell(shapes: &[Shape; 2], floor: Vec<f64>) -> Measured {
    let [uniform, hot] = shapes;
    let plain = "one transaction for each step";
    let of = |shape: &Shape, side, what: fn(&Round) -> f64| -> Vec<f64> {
        shape.rounds(side).map(what).collect()
    };
    let cost = |shape: &Shape, side| of(shape, side, Round::total);
    let rate = |shape: &Shape, side| of(shape, side, |round| round.rate);
    let p99 = |shape: &Shape, side| of(shape, side, |round| round.p99);
    let (ours, theirs) = (Side::Ours, Side::Baseline);
    let postgres = uniform.rounds(ours).map(Round::postgres).collect();
    let table = format!(
        "{}\n{}\npgbench, the same SQL in batches: {} us of Postgres' CPU for an order",
        uniform.render(),
        hot.render(),
        spread(floor.clone())
    );
    let figures = vec![
        Figure::of("an order, every process", Unit::Cpu, cost(uniform, ours))
            .beside(plain, cost(uniform, theirs))
            .aims(Target::AtMost(0.125)),
        Figure::of("orders, uniform", Unit::Rate, rate(uniform, ours))
            .beside(plain, rate(uniform, theirs))
            .aims(Target::AtLeast(5.0)),
        Figure::of("an order, p99", Unit::Time, p99(uniform, ours))
            .beside(plain, p99(uniform, theirs)),
        Figure::of(
            "an order of a hot product, every process",
            Unit::Cpu,
            cost(hot, ours),
        )
        .beside(plain, cost(hot, theirs)),
        Figure::of("orders of a hot product", Unit::Rate, rate(hot, ours))
            .beside(plain, rate(hot, theirs))
            .aims(Target::AtLeast(25.0)),
        Figure::of("an order of a hot product, p99", Unit::Time, p99(hot, ours))
            .beside(plain, p99(hot, theirs)),
        Figure::of(
            "orders of a hot product, ours both",
            Unit::Rate,
            rate(hot, ours),
        )
        .beside("uniform", rate(uniform, ours))
        .aims(Target::AtLeast(0.8)),
        Figure::of("an order, Postgres", Unit::Cpu, postgres)
            .beside("pgbench, the same SQL in batches", floor)
            .aims(Target::AtMost(1.3)),
        Figure::of("an order, every process", Unit::Cpu, cost(uniform, ours))
            .beside("one transaction and no wallet", cost(uniform, Side::Plain)),
        Figure::of("orders, uniform", Unit::Rate, rate(uniform, ours))
            .beside("one transaction and no wallet", rate(uniform, Side::Plain)),
    ];
    Measured { table, figures }
}

/// One side takes orders for a while.
pub(super) async fn turn(
    scene: &mut Scene,
    side: Side,
    time: Duration,
    products: usize,
) -> anyhow::Result<Round> {
    let (before, groups) = (scene.used(side), scene.groups().await?);
    let (buyers, products) = (&scene.buyers, &scene.products[..products]);
    let tally = load::buy(scene.gateway(side), buyers, products, time).await?;
    if side == Side::Ours {
        scene.settled().await?;
    }
    let (after, grouped) = (scene.used(side), scene.groups().await?);
    let count = tally.orders.count();
    anyhow::ensure!(
        tally.others == 0 && count > 0,
        "{side:?}: {count} orders, {} other answers; nothing may fail in a bench",
        tally.others
    );
    #[allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
    let orders = count as f64;
    let cost = before
        .into_iter()
        .zip(after)
        .map(|((name, before), (_, after))| {
            (
                name,
                after.saturating_sub(before).as_secs_f64() * 1e6 / orders,
            )
        });
    Ok(Round {
        rate: tally.rate(),
        p99: tally.orders.p99(),
        cpu: cost.collect(),
        groups: groups::between(&groups, &grouped),
    })
}
