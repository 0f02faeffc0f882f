//! Where a shop answers, and how requests get there: plainly, or over TLS with one authority believed.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use reqwest::{Body, Method, Request, RequestBuilder, Response};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Where a shop answers, and whom its customers believe to be it.
#[derive(Debug, Clone)]
pub struct Door {
    url: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Door {
    /// The door at `url`, an `https` one, where nobody is believed but those whom the authority in `file` has certified.
    ///
    /// # Errors
    /// When there is no authority in it.
    pub fn certified(url: impl Into<String>, file: &Path) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(file);
        roots.add(authority.with_context(|| file.display().to_string())?)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider);
        let config = config.with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Ok(Self {
            url: url.into(),
            tls: Some(Arc::new(config)),
        })
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl<T: Into<String>> From<T> for Door {
    fn from(url: T) -> Self {
        Self {
            url: url.into(),
            tls: None,
        }
    }
}

impl From<&Self> for Door {
    fn from(door: &Self) -> Self {
        door.clone()
    }
}

/// Connections to a door.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    plain: reqwest::Client,
    /// Where there is TLS, this sends what the plain one has put together; in HTTP/1.1, as that does.
    tls: Option<legacy::Client<HttpsConnector<HttpConnector>, Body>>,
}

impl Way {
    /// The way to `door`, no connection to which is shared with anybody.
    pub(crate) fn to(door: &Door) -> Self {
        let tls = door.tls.as_ref().map(|config| {
            let mut sockets = HttpConnector::new();
            sockets.enforce_http(false);
            sockets.set_nodelay(true);
            let connector = HttpsConnectorBuilder::new()
                .with_tls_config(ClientConfig::clone(config))
                .https_only()
                .enable_http1()
                .wrap_connector(sockets);
            legacy::Client::builder(TokioExecutor::new()).build(connector)
        });
        Self {
            plain: reqwest::Client::new(),
            tls,
        }
    }

    /// A request that has yet to be sent.
    pub(crate) fn request(&self, method: Method, url: &str) -> RequestBuilder {
        self.plain.request(method, url)
    }

    pub(crate) async fn send(&self, request: Request) -> anyhow::Result<Response> {
        let Some(client) = &self.tls else {
            return Ok(self.plain.execute(request).await?);
        };
        let answer = client.request(request.try_into()?).await?;
        Ok(answer.map(Body::wrap).into())
    }
}
