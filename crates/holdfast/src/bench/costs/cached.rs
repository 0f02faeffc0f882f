//! A product out of the cache, in this process and in Redis, beside a bare GET over the same client library.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use api::token::{Position, Seen};
use cache::{Bounds, Cache, Redis};
use futures::future::try_join_all;
use redis::aio::MultiplexedConnection;

use super::peers::PRODUCT;
use super::scene::Scene;
use crate::bench::contest::{Turn, Turns, Way, contest};
use crate::bench::figure::Measured;
use crate::bench::took::{Took, over_and_over};

/// How many read at once, each another product: of one product, one would read for all.
const READERS: usize = 64;

const BARE: &str = "GET, by redis-rs alone";
const REDIS: &str = "the cache, from Redis";
const PROCESS: &str = "the cache, in process";

pub(super) async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<Measured> {
    let url = scene.redis.url();
    let client = redis::Client::open(url.as_str())?;
    let bare = client.get_multiplexed_async_connection().await?;
    let kept = Redis::connect(&format!("{url}#bench"));
    let minute = Duration::from_mins(1);
    // Nothing stays in this process, so that each look goes to Redis.
    let nothing = Bounds::new(Duration::ZERO, Duration::from_mins(5), 1);
    let far = Cache::<String>::new(&kept, "far", nothing);
    let near = Cache::<String>::new(&kept, "near", Bounds::new(minute, minute, 1_000));
    fill(&bare, &far, &near).await?;
    let of: Vec<u32> = scene.redis.pid().into_iter().collect();
    let ways = [
        Way::new(BARE, of.clone(), move |until| get(bare.clone(), until)).with_client(),
        Way::new(REDIS, of.clone(), move |until| find(far.clone(), until)).with_client(),
        Way::new(PROCESS, of, move |until| find(near.clone(), until)).with_client(),
    ];
    let found = contest("a cached read", turns, &ways).await?;
    let figures = [
        found.beside("a cached read from Redis", REDIS, BARE),
        found.beside("a cached read in process", PROCESS, BARE),
    ];
    Ok(Measured {
        figures: figures.concat(),
        table: found.table,
    })
}

/// Puts every reader's product in its place.
async fn fill(
    bare: &MultiplexedConnection,
    far: &Cache<String>,
    near: &Cache<String>,
) -> anyhow::Result<()> {
    for number in 0..READERS {
        let key = name(number);
        let mut set = redis::cmd("SET");
        let () = set
            .arg(&key)
            .arg(PRODUCT)
            .query_async(&mut bare.clone())
            .await?;
        for cache in [far, near] {
            let load = async || anyhow::Ok(read());
            cache.get(&key, load).await?;
        }
    }
    Ok(())
}

fn name(number: usize) -> String {
    format!("product-{number}")
}

/// As a replica would have answered.
fn read() -> Seen<String> {
    Seen {
        value: PRODUCT.to_owned(),
        cluster: 1,
        position: Position::default(),
        primary: false,
    }
}

fn get(connection: MultiplexedConnection, until: Instant) -> Turn<'static> {
    Box::pin(async move {
        let reader = async |number| {
            let (key, mut connection) = (name(number), connection.clone());
            let get = async || {
                let mut get = redis::cmd("GET");
                let found: Option<String> = get.arg(&key).query_async(&mut connection).await?;
                found.context("it was put there")?;
                Ok(())
            };
            over_and_over(until, get).await
        };
        let all = try_join_all((0..READERS).map(reader)).await?;
        Ok(all.into_iter().sum())
    })
}

fn find(cache: Cache<String>, until: Instant) -> Turn<'static> {
    Box::pin(async move {
        let loaded = AtomicU64::new(0);
        let reader = async |number| {
            let key = name(number);
            let find = async || {
                let load = async || {
                    loaded.fetch_add(1, Ordering::Relaxed);
                    anyhow::Ok(read())
                };
                cache.get(&key, load).await?;
                Ok(())
            };
            over_and_over(until, find).await
        };
        let all = try_join_all((0..READERS).map(reader)).await?;
        let (all, loaded): (Took, u64) = (all.into_iter().sum(), loaded.into_inner());
        // Once in its life a value is loaded again.
        let done = all.count();
        anyhow::ensure!(loaded * 100 <= done, "{loaded} of {done} were not kept");
        Ok(all)
    })
}
