//! Ctrl-C and SIGTERM: how a person or a script asks what runs here to end.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Hears both from the moment it is made; before that, either ends the process at once.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Make it before saying that one may ask.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits until somebody asks. Safe to cancel.
    pub(crate) async fn heard(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
