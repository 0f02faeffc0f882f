//! Claims to locks: read and written together, lock by lock, for all who call at a time.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use db::{Error, Tx};
use sqlx::{query, query_as, query_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::lock::{Claim, Lease, Lock, Mode, Moment};

/// The locks of one transaction, by name.
pub type Locks = BTreeMap<String, Lock>;

/// What is known beside the locks themselves.
#[derive(Debug)]
pub struct View {
    /// The clock, and the timeline.
    pub at: Moment,
    /// Which requests were released already.
    pub ended: HashSet<Uuid>,
    /// How many claims there are.
    pub claims: usize,
}

/// A claim as it is kept.
struct Row {
    name: String,
    owner: String,
    id: Uuid,
    attempt: Uuid,
    instance: Uuid,
    alive_until: Option<OffsetDateTime>,
    exclusive: bool,
    ttl_ms: i64,
    max_hold_ms: Option<i64>,
    waits_until: OffsetDateTime,
    place: i64,
    token: Option<i64>,
    granted_at: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
    timeline: Option<i32>,
}

/// Lets nobody else decide about the locks called `names` until this transaction has ended. A lock that nobody claims has no
/// row to be locked, so it is its name.
///
/// # Errors
/// When the statement failed.
pub async fn guard(tx: &mut Tx, names: &[String]) -> Result<(), Error> {
    // In one order for all, so that two groups never wait on each other; `offset 0` keeps the sorting inside.
    let guarded = query!(
        "select pg_advisory_xact_lock(key) from (
            select distinct hashtextextended(name, 0) as key from unnest($1::text[]) as names (name)
            order by key offset 0) as keys",
        names
    );
    guarded.execute(&mut *tx).await?;
    Ok(())
}

/// Reads the locks called `names`, with all who have them or wait for them. One that nobody claims is there, and empty.
///
/// # Errors
/// When the statement failed.
pub async fn load(tx: &mut Tx, names: &[String]) -> Result<Locks, Error> {
    let rows = query_as!(
        Row,
        r#"select name, owner, c.id, attempt, instance, i.alive_until as "alive_until?", exclusive, ttl_ms, max_hold_ms,
            waits_until, place, token, granted_at, expires_at, timeline
        from lock_claims c left join lock_instances i on i.id = c.instance
        where name = any($1)
        order by place"#,
        names
    );
    let rows = rows.fetch_all(&mut *tx).await?;
    let mut locks: Locks = names
        .iter()
        .map(|name| (name.clone(), Lock::default()))
        .collect();
    for row in rows {
        let lock = locks.entry(row.name.clone()).or_default();
        lock.claims.push(row.read());
    }
    Ok(locks)
}

/// Reads the clock and the timeline, and which of the requests `ids` were released already.
///
/// # Errors
/// When a statement failed.
pub async fn view(tx: &mut Tx, ids: &[Uuid]) -> Result<View, Error> {
    loop {
        let row = query!(
            r#"select clock_timestamp() as "now!", here.timeline as "timeline!", e.began_at as "began_at?",
                (select count(*) from lock_claims) as "claims!",
                array(select id from lock_ends where id = any($1)) as "ended!"
            from (select ('x' || left(pg_walfile_name(pg_current_wal_flush_lsn()), 8))::bit(32)::int as timeline) as here
                left join lock_eras e using (timeline)"#,
            ids
        );
        let row = row.fetch_one(&mut *tx).await?;
        if let Some(began_at) = row.began_at {
            let at = Moment {
                now: row.now,
                timeline: row.timeline,
                began_at,
            };
            return Ok(View {
                at,
                ended: row.ended.into_iter().collect(),
                claims: usize::try_from(row.claims).unwrap_or(usize::MAX),
            });
        }
        // The first to come after a promotion. Whoever comes at the same time waits for this row.
        let begun = query!(
            "insert into lock_eras (timeline) values ($1) on conflict do nothing",
            row.timeline
        );
        begun.execute(&mut *tx).await?;
    }
}

