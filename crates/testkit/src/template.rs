//! A migrated database per service, made once per cluster; every test gets a copy.

use std::path::Path;

use anyhow::Context;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection, query, query_scalar};

use crate::Seat;

/// Makes the template of service `name` where it is not there yet, and answers what it is called. The name holds a
/// sum of the migrations, so an edited one makes a template of its own.
pub(crate) async fn ready(seat: &Seat, name: &str) -> anyhow::Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../migrations")
        .join(name);
    let migrator = Migrator::new(folder.as_path()).await;
    let migrator = migrator.with_context(|| format!("reading {}", folder.display()))?;
    let template = format!("template_{name}_{:08x}", sum(&migrator));
    let mut superuser = seat.superuser("postgres").await?;
    if !found(&mut superuser, &template).await? {
        // Test processes come at once; the second one waits for the first, and then finds it.
        query("select pg_advisory_lock(hashtext('template'))")
            .execute(&mut superuser)
            .await?;
        if !found(&mut superuser, &template).await? {
            make(seat, &mut superuser, name, &template, &migrator).await?;
        }
    }
    superuser.close().await?;
    Ok(template)
}

async fn make(
    seat: &Seat,
    superuser: &mut PgConnection,
    name: &str,
    template: &str,
    migrator: &Migrator,
) -> anyhow::Result<()> {
    role(superuser, name).await?;
    // Under another name until it is migrated, so that nobody copies half of it.
    let draft = format!("draft_{name}");
    run(
        superuser,
        format!(r#"drop database if exists "{draft}" with (force)"#),
    )
    .await?;
    run(
        superuser,
        format!(r#"create database "{draft}" owner "{name}""#),
    )
    .await?;
    let url = format!("postgres://{name}@{}/{draft}", seat.primary);
    let mut owner = PgConnection::connect(&url).await?;
    let migrated = migrator.run_direct(None, &mut owner, false).await;
    migrated.with_context(|| format!("migrating the database of {name}"))?;
    owner.close().await?;
    run(
        superuser,
        format!(r#"alter database "{draft}" rename to "{template}""#),
    )
    .await
}

/// Makes the role that owns the database of service `name`.
async fn role(superuser: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    let asked = query_scalar("select exists (select from pg_roles where rolname = $1)");
    if !asked.bind(name).fetch_one(&mut *superuser).await? {
        run(
            superuser,
            format!(r#"create role "{name}" login password '{name}'"#),
        )
        .await?;
        run(superuser, format!(r#"grant pg_read_all_stats to "{name}""#)).await?;
    }
    Ok(())
}

async fn found(superuser: &mut PgConnection, template: &str) -> anyhow::Result<bool> {
    let asked = query_scalar("select exists (select from pg_database where datname = $1)");
    Ok(asked.bind(template).fetch_one(superuser).await?)
}

/// Runs a statement that takes no parameters, as those which make databases do not.
pub(crate) async fn run(connection: &mut PgConnection, sql: String) -> anyhow::Result<()> {
    query(AssertSqlSafe(sql.clone()))
        .execute(connection)
        .await
        .with_context(|| sql)
        .map(drop)
}

/// FNV-1a over the migrations' own sums.
fn sum(migrator: &Migrator) -> u32 {
    let bytes = migrator
        .iter()
        .flat_map(|migration| migration.checksum.iter());
    bytes.fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
