//! Who this service is to the others of its house: a certificate that proves it, and the authorities that prove them.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use discovery::tls;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::tls::{LOOK, read, unusable};
use crate::{Env, Wrong};

/// Where the certificate, its key and the authorities are, in PEM.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
    authorities: PathBuf,
}

/// What this service proves itself with and proves others by. Cheap to clone; all clones follow the same files.
#[derive(Clone)]
pub(crate) struct Identity {
    service: &'static str,
    files: Files,
    /// What the files held when they were last looked at, usable or not.
    seen: Arc<Mutex<Vec<Option<Vec<u8>>>>>,
    server: watch::Sender<Arc<ServerConfig>>,
    client: watch::Sender<Arc<ClientConfig>>,
}

impl Identity {
    /// Opens the identity of `service` where the settings name one.
    ///
    /// # Errors
    /// When a file cannot be used, or what it holds would not convince the others of the house.
    pub(crate) fn read(service: &'static str, env: &Env) -> Result<Option<Self>, Wrong> {
        let files = (
            env.optional("PEER_TLS_CERT")?,
            env.optional("PEER_TLS_KEY")?,
            env.optional("PEER_TLS_CA")?,
        );
        let (certificate, key, authorities) = match files {
            (Some(certificate), Some(key), Some(authorities)) => (certificate, key, authorities),
            (None, None, None) => return Ok(None),
            _ => {
                return Err(Wrong::new(
                    "PEER_TLS_CERT, PEER_TLS_KEY and PEER_TLS_CA go together: set all or none",
                ));
            }
        };
        let files = Files {
            certificate,
            key,
            authorities,
        };
        let seen = files.contents();
        let (server, client) = files.configs(service)?;
        Ok(Some(Self {
            service,
            files,
            seen: Arc::new(Mutex::new(seen)),
            server: watch::channel(Arc::new(server)).0,
            client: watch::channel(Arc::new(client)).0,
        }))
    }

    /// How TLS is spoken with whoever connects now.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        self.server.borrow().clone()
    }

    /// How TLS is spoken with those that are called.
    pub(crate) fn client(&self) -> tls::Configs {
        self.client.subscribe()
    }

    /// Looks at the files every second until `closing`. What they hold counts for new connections; open ones stay as
    /// they are.
    pub(crate) async fn follow(self, closing: CancellationToken) {
        let wait = || closing.run_until_cancelled(tokio::time::sleep(LOOK));
        while wait().await.is_some() {
            match self.reload() {
                Ok(true) => info!("proving ourselves to the house by new certificates"),
                Ok(false) => {}
                Err(wrong) => warn!(%wrong, "keeping the certificates of the house from before"),
            }
        }
    }

    /// Takes what the files hold, if it is not what they held at the last look; says whether it was taken.
    ///
    /// # Errors
    /// When it cannot be used; what was there before is kept.
    fn reload(&self) -> Result<bool, Wrong> {
        let held = self.files.contents();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == held {
            return Ok(false);
        }
        *seen = held;
        let (server, client) = self.files.configs(self.service)?;
        self.server.send_replace(Arc::new(server));
        self.client.send_replace(Arc::new(client));
        Ok(true)
    }
}

impl Files {
    fn contents(&self) -> Vec<Option<Vec<u8>>> {
        let all = [&self.certificate, &self.key, &self.authorities];
        all.map(|path| std::fs::read(path).ok()).to_vec()
    }

    /// Reads them; what they hold has to convince others, or each call from here on would fail.
    fn configs(&self, service: &str) -> Result<(ServerConfig, ClientConfig), Wrong> {
        let own = read(&self.certificate, &self.key)?;
        let authorities = Arc::new(self.authorities()?);
        let refused = |error: &dyn std::fmt::Display| unusable(&self.certificate, error);
        convinces(&own, service, &authorities).map_err(|error| refused(&error))?;
        let configs = configs(own, authorities);
        configs.map_err(|error| unusable(&self.authorities, &error))
    }

    /// All that the file holds: while an authority is replaced, the old and the new one count.
    fn authorities(&self) -> Result<RootCertStore, Wrong> {
        let refused = |error: &dyn std::fmt::Display| unusable(&self.authorities, error);
        let found = CertificateDer::pem_file_iter(&self.authorities)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| refused(&error))?;
        let mut authorities = RootCertStore::empty();
        for authority in found {
            let added = authorities.add(authority);
            added.map_err(|error| refused(&error))?;
        }
        Ok(authorities)
    }
}

