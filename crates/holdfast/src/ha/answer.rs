//! Whether somebody answers at an address at all.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an answer may take.
const ASK: Duration = Duration::from_secs(1);

/// Whether whoever listens at `addr` says something when spoken to. A frozen process takes connections and says nothing; a
/// server of HTTP or of Redis says at least that it did not understand.
pub(super) async fn answers(addr: SocketAddr) -> bool {
    let spoken = async {
        let mut wire = TcpStream::connect(addr).await?;
        wire.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
        wire.read_u8().await
    };
    matches!(timeout(ASK, spoken).await, Ok(Ok(_)))
}
