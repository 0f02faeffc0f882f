//! Measures what an order costs, beside the same order written as one would write it first.
//!
//! All sides stand behind the same gateway program, on the same Postgres pair.

use std::time::Duration;

use super::contest::Turns;
use super::figure::{Figure, Measured, Target, Unit};
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
    let scene = say::during("a shop and its baseline", Scene::set(buyers)).await?;
    let shapes = say::during("orders", measure(&scene, turns)).await?;
    results.take(tell(&shapes));
    say::line(format_args!(
        "{} rounds of {} s a side, {buyers} customers; median (lowest to highest). CPU of the load itself is not counted.",
        turns.rounds,
        turns.turn.as_secs()
    ));
    scene.strike().await;
    Ok(())
}

/// Both shapes of load have their turns in each round, for they are compared with each other too.
async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<[Shape; 2]> {
    let mut shapes = [
        Shape::of("uniform, 200 products", SPREAD),
        Shape::of("one hot product", 1),
    ];
    // Not counted: connections are opened, plans made, pages read.
    for side in Side::ALL {
        turn(scene, side, turns.turn / 4, SPREAD).await?;
    }
    for _ in 0..turns.rounds {
        for shape in &mut shapes {
            for side in Side::ALL {
                let round = turn(scene, side, turns.turn, shape.products).await?;
                shape.add(side, round);
            }
        }
    }
    Ok(shapes)
}

fn tell(shapes: &[Shape; 2]) -> Measured {
    let [uniform, hot] = shapes;
    let plain = "one transaction for each step";
    let of = |shape: &Shape, side, what: fn(&Round) -> f64| -> Vec<f64> {
        shape.rounds(side).map(what).collect()
    };
    let cost = |shape: &Shape, side| of(shape, side, Round::total);
    let rate = |shape: &Shape, side| of(shape, side, |round| round.rate);
    let (ours, theirs) = (Side::Ours, Side::Baseline);
    let figures = vec![
        Figure::of("an order, every process", Unit::Cpu, cost(uniform, ours))
            .beside(plain, cost(uniform, theirs))
            .aims(Target::AtMost(0.125)),
        Figure::of("orders, uniform", Unit::Rate, rate(uniform, ours))
            .beside(plain, rate(uniform, theirs))
            .aims(Target::AtLeast(5.0)),
        Figure::of(
            "an order of a hot product, every process",
            Unit::Cpu,
            cost(hot, ours),
        )
        .beside(plain, cost(hot, theirs)),
        Figure::of("orders of a hot product", Unit::Rate, rate(hot, ours))
            .beside(plain, rate(hot, theirs))
            .aims(Target::AtLeast(25.0)),
        Figure::of(
            "orders of a hot product, ours both",
            Unit::Rate,
            rate(hot, ours),
        )
        .beside("uniform", rate(uniform, ours))
        .aims(Target::AtLeast(0.8)),
    ];
    Measured {
        table: format!("{}\n{}", uniform.render(), hot.render()),
        figures,
    }
}

/// One side takes orders for a while.
async fn turn(scene: &Scene, side: Side, time: Duration, products: usize) -> anyhow::Result<Round> {
    let (before, groups) = (scene.used(side), scene.groups().await?);
    let (buyers, products) = (&scene.buyers, &scene.products[..products]);
    let tally = load::buy(scene.gateway(side), buyers, products, time).await?;
    let (after, grouped) = (scene.used(side), scene.groups().await?);
    anyhow::ensure!(
        tally.others == 0 && tally.orders > 0,
        "{side:?}: {} orders, {} other answers; nothing may fail in a bench",
        tally.orders,
        tally.others
    );
    #[allow(clippy::cast_precision_loss, reason = "no count here comes near 2^52")]
    let orders = tally.orders as f64;
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
        rate: orders / time.as_secs_f64(),
        cpu: cost.collect(),
        groups: groups::between(&groups, &grouped),
    })
}
