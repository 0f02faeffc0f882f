//! Writing into the ledger. Each statement may run twice, late, and beside another observer's.

use db::{Error, Tx};
use serde_json::json;
use sqlx::{query, query_scalar};
use time::OffsetDateTime;

use super::Note;
use crate::domain::fault::{Recovery, Sighting, Subject};

/// How long a fault is kept that is over.
const KEPT: &str = "90 days";

/// Writes down that a fault began; tells whether nobody had before. Its times are those of the first who saw it. Where the
/// component had it before in the same life and was over it by then, it is another fault, whose incarnation is counted on.
///
/// # Errors
/// When the statement failed.
pub async fn seen(tx: &mut Tx, sighting: &Sighting) -> Result<bool, Error> {
    let Subject {
        kind,
        component,
        incarnation,
    } = &sighting.subject;
    let (cause, of) = sighting
        .cause
        .as_ref()
        .map(|(kind, component)| (kind.word(), component.as_str()))
        .unzip();
    // Who comes second finds the row of who came first by the unique key, and changes only what makes it more exact.
    let new = query_scalar!(
        r#"insert into faults (type, component, incarnation, occurred_at, detected_at, severity, handling, trace_id, cause)
        select $1, $2, case before when 0 then $3 else $3 || '#' || before + 1 end, $4, greatest($4, $5), $6, $7, $8, (
                select max(number) from faults
                where type = $9 and component = $10 and occurred_at <= greatest($4, $5) and (resolved_at is null or resolved_at >= $4)
            )
        from (
            select count(*) as before from faults
            where type = $1 and component = $2 and split_part(incarnation, '#', 1) = $3 and resolved_at <= $4
        ) earlier
        on conflict (component, incarnation, type) do update
        set occurred_at = least(faults.occurred_at, excluded.occurred_at),
            detected_at = least(faults.detected_at, excluded.detected_at),
            cause = coalesce(faults.cause, excluded.cause),
            version = faults.version + 1,
            updated_at = clock_timestamp()
        where excluded.occurred_at < faults.occurred_at
            or excluded.detected_at < faults.detected_at
            or (faults.cause is null and excluded.cause is not null)
        returning xmax = 0 as "new!""#,
        kind.word(),
        component,
        incarnation,
        sighting.occurred_at,
        sighting.detected_at,
        kind.severity().word(),
        sighting.handling,
        sighting.trace_id,
        cause,
        of
    );
    Ok(new.fetch_optional(&mut *tx).await?.unwrap_or_default())
}

/// Writes down from which other a fault follows, where that is not known yet.
///
/// # Errors
/// When the statement failed.
pub async fn caused(tx: &mut Tx, number: i64, cause: i64) -> Result<(), Error> {
    // What follows from it already is not its cause, whatever two observers think at the same moment.
    let written = query!(
        "update faults set cause = $2, version = version + 1, updated_at = clock_timestamp()
        where number = $1 and cause is null
            and exists (select from faults base where base.number = $2 and base.cause is distinct from $1)",
        number,
        cause
    );
    written.execute(&mut *tx).await?;
    Ok(())
}

/// Writes down that a fault is over, where it is not yet; answers the seconds that it lasted.
///
/// # Errors
/// When the statement failed.
pub async fn over(tx: &mut Tx, recovery: &Recovery) -> Result<Option<f64>, Error> {
    let Subject {
        kind,
        component,
        incarnation,
    } = &recovery.subject;
    let lasted = query_scalar!(
        r#"update faults
        set resolved_at = $4,
            resolution = $5,
            handling = left(concat_ws(' ', nullif(handling, ''), nullif($6, '')), 2000),
            version = version + 1,
            updated_at = clock_timestamp()
        where type = $1 and component = $2 and split_part(incarnation, '#', 1) = $3
            and resolved_at is null and occurred_at <= $4
        returning extract(epoch from resolved_at - occurred_at)::float8 as "lasted!""#,
        kind.word(),
        component,
        incarnation,
        recovery.resolved_at,
        recovery.resolution.word(),
        recovery.handling
    );
    Ok(lasted.fetch_optional(&mut *tx).await?)
}

/// Writes down what was done about a fault that lasts; said twice, it stands there once.
///
/// # Errors
/// When the statement failed.
pub async fn handled(tx: &mut Tx, subject: &Subject, handling: &str) -> Result<(), Error> {
    let written = query!(
        "update faults
        set handling = left(concat_ws(' ', nullif(handling, ''), $4::text), 2000),
            version = version + 1,
            updated_at = clock_timestamp()
        where type = $1 and component = $2 and split_part(incarnation, '#', 1) = $3
            and resolved_at is null and strpos(handling, $4) = 0",
        subject.kind.word(),
        subject.component,
        subject.incarnation,
        handling
    );
    written.execute(&mut *tx).await?;
    Ok(())
}

/// Writes a note to a fault, where there is one; tells whether there was room for it.
///
/// # Errors
/// When the statement failed.
pub async fn note(tx: &mut Tx, number: i64, note: &Note) -> Result<bool, Error> {
    let written = query!(
        "update faults
        set notes = notes || jsonb_build_array($2::jsonb), version = version + 1, updated_at = clock_timestamp()
        where number = $1 and jsonb_array_length(notes) < 100",
        number,
        json!(note)
    );
    Ok(written.execute(&mut *tx).await?.rows_affected() > 0)
}

/// Forgets faults that were over long before `now`.
///
/// # Errors
/// When the statement failed.
pub async fn prune(tx: &mut Tx, now: OffsetDateTime) -> Result<u64, Error> {
    let pruned = query!(
        "delete from faults where resolved_at < $1::timestamptz - $2::text::interval",
        now,
        KEPT
    );
    Ok(pruned.execute(&mut *tx).await?.rows_affected())
}
