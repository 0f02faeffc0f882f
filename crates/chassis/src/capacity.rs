//! How much an instance can do, made explicit where a test has to know it: so many requests at once, each for so long.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::{Env, Value, Wrong};

/// More places than that bound nothing.
const MOST: usize = 100_000;

/// So many requests at once, each for so long, before it is begun.
#[derive(Clone, Debug)]
pub(crate) struct Capacity {
    places: Arc<Semaphore>,
    each: Duration,
}

impl Capacity {
    /// Reads it; none in what is built to be used.
    pub(crate) fn read(env: &Env) -> Result<Option<Self>, Wrong> {
        let capacity = env.optional("CAPACITY")?;
        Ok(capacity.filter(|_| cfg!(debug_assertions)))
    }

    /// Waits for a place, and takes its time there.
    pub(crate) async fn spend(&self) {
        // Nobody closes it.
        let _place = self.places.acquire().await;
        sleep(self.each).await;
    }
}

impl Value for Capacity {
    const MUST_BE: &'static str = "places and a time such as `8x100ms`";

    fn read(text: &str) -> Option<Self> {
        let (places, each) = text.split_once('x')?;
        let places = usize::read(places).filter(|places| (1..=MOST).contains(places))?;
        Some(Self {
            places: Arc::new(Semaphore::new(places)),
            each: Duration::read(each)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join_all;
    use tokio::time::Instant;

    #[tokio::test]
    async fn no_more_are_done_in_so_long() {
        let capacity = <Capacity as Value>::read("3x20ms").unwrap();
        let began = Instant::now();

        join_all((0..30).map(|_| capacity.spend())).await;

        let took = began.elapsed();
        assert!(took >= Duration::from_millis(200), "{took:?}");
    }

    #[test]
    fn what_is_no_capacity_is_refused() {
        for text in ["", "8", "x1s", "0x1s", "8x", "8x1", "ax1s"] {
            assert!(<Capacity as Value>::read(text).is_none(), "{text}");
        }
    }
}
