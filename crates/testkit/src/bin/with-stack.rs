//! Runs a command with a Postgres pair beside it, which all its tests share.
//!
//! `with-stack -- cargo test --workspace`, or `with-stack --migrated -- CMD`, where CMD finds a migrated database of
//! each service in `USER_DATABASE_URL`, `ORDER_DATABASE_URL`, `NEWS_DATABASE_URL` and `CONTROL_DATABASE_URL`.

use std::env::args;
use std::process::ExitCode;

use anyhow::Context;
use stack::{Options, Postgres};
use testkit::{Database, STACK, Seat, database_on};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// The services that keep data.
const KEEPERS: [&str; 4] = ["user", "order", "news", "control"];

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let mut words = args().skip(1).peekable();
    let migrated = words.next_if(|word| word == "--migrated").is_some();
    let _ = words.next_if(|word| word == "--");
    let program = words.next().context("with-stack [--migrated] -- COMMAND")?;

    let pair = Postgres::start(Options::scratch()?).await?;
    let seat = Seat::of(&pair);
    let mut command = Command::new(&program);
    command.args(words).env(STACK, seat.written());
    let databases = if migrated {
        provide(&seat, &mut command).await
    } else {
        Vec::new()
    };
    let code = run(command).await.with_context(|| program)?;

    drop(databases);
    Ok(code)
}

/// Makes a database of each service and tells `command` of it.
async fn provide(seat: &Seat, command: &mut Command) -> Vec<Database> {
    let mut made = Vec::new();
    for name in KEEPERS {
        let database = database_on(seat, name).await;
        command.env(
            format!("{}_DATABASE_URL", name.to_uppercase()),
            database.url(),
        );
        made.push(database);
    }
    made
}

/// Runs `command` to its end. Ctrl-C reaches it without us: we only wait for it, so that the pair outlives it.
async fn run(mut command: Command) -> anyhow::Result<ExitCode> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut child = command.kill_on_drop(true).spawn()?;
    loop {
        tokio::select! {
            ended = child.wait() => {
                let code = ended?.code().and_then(|code| u8::try_from(code).ok());
                return Ok(code.map_or(ExitCode::FAILURE, ExitCode::from));
            }
            _ = interrupt.recv() => {}
            _ = terminate.recv() => return Ok(ExitCode::FAILURE),
        }
    }
}
