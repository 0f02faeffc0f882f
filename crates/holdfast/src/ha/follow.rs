//! As many instances of each service as control wants.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use api::control::scaling_client::ScalingClient;
use api::control::{Desired, WatchScalingRequest};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::Shop;
use super::scale::MOST;
use crate::house::Kind;

/// How soon control is asked again once it went away. Meanwhile there stay as many as there are.
const AGAIN: Duration = Duration::from_secs(1);
/// Two of each: one may fail.
const LEAST: usize = 2;

/// What was followed last, of each service: which decision, and how many it wanted.
type Followed = HashMap<String, (i64, u32)>;

/// Starts and ends instances whenever control wants another number of them, until it is aborted. What a person asks for in
/// between stays until then.
pub fn follow(shop: Arc<Shop>) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut followed = Followed::new();
        loop {
            if let Err(error) = listen(&shop, &mut followed).await {
                tracing::debug!(
                    error = format!("{error:#}"),
                    "control is asked again how many are wanted"
                );
            }
            sleep(AGAIN).await;
        }
    })
}

async fn listen(shop: &Shop, followed: &mut Followed) -> anyhow::Result<()> {
    let mut scaling = ScalingClient::new(shop.asking.channel()?);
    let answers = scaling.watch(WatchScalingRequest::default()).await?;
    let mut answers = answers.into_inner();
    while let Some(desired) = answers.message().await? {
        heed(shop, followed, desired).await?;
    }
    Ok(())
}

async fn heed(shop: &Shop, followed: &mut Followed, desired: Desired) -> anyhow::Result<()> {
    let Some((kind, count)) = heeded(&desired) else {
        return Ok(());
    };
    let said = (desired.version, desired.count);
    if followed.get(&desired.service) == Some(&said) {
        return Ok(());
    }
    let there = shop.house.seats(kind).len();
    if there != count {
        tracing::info!(
            service = kind.name(),
            there,
            wanted = count,
            why = desired.why,
            "scaled"
        );
        shop.scale(kind, count).await?;
    }
    followed.insert(desired.service, said);
    Ok(())
}

/// How many there are to be of what. Nothing where that is known no more: then there stay as many as there are.
fn heeded(desired: &Desired) -> Option<(Kind, usize)> {
    let mut kinds = Kind::ALL.into_iter();
    let kind = kinds.find(|kind| kind.name() == desired.service)?;
    let count = usize::try_from(desired.count).unwrap_or(MOST);
    (!desired.expired).then_some((kind, count.clamp(LEAST, MOST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two_to_eight_of_what_is_known_and_nothing_is_done_by_what_has_expired() {
        let wanted = |service: &str, count, expired| {
            heeded(&Desired {
                service: service.to_owned(),
                count,
                expired,
                ..Desired::default()
            })
        };

        assert_eq!(wanted("order", 3, false), Some((Kind::Order, 3)));
        assert_eq!(wanted("order", 1, false), Some((Kind::Order, 2)));
        assert_eq!(wanted("order", 40, false), Some((Kind::Order, 8)));
        assert_eq!(wanted("order", 3, true), None);
        assert_eq!(wanted("nobody", 3, false), None);
    }
}
