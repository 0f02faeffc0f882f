//! How a server is reached, and by which authority it has to prove itself.

use std::fs;
use std::path::PathBuf;

use redis::{
    Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _, RedisResult,
    TlsCertificates, parse_redis_url,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// What names the authority in a URL, as redis-py has it.
const AUTHORITY: &str = "ssl_ca_certs";

/// How a server is reached.
#[derive(Clone)]
pub(crate) struct Address {
    info: ConnectionInfo,
    /// Who certifies it; the authorities of the public web, if nobody is named.
    authority: Option<PathBuf>,
}

impl Address {
    /// Reads `redis://user:password@host:port/db`, or `rediss://` of the same kind, over TLS, which may name a file with the
    /// authority of the server: `?ssl_ca_certs=/path/ca.pem`.
    pub(crate) fn read(url: &str) -> RedisResult<Self> {
        Ok(Self {
            info: url.into_connection_info()?,
            authority: said(url, AUTHORITY).map(PathBuf::from),
        })
    }

    /// One of its kind, at another place.
    pub(crate) fn at(&self, host: String, port: u16) -> Self {
        let addr = match self.info.addr() {
            ConnectionAddr::TcpTls { .. } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        Self {
            info: self.info.clone().set_addr(addr),
            authority: self.authority.clone(),
        }
    }

    /// The same, for whoever says `password`.
    pub(crate) fn with_password(mut self, password: Option<&str>) -> Self {
        if let Some(password) = password {
            let settings = self.info.redis_settings().clone().set_password(password);
            self.info = self.info.set_redis_settings(settings);
        }
        self
    }

    pub(crate) fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// A client of it, who believes the authority as it is in its file by now.
    pub(crate) fn client(&self) -> RedisResult<Client> {
        let Some(authority) = &self.authority else {
            return Client::open(self.info.clone());
        };
        let pem = fs::read(authority)?;
        if !matches!(CertificateDer::pem_slice_iter(&pem).next(), Some(Ok(_))) {
            return Err((
                ErrorKind::InvalidClientConfig,
                "no certificate in",
                authority.display().to_string(),
            )
                .into());
        }
        let certificates = TlsCertificates {
            client_tls: None,
            root_cert: Some(pem),
        };
        Client::build_with_tls(self.info.clone(), certificates)
    }
}

/// What the query of `url` says of `name`.
pub(crate) fn said(url: &str, name: &str) -> Option<String> {
    let url = parse_redis_url(url)?;
    let mut pairs = url.query_pairs();
    let (_, said) = pairs.find(|(key, _)| key == name)?;
    Some(said.into_owned())
}
