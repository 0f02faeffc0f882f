//! Writing what was decided, by whoever has the turn and nobody else.

use db::{Error, Tx};
use serde_json::Value;
use sqlx::query;
use time::OffsetDateTime;

use super::Outlook;
use crate::domain::desired::Decision;

/// How many decisions of a service are kept.
const KEPT: i64 = 10_000;

/// What is decided of a service.
#[derive(Clone, Debug)]
pub struct New {
    /// Its name.
    pub service: String,
    /// The number that it has from now on; the one before it where the same was decided again.
    pub version: i64,
    /// How many there were to be before; nothing with the first decision.
    pub before: Option<u32>,
    /// How many, and why.
    pub decision: Decision,
    /// The load, in requests a second.
    pub load: f64,
    /// What one instance is taken to answer, in requests a second.
    pub per_instance: Option<f64>,
    /// The same, as it was learned.
    pub learned: Option<f64>,
    /// How many there may be at least, and at most.
    pub bounds: [u32; 2],
    /// What is expected, where that is new.
    pub outlook: Option<Outlook>,
}

/// What was seen of a service in a step since it was written last.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// Its name.
    pub service: String,
    /// Which step.
    pub step: i64,
    /// The sum, in requests a second.
    pub total: f64,
    /// How often it was looked.
    pub samples: i32,
    /// The most processors that one instance used.
    pub cpu: f64,
    /// The most memory that one instance used, in bytes.
    pub memory: u64,
    /// What is expected of it.
    pub foreseen: Option<f64>,
}

/// Writes what is decided at `now` and holds until `until`, and of each that another number is decided on an entry in the log.
/// Token and writes are one statement: whoever has lost the turn writes nothing. Answers whether it was written.
///
/// # Errors
/// When the statement failed.
pub async fn decide(
    tx: &mut Tx,
    token: i64,
    new: &[New],
    [now, until]: [OffsetDateTime; 2],
) -> Result<bool, Error> {
    let columns = Columns::of(new);
    let written = query!(
        r#"with new as (
            select * from unnest($4::text[], $5::bigint[], $6::int[], $7::int[], $8::text[], $9::int[], $10::int[], $11::float8[],
                $12::float8[], $13::float8[], $14::int[], $15::int[], $16::jsonb[])
                as new (service, version, desired, before, why, floor, forecast, load, per_instance, learned, least, most, outlook)
        ), written as (
            update scaling s set fence = $1, version = n.version, desired = n.desired, why = n.why, floor = n.floor,
                forecast = n.forecast, load = n.load, per_instance = n.per_instance, learned = n.learned,
                decided_at = case when n.desired is distinct from n.before then $2 else s.decided_at end,
                valid_until = $3, outlook = coalesce(n.outlook, s.outlook)
            from new n where s.service = n.service and s.fence <= $1
            returning n.*
        ), logged as (
            insert into scaling_decisions
                (service, version, desired, before, why, floor, forecast, load, per_instance, least, most, decided_at)
            select service, version, desired, before, why, floor, forecast, load, per_instance, least, most, $2
            from written where desired is distinct from before
        )
        select count(*) as "rows!" from written"#,
        token,
        now,
        until,
        &columns.services,
        &columns.versions,
        &columns.desired,
        &columns.before as &[Option<i32>],
        &columns.why,
        &columns.floors,
        &columns.forecasts as &[Option<i32>],
        &columns.loads,
        &columns.per_instance as &[Option<f64>],
        &columns.learned as &[Option<f64>],
        &columns.least,
        &columns.most,
        &columns.outlooks as &[Option<Value>],
    );
    let rows = written.fetch_one(&mut *tx).await?.rows;
    if usize::try_from(rows) != Ok(new.len()) {
        return Ok(false);
    }
    // Each decision pushes out one, which is found by the key.
    let pruned = query!(
        "delete from scaling_decisions d using unnest($1::text[], $2::bigint[]) as new (service, version)
        where d.service = new.service and d.version = new.version - $3",
        &columns.services,
        &columns.versions,
        KEPT
    );
    pruned.execute(&mut *tx).await?;
    Ok(true)
}

/// Adds what was `seen`, and forgets the steps before `first`. Only after [`decide`] in the same transaction: that has locked
/// out whoever else would.
///
/// # Errors
/// When a statement failed.
pub async fn add(tx: &mut Tx, seen: &[Seen], first: i64) -> Result<(), Error> {
    let column = |value: fn(&Seen) -> f64| seen.iter().map(value).collect::<Vec<f64>>();
    let services: Vec<String> = seen.iter().map(|one| one.service.clone()).collect();
    let added = query!(
        "insert into scaling_load as l (service, step, total, samples, cpu, memory, foreseen)
        select * from unnest($1::text[], $2::bigint[], $3::float8[], $4::int[], $5::float8[], $6::bigint[], $7::float8[])
        on conflict (service, step) do update set total = l.total + excluded.total, samples = l.samples + excluded.samples,
            cpu = greatest(l.cpu, excluded.cpu), memory = greatest(l.memory, excluded.memory),
            foreseen = coalesce(excluded.foreseen, l.foreseen)",
        &services,
        &seen.iter().map(|one| one.step).collect::<Vec<_>>(),
        &column(|one| one.total),
        &seen.iter().map(|one| one.samples).collect::<Vec<_>>(),
        &column(|one| one.cpu),
        &seen
            .iter()
            .map(|one| one.memory.cast_signed())
            .collect::<Vec<_>>(),
        &seen.iter().map(|one| one.foreseen).collect::<Vec<_>>() as &[Option<f64>],
    );
    added.execute(&mut *tx).await?;
    let pruned = query!(
        "delete from scaling_load where service = any($1) and step < $2",
        &services,
        first
    );
    pruned.execute(&mut *tx).await?;
    Ok(())
}

/// Decisions, column by column.
#[derive(Default)]
struct Columns {
    services: Vec<String>,
    versions: Vec<i64>,
    desired: Vec<i32>,
    before: Vec<Option<i32>>,
    why: Vec<String>,
    floors: Vec<i32>,
    forecasts: Vec<Option<i32>>,
    loads: Vec<f64>,
    per_instance: Vec<Option<f64>>,
    learned: Vec<Option<f64>>,
    least: Vec<i32>,
    most: Vec<i32>,
    outlooks: Vec<Option<Value>>,
}

impl Columns {
    fn of(new: &[New]) -> Self {
        let mut columns = Self::default();
        for one in new {
            columns.services.push(one.service.clone());
            columns.versions.push(one.version);
            columns.desired.push(count(one.decision.desired));
            columns.before.push(one.before.map(count));
            columns.why.push(one.decision.why.word().to_owned());
            columns.floors.push(count(one.decision.floor));
            columns.forecasts.push(one.decision.forecast.map(count));
            columns.loads.push(one.load);
            columns.per_instance.push(one.per_instance);
            columns.learned.push(one.learned);
            columns.least.push(count(one.bounds[0]));
            columns.most.push(count(one.bounds[1]));
            let outlook = one.outlook.as_ref();
            let outlook = outlook.and_then(|outlook| serde_json::to_value(outlook).ok());
            columns.outlooks.push(outlook);
        }
        columns
    }
}

fn count(many: u32) -> i32 {
    i32::try_from(many).unwrap_or(i32::MAX)
}
