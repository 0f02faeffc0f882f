//! TLS by setting: the certificate is read again whenever its files change, and no connection is dropped for it.

use std::io;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;
use tracing::{info, warn};

use crate::config::TlsFiles;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The certificate and key as they stand in the files.
#[derive(PartialEq, Eq)]
struct Pem {
    cert: Vec<u8>,
    key: Vec<u8>,
}

/// Reads the certificate, and goes on reading it in the background for as long as somebody uses it.
///
/// # Errors
/// When the files cannot be read, or do not belong together.
pub(crate) async fn load(files: TlsFiles) -> io::Result<RustlsConfig> {
    // Whoever came first has installed the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let pem = Pem::read(&files).await?;
    let config = RustlsConfig::from_pem(pem.cert.clone(), pem.key.clone()).await?;
    Ok(config).inspect(|config| drop(tokio::spawn(follow(config.clone(), files, pem))))
}

async fn follow(config: RustlsConfig, files: TlsFiles, mut known: Pem) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let Ok(pem) = Pem::read(&files).await else {
            continue; // In the middle of being replaced.
        };
        if pem == known {
            continue;
        }
        match config
            .reload_from_pem(pem.cert.clone(), pem.key.clone())
            .await
        {
            Ok(()) => info!("the certificate was read again"),
            Err(error) => warn!(%error, "the new certificate cannot be used, the old one stays"),
        }
        known = pem;
    }
}

impl Pem {
    async fn read(files: &TlsFiles) -> io::Result<Self> {
        Ok(Self {
            cert: tokio::fs::read(&files.cert).await?,
            key: tokio::fs::read(&files.key).await?,
        })
    }
}
