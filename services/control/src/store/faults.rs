//! The ledger of faults: reading it. How it is written stands in `faults/write.rs`.

pub mod write;

use db::{Error, Tx};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use sqlx::{query_as, query_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

/// How many changes are told at once to whoever watches: more than one house has faults at a time.
const MOST_CHANGES: i64 = 1_000;

/// A fault as it is kept.
#[derive(Clone, Debug)]
pub struct Row {
    /// Counts all faults.
    pub number: i64,
    /// The word for its kind.
    pub kind: String,
    /// Who has it.
    pub component: String,
    /// The life in which it has it; the second time in one life ends in `#2`.
    pub incarnation: String,
    /// The last moment at which all was well.
    pub occurred_at: OffsetDateTime,
    /// When the first observer was sure.
    pub detected_at: OffsetDateTime,
    /// The fault that it follows from.
    pub cause: Option<i64>,
    /// The word for its severity.
    pub severity: String,
    /// What was done about it.
    pub handling: String,
    /// Since when all is well again.
    pub resolved_at: Option<OffsetDateTime>,
    /// The word for how it ended.
    pub resolution: Option<String>,
    /// The trace of its detection.
    pub trace_id: String,
    /// What people wrote to it.
    pub notes: Json<Vec<Note>>,
    /// Counts the changes.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: OffsetDateTime,
}

/// What somebody wrote to a fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// Who.
    pub actor_id: Uuid,
    /// What.
    pub text: String,
}

/// Which faults are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only those that last.
    pub open: bool,
    /// Only of this kind, as a word.
    pub kind: Option<String>,
    /// Only of this component.
    pub component: Option<String>,
    /// Only those that occurred then or later.
    pub since: Option<OffsetDateTime>,
    /// Only with a lower number.
    pub before: Option<i64>,
    /// How many at most.
    pub rows: i64,
}

/// A fault that lasts, as far as its observers need it.
#[derive(Clone, Debug)]
pub struct Open {
    /// Who has it.
    pub component: String,
    /// The life in which it has it.
    pub incarnation: String,
}

/// What was counted of one kind.
#[derive(Clone, Debug)]
pub struct Count {
    /// The word for it.
    pub kind: String,
    /// How many there were.
    pub count: i64,
    /// How many of them last.
    pub open: i64,
    /// How many of them were none.
    pub false_alarms: i64,
    /// Mean seconds from occurrence to detection.
    pub to_detect: f64,
    /// Mean seconds from occurrence to the end.
    pub to_repair: f64,
}

/// Lists faults, the latest number first.
///
/// # Errors
/// When the statement failed.
pub async fn list(tx: &mut Tx, wanted: &Wanted) -> Result<Vec<Row>, Error> {
    let found = query_as!(
        Row,
        r#"select number, type as kind, component, incarnation, occurred_at, detected_at, cause, severity, handling, resolved_at,
            resolution, trace_id, notes as "notes: Json<Vec<Note>>", version, updated_at
        from faults
        where (not $1 or resolved_at is null)
            and ($2::text is null or type = $2)
            and ($3::text is null or component = $3)
            and ($4::timestamptz is null or occurred_at >= $4)
            and number < coalesce($5, 9223372036854775807)
        order by number desc
        limit $6"#,
        wanted.open,
        wanted.kind.as_deref(),
        wanted.component.as_deref(),
        wanted.since,
        wanted.before,
        wanted.rows
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Finds a fault.
///
/// # Errors
/// When the statement failed.
pub async fn find(tx: &mut Tx, number: i64) -> Result<Option<Row>, Error> {
    let found = query_as!(
        Row,
        r#"select number, type as kind, component, incarnation, occurred_at, detected_at, cause, severity, handling, resolved_at,
            resolution, trace_id, notes as "notes: Json<Vec<Note>>", version, updated_at
        from faults
        where number = $1"#,
        number
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Finds all faults that last, and where `since` is given those that have changed since then, in the order of their changes.
///
/// # Errors
/// When the statement failed.
pub async fn changes(tx: &mut Tx, since: Option<OffsetDateTime>) -> Result<Vec<Row>, Error> {
    let found = query_as!(
        Row,
        r#"select number, type as kind, component, incarnation, occurred_at, detected_at, cause, severity, handling, resolved_at,
            resolution, trace_id, notes as "notes: Json<Vec<Note>>", version, updated_at
        from faults
        where resolved_at is null or updated_at > $1
        order by updated_at, number
        limit $2"#,
        since,
        MOST_CHANGES
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Finds the faults of `kind` that last.
///
/// # Errors
/// When the statement failed.
pub async fn open_of(tx: &mut Tx, kind: &str) -> Result<Vec<Open>, Error> {
    let found = query_as!(
        Open,
        "select component, incarnation from faults where type = $1 and resolved_at is null",
        kind
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Counts faults by kind.
///
/// # Errors
/// When the statement failed.
pub async fn count(tx: &mut Tx, since: Option<OffsetDateTime>) -> Result<Vec<Count>, Error> {
    let counted = query_as!(
        Count,
        r#"select type as kind,
            count(*) as "count!",
            count(*) filter (where resolved_at is null) as "open!",
            count(*) filter (where resolution = 'false_alarm') as "false_alarms!",
            coalesce(avg(extract(epoch from detected_at - occurred_at)) filter (where resolution is distinct from 'false_alarm'), 0)::float8 as "to_detect!",
            coalesce(avg(extract(epoch from resolved_at - occurred_at)) filter (where resolution <> 'false_alarm'), 0)::float8 as "to_repair!"
        from faults
        where $1::timestamptz is null or occurred_at >= $1
        group by type
        order by type"#,
        since
    );
    Ok(counted.fetch_all(&mut *tx).await?)
}

/// Tells the time of the database's clock, by which changes are marked.
///
/// # Errors
/// When the statement failed.
pub async fn now(tx: &mut Tx) -> Result<OffsetDateTime, Error> {
    let now = query_scalar!(r#"select clock_timestamp() as "now!""#);
    Ok(now.fetch_one(&mut *tx).await?)
}
