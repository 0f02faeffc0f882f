//! One connection over which somebody is asked whether they are there.

use std::io;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tonic::body::Body;

use super::{Answer, DRAINING, INCARNATION, Manner};
use crate::connect::health;
use crate::tls;

/// How much of an answer is read: what tells of a database cluster is shorter.
const MOST: usize = 64 * 1024;
/// A PROXY header of version 2 that says `LOCAL`: nobody stands behind this connection but who makes it.
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/// An open connection, and the task that carries it.
pub(super) struct Line {
    sender: Sender,
    carrier: JoinHandle<()>,
}

enum Sender {
    Grpc(http2::SendRequest<Body>),
    Http(http1::SendRequest<Empty<Bytes>>),
}

/// Speaks over `socket` as `manner` says. There is no keep-alive: an answer that is late is one to be heard.
pub(super) async fn open(
    mut socket: TcpStream,
    addr: &Authority,
    manner: &Manner,
) -> io::Result<Line> {
    socket.set_nodelay(true)?;
    match manner {
        Manner::Grpc { tls: None, .. } => grpc(socket).await,
        Manner::Grpc {
            service,
            tls: Some(configs),
        } => grpc(tls::over(socket, service, configs).await?).await,
        Manner::Http { tls, proxied, .. } => {
            if *proxied {
                socket.write_all(LOCAL).await?;
            }
            match tls {
                None => http(socket).await,
                Some((config, name)) => {
                    let connector = TlsConnector::from(config.clone());
                    http(connector.connect(name.clone(), socket).await?).await
                }
            }
        }
        Manner::Tcp => Err(io::Error::other(format!("nothing is asked of {addr}"))),
    }
}

async fn grpc(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> io::Result<Line> {
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(socket));
    let (sender, connection) = handshake.await.map_err(io::Error::other)?;
    let carrier = tokio::spawn(async { drop(connection.await) });
    Ok(Line {
        sender: Sender::Grpc(sender),
        carrier,
    })
}

async fn http(socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> io::Result<Line> {
    let handshake = http1::handshake(TokioIo::new(socket));
    let (sender, connection) = handshake.await.map_err(io::Error::other)?;
    let carrier = tokio::spawn(async { drop(connection.await) });
    Ok(Line {
        sender: Sender::Http(sender),
        carrier,
    })
}

impl Line {
    /// Asks once.
    pub(super) async fn ask(&mut self, addr: &Authority, manner: &Manner) -> io::Result<Answer> {
        let asked = match (&mut self.sender, manner) {
            (Sender::Grpc(sender), manner) => {
                let way = manner.way().ok_or(io::ErrorKind::InvalidInput)?;
                sender.send_request(health(addr, &way)?).await
            }
            (Sender::Http(sender), Manner::Http { path, .. }) => {
                sender.ready().await.map_err(io::Error::other)?;
                let request = Request::get(path).header("host", addr.as_str());
                let request = request.body(Empty::new()).map_err(io::Error::other)?;
                sender.send_request(request).await
            }
            (Sender::Http(_), _) => return Err(io::ErrorKind::InvalidInput.into()),
        };
        read(asked.map_err(io::Error::other)?).await
    }
}

async fn read(response: Response<Incoming>) -> io::Result<Answer> {
    let (head, body) = response.into_parts();
    let body = Limited::new(body, MOST).collect().await;
    let said = |name| said(&head.headers, name);
    Ok(Answer {
        incarnation: said(INCARNATION),
        draining: said(DRAINING).is_some(),
        body: body.map_err(io::Error::other)?.to_bytes(),
    })
}

fn said(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

impl Drop for Line {
    /// Whoever stands still at the other end would hold it open for ever.
    fn drop(&mut self) {
        self.carrier.abort();
    }
}
