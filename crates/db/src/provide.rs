//! Makes a database and the role that owns it, where they are missing.

use std::borrow::Cow;

use retry::Deadline;
use sqlx::error::DatabaseError;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, query, query_scalar};
use url::Url;

use crate::fault::{self, Kind};
use crate::migrate::{PAUSE, again};
use crate::{Db, Error, Settings, Why};

/// Who makes it at the same time waits here, and then finds it made. Let go of with the connection.
const LOCK: &str = "select pg_advisory_lock(hashtext('holdfast: provide'))";
const STANDBY: &str = "select pg_is_in_recovery()";
const ROLE: &str = "select exists (select from pg_roles where rolname = $1)";
const DATABASE: &str = "select exists (select from pg_database where datname = $1)";
const SUPERUSER: &str = "select rolsuper from pg_roles where rolname = current_user";

/// What is to be there.
struct Wanted {
    role: String,
    password: Option<String>,
    database: String,
}

/// Makes the database that `settings` name, and the role that comes to it, where they are missing, by whoever is let in at
/// `owners`. Several may do so at once. What is there stays as it is.
///
/// # Errors
/// When no primary was reached within `deadline`, or it refused.
pub async fn provide(
    settings: &Settings,
    owners: &[String],
    deadline: Deadline,
) -> Result<(), Error> {
    let wanted = Wanted::of(settings).ok_or(Error::NotTaken(Why::NoPrimary))?;
    let owners: Vec<PgConnectOptions> = owners
        .iter()
        .filter_map(|url| url.parse().ok())
        .map(PgConnectOptions::disable_statement_logging)
        .collect();
    again(deadline, PAUSE, || once(&wanted, &owners)).await
}

/// The database that `settings` name, brought up to the schema of `migrator`. Where it is missing it is made by whoever is let
/// in at `owners`, if there are any.
///
/// # Errors
/// As [`provide`] and [`Db::migrate`].
pub async fn prepare(
    settings: Settings,
    owners: &[String],
    migrator: &Migrator,
    deadline: Deadline,
) -> Result<Db, Error> {
    if !owners.is_empty() {
        provide(&settings, owners, deadline).await?;
    }
    let db = Db::connect(settings);
    db.migrate(migrator, deadline).await?;
    Ok(db)
}

async fn once(wanted: &Wanted, owners: &[PgConnectOptions]) -> Result<(), Error> {
    let mut why = Why::NoPrimary;
    for owner in owners {
        match at(wanted, owner).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(error) if is_final(&error) => return Err(error.into()),
            Err(error) => why = error.into(),
        }
    }
    Err(Error::NotTaken(why))
}

/// Whether asking again would not help: it was refused, or whoever asks is not let in.
fn is_final(error: &sqlx::Error) -> bool {
    let refusal = error.as_database_error();
    let code = refusal.and_then(DatabaseError::code);
    fault::kind(error) == Kind::Refused || code.is_some_and(|code| code.starts_with("28"))
}

/// Makes it there, unless it is no primary.
async fn at(wanted: &Wanted, owner: &PgConnectOptions) -> Result<bool, sqlx::Error> {
    let mut connection = PgConnection::connect_with(owner).await?;
    if query_scalar(STANDBY).fetch_one(&mut connection).await? {
        return Ok(false);
    }
    query(LOCK).execute(&mut connection).await?;
    wanted.role(&mut connection).await?;
    wanted.database(&mut connection).await?;
    connection.close().await?;
    Ok(true)
}

impl Wanted {
    fn of(settings: &Settings) -> Option<Self> {
        let url = settings.primaries.first()?;
        let options: PgConnectOptions = url.parse().ok()?;
        let role = options.get_username().to_owned();
        Some(Self {
            password: password(url),
            database: options.get_database().unwrap_or(&role).to_owned(),
            role,
        })
    }

    async fn role(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if there(connection, ROLE, &self.role).await? {
            return Ok(());
        }
        let role = name(&self.role);
        let password = self.password.as_deref().map(text);
        let password = password.map(|text| format!(" password {text}"));
        let password = password.unwrap_or_default();
        run(connection, format!("create role {role} login{password}")).await?;
        // By it a service knows how far a standby has got.
        run(connection, format!("grant pg_read_all_stats to {role}")).await?;
        let superuser: bool = query_scalar(SUPERUSER).fetch_one(&mut *connection).await?;
        if !superuser {
            // Nobody else gives a database away to a role that they are not in.
            run(connection, format!("grant {role} to current_user")).await?;
        }
        Ok(())
    }

    async fn database(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        if there(connection, DATABASE, &self.database).await? {
            return Ok(());
        }
        let (database, role) = (name(&self.database), name(&self.role));
        run(
            connection,
            format!("create database {database} owner {role}"),
        )
        .await
    }
}

async fn there(
    connection: &mut PgConnection,
    asked: &'static str,
    name: &str,
) -> Result<bool, sqlx::Error> {
    query_scalar(asked).bind(name).fetch_one(connection).await
}

/// What makes roles and databases takes no parameters: names and texts in it are quoted by [`name`] and [`text`].
async fn run(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql);
    sqlx::raw_sql(sql).execute(connection).await.map(drop)
}

fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// With a backslash in it a text means something else, unless it says that it does not.
fn text(text: &str) -> String {
    format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// The password of a URL, in its own letters.
fn password(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let pair = format!("p={}", url.password()?.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs.next().map(|(_, password)| Cow::into_owned(password))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_read_as_the_driver_reads_it() {
        for (written, password) in [
            ("plain", "plain"),
            ("a%2Fb%40c", "a/b@c"),
            ("a+b%20c", "a+b c"),
            ("x%26y%3Dz", "x&y=z"),
        ] {
            let url = format!("postgres://order:{written}@127.0.0.1/order");

            assert_eq!(super::password(&url).as_deref(), Some(password));
        }
    }

    #[test]
    fn names_and_texts_end_only_where_they_end() {
        assert_eq!(name(r#"a"b"#), r#""a""b""#);
        assert_eq!(text(r"a'b\"), r"E'a''b\\'");
    }
}
