//! How many instances are wanted and the load that it was decided by: reading it. How it is written stands in `scaling/write.rs`.

pub mod write;

use db::{Error, Tx};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{query, query_as};
use time::OffsetDateTime;

use crate::domain::decided::Decided;
use crate::domain::desired::{Decision, Why};
use crate::domain::fit::Used;

/// How many decisions of each service are shown beside it.
const LAST: i64 = 10;

/// What is kept of a service.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its name.
    pub service: String,
    /// Counts the decisions.
    pub version: i64,
    /// What was decided last, if anything was yet.
    pub decided: Option<Decided>,
    /// The load by which it was, in requests a second.
    pub load: f64,
    /// What one instance was taken to answer, in requests a second.
    pub per_instance: Option<f64>,
    /// The same, as it was learned.
    pub learned: Option<f64>,
    /// What is expected.
    pub outlook: Option<Outlook>,
}

/// What is expected of a service, or why nothing is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub made_at: OffsetDateTime,
    /// What it was made by, in words; empty where nothing is expected.
    pub model: String,
    /// Why nothing is expected.
    pub none: String,
    /// Step by step: which one, what is most likely, hardly less, hardly more, in requests a second.
    pub points: Vec<(i64, f64, f64, f64)>,
}

/// The load of a service in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The name of the service.
    pub service: String,
    /// Which step.
    pub step: i64,
    /// The sum of what was seen, in requests a second.
    pub total: f64,
    /// How often it was looked.
    pub samples: i32,
    /// What was expected, where anything was early enough.
    pub foreseen: Option<f64>,
}

/// One decision.
#[derive(Clone, Debug)]
pub struct Logged {
    /// The name of the service.
    pub service: String,
    /// Counts its decisions.
    pub version: i64,
    /// How many there are to be.
    pub desired: i32,
    /// How many there were to be before.
    pub before: Option<i32>,
    /// What decided.
    pub why: String,
    /// How many the load needed that was there.
    pub floor: i32,
    /// How many the load needed that was to come.
    pub forecast: Option<i32>,
    /// The load, in requests a second.
    pub load: f64,
    /// What one instance was taken to answer, in requests a second.
    pub per_instance: Option<f64>,
    /// How many there may be at least.
    pub least: i32,
    /// How many there may be at most.
    pub most: i32,
    /// When.
    pub decided_at: OffsetDateTime,
}

impl Step {
    /// The load in the middle, where anybody looked.
    pub fn mean(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.total / f64::from(self.samples))
    }
}

/// Reads what is kept of each service, by its name.
///
/// # Errors
/// When the statement failed.
pub async fn all(tx: &mut Tx) -> Result<Vec<Kept>, Error> {
    let rows = query!(
        r#"select service, version, desired, why, floor, forecast, decided_at, valid_until, load, per_instance, learned,
            outlook as "outlook: Json<Outlook>"
        from scaling order by service"#
    );
    let rows = rows.fetch_all(&mut *tx).await?.into_iter();
    let kept = rows.map(|row| Kept {
        decided: (|| {
            Some(Decided {
                decision: Decision {
                    desired: row.desired?.cast_unsigned(),
                    why: Why::read(row.why.as_deref()?)?,
                    floor: row.floor?.cast_unsigned(),
                    forecast: row.forecast.map(i32::cast_unsigned),
                },
                decided_at: row.decided_at?,
                valid_until: row.valid_until?,
            })
        })(),
        service: row.service,
        version: row.version,
        load: row.load,
        per_instance: row.per_instance,
        learned: row.learned,
        outlook: row.outlook.map(|outlook| outlook.0),
    });
    Ok(kept.collect())
}

/// Reads the load of `services` from the step `first` on, in their order.
///
/// # Errors
/// When the statement failed.
pub async fn steps(tx: &mut Tx, services: &[String], first: i64) -> Result<Vec<Step>, Error> {
    let steps = query_as!(
        Step,
        "select service, step, total, samples, foreseen from scaling_load
        where service = any($1) and step >= $2 order by service, step",
        services,
        first
    );
    Ok(steps.fetch_all(&mut *tx).await?)
}

/// Tells what the busiest instance of each of `services` used from the step `first` on.
///
/// # Errors
/// When the statement failed.
pub async fn used(
    tx: &mut Tx,
    services: &[String],
    first: i64,
) -> Result<Vec<(String, Used)>, Error> {
    let used = query!(
        r#"select service, count(*) as "steps!", percentile_disc(0.95) within group (order by cpu) as "cpu!", max(memory) as "memory!"
        from scaling_load where service = any($1) and step >= $2 and samples > 0 group by service"#,
        services,
        first
    );
    let used = used.fetch_all(&mut *tx).await?.into_iter().map(|row| {
        let used = Used {
            steps: row.steps,
            cpu: row.cpu,
            memory: row.memory.unsigned_abs(),
        };
        (row.service, used)
    });
    Ok(used.collect())
}

/// Lists the decisions on `service` before the one with the number `before`, the last one first.
///
/// # Errors
/// When the statement failed.
pub async fn decisions(
    tx: &mut Tx,
    service: &str,
    before: Option<i64>,
    rows: i64,
) -> Result<Vec<Logged>, Error> {
    let logged = query_as!(
        Logged,
        "select service, version, desired, before, why, floor, forecast, load, per_instance, least, most, decided_at
        from scaling_decisions where service = $1 and version < coalesce($2, 9223372036854775807)
        order by version desc limit $3",
        service,
        before,
        rows
    );
    Ok(logged.fetch_all(&mut *tx).await?)
}

/// Lists the last decisions on each service, the last one first.
///
/// # Errors
/// When the statement failed.
pub async fn last_decisions(tx: &mut Tx) -> Result<Vec<Logged>, Error> {
    let logged = query_as!(
        Logged,
        r#"select d.service, d.version, d.desired, d.before, d.why, d.floor, d.forecast, d.load, d.per_instance, d.least, d.most, d.decided_at
        from scaling s cross join lateral (
            select * from scaling_decisions l where l.service = s.service order by version desc limit $1) d
        order by d.service, d.version desc"#,
        LAST
    );
    Ok(logged.fetch_all(&mut *tx).await?)
}

/// Shows `token`: from this commit on nobody with an earlier one writes. Answers whether nobody has come with a later one.
///
/// # Errors
/// When the statement failed.
pub async fn show(tx: &mut Tx, token: i64) -> Result<bool, Error> {
    let shown = query!("update scaling set fence = $1 where fence <= $1", token);
    let shown = shown.execute(&mut *tx).await?.rows_affected();
    let later = query!(
        r#"select exists (select from scaling where fence > $1) as "so!""#,
        token
    );
    Ok(shown > 0 && !later.fetch_one(&mut *tx).await?.so)
}
