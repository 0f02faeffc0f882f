//! A Redis of our own: a cache, so it keeps nothing on disk. Alone, or twice under Sentinels.

mod config;
mod door;
mod ha;
mod sentinel;
mod server;
mod talk;

use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

pub use ha::{RedisHa, RedisPlan};
pub use sentinel::{Sentinel, View};
pub use server::{RedisServer, Standing};

use self::door::Door;
use crate::process::LOOK;
use crate::{Error, Folder, Process, free_port};

/// How long it may take to answer its first PING.
const LIMIT: Duration = Duration::from_secs(10);

/// A running Redis on a free port of the loopback.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    port: u16,
    _folder: Folder,
}

impl Redis {
    /// Starts one, empty, and returns when it answers.
    ///
    /// # Errors
    /// When `redis-server` is not installed or does not come up.
    pub async fn start() -> Result<Self, Error> {
        let folder = Folder::scratch()?;
        let port = free_port()?;
        let text = config::server(folder.path(), &Door::Open, port);
        let file = config::write(folder.path(), "redis", &text)?;
        let process = Process::start("redis-server", config::launch(&file, false)?)?;
        let redis = Self {
            process,
            port,
            _folder: folder,
        };
        redis.ready().await?;
        Ok(redis)
    }

    /// Where it listens, as a URL.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its process, while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    /// Freezes it: connections stay open and nobody answers.
    pub fn pause(&self) {
        self.process.pause();
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.resume();
    }

    /// Kills it; all it knew is gone.
    pub async fn kill(&self) {
        self.process.kill().await;
    }

    /// Whether it runs.
    pub fn alive(&self) -> bool {
        self.process.alive()
    }

    /// Starts it again on the same port after it was killed, and returns when it answers.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn restart(&self) -> Result<(), Error> {
        self.process.start_again()?;
        self.ready().await
    }

    /// Ends it.
    pub async fn stop(&self) {
        self.process.stop(Signal::SIGTERM).await;
    }

    async fn ready(&self) -> Result<(), Error> {
        let end = Instant::now() + LIMIT;
        while !matches!(timeout(LIMIT, ping(self.port)).await, Ok(true)) {
            if !self.process.alive() || Instant::now() > end {
                return Err(self.process.late(LIMIT));
            }
            sleep(LOOK).await;
        }
        Ok(())
    }
}

async fn ping(port: u16) -> bool {
    let Ok(mut wire) = TcpStream::connect(("127.0.0.1", port)).await else {
        return false;
    };
    let mut answer = [0; 7];
    wire.write_all(b"PING\r\n").await.is_ok()
        && wire.read_exact(&mut answer).await.is_ok()
        && &answer == b"+PONG\r\n"
}
