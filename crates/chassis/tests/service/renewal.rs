//! Certificates and their authority are replaced while calls go on: none fails, over old connections or new ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::authority::{Authority, Files};
use crate::peers::speaking;
use crate::tiny::Tiny;

/// How long it may take until a file is read.
const LIMIT: Duration = Duration::from_secs(30);

/// One connection, never replaced: when it breaks, requests on it fail.
#[derive(Clone)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    deed: &'static str,
}

impl Connection {
    /// Opens one and asks over it, for only an answer shows that the other side believes us.
    async fn open(tiny: &Tiny, deed: &'static str, config: ClientConfig) -> Option<Self> {
        let wire = TcpStream::connect(tiny.running.addr).await.unwrap();
        let name = ServerName::try_from(discovery::tls::name("tiny")).unwrap();
        let wire = TlsConnector::from(Arc::new(config))
            .connect(name, wire)
            .await;
        let spoken = handshake(TokioExecutor::new(), TokioIo::new(wire.ok()?)).await;
        let (sender, connection) = spoken.ok()?;
        tokio::spawn(connection);
        let mut opened = Self { sender, deed };
        opened.ask().await.then_some(opened)
    }

    /// Says whether it was answered well.
    async fn ask(&mut self) -> bool {
        let id = u8::try_from(self.deed.len()).unwrap();
        let head = [0, 0, 0, 0, id + 2, 0x12, id];
        let body = Bytes::from([&head[..], self.deed.as_bytes()].concat());
        let request = hyper::Request::post("https://tiny/holdfast.order.v1.Carts/GetCart")
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .header("service-token", "a token for tests only")
            .body(Full::new(body))
            .unwrap();
        let answer = self.sender.send_request(request).await;
        answer.is_ok_and(|answer| !answer.headers().contains_key("grpc-status"))
    }
}

/// Asks over one connection until `end`; counts what was answered.
async fn load(mut connection: Connection, asked: Arc<AtomicUsize>, end: CancellationToken) {
    while !end.is_cancelled() {
        assert!(connection.ask().await, "an open connection has broken");
        asked.fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits until `tiny` does `deed` for one who connects by `config`, or no longer does.
async fn until(
    (tiny, deed): (&Tiny, &'static str),
    config: impl Fn() -> ClientConfig,
    lets_in: bool,
) {
    let end = Instant::now() + LIMIT;
    while Connection::open(tiny, deed, config()).await.is_some() != lets_in {
        assert!(Instant::now() < end, "the files have not been read");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_certificates_and_their_authority_are_replaced() {
    let (old, new) = (Authority::new(), Authority::new());
    let [mine, theirs] = [(); 2].map(|()| Files::new(&old.certify("tiny"), &[&old]));
    let last = Tiny::start_as("tiny", theirs.settings()).await;
    let first = last.before(mine.settings()).await;
    let (by_old, by_new) = (old.certify("tiny"), new.certify("tiny"));
    let open = Connection::open(&first, "ask: greet", speaking(Some(&by_old), &old)).await;
    let (asked, end) = (Arc::default(), CancellationToken::new());
    let loaded = tokio::spawn(load(open.unwrap(), Arc::clone(&asked), end.clone()));
    let both = [&mine, &theirs];
    let both_sides = [(&first, "ask: greet"), (&last, "greet")];

    for files in both {
        files.believe(&[&old, &new]);
    }

    for tiny in both_sides {
        until(tiny, || speaking(Some(&by_new), &old), true).await;
        until(tiny, || speaking(Some(&by_old), &old), true).await;
    }

    for files in both {
        files.prove(&new.certify("tiny"));
    }

    for tiny in both_sides {
        until(tiny, || speaking(Some(&by_old), &new), true).await;
    }

    for files in both {
        files.believe(&[&new]);
    }

    for tiny in both_sides {
        until(tiny, || speaking(Some(&by_old), &new), false).await;
        until(tiny, || speaking(Some(&by_new), &new), true).await;
    }
    let answered = asked.load(Ordering::SeqCst);
    // Between the two every connection is from before; another instance has to make a new one.
    let second = last.before(mine.settings()).await;
    second.ask("ask: greet").await.unwrap();
    end.cancel();
    loaded.await.unwrap();
    assert!(answered > 0);
}
