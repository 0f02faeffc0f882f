//! The shop over HTTPS, with a certificate of `holdfast certs`.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use holdfast::house::Kind;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, sleep};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::books;
use crate::open::{PATIENT, SETTLED, Shop, Wanted};
use crate::people::{PASSWORD, text};

/// One HTTP/2 connection over TLS. It is never replaced: when it breaks, requests on it fail.
#[derive(Clone)]
struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// The certificate that the shop showed.
    shown: CertificateDer<'static>,
    token: String,
}

/// Makes certificates in `folder`, as one would by hand.
fn certs(folder: &Path) {
    let made = Command::new(env!("CARGO_BIN_EXE_holdfast"))
        .args(["certs", "--out"])
        .arg(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
}

impl Connection {
    /// Connects to `addr`, trusting the authority of `folder` and nobody else.
    async fn open(addr: SocketAddr, folder: &Path) -> Self {
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(folder.join("ca.pem")).unwrap();
        roots.add(authority).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let wire = TcpStream::connect(addr).await.unwrap();
        let wire = TlsConnector::from(Arc::new(config)).connect(name, wire);
        let wire = wire.await.unwrap();
        let (_, tls) = wire.get_ref();
        assert_eq!(tls.alpn_protocol(), Some(&b"h2"[..]), "HTTP/2 by ALPN");
        let shown = tls.peer_certificates().unwrap()[0].clone().into_owned();
        let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(wire))
            .await
            .unwrap();
        tokio::spawn(connection);
        Self {
            sender,
            shown,
            token: String::new(),
        }
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> (StatusCode, Value) {
        let request = Request::post(format!("https://localhost{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {}", self.token))
            .header("idempotency-key", key)
            .body(Full::from(body.to_string()))
            .unwrap();
        let answer = self.sender.clone().send_request(request).await.unwrap();
        let (head, body) = answer.into_parts();
        assert!(head.headers.contains_key("strict-transport-security"));
        let body = body.collect().await.unwrap().to_bytes();
        (head.status, serde_json::from_slice(&body).unwrap())
    }

    /// Registers, signs in, and puts money into the wallet.
    async fn join(&mut self) {
        let email = format!("{}@example.com", uuid::Uuid::now_v7().simple());
        let account = json!({"email": email, "password": PASSWORD, "name": "Ann"});
        self.token = "none".into();
        let (made, _) = self.post("/v1/auth/register", "", &account).await;
        assert_eq!(made, StatusCode::CREATED);
        let proof = json!({"email": email, "password": PASSWORD});
        let (_, tokens) = self.post("/v1/auth/login", "", &proof).await;
        self.token = text(&tokens["access_token"]);
        let funds = json!({"amount": {"amount": 1_000_000, "currency": "USD"}});
        let (funded, _) = self.post("/v1/me/wallet/topups", "funds", &funds).await;
        assert_eq!(funded, StatusCode::CREATED);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn orders_go_on_over_one_https_connection_while_its_certificate_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    certs(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (cert, key) = (file("server.pem"), file("server.key"));
    let shop = Shop::wanted(Wanted {
        count: 1,
        own_pair: false,
        settings: &[PATIENT],
    })
    .await;
    let tls = [("TLS_CERT", &*cert), ("TLS_KEY", &*key)];
    shop.house.add(Kind::Gateway, &tls).await.unwrap();
    shop.house.ready().await.unwrap();
    let (addr, mug) = (
        shop.seat(Kind::Gateway, 1).addr(),
        shop.shelve(100_000).await,
    );
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let mut first = Connection::open(addr, folder.path()).await;
    first.join().await;
    let at_once = (0..20).map(|number| {
        let (first, body) = (&first, &body);
        async move {
            first
                .post("/v1/orders", &format!("at-once-{number}"), body)
                .await
                .0
        }
    });
    let ended = join_all(at_once).await;
    assert!(
        ended.iter().all(|status| *status == StatusCode::CREATED),
        "{ended:?}"
    );
    let end = CancellationToken::new();
    let load = tokio::spawn({
        let (first, body, end) = (first.clone(), body.clone(), end.clone());
        async move {
            let mut sent = 0;
            while !end.is_cancelled() {
                let (status, _) = first
                    .post("/v1/orders", &format!("during-{sent}"), &body)
                    .await;
                assert_eq!(status, StatusCode::CREATED);
                sent += 1;
            }
            sent
        }
    });

    certs(folder.path());

    let limit = Instant::now() + SETTLED;
    while Connection::open(addr, folder.path()).await.shown == first.shown {
        assert!(Instant::now() < limit, "the old certificate is still shown");
        sleep(Duration::from_millis(50)).await;
    }
    end.cancel();
    assert!(load.await.unwrap() > 0);
    let (status, order) = first.post("/v1/orders", "after", &body).await;
    assert_eq!(
        (status, order["status"].as_str()),
        (StatusCode::CREATED, Some("confirmed"))
    );
    books::balance(&shop).await;
    shop.close().await;
}
