//! Plain HTTP at a door where TLS is spoken: it is told so, since most clients show nothing of a failed handshake.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// What a TLS connection begins with: a record of its handshake.
const HANDSHAKE: u8 = 22;
/// How long a client may take to begin, and to hear what it is told.
const LIMIT: Duration = Duration::from_secs(5);
/// How much of what a client says is taken off the connection, so that it is not broken before the client has read.
const MOST: u64 = 64 * 1024;

const SAYS: &str = "HTTP/1.1 400 Bad Request\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    content-length: 52\r\n\
    connection: close\r\n\r\n\
    This door speaks HTTPS. Ask with https:// in front.\n";

/// Lets a client go on who speaks TLS, or goes away.
///
/// # Errors
/// When it speaks something else, which it has been told then.
pub(crate) async fn turn_away(stream: &mut TcpStream) -> io::Result<()> {
    let mut first = [HANDSHAKE];
    timeout(LIMIT, stream.peek(&mut first)).await??;
    if first == [HANDSHAKE] {
        return Ok(());
    }
    stream.write_all(SAYS.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(MOST);
    let heard = async { tokio::io::copy(&mut rest, &mut tokio::io::sink()).await };
    timeout(LIMIT, heard).await??;
    Err(io::Error::new(
        io::ErrorKind::InvalidData,
        "plain HTTP where TLS is spoken",
    ))
}
