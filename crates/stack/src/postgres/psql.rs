//! The way into a server as its superuser.

use std::ffi::OsStr;

use super::SUPERUSER;
use super::binaries::Binaries;
use super::passwords::Passwords;
use crate::tls::written;
use crate::{Error, Tls};

/// The way into the server at a port, as its superuser.
#[derive(Debug, Clone)]
pub(crate) struct Psql {
    binaries: Binaries,
    passwords: Option<Passwords>,
    port: u16,
    tls: Option<Tls>,
    options: &'static str,
}

impl Psql {
    /// Leads to the server at `port`. What it commits waits for the standby.
    pub(crate) fn at(binaries: &Binaries, passwords: Option<Passwords>, port: u16) -> Self {
        Self {
            binaries: binaries.clone(),
            passwords,
            port,
            tls: None,
            options: "",
        }
    }

    /// The same over TLS, to nobody but the server that `tls` is of.
    pub(crate) fn over(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// The same to the server at `port`.
    pub(crate) fn through(self, port: u16) -> Self {
        Self { port, ..self }
    }

    /// The same, without waiting for the standby.
    pub(crate) fn hasty(self) -> Self {
        let options = "-c synchronous_commit=local";
        Self { options, ..self }
    }

    /// Runs `sql` in `database`; answers its rows, unaligned.
    pub(crate) async fn run(&self, database: &str, sql: &str) -> Result<String, Error> {
        let port = self.port.to_string();
        let mut env = vec![
            ("PGOPTIONS", OsStr::new(self.options)),
            ("PGCONNECT_TIMEOUT", OsStr::new("10")),
        ];
        env.extend(self.passwords.iter().flat_map(Passwords::env));
        env.extend(self.tls.iter().flat_map(Tls::env));
        let how = ["-XAtq", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"];
        let what = ["-p", &port, "-U", SUPERUSER, "-d", database, "-c", sql];
        let args = how.into_iter().chain(what);
        self.binaries.run("psql", None, &env, args).await
    }

    /// The URL by which libpq's programs come the same way. The password is in a file that it names.
    pub(crate) fn url_by_file(&self, database: &str) -> String {
        let url = format!("postgres://{SUPERUSER}@127.0.0.1:{}/{database}", self.port);
        let tls = self.tls.as_ref().map(Tls::query);
        let passfile = self.passwords.as_ref().map(|all| {
            let path = written(all.file());
            let sign = if tls.is_some() { '&' } else { '?' };
            format!("{sign}passfile={path}")
        });
        url + &tls.unwrap_or_default() + &passfile.unwrap_or_default()
    }

    /// The URL by which any client comes the same way, password included.
    pub(crate) fn url(&self, database: &str) -> String {
        let password = self.passwords.as_ref().and_then(|all| all.of(SUPERUSER));
        let password = password.map(|password| format!(":{password}"));
        let tls = self.tls.as_ref().map(Tls::query).unwrap_or_default();
        format!(
            "postgres://{SUPERUSER}{}@127.0.0.1:{}/{database}{tls}",
            password.unwrap_or_default(),
            self.port
        )
    }

    /// Makes the role `name` and the database `name` that it owns, where they are not there yet.
    pub(crate) async fn provide(&self, name: &str) -> Result<(), Error> {
        let asked = format!("select 1 from pg_roles where rolname = '{name}'");
        if self.run("postgres", &asked).await?.is_empty() {
            let secret = self.passwords.as_ref().map(|all| all.of_or_new(name));
            let secret = secret.transpose()?.unwrap_or_else(|| name.to_owned());
            let make = format!(r#"create role "{name}" login password '{secret}'"#);
            self.run("postgres", &make).await?;
            let grant = format!(r#"grant pg_read_all_stats to "{name}""#);
            self.run("postgres", &grant).await?;
        }
        let asked = format!("select 1 from pg_database where datname = '{name}'");
        if self.run("postgres", &asked).await?.is_empty() {
            let make = format!(r#"create database "{name}" owner "{name}""#);
            self.run("postgres", &make).await?;
        }
        Ok(())
    }
}
