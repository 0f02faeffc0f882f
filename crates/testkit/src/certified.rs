//! An authority of one test's own, and what it certifies for a server.

use std::fs;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use stack::{Folder, Tls};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long a server may take to show its certificate.
const LIMIT: Duration = Duration::from_secs(10);

/// An authority, and a folder with what it has certified: a server on the loopback.
pub struct Certified {
    folder: Folder,
    issuer: Issuer<'static, KeyPair>,
}

impl Certified {
    /// Makes an authority, and a first certificate by it.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn new() -> anyhow::Result<Self> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Of the same name as what it signs, it would be taken for that.
        let name = &mut params.distinguished_name;
        name.push(DnType::CommonName, "an authority for tests");
        let key = KeyPair::generate()?;
        let folder = Folder::scratch()?;
        let pem = params.self_signed(&key)?.pem();
        fs::write(folder.path().join("ca.pem"), pem)?;
        let issuer = Issuer::new(params, key);
        let certified = Self { folder, issuer };
        certified.renew()?;
        Ok(certified)
    }

    /// Makes another certificate, in place of the one before.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn renew(&self) -> anyhow::Result<()> {
        self.certify("server", &["127.0.0.1", "localhost"])?;
        Ok(())
    }

    /// Certifies that `who` is called by `names`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn certify(&self, who: &str, names: &[&str]) -> anyhow::Result<Tls> {
        let tls = self.of(who);
        let key = KeyPair::generate()?;
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let certificate = CertificateParams::new(names)?.signed_by(&key, &self.issuer)?;
        fs::write(&tls.key, key.serialize_pem())?;
        fs::write(&tls.certificate, certificate.pem())?;
        Ok(tls)
    }

    /// Where what the server shows is.
    pub fn tls(&self) -> Tls {
        self.of("server")
    }

    fn of(&self, who: &str) -> Tls {
        let file = |name: &str| self.folder.path().join(name);
        Tls {
            certificate: file(&format!("{who}.pem")),
            key: file(&format!("{who}.key")),
            authority: file("ca.pem"),
        }
    }

    /// The certificate that a server shows over `wire`, to somebody who believes this authority.
    ///
    /// # Errors
    /// When it does not speak TLS, or was certified by somebody else.
    pub async fn shown(&self, wire: TcpStream) -> anyhow::Result<CertificateDer<'static>> {
        // Whoever was first in this process has chosen what all use.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.tls().authority)?)?;
        let config = ClientConfig::builder().with_root_certificates(roots);
        let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
        let name = ServerName::from(IpAddr::from([127, 0, 0, 1]));
        let shaken = timeout(LIMIT, connector.connect(name, wire)).await;
        let wire = shaken.context("it does not speak TLS")??;
        let shown = wire.get_ref().1.peer_certificates();
        let first = shown.and_then(<[_]>::first);
        Ok(first.context("it showed nothing")?.clone().into_owned())
    }
}
