//! A lock of the lock service, taken and given back, beside Postgres' advisory locks: they hold for a connection, and have no
//! token, no expiry and no order of waiting.

use std::time::Instant;

use anyhow::Context as _;
use api::control::locks_client::LocksClient;
use api::control::{AcquireRequest, LockMode, ReleaseRequest};
use api::id::ACQUISITION;
use discovery::Channel;
use futures::future::try_join_all;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, query};
use uuid::Uuid;

use super::scene::{Scene, balanced};
use crate::bench::contest::{Turn, Turns, Way, contest};
use crate::bench::figure::Measured;
use crate::bench::took::over_and_over;
use crate::house::Kind;

/// How many want locks at once.
const CLIENTS: u32 = 16;

const ADVISORY: &str = "advisory locks, by sqlx";
const EACH: &str = "each its own lock, by the lock service";
const SAME: &str = "all the same lock, by the lock service";

pub(super) async fn measure(scene: &Scene, turns: Turns) -> anyhow::Result<Measured> {
    let control = scene.house.seats(Kind::Control);
    let at = control.first().context("control")?.addr();
    let channel = balanced(at)?;
    let locks = LocksClient::new(channel);
    let url = scene.postgres.primary().url("control", "control");
    let pool = PgPoolOptions::new()
        .max_connections(CLIENTS)
        .connect(&url)
        .await?;
    let databases = scene.databases();
    let mut all = databases.clone();
    all.extend(scene.of(Kind::Control));
    let (locks, pool) = (&locks, &pool);
    let ways = [
        Way::new(ADVISORY, databases, move |until| advisory(pool, until)).with_client(),
        Way::new(EACH, all.clone(), move |until| {
            ours(locks, |number| format!("bench-{number}"), until)
        })
        .with_client(),
        Way::new(SAME, all, move |until| {
            ours(locks, |_| "bench".to_owned(), until)
        })
        .with_client(),
    ];
    let found = contest("a lock, taken and given back", turns, &ways).await?;
    let figures = [
        found.beside("a lock that nobody else wants", EACH, ADVISORY),
        found.beside("a lock that all want", SAME, ADVISORY),
    ];
    Ok(Measured {
        figures: figures.concat(),
        table: found.table,
    })
}

fn advisory(pool: &PgPool, until: Instant) -> Turn<'_> {
    Box::pin(async move {
        let client = async |number: u32| {
            let mut connection = pool.acquire().await?;
            let lock = async || {
                for text in [
                    "select pg_advisory_lock($1)",
                    "select pg_advisory_unlock($1)",
                ] {
                    let key = i64::from(number);
                    query(text).bind(key).execute(&mut *connection).await?;
                }
                Ok(())
            };
            over_and_over(until, lock).await
        };
        let all = try_join_all((0..CLIENTS).map(client)).await?;
        Ok(all.into_iter().sum())
    })
}

fn ours(locks: &LocksClient<Channel>, name: fn(u32) -> String, until: Instant) -> Turn<'_> {
    Box::pin(async move {
        let client = async |number: u32| {
            let mut locks = locks.clone();
            let lock = async || {
                take_and_give_back(&mut locks, name(number), format!("client-{number}")).await
            };
            over_and_over(until, lock).await
        };
        let all = try_join_all((0..CLIENTS).map(client)).await?;
        Ok(all.into_iter().sum())
    })
}

/// By the wire, as the `lock` crate does it: without its guard, which gives back when nobody waits for that.
async fn take_and_give_back(
    locks: &mut LocksClient<Channel>,
    name: String,
    owner: String,
) -> anyhow::Result<()> {
    let id = ACQUISITION.write(Uuid::now_v7());
    let acquire = AcquireRequest {
        name: name.clone(),
        owner: owner.clone(),
        id: id.clone(),
        mode: LockMode::Exclusive.into(),
        ttl_ms: 10_000,
        wait_ms: 30_000,
        max_hold_ms: 0,
    };
    let mut answers = locks.acquire(acquire).await?.into_inner();
    loop {
        let answer = answers.message().await?.context("a grant")?;
        if answer.grant.is_some() {
            break;
        }
    }
    locks.release(ReleaseRequest { name, owner, id }).await?;
    Ok(())
}
