//! Kubernetes as a directory: the pods behind a service, by its `EndpointSlices`.

mod api;
mod follow;
mod slices;

use std::path::PathBuf;

use http::Uri;

use self::follow::Follower;
use self::slices::Port;
use crate::followed::Followed;
use crate::source::{Bad, authority};

/// Where Kubernetes answers, and as whom it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The API server.
    pub server: Uri,
    /// A folder with the files `token`, `ca.crt` and `namespace`, as every pod has it; what is missing there is done without.
    pub account: PathBuf,
}

impl Default for Access {
    /// As it is inside of every pod.
    fn default() -> Self {
        Self {
            server: Uri::from_static("https://kubernetes.default.svc"),
            account: "/var/run/secrets/kubernetes.io/serviceaccount".into(),
        }
    }
}

/// A service of Kubernetes, and the port at which its pods are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubernetes {
    service: String,
    /// Our own where there is none.
    namespace: Option<String>,
    port: Port,
}

impl Kubernetes {
    /// What a text must be, to follow "must be".
    const MUST_BE: &str = "`kubernetes://service.namespace:port`, where the namespace may be left out and the port may be a name";

    /// Reads what stands behind `kubernetes://`.
    pub(crate) fn read(rest: &str) -> Result<Self, Bad> {
        let read = || {
            let (host, port) = rest.rsplit_once(':')?;
            let mut labels = host.split('.');
            let service = labels.next().and_then(label)?;
            let namespace = labels.next().map(label);
            (labels.next().is_none() && namespace != Some(None)).then_some(())?;
            Some(Self {
                service,
                namespace: namespace.flatten(),
                port: Port::read(port)?,
            })
        };
        read().ok_or(Bad(Self::MUST_BE))
    }

    /// Follows the pods.
    pub(crate) fn follow(&self, service: &str, access: Access) -> Followed {
        let pods = self.clone();
        Followed::by(service, |lists| Follower::new(pods, access, lists).run())
    }
}

/// A name as Kubernetes has them; it goes into a path and a query as it is.
fn label(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (!text.is_empty() && text.bytes().all(fits)).then(|| text.to_owned())
}

/// Writes `host:port`, with brackets around the colons of IPv6.
fn joined(host: &str, port: u16) -> Option<String> {
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let addr = format!("{host}:{port}");
    authority(&addr).map(|_| addr)
}
