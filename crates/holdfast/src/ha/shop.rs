//! All that runs: the data floor, Redis, the services, and who sees to them.

use stack::{Cluster, RedisHa};
use tokio::sync::Mutex;

use super::asking::Asking;
use super::backup::Desk;
use crate::house::House;

/// All that runs.
#[derive(Debug)]
pub struct Shop {
    pub(super) house: House,
    pub(super) redis: RedisHa,
    pub(super) cluster: Cluster,
    /// The ports at which customers come, one for each HAProxy.
    pub(super) fronts: [u16; 2],
    /// Held by whoever changes how many there are of a service.
    pub(super) scaling: Mutex<()>,
    /// How control is asked.
    pub(super) asking: Asking,
    /// What is under way with its backups.
    pub(super) desk: Desk,
}

impl Shop {
    /// Has the database and Redis show what `holdfast certs` has made since; the services look by themselves.
    pub async fn renew_certs(&self) {
        if let Err(error) = self.cluster.renew_tls().await {
            tracing::warn!(%error, "the database keeps its certificate");
        }
        if let Err(error) = self.redis.renew_tls().await {
            tracing::warn!(%error, "Redis keeps its certificate");
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

    /// Both Redis and their Sentinels.
    pub fn redis(&self) -> &RedisHa {
        &self.redis
    }

    /// Ends all of it in order, the front door first.
    pub async fn close(&self) {
        let _alone = self.scaling.lock().await;
        let seats = self.house.all();
        for process in seats.iter().filter_map(|seat| seat.process()) {
            process.hold();
        }
        self.desk.clear().await;
        self.house.stop().await;
        self.redis.stop().await;
        self.cluster.stop().await;
    }
}
