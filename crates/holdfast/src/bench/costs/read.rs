//! A product, read through the gateway, beside a handler of axum alone and proxies before that.

use std::time::Instant;

use anyhow::Context as _;
use futures::future::try_join_all;

use super::scene::Scene;
use crate::bench::contest::{Turn, Turns, Way, contest};
use crate::bench::figure::{Figure, Measured, Target, Unit};
use crate::bench::took::over_and_over;
use crate::house::Kind;

/// How many read at once, each over a connection that stays open.
const READERS: usize = 32;

const BARE: &str = "axum alone";
const OURS: &str = "the gateway, all of it";

pub(super) async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<Measured> {
    let gateway = scene.house.urls();
    let gateway = gateway.first().context("a gateway")?;
    let list: serde_json::Value = reqwest::get(format!("{gateway}/v1/products?limit=1"))
        .await?
        .error_for_status()?
        .json()
        .await?;
    let id = list["data"][0]["id"].as_str().context("a product")?;
    let hello: Vec<u32> = scene.hello.pid().into_iter().collect();
    let way = |name, at: String, of: Vec<u32>, front: Vec<u32>| {
        Way::new(name, of, move |until| read(at.clone(), until)).telling(front)
    };
    let at = format!("http://{}/", scene.hello.at);
    let mut ways = vec![way(BARE, at, hello.clone(), hello.clone())];
    for (name, front) in &scene.fronts {
        let front_alone: Vec<u32> = front.pid().into_iter().collect();
        let of = hello.iter().chain(&front_alone).copied().collect();
        let at = format!("http://{}/", front.at);
        ways.push(way(name, at, of, front_alone));
    }
    let door = scene.of(Kind::Gateway);
    let mut of = door.clone();
    of.extend(scene.of(Kind::Order));
    of.extend(scene.redis.pid());
    let at = format!("{gateway}/v1/products/{id}");
    ways.push(way(OURS, at, of, door));
    let found = contest("reading a product", turns, &ways).await?;
    let ours = found.by(OURS);
    let [cost, p99] = found.beside("a product, cached, every process", OURS, BARE);
    let mut figures = vec![cost.aims(Target::AtMost(1.25)), p99];
    for (name, _) in &scene.fronts {
        let figure = Figure::of("a request, at the gateway", Unit::Cpu, ours.alone.clone());
        let figure = figure.beside(name, found.by(name).alone);
        figures.push(figure.aims(Target::AtMost(1.0)));
    }
    Ok(Measured {
        figures,
        table: found.table,
    })
}

/// Reads `url` over and over, with all readers at once.
pub(in crate::bench) fn read(url: String, until: Instant) -> Turn<'static> {
    Box::pin(async move {
        let client = reqwest::Client::builder()
            .pool_max_idle_per_host(READERS)
            .build()?;
        let reader = async || {
            let answer = client.get(&url).send().await?.error_for_status()?;
            answer.bytes().await?;
            Ok(())
        };
        let all = try_join_all((0..READERS).map(|_| over_and_over(until, reader))).await?;
        Ok(all.into_iter().sum())
    })
}
