//! Asks the API server: one connection a question, the answer read line by line.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, HOST, USER_AGENT};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Access;

/// How long an answer may take to begin.
const ASK: Duration = Duration::from_secs(5);
/// The longest line that is read: a slice has at most 1,000 endpoints, of less than 1 KiB each; a list has some of them.
const LONGEST: usize = 16 * 1024 * 1024;

/// Why the API server told nothing.
#[derive(Debug)]
pub(super) struct Silent(pub(super) String);

impl fmt::Display for Silent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Silent {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// An answer, line by line.
pub(super) struct Lines {
    body: Incoming,
    read: BytesMut,
}

impl Access {
    /// Asks for `path`, and waits for the beginning of the answer.
    pub(super) async fn get(&self, path: &str) -> Result<Lines, Silent> {
        let answer = tokio::time::timeout(ASK, self.ask(path)).await??;
        let status = answer.status();
        if status != StatusCode::OK {
            return Err(Silent(format!("the API server answers {status}")));
        }
        Ok(Lines {
            body: answer.into_body(),
            read: BytesMut::new(),
        })
    }

    async fn ask(&self, path: &str) -> Result<Response<Incoming>, Silent> {
        let host = self.server.host().unwrap_or_default();
        let secure = self.server.scheme_str() == Some("https");
        let port = if secure { 443 } else { 80 };
        let socket = TcpStream::connect((host, self.server.port_u16().unwrap_or(port))).await?;
        let request = self.request(path)?;
        if secure {
            let name = ServerName::try_from(host.to_owned())?;
            let tls = TlsConnector::from(Arc::new(trusting(&self.account.join("ca.crt"))?));
            send(tls.connect(name, socket).await?, request).await
        } else {
            send(socket, request).await
        }
    }

    fn request(&self, path: &str) -> Result<Request<Empty<Bytes>>, Silent> {
        let host = self.server.authority().map_or("", |host| host.as_str());
        let request = Request::get(path)
            .header(HOST, host)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "holdfast");
        // Read each time: a pod's token is replaced every hour.
        let request = match self.file("token") {
            None => request,
            Some(token) => {
                let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
                bearer.set_sensitive(true);
                request.header(AUTHORIZATION, bearer)
            }
        };
        Ok(request.body(Empty::new())?)
    }

    /// What stands in one of the account's files.
    pub(super) fn file(&self, name: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.account.join(name)).ok()?;
        Some(text.trim().to_owned())
    }
}

impl Lines {
    /// The next line; none at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Silent> {
        let mut looked = 0;
        loop {
            if let Some(end) = self.read[looked..].iter().position(|byte| *byte == b'\n') {
                let line = self.read.split_to(looked + end + 1);
                return Ok(Some(line.freeze()));
            }
            looked = self.read.len();
            if looked > LONGEST {
                return Err(Silent(format!("a line of more than {LONGEST} bytes")));
            }
            match self.body.frame().await {
                Some(frame) => {
                    if let Some(more) = frame?.data_ref() {
                        self.read.extend_from_slice(more);
                    }
                }
                None if looked == 0 => return Ok(None),
                None => return Ok(Some(self.read.split().freeze())),
            }
        }
    }
}

async fn send(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Empty<Bytes>>,
) -> Result<Response<Incoming>, Silent> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(async move {
        // Why it broke is said by the answer that was on it.
        let _ = connection.await;
    });
    Ok(sender.send_request(request).await?)
}

/// Trusts the certificates in `file` and nobody else.
fn trusting(file: &Path) -> Result<ClientConfig, Silent> {
    let mut roots = RootCertStore::empty();
    for cert in CertificateDer::pem_file_iter(file)? {
        roots.add(cert?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
