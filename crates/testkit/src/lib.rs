//! One test's own neighbours: a fresh database, a wire that can be cut or slowed, fakes from `api`.
//!
//! What cannot be had ends the test with a sentence, so nothing here answers a `Result`.

mod certified;
mod cluster;
mod database;
pub mod matrix;
pub mod plans;
mod template;

pub use certified::Certified;
pub use cluster::{Cluster, STACK, Seat, cluster, guarded_cluster};
pub use database::{Database, database, database_on};
use stack::Tls;
pub use stack::{Fate, Redis, RedisHa, RedisPlan, Sentinel, Standing, Way, Wire};

/// Starts a Redis of this test's own: empty, to be paused, killed and restarted, gone at the end.
pub async fn redis() -> Redis {
    Redis::start()
        .await
        .unwrap_or_else(|error| panic!("no Redis for this test: {error}"))
}

/// Starts a Redis of this test's own, its replica, and three Sentinels, with a wire to each server; what was killed stays
/// dead. Gone at the end.
pub async fn redis_ha() -> RedisHa {
    redis_ha_showing(None).await
}

/// Starts the same behind a lock: reached over TLS, by what `certified` has made, and with a password.
pub async fn locked_redis_ha(certified: &Certified) -> RedisHa {
    redis_ha_showing(Some(certified.tls())).await
}

async fn redis_ha_showing(tls: Option<Tls>) -> RedisHa {
    let plan = RedisPlan {
        supervised: false,
        wired: true,
        tls,
    };
    RedisHa::start(plan)
        .await
        .unwrap_or_else(|error| panic!("no Redis with Sentinels for this test: {error}"))
}

/// Claims a port for this test's own server, which no other test gets.
pub fn free_port() -> u16 {
    stack::free_port().unwrap_or_else(|error| panic!("no port for this test: {error}"))
}
