//! gRPC over the simulated network.

use std::io;

use discovery::Network;
use http::Uri;
use hyper_util::rt::TokioIo;
use tonic::service::Routes;
use tonic::transport::Server;
use tower::Service;

use crate::net::{self, Host, Listener, Stream};

/// Where everybody listens.
const PORT: u16 = 50051;

/// Where `host` listens.
pub(crate) fn addr(host: Host) -> String {
    format!("{host}:{PORT}")
}

/// The simulated network as `host` has it, for `discovery`; `called` hears of every address that is connected to.
pub(crate) fn network(
    host: Host,
    hosts: &'static [Host],
    called: impl Fn(Host) + Send + Sync + 'static,
) -> Network {
    Network::new(move |addr| {
        let to = found(hosts, &addr);
        if let Some(to) = to {
            called(to);
        }
        async move { net::connect(host, to.ok_or(io::ErrorKind::NotFound)?).await }
    })
}

/// The same network, as tonic's own channels take it; whatever they ask for, they get `to`.
pub(crate) fn connector(
    from: Host,
    to: Host,
) -> impl Service<Uri, Response = TokioIo<Stream>, Error = io::Error, Future: Send>
+ Clone
+ Send
+ 'static {
    tower::service_fn(move |_| async move { net::connect(from, to).await.map(TokioIo::new) })
}

/// Serves on `host` for as long as it lives.
pub(crate) async fn serve(host: Host, services: Routes) {
    let listener = Listener::of(host);
    let taken = futures::stream::unfold(listener, |listener| async {
        Some((io::Result::Ok(listener.accept().await), listener))
    });
    let server = Server::builder().add_routes(services);
    let ended = server.serve_with_incoming(taken).await;
    unreachable!("connections come for ever: {ended:?}");
}

fn found(hosts: &[Host], addr: &str) -> Option<Host> {
    let name = addr.strip_suffix(&format!(":{PORT}"))?;
    hosts.iter().copied().find(|host| *host == name)
}
