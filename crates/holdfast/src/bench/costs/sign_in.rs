//! Signing in, beside the hash of a password alone: what is above it is the price of the rest.

use std::time::Instant;

use anyhow::Context as _;
use argon2::{Argon2, PasswordHasher as _};
use futures::future::try_join_all;
use serde_json::json;

use super::scene::Scene;
use crate::bench::contest::{Turn, Turns, Way, contest};
use crate::bench::figure::Measured;
use crate::bench::load::{PASSWORD, register};
use crate::bench::took::{Took, over_and_over};
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
    Ok(Measured {
        figures: found.beside("a sign-in, every process", ALL, HASH).into(),
        table: found.table,
    })
}

fn hash(until: Instant) -> Turn<'static> {
    Box::pin(async move {
        let work = tokio::task::spawn_blocking(move || {
            let (mut took, mut begun) = (Took::default(), Instant::now());
            while begun < until {
                let hash = Argon2::default().hash_password(PASSWORD.as_bytes());
                hash.map_err(|error| anyhow::anyhow!("{error}"))?;
                begun = took.since(begun);
            }
            anyhow::Ok(took)
        });
        work.await?
    })
}

fn sign_in(client: reqwest::Client, url: String, email: String, until: Instant) -> Turn<'static> {
    Box::pin(async move {
        let body = json!({"email": email, "password": PASSWORD});
        let one = async || {
            let answer = client.post(&url).json(&body).send().await?;
            answer.error_for_status()?.bytes().await?;
            Ok(())
        };
        let all = try_join_all((0..AT_ONCE).map(|_| over_and_over(until, one))).await?;
        Ok(all.into_iter().sum())
    })
}
