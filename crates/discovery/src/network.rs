//! The network that connections are made over: the kernel's, unless somebody brings another.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use http::Uri;
use http::uri::Authority;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tower::Service;

/// A connection, whatever carries it.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A connection on its way.
pub(crate) type Opening = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// The same, as hyper takes it.
type Io = TokioIo<Box<dyn Stream>>;

type Open = dyn Fn(&Authority) -> Opening + Send + Sync;

/// What connections are made over. By default it is the kernel's TCP; a simulation brings its own.
#[derive(Clone, Default)]
pub struct Network(Option<Arc<Open>>);

impl Network {
    /// One in which `open` connects to `host:port`.
    pub fn new<S, F>(open: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        S: Stream + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
    {
        Self(Some(Arc::new(move |addr: &Authority| {
            let opening = open(addr.to_string());
            Box::pin(async move { Ok(Box::new(opening.await?) as Box<dyn Stream>) })
        })))
    }

    /// Connects to `addr`; nothing where that is for the kernel to do.
    pub(crate) fn open(&self, addr: &Authority) -> Option<Opening> {
        self.0.as_ref().map(|open| open(addr))
    }

    /// What connects a channel of tonic's; nothing where that is for the kernel to do.
    pub(crate) fn connector(
        &self,
    ) -> Option<impl Service<Uri, Response = Io, Error = io::Error, Future: Send> + Send + use<>>
    {
        let open = self.0.clone()?;
        Some(tower::service_fn(move |uri: Uri| {
            let opening = uri.authority().map(|addr| open(addr));
            async move {
                let nowhere = || io::Error::from(io::ErrorKind::AddrNotAvailable);
                opening.ok_or_else(nowhere)?.await.map(TokioIo::new)
            }
        }))
    }
}

impl PartialEq for Network {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => Arc::ptr_eq(own, other),
            (own, other) => own.is_none() && other.is_none(),
        }
    }
}

impl Eq for Network {}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "brought" } else { "tcp" })
    }
}
