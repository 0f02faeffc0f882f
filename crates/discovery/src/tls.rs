//! Mutual TLS to an instance: it proves to be of the service that is wanted, wherever its address was found.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::Stream;

/// How TLS is spoken on connections that are made from now on.
pub type Configs = watch::Receiver<Arc<ClientConfig>>;

/// The name that certificates of the service called `service` carry. Addresses come from a directory, which proves nothing.
pub fn name(service: &str) -> String {
    format!("{service}.holdfast.internal")
}

/// Speaks TLS over `socket` with an instance of `service`.
pub(crate) async fn over<S: Stream>(
    socket: S,
    service: &str,
    configs: &Configs,
) -> io::Result<TlsStream<S>> {
    let name = ServerName::try_from(name(service)).map_err(io::Error::other)?;
    let config = configs.borrow().clone();
    TlsConnector::from(config).connect(name, socket).await
}

/// How HTTP/1.1 is spoken over TLS with whoever the authority in the file at `path` certifies. Who asks proves nothing.
///
/// # Errors
/// When the file cannot be read, or holds no authority.
pub fn believing(path: &Path) -> io::Result<Arc<ClientConfig>> {
    let mut authorities = RootCertStore::empty();
    for authority in CertificateDer::pem_file_iter(path).map_err(io::Error::other)? {
        let authority = authority.map_err(io::Error::other)?;
        authorities.add(authority).map_err(io::Error::other)?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let config = config.with_root_certificates(authorities);
    Ok(Arc::new(config.with_no_client_auth()))
}

/// Reads a name by which somebody proves themselves.
///
/// # Errors
/// When it is none.
pub fn server_name(name: &str) -> io::Result<ServerName<'static>> {
    ServerName::try_from(name.to_owned()).map_err(io::Error::other)
}
