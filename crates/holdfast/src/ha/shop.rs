//! All that runs: the data floor, Redis, the services, and who sees to them.

use std::sync::atomic::{AtomicBool, Ordering};

use stack::{Cluster, Redis};

use crate::house::House;

/// All that runs.
#[derive(Debug)]
pub struct Shop {
    pub(super) house: House,
    pub(super) redis: Redis,
    pub(super) cluster: Cluster,
    /// The ports at which customers come, one for each HAProxy.
    pub(super) fronts: [u16; 2],
    /// Whether Redis stays dead when it is.
    pub(super) redis_held: AtomicBool,
}

impl Shop {
    /// Starts Redis again when it has ended.
    pub(super) async fn revive_redis(&self) {
        if self.redis.alive() || self.redis_held.load(Ordering::Acquire) {
            return;
        }
        if let Err(error) = self.redis.restart().await {
            tracing::warn!(%error, "Redis does not start");
        }
    }

    /// The services.
    pub fn house(&self) -> &House {
        &self.house
    }

    /// The data floor.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Ends all of it in order, the front door first.
    pub async fn close(&self) {
        for process in self.house.all().iter().filter_map(|seat| seat.process()) {
            process.hold();
        }
        self.house.stop().await;
        self.redis.stop().await;
        self.cluster.stop().await;
    }
}
