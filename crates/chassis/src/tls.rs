//! TLS at the edge: a certificate that is read again when its files change, without dropping a connection.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::Wrong;

/// How far behind its files the certificate may be.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// A certificate and its key, as two files in PEM.
#[derive(Clone)]
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    current: Arc<Current>,
}

/// What new connections are shown.
struct Current(ArcSwap<CertifiedKey>);

/// Makes aws-lc the process's one provider of cryptography. Called again, it changes nothing.
pub fn install_provider() {
    let _ = aws_lc_rs::default_provider().install_default();
}

impl Certificate {
    /// Reads the certificate chain and its key.
    ///
    /// # Errors
    /// When a file cannot be read, or the key is not the certificate's.
    pub fn open(chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, Wrong> {
        let (chain, key) = (chain.into(), key.into());
        let current = Current(ArcSwap::from_pointee(read(&chain, &key)?));
        Ok(Self {
            chain,
            key,
            current: Arc::new(current),
        })
    }

    /// How a server speaks TLS with it: 1.2 and 1.3, HTTP/2 before HTTP/1.1.
    pub fn server_config(&self) -> ServerConfig {
        install_provider();
        let mut config = ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(self.current.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }

    /// Looks at the files every second until `closing`, and shows what they hold to new connections. Files that
    /// cannot be used are complained of, and what was there before is kept.
    pub async fn follow(&self, closing: CancellationToken) {
        while !closing.is_cancelled() {
            closing.run_until_cancelled(tokio::time::sleep(LOOK)).await;
            match self.reload() {
                Ok(true) => info!(path = %self.chain.display(), "showing a new certificate"),
                Ok(false) => {}
                Err(wrong) => warn!(%wrong, "keeping the certificate from before"),
            }
        }
    }

    /// Reads the files again; says whether they hold another certificate.
    ///
    /// # Errors
    /// When they cannot be used; what was there before is kept.
    pub fn reload(&self) -> Result<bool, Wrong> {
        let read = read(&self.chain, &self.key)?;
        let is_new = self.current.0.load().cert != read.cert;
        if is_new {
            self.current.0.store(Arc::new(read));
        }
        Ok(is_new)
    }
}

/// Says that a file cannot be used.
pub(crate) fn unusable(path: &Path, error: &dyn fmt::Display) -> Wrong {
    Wrong::new(format!("`{}` cannot be used: {error}", path.display()))
}

/// Reads a certificate chain and its key.
pub(crate) fn read(chain: &Path, key: &Path) -> Result<CertifiedKey, Wrong> {
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(chain, &error))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    let provider: CryptoProvider = aws_lc_rs::default_provider();
    CertifiedKey::from_der(certificates, private, &provider)
        .map_err(|error| unusable(chain, &error))
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate and its key in a folder of their own.
    struct Files {
        folder: tempfile::TempDir,
    }

    impl Files {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let files = Self { folder };
            files.renew();
            files
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn renew(&self) {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            std::fs::write(self.path("cert.pem"), made.cert.pem()).unwrap();
            std::fs::write(self.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
        }

        fn open(&self) -> Result<Certificate, Wrong> {
            Certificate::open(self.path("cert.pem"), self.path("key.pem"))
        }
    }

    fn shown(certificate: &Certificate) -> Vec<CertificateDer<'static>> {
        certificate.current.0.load().cert.clone()
    }

    #[test]
    fn a_renewed_certificate_is_shown_once_it_was_read() {
        let files = Files::new();
        let certificate = files.open().unwrap();
        let before = shown(&certificate);
        assert_eq!(certificate.reload(), Ok(false));

        files.renew();

        assert_eq!(certificate.reload(), Ok(true));
        assert_ne!(shown(&certificate), before);
    }

    #[test]
    fn files_that_do_not_belong_together_change_nothing() {
        let files = Files::new();
        let certificate = files.open().unwrap();
        let before = shown(&certificate);

        // Half of a renewal.
        std::fs::copy(Files::new().path("key.pem"), files.path("key.pem")).unwrap();

        assert!(certificate.reload().is_err());
        assert_eq!(shown(&certificate), before);
    }

    #[test]
    fn a_certificate_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cert.pem");

        let wrong = Certificate::open(&path, folder.path().join("key.pem"));

        let sentence = wrong.err().unwrap().to_string();
        assert!(sentence.starts_with(&format!("`{}` cannot be used: ", path.display())));
    }

    #[test]
    fn servers_speak_http_2_before_http_1() {
        let config = Files::new().open().unwrap().server_config();

        assert_eq!(
            config.alpn_protocols,
            [b"h2".to_vec(), b"http/1.1".to_vec()]
        );
    }
}
