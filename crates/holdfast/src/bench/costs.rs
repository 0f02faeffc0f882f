//! What the parts that a request passes cost, each beside the least that there is for the same.

mod cached;
mod hop;
mod locks;
mod peers;
pub(super) mod read;
mod scene;
mod sign_in;

use super::contest::Turns;
use super::results::Results;
use crate::say;

pub use peers::{serve_health, serve_hello};
use scene::Scene;

/// Measures each part.
///
/// # Errors
/// When something that is measured does not start, or fails.
pub(super) async fn costs(turns: Turns, results: &mut Results) -> anyhow::Result<()> {
    let scene = say::during("a shop, and what it is compared with", Scene::set()).await?;
    results.take(say::during("reading", read::measure(&scene, turns)).await?);
    results.take(say::during("one hop", hop::measure(&scene, turns)).await?);
    results.take(say::during("cached reads", cached::measure(&scene, turns)).await?);
    results.take(say::during("signing in", sign_in::measure(&scene, turns)).await?);
    results.take(say::during("locks", locks::measure(&scene, turns)).await?);
    say::line(format_args!(
        "{} rounds of {} s each; median (lowest to highest). Of products read through the gateway and of sign-ins the client's CPU is not counted.",
        turns.rounds,
        turns.turn.as_secs()
    ));
    for peer in &scene.missing {
        say::line(format_args!("Not measured: {peer}, which is not installed"));
    }
    scene.strike().await;
    Ok(())
}
