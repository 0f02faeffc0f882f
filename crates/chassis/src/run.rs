//! A service from its start to the signal that ends it.

use std::io::{self, Write as _};
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{Env, NotStarted, Service, Wrong, start};

/// `EX_USAGE`: the settings are wrong, and starting again will not help.
pub(crate) const WRONG_SETTING: u8 = 64;

/// Runs a service until SIGTERM or Ctrl-C. A wrong setting is one sentence and exit code 64.
pub async fn run<S: Service>(
    name: &'static str,
    connect: impl FnOnce(&Env) -> Result<S, Wrong>,
) -> ExitCode {
    // Heard from here on: a signal that comes during the start ends it in order too.
    let mut signals = Signals::new();
    let running = match start(name, Env::process(), connect).await {
        Ok(running) => running,
        Err(refused) => {
            let _ = writeln!(io::stderr(), "{name}: {refused}");
            return refused.into();
        }
    };
    let broken = tokio::select! {
        () = signals.heard() => false,
        () = running.ended() => true,
    };
    let telemetry = running.telemetry.clone();
    running.stop().await;
    telemetry.shutdown().await;
    if broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// The signals that ask a process to end.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn new() -> Self {
        let listen = |kind| signal(kind).expect("every unix has these signals");
        Self {
            term: listen(SignalKind::terminate()),
            int: listen(SignalKind::interrupt()),
        }
    }

    async fn heard(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

impl From<NotStarted> for ExitCode {
    fn from(refused: NotStarted) -> Self {
        match refused {
            NotStarted::Wrong(_) => Self::from(WRONG_SETTING),
            NotStarted::Bind { .. } => Self::FAILURE,
        }
    }
}
