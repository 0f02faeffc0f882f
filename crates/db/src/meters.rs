//! The metrics of the connections to one address.

use std::sync::OnceLock;

use metrics::{Gauge, Histogram, gauge, histogram};
use sqlx::postgres::PgConnectOptions;
use tokio::time::Instant;

/// The metrics of one address: `db_connections_in_use` beside `db_connections_limit`, and `db_connection_wait_seconds`.
/// They are made at the first use, for an address may be made before there is a recorder.
#[derive(Default)]
pub(crate) struct Meters(OnceLock<(Gauge, Histogram)>);

/// Counts a connection as in use until it is dropped.
pub(crate) struct InUse(Gauge);

impl Meters {
    /// Counts a connection, one of `most`, for which somebody has waited since `began`.
    pub(crate) fn lent(&self, options: &PgConnectOptions, most: u32, began: Instant) -> InUse {
        let (in_use, wait) = self.0.get_or_init(|| made(options, most));
        wait.record(began.elapsed());
        in_use.increment(1.0);
        InUse(in_use.clone())
    }
}

fn made(options: &PgConnectOptions, most: u32) -> (Gauge, Histogram) {
    let server = format!("{}:{}", options.get_host(), options.get_port());
    let database = options.get_database().unwrap_or_default().to_owned();
    let labels = [("server", server), ("database", database)];
    gauge!("db_connections_limit", &labels).set(f64::from(most));
    (
        gauge!("db_connections_in_use", &labels),
        histogram!("db_connection_wait_seconds", &labels),
    )
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl std::fmt::Debug for Meters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meters")
    }
}

impl std::fmt::Debug for InUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InUse")
    }
}
