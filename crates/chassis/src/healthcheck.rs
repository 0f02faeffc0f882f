//! Asks the instance beside this process whether it is ready: what a container runs, which has neither shell nor curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::admin::READY;
use crate::{Env, Wrong};

/// How long the instance may take to say so: longer than it gives what it asks in turn.
const LIMIT: Duration = Duration::from_secs(2);
/// How much of an answer is read: a page of ours is shorter.
const ANSWER: u64 = 16 * 1024;

/// Why an instance does not count as ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReady {
    #[error(transparent)]
    Wrong(#[from] Wrong),
    #[error("nobody answers at {0}")]
    Silent(SocketAddr),
    #[error("it is not ready: {0}")]
    Says(String),
}

/// What the instance of `env` says of itself.
pub(crate) async fn ask(env: &Env) -> Result<String, NotReady> {
    let addr = near(env.get("ADMIN_LISTEN")?);
    let answer = tokio::time::timeout(LIMIT, get(addr)).await;
    let Ok(Ok(answer)) = answer else {
        return Err(NotReady::Silent(addr));
    };
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    if head.split(' ').nth(1) == Some("200") {
        Ok(body.to_owned())
    } else {
        Err(NotReady::Says(body.to_owned()))
    }
}

/// Where an instance that listens at `listen` is reached from beside it.
fn near(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

async fn get(addr: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(addr).await?;
    let request = format!("GET {READY} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(ANSWER).read_to_string(&mut answer).await?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_on_the_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:9090", "127.0.0.1:9090"),
            ("[::]:9090", "[::1]:9090"),
            ("10.0.0.7:9090", "10.0.0.7:9090"),
        ] {
            let near = near(listen.parse().unwrap());
            assert_eq!(near, asked.parse().unwrap());
        }
    }
}
