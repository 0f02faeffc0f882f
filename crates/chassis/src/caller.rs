//! Who calls, by the certificate of the connection.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use discovery::tls;
use futures::{Stream, StreamExt as _, future};
use rustls::ServerConnection;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tonic::Status;
use tonic::transport::server::{Connected, TcpIncoming};
use tracing::debug;

use crate::Guest;
use crate::identity::Identity;

/// How long a caller may take to prove itself; its own patience is a second.
const HANDSHAKE: Duration = Duration::from_secs(2);
/// How many may be at it at once: more than a house has instances. Whoever comes then waits in the kernel.
const HANDSHAKES: usize = 256;

/// Who is let in.
#[derive(Clone, Copy)]
pub(crate) struct Callers {
    pub(crate) services: &'static [&'static str],
    pub(crate) guests: &'static [Guest],
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Nobody has to prove anything here by a certificate.
    Unasked,
    /// A service that is let in.
    Known(&'static str),
    /// Somebody who is let in to one thing.
    Guest(&'static Guest),
    /// One of the house that has no business here.
    Stranger,
}

/// A connection, and who is at its other end.
pub(crate) struct Line {
    wire: Either<TcpStream, Box<TlsStream<TcpStream>>>,
    caller: Caller,
}

impl Caller {
    /// Finds out which of `callers` has sent its certificate over `connection`.
    fn of(connection: &ServerConnection, callers: Callers) -> Self {
        let shown = connection.peer_certificates();
        let shown = shown
            .and_then(<[_]>::first)
            .map(ParsedCertificate::try_from);
        let Some(Ok(certificate)) = shown else {
            return Self::Stranger;
        };
        let is = |name: &str| {
            let name = ServerName::try_from(tls::name(name));
            name.is_ok_and(|name| verify_server_name(&certificate, &name).is_ok())
        };
        let known = callers.services.iter().find(|service| is(service));
        let known = known.map(|service| Self::Known(service));
        let guest = || callers.guests.iter().find(|guest| is(guest.name));
        let found = known.or_else(|| guest().map(Self::Guest));
        found.unwrap_or(Self::Stranger)
    }

    /// Lets it in, or not.
    ///
    /// # Errors
    /// When it has no business at a service that only `services` call.
    pub(crate) fn admit(self, services: &[&str]) -> Result<(), Status> {
        if self != Self::Stranger {
            return Ok(());
        }
        let sentence = format!("only these call here: {}", services.join(", "));
        Err(Status::permission_denied(sentence))
    }
}

/// Takes connections; with an `identity`, from those who prove to be of the house, and notes which of `callers` it is.
pub(crate) fn take(
    incoming: TcpIncoming,
    identity: Option<Identity>,
    callers: Callers,
) -> impl Stream<Item = io::Result<Line>> {
    let taken = incoming.map(move |wire| {
        let identity = identity.clone();
        async move {
            match (wire, identity) {
                (Err(error), _) => Some(Err(error)),
                (Ok(wire), None) => Some(Ok(Line::plain(wire))),
                (Ok(wire), Some(identity)) => proven(wire, &identity, callers).await.map(Ok),
            }
        }
    });
    taken.buffer_unordered(HANDSHAKES).filter_map(future::ready)
}

/// Hears the proof of whoever has connected. Nobody else waits for it.
async fn proven(wire: TcpStream, identity: &Identity, callers: Callers) -> Option<Line> {
    let from = wire.peer_addr();
    let accepting = TlsAcceptor::from(identity.server()).accept(wire);
    // A task of its own, for the arithmetic: this one takes all connections.
    let accepting = tokio::spawn(tokio::time::timeout(HANDSHAKE, accepting));
    let accepted = match accepting.await {
        Ok(Ok(accepted)) => accepted,
        _ => Err(io::ErrorKind::TimedOut.into()),
    };
    match accepted {
        Ok(wire) => Some(Line::proven(wire, callers)),
        Err(error) => {
            refused(from, &error);
            None
        }
    }
}

/// The other side says it in its log, once; here anybody could fill the log with it.
fn refused(from: io::Result<SocketAddr>, error: &io::Error) {
    metrics::counter!("tls_refused_total").increment(1);
    debug!(peer.addr = ?from.ok(), %error, "no TLS with a caller");
}

impl Line {
    fn plain(wire: TcpStream) -> Self {
        Self {
            wire: Either::Left(wire),
            caller: Caller::Unasked,
        }
    }

    fn proven(wire: TlsStream<TcpStream>, callers: Callers) -> Self {
        let caller = Caller::of(wire.get_ref().1, callers);
        Self {
            wire: Either::Right(Box::new(wire)),
            caller,
        }
    }
}

impl Connected for Line {
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_read(context, bytes)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.wire.is_write_vectored()
    }
}
