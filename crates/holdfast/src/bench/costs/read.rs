//! A product, read through the gateway, beside a handler of axum alone and proxies before that.

use std::time::Instant;

use anyhow::Context as _;
use futures::future::LocalBoxFuture;
use futures::future::try_join_all;

use super::scene::Scene;
use crate::bench::contest::{Turns, Way, contest};
use crate::house::Kind;

/// How many read at once, each over a connection that stays open.
const READERS: usize = 32;

pub(super) async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<String> {
    let gateway = scene.house.urls();
    let gateway = gateway.first().context("a gateway")?;
    let list: serde_json::Value = reqwest::get(format!("{gateway}/v1/products?limit=1"))
        .await?
        .error_for_status()?
        .json()
        .await?;
    let id = list["data"][0]["id"].as_str().context("a product")?;
    let hello = scene.hello.pid();
    let way = |name, at: String, of: Vec<u32>| Way {
        name,
        of,
        own: false,
        work: Box::new(move |until| read(at.clone(), until)),
    };
    let mut ways = vec![way(
        "axum alone",
        format!("http://{}/", scene.hello.at),
        hello.into_iter().collect(),
    )];
    for (name, front) in &scene.fronts {
        let of = hello.into_iter().chain(front.pid()).collect();
        ways.push(way(name, format!("http://{}/", front.at), of));
    }
    let mut of = scene.of(Kind::Gateway);
    of.extend(scene.of(Kind::Order));
    of.extend(scene.redis.pid());
    ways.push(way(
        "the gateway, all of it",
        format!("{gateway}/v1/products/{id}"),
        of,
    ));
    contest("reading a product", turns, &ways).await
}

fn read(url: String, until: Instant) -> LocalBoxFuture<'static, anyhow::Result<u64>> {
    Box::pin(async move {
        let client = reqwest::Client::builder()
            .pool_max_idle_per_host(READERS)
            .build()?;
        let reader = async || {
            let mut done = 0;
            while Instant::now() < until {
                let answer = client.get(&url).send().await?.error_for_status()?;
                answer.bytes().await?;
                done += 1;
            }
            anyhow::Ok(done)
        };
        let all = try_join_all((0..READERS).map(|_| reader())).await?;
        Ok(all.into_iter().sum())
    })
}
