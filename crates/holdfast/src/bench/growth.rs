//! What things cost as there is more of everything: load, open connections, orders that are stored, instances.

mod connections;
mod instances;
mod pace;
mod quota;
mod stored;

use clap::Args;

use super::contest::Turns;
use super::results::Results;
use super::scene::Scene;
use crate::say;

/// How far it grows.
#[derive(Debug, Args)]
pub struct Reach {
    /// How many orders are stored, commas between, ascending; 10000000 takes some 40 GB and half an hour.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000,1000000")]
    stored: Vec<u64>,
    /// How many connections are open at the gateway, commas between, ascending.
    #[arg(long, value_delimiter = ',', default_value = "1,1000,10000")]
    open: Vec<usize>,
    /// How many instances of the order service there are, commas between, ascending.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4")]
    instances: Vec<usize>,
    /// How much of a core each of these instances has, in percent.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(5..=100))]
    quota: u32,
}

/// Measures all of it, with so many `buyers`.
///
/// # Errors
/// When something that is measured does not start, or refuses an order.
pub(super) async fn growth(
    turns: Turns,
    buyers: usize,
    asked: &Reach,
    results: &mut Results,
) -> anyhow::Result<()> {
    // Those that are started from here on may have as many too.
    connections::raise_limit()?;
    let mut scene = say::during("a shop", Scene::set(buyers)).await?;
    results.take(say::during("open loop", pace::measure(&scene, turns)).await?);
    let open = connections::measure(&scene, turns, &asked.open);
    results.take(say::during("open connections", open).await?);
    let stored = stored::measure(&mut scene, turns, &asked.stored);
    results.take(say::during("stored orders", stored).await?);
    scene.strike().await;
    let instances = instances::measure(turns, &asked.instances, asked.quota);
    results.take(say::during("instances", instances).await?);
    Ok(())
}

/// Numbers of things, as one says them.
fn said(count: impl TryInto<u64>) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        count if count >= 1_000_000 && count.is_multiple_of(1_000_000) => {
            format!("{} million", count / 1_000_000)
        }
        count if count >= 1_000 && count.is_multiple_of(1_000) => {
            format!("{} thousand", count / 1_000)
        }
        count => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn numbers_are_said_in_words_where_they_are_round() {
        let all = [1_u64, 1_000, 10_000, 1_000_000, 1_500].map(said);

        assert_eq!(all, ["1", "1 thousand", "10 thousand", "1 million", "1500"]);
    }
}
