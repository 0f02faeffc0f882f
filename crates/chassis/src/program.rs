//! The whole of a `main.rs`: what the program of a service can be asked to do.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::run::{WRONG_SETTING, run};
use crate::{Env, NotMigrated, Service, Wrong, healthcheck, migrate};

/// What the program is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// To be an instance of the service.
    Serve,
    /// To say whether the instance beside it is ready.
    Healthcheck,
    /// To bring the database up to date.
    Migrate,
}

/// Is the program of a service. By itself or with `serve` it is an instance of it until SIGTERM or Ctrl-C. With
/// `healthcheck` it asks the instance of the same settings whether it is ready, and answers by its exit code. With
/// `migrate` it brings the service's database up to date.
pub async fn main<S: Service>(
    name: &'static str,
    connect: impl FnOnce(&Env) -> Result<S, Wrong>,
) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match Wish::read(&words) {
        Some(Wish::Serve) => run(name, connect).await,
        Some(Wish::Healthcheck) => healthcheck(name).await,
        Some(Wish::Migrate) => migrate_now::<S>(name).await,
        None => {
            let words = words.join(" ");
            complain(
                name,
                &format_args!("`{words}` is neither `serve`, `healthcheck` nor `migrate`"),
            );
            ExitCode::from(WRONG_SETTING)
        }
    }
}

impl Wish {
    fn read(words: &[String]) -> Option<Self> {
        match words {
            [] => Some(Self::Serve),
            [word] => match word.as_str() {
                "serve" => Some(Self::Serve),
                "healthcheck" => Some(Self::Healthcheck),
                "migrate" => Some(Self::Migrate),
                _ => None,
            },
            _ => None,
        }
    }
}

async fn healthcheck(name: &str) -> ExitCode {
    match healthcheck::ask(&Env::process()).await {
        Ok(said) => {
            tell(name, &said);
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(name, &error);
            ExitCode::FAILURE
        }
    }
}

async fn migrate_now<S: Service>(name: &str) -> ExitCode {
    match migrate::run::<S>(Env::process()).await {
        Ok(()) => {
            tell(name, &"its database is up to date");
            ExitCode::SUCCESS
        }
        Err(error) => {
            complain(name, &error);
            error.into()
        }
    }
}

fn tell(name: &str, words: &impl Display) {
    let _ = writeln!(io::stdout(), "{name}: {words}");
}

fn complain(name: &str, words: &impl Display) {
    let _ = writeln!(io::stderr(), "{name}: {words}");
}

impl From<NotMigrated> for ExitCode {
    fn from(error: NotMigrated) -> Self {
        match error {
            NotMigrated::Wrong(_) | NotMigrated::KeepsNothing => Self::from(WRONG_SETTING),
            NotMigrated::Failed(_) => Self::FAILURE,
        }
    }
}
