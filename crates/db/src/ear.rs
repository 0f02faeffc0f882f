//! Hints that instances give each other through the database. They may be lost, so nothing may rest on one alone.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::mpsc;
use tokio::time::{interval, sleep, timeout};

use crate::address::Address;
use crate::pool::Pool;

/// How many hints wait at most, in either direction; more are lost.
const MOST: usize = 1_024;
/// How many hints are given in one statement at most.
const AT_ONCE: usize = 64;
/// How often it is asked whether the primary is still there, which a connection at rest does not tell.
const LOOK: Duration = Duration::from_secs(1);
/// How long a hint may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long it rests when no primary answers.
const REST: Duration = Duration::from_millis(250);

/// Gives hints to whoever listens to the channel, this process too. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mouth(mpsc::Sender<String>);

/// Hears what is said on the channel.
#[derive(Debug)]
pub struct Ear(mpsc::Receiver<String>);

impl Mouth {
    /// Says `hint`, of at most 7,000 bytes, or loses it.
    pub fn say(&self, hint: String) {
        if self.0.try_send(hint).is_err() {
            metrics::counter!("db_hints_lost_total").increment(1);
        }
    }
}

impl Ear {
    /// The next hint; nothing once nobody can speak here any more.
    pub async fn hear(&mut self) -> Option<String> {
        self.0.recv().await
    }
}

/// Opens `channel`, on one connection of its own, kept for as long as anybody has a mouth or an ear.
pub(crate) fn open(pool: Arc<Pool>, channel: &'static str) -> (Mouth, Ear) {
    let (mouth, said) = mpsc::channel(MOST);
    let (heard, ear) = mpsc::channel(MOST);
    tokio::spawn(keep(pool, channel, said, heard));
    (Mouth(mouth), Ear(ear))
}

async fn keep(
    pool: Arc<Pool>,
    channel: &'static str,
    mut said: mpsc::Receiver<String>,
    heard: mpsc::Sender<String>,
) {
    while !heard.is_closed() {
        for address in pool.primaries() {
            let Ok(Ok(line)) = timeout(PATIENCE, connect(&address, channel)).await else {
                continue;
            };
            // Boxed, for it is large and begun once.
            if Box::pin(serve(line, channel, &mut said, &heard)).await == Ended::Closed {
                return;
            }
        }
        sleep(REST).await;
    }
}

/// Why a connection is no longer used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// It is of no more use.
    Broken,
    /// Nobody speaks or listens any more.
    Closed,
}

async fn connect(address: &Address, channel: &str) -> Result<PgListener, sqlx::Error> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .max_lifetime(None)
        .idle_timeout(None)
        .connect_with(address.options().clone());
    let mut line = PgListener::connect_with(&pool.await?).await?;
    // Another address may be the one by then.
    line.eager_reconnect(false);
    // Refused by whoever is no primary.
    line.listen(channel).await?;
    Ok(line)
}

async fn serve(
    mut line: PgListener,
    channel: &'static str,
    said: &mut mpsc::Receiver<String>,
    heard: &mpsc::Sender<String>,
) -> Ended {
    let (mut looks, mut batch) = (interval(LOOK), Vec::new());
    loop {
        let sent = tokio::select! {
            hint = line.try_recv() => {
                let Ok(Some(hint)) = hint else {
                    return Ended::Broken;
                };
                // Whoever does not keep up looks for itself.
                let _ = heard.try_send(hint.payload().to_owned());
                continue;
            }
            count = said.recv_many(&mut batch, AT_ONCE) => {
                if count == 0 {
                    return Ended::Closed;
                }
                let hints = std::mem::take(&mut batch);
                let told = sqlx::query("select pg_notify($1, hint) from unnest($2::text[]) as hints (hint)")
                    .bind(channel).bind(hints).execute(&mut line);
                timeout(PATIENCE, told).await.map(|told| told.map(drop))
            }
            _ = looks.tick() => {
                if heard.is_closed() {
                    return Ended::Closed;
                }
                let standby = sqlx::query_scalar::<_, bool>("select pg_is_in_recovery()").fetch_one(&mut line);
                timeout(PATIENCE, standby).await.map(|standby| match standby {
                    Ok(true) => Err(sqlx::Error::PoolClosed),
                    other => other.map(drop),
                })
            }
        };
        if !matches!(sent, Ok(Ok(()))) {
            return Ended::Broken;
        }
    }
}
