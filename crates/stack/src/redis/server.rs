//! One of two Redis that stand in for each other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ::redis::Role;
use futures::future::BoxFuture;
use tokio::time::{Instant, sleep};

use super::door::Door;
use super::{config, talk};
use crate::process::LOOK;
use crate::{Error, Process, Ward, Wire};

/// How long a server that has ended waits for the other one to take over, before it leads again.
const SWITCH: Duration = Duration::from_secs(10);

/// How long the other one may be silent until it counts as gone.
const ALONE: Duration = Duration::from_secs(2);

/// Where a server answers.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) name: String,
    pub(super) port: u16,
    pub(super) wire: Option<Wire>,
}

impl Seat {
    /// Where others find it.
    pub(super) fn shown(&self) -> u16 {
        let wire = self.wire.as_ref();
        wire.map_or(self.port, |wire| wire.addr().port())
    }
}

/// One of two Redis that stand in for each other.
#[derive(Debug)]
pub struct RedisServer {
    seat: Seat,
    /// Where the other one is found.
    other: u16,
    sentinels: Arc<[u16]>,
    door: Arc<Door>,
    folder: PathBuf,
    process: Process,
}

/// How a server stands to the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes writes.
    Primary,
    /// It follows the server at that port.
    Replica {
        /// Whom it follows.
        of: u16,
        /// Whether it is connected, and has all that was there before.
        connected: bool,
        /// How many bytes it has received.
        offset: u64,
    },
    /// It does not answer.
    Silent,
}

impl RedisServer {
    /// Starts the one at `seat`, empty, which follows the other one or leads.
    pub(super) fn start(
        seat: Seat,
        other: u16,
        follows: bool,
        sentinels: Arc<[u16]>,
        door: Arc<Door>,
        folder: &Path,
    ) -> Result<Self, Error> {
        let follows = follows.then_some(other);
        let text = config::replicated(folder, &door, seat.port, seat.shown(), follows);
        let launch = config::launch(&config::write(folder, &seat.name, &text)?, false)?;
        let process = Process::start(&seat.name, launch)?;
        let folder = folder.to_owned();
        Ok(Self {
            seat,
            other,
            sentinels,
            door,
            folder,
            process,
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.seat.name
    }

    /// Where it is found.
    pub fn port(&self) -> u16 {
        self.seat.shown()
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// The wire over which it is found, where there is one.
    pub fn wire(&self) -> Option<&Wire> {
        self.seat.wire.as_ref()
    }

    /// How it stands to the other one, by its own word.
    pub async fn standing(&self) -> Standing {
        match talk::role(&self.door, self.port()).await {
            Some(Role::Primary { .. }) => Standing::Primary,
            Some(Role::Replica {
                primary_port,
                replication_state,
                data_received,
                ..
            }) => Standing::Replica {
                of: primary_port,
                connected: replication_state == "connected",
                offset: data_received,
            },
            _ => Standing::Silent,
        }
    }

    /// How much it has written to whoever follows it, in bytes; nothing, if it does not lead.
    pub(super) async fn written(&self) -> Option<u64> {
        match talk::role(&self.door, self.port()).await? {
            Role::Primary {
                replication_offset, ..
            } => Some(replication_offset),
            _ => None,
        }
    }

    /// Says `words` to it; nothing, if it does not answer or refuses.
    pub(super) async fn told(&self, words: &[&str]) -> Option<()> {
        talk::ask(&self.door, self.port(), words).await
    }

    /// Starts it again after it has ended, when that does no harm.
    ///
    /// # Errors
    /// When its file cannot be written, or it does not start.
    pub async fn restart(&self) -> Result<(), Error> {
        self.find_place().await?;
        self.process.start_again()
    }

    /// Waits until a restart does no harm, and writes down whom it follows then.
    ///
    /// It knows nothing when it comes back. As the primary, which it would be if it came before it is missed, it would have
    /// its replica forget all as well. So it stays away until the other one leads, if that can.
    async fn find_place(&self) -> Result<(), Error> {
        let began = Instant::now();
        let mut heard = began;
        let follows = loop {
            let (named, other) = tokio::join!(
                talk::named(&self.door, &self.sentinels),
                talk::role(&self.door, self.other)
            );
            if other.is_some() {
                heard = Instant::now();
            }
            match (named, other) {
                (Some(named), _) if named != self.port() => break Some(named),
                (None, Some(Role::Primary { .. })) => break Some(self.other),
                // Nobody is there who could take over.
                (_, None) if heard.elapsed() > ALONE => break None,
                _ if began.elapsed() > SWITCH => break None,
                _ => sleep(LOOK).await,
            }
        };
        let (port, shown) = (self.seat.port, self.port());
        let text = config::replicated(&self.folder, &self.door, port, shown, follows);
        config::write(&self.folder, self.name(), &text).map(drop)
    }
}

impl Ward for RedisServer {
    fn process(&self) -> &Process {
        &self.process
    }

    fn before_restart(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Err(error) = self.find_place().await {
                tracing::warn!(name = self.name(), %error, "it starts as it did before");
            }
        })
    }
}
