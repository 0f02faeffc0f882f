//! The Postgres pairs that tests work on: one shared by all, and private ones for tests that break theirs.

use std::ops::Deref;

use anyhow::Context;
use sqlx::{Connection, PgConnection};
use stack::{Options, Postgres};
use tokio::sync::OnceCell;

use crate::Database;

/// Names a pair that runs already, as `holdfast with-stack` sets it: `primary=HOST:PORT replica=HOST:PORT`.
pub const STACK: &str = "HOLDFAST_TEST_STACK";

/// Where a pair listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Host and port of the primary.
    pub primary: String,
    /// Host and port of its synchronous replica.
    pub replica: String,
}

impl Seat {
    /// Says where `pair` listens.
    pub fn of(pair: &Postgres) -> Self {
        let at = |port: u16| format!("127.0.0.1:{port}");
        Self {
            primary: at(pair.primary().port()),
            replica: at(pair.replica().port()),
        }
    }

    /// Writes it as [`STACK`] holds it.
    pub fn written(&self) -> String {
        format!("primary={} replica={}", self.primary, self.replica)
    }

    /// Reads what [`Self::written`] wrote.
    pub fn read(text: &str) -> Option<Self> {
        let (primary, replica) = text.split_once(' ')?;
        let primary = primary.strip_prefix("primary=")?.to_owned();
        let replica = replica.strip_prefix("replica=")?.to_owned();
        Some(Self { primary, replica })
    }

    /// Connects to `database` on the primary as the one who may do everything.
    pub(crate) async fn superuser(&self, database: &str) -> anyhow::Result<PgConnection> {
        let url = format!("postgres://postgres@{}/{database}", self.primary);
        PgConnection::connect(&url)
            .await
            .with_context(|| format!("connecting to {url}"))
    }
}

/// A pair of this test's own, to be paused and killed: `cluster.primary().pause()`.
#[derive(Debug)]
pub struct Cluster {
    pair: Postgres,
}

impl Cluster {
    /// Makes a migrated database of service `name` on this pair.
    pub async fn database(&self, name: &str) -> Database {
        Database::make(&Seat::of(&self.pair), name, false).await
    }
}

impl Deref for Cluster {
    type Target = Postgres;

    fn deref(&self) -> &Postgres {
        &self.pair
    }
}

/// Starts a primary and a synchronous replica for this test alone. It takes about two seconds, so a test that breaks
/// neither uses [`crate::database()`].
pub async fn cluster() -> Cluster {
    Cluster {
        pair: start().await,
    }
}

/// The same, and nobody is let in without a password.
pub async fn guarded_cluster() -> Cluster {
    let started = async {
        let options = Options::scratch()?;
        Postgres::start(Options {
            passwords: true,
            ..options
        })
        .await
    };
    let pair = started.await;
    let pair = pair.unwrap_or_else(|error| panic!("no Postgres for this test: {error}"));
    Cluster { pair }
}

/// The pair that all tests share: the one named by [`STACK`], or else one that ends with this process.
pub(crate) async fn shared() -> Seat {
    static OURS: OnceCell<Postgres> = OnceCell::const_new();
    match named() {
        Some(seat) => seat,
        None => Seat::of(OURS.get_or_init(start).await),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tests have no settings to get it from"
)]
fn named() -> Option<Seat> {
    let text = std::env::var(STACK).ok()?;
    Some(Seat::read(&text).unwrap_or_else(|| {
        panic!("{STACK} reads `{text}`, not `primary=HOST:PORT replica=HOST:PORT`")
    }))
}

async fn start() -> Postgres {
    let started = async { Postgres::start(Options::scratch()?).await };
    started
        .await
        .unwrap_or_else(|error| panic!("no Postgres for this test: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_that_was_written_is_read_as_the_same() {
        let seat = Seat {
            primary: "127.0.0.1:1".into(),
            replica: "127.0.0.1:2".into(),
        };

        let read = Seat::read(&seat.written());

        assert_eq!(read, Some(seat));
        assert_eq!(Seat::read("postgres://127.0.0.1:1"), None);
    }
}
