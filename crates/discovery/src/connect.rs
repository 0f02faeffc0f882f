//! Connects to one instance, and believes in the connection once it has answered.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::Uri;
use http::uri::Authority;
use http_body_util::Full;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::body::Body;

use crate::Stream;
use crate::line::Way;
use crate::tls;

/// A connection within one site takes a millisecond; a second lets a lost packet be sent again.
const CONNECT: Duration = Duration::from_secs(1);
/// A peer that was silent for this long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(1);
/// A peer that does not say so within this time is given up, and all calls on its connection with it.
const REPLY: Duration = Duration::from_secs(1);
/// An empty message of gRPC: not compressed, no bytes.
const EMPTY_MESSAGE: &[u8] = &[0; 5];

/// An open connection: where to send, and the task that ends with it.
pub(crate) struct Connection {
    pub(crate) sender: SendRequest<Body>,
    pub(crate) ended: JoinHandle<()>,
}

/// Connects to `addr` by `way`, within a second.
pub(crate) async fn connect(addr: &Authority, way: &Way) -> io::Result<Connection> {
    let connection = async {
        let mut connection = open(addr, way).await?;
        prove(addr, way, &mut connection.sender).await?;
        Ok(connection)
    };
    tokio::time::timeout(CONNECT, connection).await?
}

async fn open(addr: &Authority, way: &Way) -> io::Result<Connection> {
    if let Some(opening) = way.network.open(addr) {
        return secure(opening.await?, way).await;
    }
    let socket = TcpStream::connect(addr.as_str()).await?;
    socket.set_nodelay(true)?;
    secure(socket, way).await
}

async fn secure<S: Stream + 'static>(socket: S, way: &Way) -> io::Result<Connection> {
    match &way.tls {
        None => speak(socket).await,
        Some(configs) => speak(tls::over(socket, way.service, configs).await?).await,
    }
}

async fn speak<S: Stream + 'static>(socket: S) -> io::Result<Connection> {
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(SILENCE)
        .keep_alive_timeout(REPLY)
        .keep_alive_while_idle(true)
        .handshake(TokioIo::new(socket))
        .await
        .map_err(io::Error::other)?;
    let ended = tokio::spawn(async move {
        // Why it broke is said by the calls that were on it.
        let _ = connection.await;
    });
    Ok(Connection { sender, ended })
}

/// Asks for the peer's health, whatever the answer. The kernel of a frozen process still accepts connections, so only
/// an answer shows that somebody is there.
async fn prove(addr: &Authority, way: &Way, sender: &mut SendRequest<Body>) -> io::Result<()> {
    let answered = sender.send_request(health(addr, way)?).await;
    answered.map(drop).map_err(io::Error::other)
}

/// The question for the health of whoever is at `addr`.
pub(crate) fn health(addr: &Authority, way: &Way) -> io::Result<http::Request<Body>> {
    let uri = Uri::builder()
        .scheme(way.scheme())
        .authority(addr.clone())
        .path_and_query("/grpc.health.v1.Health/Check")
        .build()
        .map_err(io::Error::other)?;
    http::Request::post(uri)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new(Full::new(Bytes::from_static(EMPTY_MESSAGE))))
        .map_err(io::Error::other)
}