/// Looks at a certificate as the others of the house will.
fn convinces(
    own: &CertifiedKey,
    service: &str,
    authorities: &Arc<RootCertStore>,
) -> Result<(), rustls::Error> {
    let name = ServerName::try_from(tls::name(service));
    let name = name.map_err(|error| rustls::Error::General(error.to_string()))?;
    let verifier =
        WebPkiServerVerifier::builder_with_provider(authorities.clone(), provider()).build();
    let verifier = verifier.map_err(|error| rustls::Error::General(error.to_string()))?;
    let (certificate, between) = own
        .cert
        .split_first()
        .ok_or(rustls::Error::NoCertificatesPresented)?;
    verifier.verify_server_cert(certificate, between, &name, &[], UnixTime::now())?;
    Ok(())
}

/// Connections last, so nothing is won by resuming one; and a resumed one would not look at the certificates again.
fn configs(
    own: CertifiedKey,
    authorities: Arc<RootCertStore>,
) -> Result<(ServerConfig, ClientConfig), rustls::Error> {
    let own = Arc::new(SingleCertAndKey::from(own));
    let callers =
        WebPkiClientVerifier::builder_with_provider(authorities.clone(), provider()).build();
    let callers = callers.map_err(|error| rustls::Error::General(error.to_string()))?;
    let server = ServerConfig::builder_with_provider(provider());
    let mut server = server
        .with_protocol_versions(&[&TLS13])?
        .with_client_cert_verifier(callers)
        .with_cert_resolver(own.clone());
    server.send_tls13_tickets = 0;
    let client = ClientConfig::builder_with_provider(provider());
    let mut client = client
        .with_protocol_versions(&[&TLS13])?
        .with_root_certificates(authorities)
        .with_client_cert_resolver(own);
    client.resumption = Resumption::disabled();
    server.alpn_protocols = vec![b"h2".to_vec()];
    client.alpn_protocols = vec![b"h2".to_vec()];
    Ok((server, client))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

#[cfg(test)]
#[allow(dead_code, reason = "the tests of the whole chassis use all of it")]
#[path = "../tests/service/authority.rs"]
mod authority;

#[cfg(test)]
mod tests {
    use super::authority::{Authority, Files};
    use super::*;

    fn open(files: &Files) -> Identity {
        let env = Env::local(files.settings());
        Identity::read("tiny", &env).unwrap().unwrap()
    }

    #[test]
    fn what_the_files_hold_counts_from_the_next_look_on() {
        let authority = Authority::new();
        let files = Files::new(&authority.certify("tiny"), &[&authority]);
        let identity = open(&files);
        let (server, client) = (identity.server(), identity.client());
        assert_eq!(identity.reload(), Ok(false));

        files.prove(&authority.certify("tiny"));

        assert_eq!(identity.reload(), Ok(true));
        assert!(!Arc::ptr_eq(&identity.server(), &server));
        assert!(client.has_changed().unwrap());
    }

    #[test]
    fn files_that_are_no_use_are_complained_of_once_and_change_nothing() {
        let (authority, stranger) = (Authority::new(), Authority::new());
        let own = authority.certify("tiny");
        let files = Files::new(&own, &[&authority]);
        let identity = open(&files);
        let (server, client) = (identity.server(), identity.client());
        let half_a_renewal = || files.write("own.pem", &authority.certify("tiny").certificate);
        let wrongs: [&dyn Fn(); 6] = [
            &half_a_renewal,
            &|| files.write("own.pem", "no certificate"),
            &|| files.prove(&authority.certify("other")),
            &|| files.prove(&authority.certify_once("tiny")),
            &|| files.prove(&stranger.certify("tiny")),
            &|| files.believe(&[]),
        ];

        for (number, wrong) in wrongs.iter().enumerate() {
            wrong();

            assert!(identity.reload().is_err(), "{number}");
            assert_eq!(identity.reload(), Ok(false), "{number}");
        }

        assert!(Arc::ptr_eq(&identity.server(), &server));
        assert!(!client.has_changed().unwrap());
    }
}
