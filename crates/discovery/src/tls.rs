//! Mutual TLS to an instance: it proves to be of the service that is wanted, wherever its address was found.

use std::io;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How TLS is spoken on connections that are made from now on.
pub type Configs = watch::Receiver<Arc<ClientConfig>>;

/// The name that certificates of the service called `service` carry. Addresses come from a directory, which proves nothing.
pub fn name(service: &str) -> String {
    format!("{service}.holdfast.internal")
}

/// Speaks TLS over `socket` with an instance of `service`.
pub(crate) async fn over(
    socket: TcpStream,
    service: &str,
    configs: &Configs,
) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from(name(service)).map_err(io::Error::other)?;
    let config = configs.borrow().clone();
    TlsConnector::from(config).connect(name, socket).await
}
