//! Signing in, beside the hash of a password alone: what is above it is the price of the rest.

use std::time::Instant;

use anyhow::Context as _;
use argon2::{Argon2, PasswordHasher as _};
use futures::future::{LocalBoxFuture, try_join_all};
use serde_json::json;

use super::scene::Scene;
use crate::bench::contest::{Turns, Way, contest};
use crate::bench::figure::{Figure, Measured, Unit};
use crate::bench::load::{PASSWORD, register};
use crate::house::Kind;

/// How many sign in at once: as many as hash at once.
const AT_ONCE: usize = 2;

const HASH: &str = "Argon2id alone (19 MiB, 2 passes)";
const ALL: &str = "signing in, all of it";

pub(super) async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<Measured> {
    let gateway = scene.house.urls();
    let gateway = gateway.first().context("a gateway")?;
    let client = reqwest::Client::new();
    let email = register(&client, gateway, 0).await?.0;
    let url = format!("{gateway}/v1/auth/login");
    let mut of = scene.of(Kind::Gateway);
    of.extend(scene.of(Kind::User));
    of.extend(scene.databases());
    of.extend(scene.redis.pid());
    let ways = [
        Way::new(HASH, Vec::new(), hash).with_client(),
        Way::new(ALL, of, move |until| {
            sign_in(client.clone(), url.clone(), email.clone(), until)
        }),
    ];
    let found = contest("signing in", turns, &ways).await?;
    let figure = Figure::of("a sign-in, every process", Unit::Cpu, found.by(ALL).cost);
    Ok(Measured {
        figures: vec![figure.beside(HASH, found.by(HASH).cost)],
        table: found.table,
    })
}

fn hash(until: Instant) -> LocalBoxFuture<'static, anyhow::Result<u64>> {
    Box::pin(async move {
        let work = tokio::task::spawn_blocking(move || {
            let mut done = 0;
            while Instant::now() < until {
                let hash = Argon2::default().hash_password(PASSWORD.as_bytes());
                hash.map_err(|error| anyhow::anyhow!("{error}"))?;
                done += 1;
            }
            anyhow::Ok(done)
        });
        work.await?
    })
}

fn sign_in(
    client: reqwest::Client,
    url: String,
    email: String,
    until: Instant,
) -> LocalBoxFuture<'static, anyhow::Result<u64>> {
    Box::pin(async move {
        let body = json!({"email": email, "password": PASSWORD});
        let one = async || {
            let mut done = 0;
            while Instant::now() < until {
                let answer = client.post(&url).json(&body).send().await?;
                answer.error_for_status()?.bytes().await?;
                done += 1;
            }
            anyhow::Ok(done)
        };
        let all = try_join_all((0..AT_ONCE).map(|_| one())).await?;
        Ok(all.into_iter().sum())
    })
}
