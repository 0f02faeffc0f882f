//! Hears whether somebody is there: one question to one address, on a connection that is kept for the next one.

mod line;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;

use crate::Network;
use crate::line::Way;
use crate::tls;

/// How long making a connection may take: within one site it takes a millisecond, and a lost packet is sent again by then.
const CONNECT: Duration = Duration::from_secs(1);
/// In answers to such questions: which life of the process it is that answers.
pub const INCARNATION: &str = "incarnation";
/// In answers to such questions: that the process is about to end in order.
pub const DRAINING: &str = "draining";

/// How somebody is asked whether they are there.
#[derive(Clone)]
pub enum Manner {
    /// For their health, over gRPC, as one of a service.
    Grpc {
        /// Which service.
        service: &'static str,
        /// How TLS is spoken; without it, none is.
        tls: Option<tls::Configs>,
    },
    /// For a page, over HTTP/1.1.
    Http {
        /// Which page.
        path: String,
        /// How TLS is spoken, and by which name they have to prove themselves; without it, none is.
        tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
        /// Whether they expect a PROXY header: it says that the connection is the asker's own.
        proxied: bool,
    },
    /// For nothing: that they take connections is enough.
    Tcp,
}

/// What was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// They answered, whatever it was.
    Answer(Answer),
    /// Nobody listens there.
    Refused,
    /// Nothing came back, not even on the way to a connection.
    Unreachable,
    /// The connection was taken, and nothing was said on it in time.
    Silent,
    /// The connection was taken, and broken; or what was said on it was no answer.
    Broken,
}

/// What they said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Which life of the process it is, where it says so.
    pub incarnation: Option<String>,
    /// Whether it is about to end in order.
    pub draining: bool,
    /// What it said.
    pub body: Bytes,
}

/// Asks one address, again and again.
pub struct Pulse {
    addr: Authority,
    manner: Manner,
    kept: Option<line::Line>,
}

impl Pulse {
    /// Stands ready to ask at `addr`.
    pub fn new(addr: Authority, manner: Manner) -> Self {
        Self {
            addr,
            manner,
            kept: None,
        }
    }

    /// Asks, and hears what comes back within `patience`; `wait` lets time pass. A connection that nothing was heard on is
    /// given up, so that the next question tells a peer that stands still from one that cannot be reached.
    pub async fn beat<F>(&mut self, patience: Duration, wait: impl Fn(Duration) -> F) -> Heard
    where
        F: Future<Output = ()>,
    {
        let kept = self.kept.is_some();
        let mut heard = self.ask(patience, &wait).await;
        if kept && heard == Heard::Broken {
            // That an old connection has ended tells nothing of who is there now.
            heard = self.ask(patience, &wait).await;
        }
        heard
    }

    async fn ask<F>(&mut self, patience: Duration, wait: &impl Fn(Duration) -> F) -> Heard
    where
        F: Future<Output = ()>,
    {
        let line = match self.kept.take() {
            Some(line) => Some(line),
            None => match self.reach(wait).await {
                Ok(socket) => {
                    if matches!(self.manner, Manner::Tcp) {
                        return Heard::Answer(Answer::default());
                    }
                    let opening = line::open(socket, &self.addr, &self.manner);
                    tokio::select! {
                        biased;
                        opened = opening => opened.ok(),
                        () = wait(patience) => return Heard::Silent,
                    }
                }
                Err(heard) => return heard,
            },
        };
        let Some(mut line) = line else {
            return Heard::Broken;
        };
        let answered = tokio::select! {
            biased;
            answered = line.ask(&self.addr, &self.manner) => answered,
            () = wait(patience) => return Heard::Silent,
        };
        match answered {
            Ok(answer) => {
                self.kept = Some(line);
                Heard::Answer(answer)
            }
            Err(_) => Heard::Broken,
        }
    }

    async fn reach<F>(&self, wait: &impl Fn(Duration) -> F) -> Result<TcpStream, Heard>
    where
        F: Future<Output = ()>,
    {
        tokio::select! {
            biased;
            reached = TcpStream::connect(self.addr.as_str()) => reached.map_err(|error| not_reached(&error)),
            () = wait(CONNECT) => Err(Heard::Unreachable),
        }
    }
}

impl Manner {
    /// As `way` has it.
    fn way(&self) -> Option<Way> {
        match self {
            Self::Grpc { service, tls } => Some(Way {
                service,
                tls: tls.clone(),
                network: Network::default(),
            }),
            Self::Http { .. } | Self::Tcp => None,
        }
    }
}

fn not_reached(error: &io::Error) -> Heard {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Heard::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Heard::Broken,
        _ => Heard::Unreachable,
    }
}

impl fmt::Debug for Pulse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pulse").field(&self.addr).finish()
    }
}
