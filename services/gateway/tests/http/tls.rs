//! TLS by setting, and a new certificate without a restart.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::front::{Front, until};

/// Writes a certificate of its own making into `folder`, and answers what trusts this one alone.
fn certify(folder: &Path) -> TlsConnector {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let made = generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let CertifiedKey { cert, signing_key } = made;
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), cert.pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let mut config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    // A session that is taken up again shows no certificate at all.
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

async fn connect(addr: SocketAddr, trust: &TlsConnector) -> std::io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("127.0.0.1").unwrap();
    trust.connect(name, TcpStream::connect(addr).await?).await
}

/// Asks for nothing that is there and answers all that comes back, leaving the connection open.
async fn get(wire: &mut TlsStream<TcpStream>) -> String {
    ask(wire, "/v1/nowhere", "}").await
}

/// Asks for `path` and answers all that comes back as far as `end`, leaving the connection open.
async fn ask(wire: &mut TlsStream<TcpStream>, path: &str, end: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: shop\r\n\r\n");
    wire.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    let read = async {
        while !text.contains(end) {
            let mut bytes = [0; 4096];
            let count = wire.read(&mut bytes).await.unwrap();
            assert_ne!(count, 0, "the connection was closed");
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read)
        .await
        .unwrap();
    text
}

#[tokio::test]
async fn a_new_certificate_is_taken_up_and_no_connection_is_dropped_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = certify(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let front = Front::with(&[("TLS_CERT", &cert), ("TLS_KEY", &key)]).await;
    let addr = front.running.addr;
    let mut before = connect(addr, &first).await.unwrap();
    let answer = get(&mut before).await;
    assert!(
        answer.contains("strict-transport-security: max-age"),
        "{answer}"
    );

    let second = certify(folder.path());

    until(async || connect(addr, &second).await.is_ok()).await;
    assert!(
        connect(addr, &first).await.is_err(),
        "the old certificate is still shown"
    );
    assert!(get(&mut before).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test]
async fn over_https_a_cookie_is_for_this_very_host_and_https_alone() {
    let folder = tempfile::tempdir().unwrap();
    let trust = certify(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let front = Front::with(&[("TLS_CERT", &cert), ("TLS_KEY", &key)]).await;
    let mut wire = connect(front.running.addr, &trust).await.unwrap();

    let answer = ask(&mut wire, "/sign-in", "</html>").await;

    let cookies = answer
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: "));
    let cookies: Vec<&str> = cookies.collect();
    assert_eq!(cookies.len(), 1, "{answer}");
    for cookie in cookies {
        assert!(cookie.starts_with("__Host-form="), "{cookie}");
        for guard in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(guard), "{guard}: {cookie}");
        }
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}

#[tokio::test]
async fn plain_http_is_told_that_https_is_spoken_here() {
    let folder = tempfile::tempdir().unwrap();
    let trust = certify(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (cert, key) = (file("cert.pem"), file("key.pem"));
    let front = Front::with(&[("TLS_CERT", &cert), ("TLS_KEY", &key)]).await;
    let addr = front.running.addr;
    let long = [
        b"POST /v1/orders HTTP/1.1\r\n\r\n".to_vec(),
        vec![b' '; 50_000],
    ]
    .concat();

    for plain in [
        &b"GET / HTTP/1.1\r\nhost: shop\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\n",
        &long,
    ] {
        let mut wire = TcpStream::connect(addr).await.unwrap();
        wire.write_all(plain).await.unwrap();
        let mut said = vec![0; 1024];
        let count = wire.read(&mut said).await.unwrap();

        let said = String::from_utf8_lossy(&said[..count]);
        assert!(said.starts_with("HTTP/1.1 400 "), "{said}");
        let (head, body) = said.split_once("\r\n\r\n").unwrap();
        assert!(body.contains("https://"), "{said}");
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{said}"
        );
    }

    assert!(
        get(&mut connect(addr, &trust).await.unwrap())
            .await
            .starts_with("HTTP/1.1 404")
    );
}

#[tokio::test]
async fn one_half_of_a_certificate_stops_the_start() {
    let env = chassis::Env::local([
        ("TLS_CERT", "/cert.pem"),
        ("USER_ADDRS", "127.0.0.1:1"),
        ("ORDER_ADDRS", "127.0.0.1:1"),
        ("NEWS_ADDRS", "127.0.0.1:1"),
    ]);

    let Err(refused) = chassis::start("gateway", env, gateway::Gateway::connect).await else {
        panic!("it started");
    };

    assert!(refused.to_string().contains("TLS_KEY"), "{refused}");
}
