//! The PROXY header, by which a proxy that passes bytes on says whose connection it is, before anything else on it.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use axum::Extension;
use axum::middleware::AddExtension;
use axum_server::accept::Accept;
use futures::future::{BoxFuture, FutureExt as _};
use ppp::{v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tower::Layer as _;

use crate::client::Proxies;
use crate::config::Settings;
use crate::idle::{Idle, Patient};
use crate::plain;

/// How long a proxy may take to say it.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest header of version 1, as its specification has it.
const LONGEST: usize = 107;
/// The fixed part of version 2, which ends with the length of the rest.
const FIXED: usize = 16;
/// The most that may follow the fixed part of version 2: addresses, and what some proxies add to them.
const MOST: usize = 2_048;

/// The client that a trusted proxy has announced, if it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Announced(pub(crate) Option<IpAddr>);

/// Accepts connections, those of trusted proxies only with their header.
#[derive(Clone, Debug)]
pub(crate) struct Proxied {
    /// Whose header is expected: nobody's, where this is not spoken.
    proxies: Option<Proxies>,
    /// Whether TLS comes next.
    secured: bool,
    patient: Patient,
}

impl Proxied {
    /// Expects headers as `settings` say.
    pub(crate) fn new(settings: &Settings, patient: Patient) -> Self {
        let proxies = settings.trusted_proxies.clone();
        Self {
            proxies: settings.proxy_protocol.then_some(proxies),
            secured: settings.tls.is_some(),
            patient,
        }
    }

    /// Takes the header off a connection of a trusted proxy. Anybody else's header is left where it is, and no HTTP.
    async fn announced(&self, stream: &mut TcpStream) -> io::Result<Announced> {
        let Some(proxies) = &self.proxies else {
            return Ok(Announced(None));
        };
        if !proxies.trusts(stream.peer_addr()?.ip().to_canonical()) {
            return Ok(Announced(None));
        }
        timeout(LIMIT, take(stream)).await?.map(Announced)
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for Proxied {
    type Stream = Idle<TcpStream>;
    type Service = AddExtension<S, Announced>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, mut stream: TcpStream, service: S) -> Self::Future {
        let this = self.clone();
        async move {
            let announced = this.announced(&mut stream).await?;
            if this.secured {
                plain::turn_away(&mut stream).await?;
            }
            let (stream, service) = this.patient.accept(stream, service).await?;
            Ok((stream, Extension(announced).layer(service)))
        }
        .boxed()
    }
}

/// Takes a header off `stream` and not one byte more; answers the client it names, if it names one.
///
/// # Errors
/// When there is no header, or it is malformed.
async fn take(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<IpAddr>> {
    // No header of either version is shorter.
    let mut header = vec![0; v2::PROTOCOL_PREFIX.len()];
    stream.read_exact(&mut header).await?;
    if header == v2::PROTOCOL_PREFIX {
        binary(stream, header).await
    } else {
        text(stream, header).await
    }
}

async fn binary(
    stream: &mut (impl AsyncRead + Unpin),
    mut header: Vec<u8>,
) -> io::Result<Option<IpAddr>> {
    header.resize(FIXED, 0);
    stream
        .read_exact(&mut header[v2::PROTOCOL_PREFIX.len()..])
        .await?;
    let rest = usize::from(u16::from_be_bytes([header[14], header[15]]));
    if rest > MOST {
        return Err(malformed("longer than it may be"));
    }
    header.resize(FIXED + rest, 0);
    stream.read_exact(&mut header[FIXED..]).await?;
    let header = v2::Header::try_from(&header[..]).map_err(malformed)?;
    Ok(match (header.command, header.addresses) {
        // The proxy itself asks, to see whether we are well.
        (v2::Command::Local, _) => None,
        (_, v2::Addresses::IPv4(ends)) => Some(ends.source_address.into()),
        (_, v2::Addresses::IPv6(ends)) => Some(IpAddr::from(ends.source_address).to_canonical()),
        _ => None,
    })
}

async fn text(
    stream: &mut (impl AsyncRead + Unpin),
    mut header: Vec<u8>,
) -> io::Result<Option<IpAddr>> {
    let prefix = v1::PROTOCOL_PREFIX.as_bytes();
    if !header.starts_with(prefix) {
        return Err(malformed("a trusted proxy began without it"));
    }
    while !header.ends_with(v1::PROTOCOL_SUFFIX.as_bytes()) {
        if header.len() == LONGEST {
            return Err(malformed("longer than it may be"));
        }
        header.push(stream.read_u8().await?);
    }
    let header = v1::Header::try_from(&header[..]).map_err(malformed)?;
    Ok(match header.addresses {
        v1::Addresses::Tcp4(ends) => Some(ends.source_address.into()),
        v1::Addresses::Tcp6(ends) => Some(IpAddr::from(ends.source_address).to_canonical()),
        v1::Addresses::Unknown => None,
    })
}

fn malformed(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a header says, and what is left on the connection after it.
    async fn taken(bytes: &[u8]) -> (io::Result<Option<IpAddr>>, Vec<u8>) {
        let mut stream = bytes;
        let said = take(&mut stream).await;
        (said, stream.to_vec())
    }

    /// A header of version 2 with `command` and `family`, and `rest` after its fixed part.
    fn binary_header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [v2::PROTOCOL_PREFIX, &[command, family], &length, rest].concat()
    }

    #[tokio::test]
    async fn a_header_names_the_client_and_leaves_what_follows() {
        let four = [203, 0, 113, 9, 10, 0, 0, 1, 0x1f, 0x90, 0, 80];
        let with_more = [&four[..], &[4, 0, 1, 0]].concat();
        let six: Vec<u8> = [[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]; 2].concat();
        let six = [six, vec![0, 1, 0, 2]].concat();
        for (header, client) in [
            (
                b"PROXY TCP4 203.0.113.9 10.0.0.1 8080 80\r\n".to_vec(),
                "203.0.113.9",
            ),
            (
                b"PROXY TCP6 2001:db8::9 2001:db8::1 8080 80\r\n".to_vec(),
                "2001:db8::9",
            ),
            (binary_header(0x21, 0x11, &four), "203.0.113.9"),
            (binary_header(0x21, 0x11, &with_more), "203.0.113.9"),
            (binary_header(0x21, 0x21, &six), "2001:db8::9"),
        ] {
            let (said, left) = taken(&[&header[..], b"GET / HTTP/1.1\r\n"].concat()).await;

            assert_eq!(said.unwrap(), Some(client.parse().unwrap()));
            assert_eq!(left, b"GET / HTTP/1.1\r\n");
        }
    }

    #[tokio::test]
    async fn a_proxy_that_speaks_for_itself_names_nobody() {
        for header in [
            b"PROXY UNKNOWN\r\n".to_vec(),
            binary_header(0x20, 0x00, &[]),
            binary_header(0x20, 0x11, &[203, 0, 113, 9, 10, 0, 0, 1, 0, 1, 0, 2]),
        ] {
            assert_eq!(taken(&header).await.0.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_refused() {
        let endless = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 500]].concat();
        for bytes in [
            &b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n"[..],
            b"PROXY TCP4 203.0.113.9\r\n",
            b"PROXY TCP4 203.0.113.999 10.0.0.1 8080 80\r\n",
            b"PROXY TCP4 203.0.113.9 10.0.0.1 8080 80\n\n",
            b"PROXY",
            &endless,
            &binary_header(0x31, 0x11, &[0; 12]),
            &binary_header(0x21, 0x11, &[0; 4]),
            &binary_header(0x21, 0x11, &[0; 3_000]),
            &binary_header(0x21, 0x11, &[0; 12])[..20],
        ] {
            let (said, _) = taken(bytes).await;

            assert!(said.is_err(), "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_header_or_refused(bytes: Vec<u8>, binary: bool) {
            let prefix = if binary { v2::PROTOCOL_PREFIX } else { b"PROXY TCP4 " };
            let bytes = [prefix, &bytes].concat();
            let _ = taken(&bytes).now_or_never().expect("all bytes are there");
        }
    }
}
