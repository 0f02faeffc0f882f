//! Measures what an order costs, beside the same order written as one would write it first.
//!
//! Both sides stand behind the same gateway program, on the same Postgres pair, and take turns in one run: figures of two
//! runs cannot be compared, ratios within one can.

pub mod baseline;
mod contest;
pub mod costs;
mod cpu;
mod groups;
mod load;
mod report;
pub mod scaling;
mod scene;

use std::time::Duration;

use crate::say;
pub use contest::Turns;
use report::{Round, Shape};
use scene::{Scene, Side};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// How often each side has its turn.
    pub rounds: usize,
    /// How long a turn takes.
    pub turn: Duration,
    /// How many customers order, each one thing at a time.
    pub buyers: usize,
}

/// Measures orders and prints the tables.
///
/// # Errors
/// When something that is measured does not start, or refuses an order.
pub async fn order(plan: Plan) -> anyhow::Result<()> {
    let scene = say::during("a shop and its baseline", Scene::set(plan.buyers)).await?;
    for (name, products) in [("uniform, 200 products", 200), ("one hot product", 1)] {
        let shape = say::during(name, measure(&scene, plan, name, products)).await?;
        say::line(report::render(&shape));
    }
    say::line(scene::machine(plan));
    scene.strike().await;
    Ok(())
}

async fn measure(
    scene: &Scene,
    plan: Plan,
    name: &'static str,
    products: usize,
) -> anyhow::Result<Shape> {
    let mut shape = Shape {
        name,
        ..Shape::default()
    };
    // Not counted: connections are opened, plans made, pages read.
    turn(scene, Side::Ours, plan.turn / 4, products).await?;
    turn(scene, Side::Baseline, plan.turn / 4, products).await?;
    for _ in 0..plan.rounds {
        let ours = turn(scene, Side::Ours, plan.turn, products).await?;
        let theirs = turn(scene, Side::Baseline, plan.turn, products).await?;
        shape.ours.push(ours);
        shape.baseline.push(theirs);
    }
    Ok(shape)
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
