//! What operators say: of services, and of instances.

use db::Tx;
use sqlx::types::Json;
use sqlx::{query, query_as, query_scalar};
use time::OffsetDateTime;

use crate::domain::allowance::Allowance;

/// What is said of a service.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The name of the service.
    pub service: String,
    /// What operators say of it.
    pub allowance: Json<Allowance>,
    /// Counts the changes.
    pub version: i64,
    /// When it was changed last.
    pub updated_at: OffsetDateTime,
}

/// What is said of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Its name.
    pub instance: String,
    /// How many calls it gets.
    pub weight: i32,
    /// Whether it gets no new calls.
    pub drained: bool,
    /// Counts what was said.
    pub version: i64,
}

/// The number of changes of all that is said. Whoever changes something calls [`change`] first.
///
/// # Errors
/// When the statement failed.
pub async fn revision(tx: &mut Tx) -> Result<i64, db::Error> {
    let revision = query_scalar!("select revision from said");
    Ok(revision.fetch_one(&mut *tx).await?)
}

/// Counts a change. Held until the commit, so that revisions are seen in the order in which they were made.
///
/// # Errors
/// When the statement failed.
pub async fn change(tx: &mut Tx) -> Result<(), db::Error> {
    let counted = query!("update said set revision = revision + 1");
    counted.execute(&mut *tx).await?;
    Ok(())
}

/// Lists what is said of services, by name.
///
/// # Errors
/// When the statement failed.
pub async fn resources(tx: &mut Tx) -> Result<Vec<Resource>, db::Error> {
    let found = query_as!(
        Resource,
        r#"select service, allowance as "allowance: Json<Allowance>", version, updated_at from resources order by service"#
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Finds what is said of a service.
///
/// # Errors
/// When the statement failed.
pub async fn resource(tx: &mut Tx, service: &str) -> Result<Option<Resource>, db::Error> {
    let found = query_as!(
        Resource,
        r#"select service, allowance as "allowance: Json<Allowance>", version, updated_at from resources where service = $1"#,
        service
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Says something else of a service, if `version` is still current: check and change are one statement.
///
/// # Errors
/// When the statement failed.
pub async fn allow(
    tx: &mut Tx,
    service: &str,
    version: i64,
    allowance: &Allowance,
) -> Result<Option<Resource>, db::Error> {
    let changed = query_as!(
        Resource,
        r#"update resources set allowance = $3, version = version + 1, updated_at = now()
        where service = $1 and version = $2
        returning service, allowance as "allowance: Json<Allowance>", version, updated_at"#,
        service,
        version,
        Json(allowance) as Json<&Allowance>
    );
    Ok(changed.fetch_optional(&mut *tx).await?)
}

/// Lists what is said of instances, by name.
///
/// # Errors
/// When the statement failed.
pub async fn adjustments(tx: &mut Tx) -> Result<Vec<Adjustment>, db::Error> {
    let found = query_as!(
        Adjustment,
        "select instance, weight, drained, version from adjustments order by instance"
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Finds what is said of an instance.
///
/// # Errors
/// When the statement failed.
pub async fn adjustment(tx: &mut Tx, instance: &str) -> Result<Option<Adjustment>, db::Error> {
    let found = query_as!(
        Adjustment,
        "select instance, weight, drained, version from adjustments where instance = $1",
        instance
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Says something else of an instance, if `version` is still current; 1 is that of one of which nothing was said.
///
/// # Errors
/// When the statement failed.
pub async fn adjust(tx: &mut Tx, wanted: &Adjustment) -> Result<Option<Adjustment>, db::Error> {
    let changed = query_as!(
        Adjustment,
        "insert into adjustments as a (instance, weight, drained)
        select $1, $2, $3 where $4::bigint = 1 or exists (select 1 from adjustments where instance = $1)
        on conflict (instance) do update
        set weight = $2, drained = $3, version = a.version + 1, updated_at = now()
        where a.version = $4
        returning instance, weight, drained, version",
        wanted.instance,
        wanted.weight,
        wanted.drained,
        wanted.version
    );
    Ok(changed.fetch_optional(&mut *tx).await?)
}

/// Forgets instances of which nothing is said any more.
///
/// # Errors
/// When the statement failed.
pub async fn prune(tx: &mut Tx) -> Result<(), db::Error> {
    let pruned = query!(
        "delete from adjustments where weight = 100 and not drained and updated_at < now() - interval '30 days'"
    );
    pruned.execute(&mut *tx).await?;
    Ok(())
}