/// Reads the clock.
///
/// # Errors
/// When the statement failed.
pub async fn now(tx: &mut Tx) -> Result<OffsetDateTime, Error> {
    let now = query_scalar!(r#"select clock_timestamp() as "now!""#);
    Ok(now.fetch_one(&mut *tx).await?)
}

/// Keeps what has become of `locks`, and draws a token for every new grant, in the order of the grants.
///
/// # Errors
/// When a statement failed.
pub async fn write(tx: &mut Tx, locks: &mut Locks) -> Result<(), Error> {
    remove(tx, locks).await?;
    let mut columns = Columns::default();
    for (name, lock) in &*locks {
        let changed = lock.claims.iter().filter(|claim| claim.changed);
        changed.for_each(|claim| columns.push(name, claim));
    }
    if columns.names.is_empty() {
        return Ok(());
    }
    // The rows of `unnest` come in their order, so the counters are drawn from in the order of coming.
    let written = query!(
        "insert into lock_claims (name, owner, id, attempt, instance, exclusive, ttl_ms, max_hold_ms, waits_until,
            granted_at, expires_at, timeline, place, token)
        select name, owner, id, attempt, instance, exclusive, ttl_ms, max_hold_ms, waits_until, granted_at, expires_at, timeline,
            coalesce(place, nextval('lock_places')),
            case when granted_at is not null then coalesce(token, nextval('lock_tokens')) end
        from unnest($1::text[], $2::text[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bool[], $7::bigint[], $8::bigint[],
            $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::int[], $13::bigint[], $14::bigint[])
            as new (name, owner, id, attempt, instance, exclusive, ttl_ms, max_hold_ms, waits_until, granted_at, expires_at,
                timeline, place, token)
        on conflict (name, owner) do update set id = excluded.id, attempt = excluded.attempt, instance = excluded.instance,
            exclusive = excluded.exclusive, ttl_ms = excluded.ttl_ms, max_hold_ms = excluded.max_hold_ms,
            waits_until = excluded.waits_until, granted_at = excluded.granted_at, expires_at = excluded.expires_at,
            timeline = excluded.timeline, place = excluded.place, token = excluded.token
        returning name, owner, place, token",
        &columns.names,
        &columns.owners,
        &columns.ids,
        &columns.attempts,
        &columns.instances,
        &columns.exclusive,
        &columns.ttls,
        &columns.max_holds as &[Option<i64>],
        &columns.waits_until,
        &columns.granted_at as &[Option<OffsetDateTime>],
        &columns.expires_at as &[Option<OffsetDateTime>],
        &columns.timelines as &[Option<i32>],
        &columns.places as &[Option<i64>],
        &columns.tokens as &[Option<i64>],
    );
    for row in written.fetch_all(&mut *tx).await? {
        let lock = locks.get_mut(&row.name);
        let claims = lock.into_iter().flat_map(|lock| &mut lock.claims);
        for claim in claims.filter(|claim| claim.owner == row.owner) {
            claim.place = Some(row.place);
            claim.changed = false;
            if let Some(lease) = &mut claim.lease {
                lease.token = row.token;
            }
        }
    }
    Ok(())
}

/// Removes the claims that are no more.
async fn remove(tx: &mut Tx, locks: &mut Locks) -> Result<(), Error> {
    let (mut names, mut owners) = (Vec::new(), Vec::new());
    for (name, lock) in locks {
        for owner in std::mem::take(&mut lock.gone) {
            // One that has come again is changed instead.
            if lock.of(&owner).is_none() {
                names.push(name.clone());
                owners.push(owner);
            }
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    let removed = query!(
        "delete from lock_claims where (name, owner) in (select * from unnest($1::text[], $2::text[]))",
        &names,
        &owners
    );
    removed.execute(&mut *tx).await?;
    Ok(())
}

/// Notes that these requests were released: they get nothing any more, however late they come.
///
/// # Errors
/// When the statement failed.
pub async fn end(tx: &mut Tx, ids: &[Uuid]) -> Result<(), Error> {
    if ids.is_empty() {
        return Ok(());
    }
    let ended = query!(
        "insert into lock_ends (id) select * from unnest($1::uuid[]) on conflict do nothing",
        ids
    );
    ended.execute(&mut *tx).await?;
    Ok(())
}

/// Finds those of `owners` who claim more than one lock: only they can wait in a circle.
///
/// # Errors
/// When the statement failed.
pub async fn crowded(tx: &mut Tx, owners: &[String]) -> Result<BTreeSet<String>, Error> {
    let found = query_scalar!(
        "select owner from lock_claims where owner = any($1) group by owner having count(*) > 1",
        owners
    );
    Ok(found.fetch_all(&mut *tx).await?.into_iter().collect())
}

impl Row {
    fn read(self) -> Claim {
        let lease = (|| {
            Some(Lease {
                token: Some(self.token?),
                granted_at: self.granted_at?,
                expires_at: self.expires_at?,
                timeline: self.timeline?,
            })
        })();
        let mode = [Mode::Shared, Mode::Exclusive][usize::from(self.exclusive)];
        Claim {
            owner: self.owner,
            id: self.id,
            attempt: self.attempt,
            instance: self.instance,
            alive_until: self.alive_until,
            mode,
            ttl: duration(self.ttl_ms),
            max_hold: self.max_hold_ms.map(duration),
            waits_until: self.waits_until,
            place: Some(self.place),
            lease,
            changed: false,
        }
    }
}

/// Claims, column by column.
#[derive(Default)]
struct Columns {
    names: Vec<String>,
    owners: Vec<String>,
    ids: Vec<Uuid>,
    attempts: Vec<Uuid>,
    instances: Vec<Uuid>,
    exclusive: Vec<bool>,
    ttls: Vec<i64>,
    max_holds: Vec<Option<i64>>,
    waits_until: Vec<OffsetDateTime>,
    granted_at: Vec<Option<OffsetDateTime>>,
    expires_at: Vec<Option<OffsetDateTime>>,
    timelines: Vec<Option<i32>>,
    places: Vec<Option<i64>>,
    tokens: Vec<Option<i64>>,
}

impl Columns {
    fn push(&mut self, name: &str, claim: &Claim) {
        let lease = claim.lease.as_ref();
        self.names.push(name.to_owned());
        self.owners.push(claim.owner.clone());
        self.ids.push(claim.id);
        self.attempts.push(claim.attempt);
        self.instances.push(claim.instance);
        self.exclusive.push(claim.mode == Mode::Exclusive);
        self.ttls.push(millis(claim.ttl));
        self.max_holds.push(claim.max_hold.map(millis));
        self.waits_until.push(claim.waits_until);
        self.granted_at.push(lease.map(|lease| lease.granted_at));
        self.expires_at.push(lease.map(|lease| lease.expires_at));
        self.timelines.push(lease.map(|lease| lease.timeline));
        self.places.push(claim.place);
        self.tokens.push(lease.and_then(|lease| lease.token));
    }
}

fn duration(millis: i64) -> Duration {
    Duration::from_millis(millis.unsigned_abs())
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
