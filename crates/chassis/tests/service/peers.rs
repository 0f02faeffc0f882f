//! Services prove to each other which they are; whoever cannot is refused, and nothing is done for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use discovery::tls::Configs;
use discovery::{Channel, Fixed, Settings};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tonic::{Code, Status};

use crate::authority::{Authority, Files, Proof};
use crate::tiny::{self, Tiny, ask};

/// One that proves itself as `service`, by `authority`.
async fn start(service: &'static str, authority: &Authority) -> Tiny {
    let files = Files::new(&authority.certify(service), &[authority]);
    Tiny::start_as(service, files.settings()).await
}

fn own(proof: &Proof) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let certificate = CertificateDer::from_pem_slice(proof.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(proof.key.as_bytes()).unwrap();
    (vec![certificate], key)
}

/// How somebody with `proof` speaks who believes `authority`.
pub(crate) fn speaking(proof: Option<&Proof>, authority: &Authority) -> ClientConfig {
    chassis::tls::install_provider();
    let mut roots = RootCertStore::empty();
    let pem = CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap();
    roots.add(pem).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots);
    let mut config = match proof.map(own) {
        None => config.with_no_client_auth(),
        Some((chain, key)) => config.with_client_auth_cert(chain, key).unwrap(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// A channel to `service` at `addr`, with the right token.
fn channel(service: &'static str, addr: SocketAddr, tls: Option<ClientConfig>) -> Channel {
    let configs = |config| -> Configs { watch::channel(Arc::new(config)).1 };
    let settings = Settings {
        service_token: Some("a token for tests only".into()),
        tls: tls.map(configs),
        ..Settings::default()
    };
    discovery::channel(service, &Fixed::new([addr.to_string()]), &settings)
}

fn code(answer: Result<api::order::Cart, Status>) -> Code {
    answer.err().map_or(Code::Ok, |status| status.code())
}

#[tokio::test]
async fn services_of_one_house_call_each_other() {
    let authority = Authority::new();
    let last = start("tiny", &authority).await;
    let files = Files::new(&authority.certify("tiny"), &[&authority]);

    let first = last.before(files.settings()).await;

    assert_eq!(first.ask("ask: greet").await.unwrap().id, "hello");
    assert_eq!(last.asked(), 1);
}

#[tokio::test]
async fn a_caller_without_a_proof_or_with_a_bad_one_is_refused_and_nothing_is_done() {
    let authority = Authority::new();
    let tiny = start("tiny", &authority).await;
    let addr = tiny.running.addr;
    let speaking = |proof: &Proof| Some(speaking(Some(proof), &authority));
    let by = |tls| channel("tiny", addr, tls);

    for (who, channel) in [
        ("one who speaks no TLS", by(None)),
        (
            "one without a certificate",
            by(Some(self::speaking(None, &authority))),
        ),
        (
            "one of another house",
            by(speaking(&Authority::new().certify("tiny"))),
        ),
        (
            "one whose time is over",
            by(speaking(&authority.certify_once("tiny"))),
        ),
    ] {
        assert_eq!(
            code(ask(&channel, "greet").await),
            Code::Unavailable,
            "{who}"
        );
    }

    assert_eq!(tiny.asked(), 0);
    assert_eq!(
        code(ask(&by(speaking(&authority.certify("tiny"))), "greet").await),
        Code::Ok
    );
}

#[tokio::test]
async fn a_service_of_the_house_that_has_no_business_here_is_told_so() {
    let authority = Authority::new();
    let tiny = start("tiny", &authority).await;
    let other = speaking(Some(&authority.certify("other")), &authority);

    let refused = ask(&channel("tiny", tiny.running.addr, Some(other)), "greet").await;

    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(refused.message(), "only these call here: tiny");
    assert_eq!(tiny.asked(), 0);
}

#[tokio::test]
async fn a_certificate_is_no_substitute_for_the_token() {
    let authority = Authority::new();
    let tiny = start("tiny", &authority).await;
    let tls = speaking(Some(&authority.certify("tiny")), &authority);
    let settings = Settings {
        tls: Some(watch::channel(Arc::new(tls)).1),
        ..Settings::default()
    };
    let addrs = Fixed::new([tiny.running.addr.to_string()]);

    let refused = ask(&discovery::channel("tiny", &addrs, &settings), "greet").await;

    assert_eq!(code(refused), Code::Unauthenticated);
    assert_eq!(tiny.asked(), 0);
}

#[tokio::test]
async fn a_guest_needs_no_token_and_is_let_in_to_nothing_but_what_it_comes_for() {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    let authority = Authority::new();
    let tiny = start("tiny", &authority).await;
    let tls = speaking(Some(&authority.certify("guest")), &authority);
    let settings = Settings {
        tls: Some(watch::channel(Arc::new(tls)).1),
        ..Settings::default()
    };
    let addrs = Fixed::new([tiny.running.addr.to_string()]);
    let guest = discovery::channel("tiny", &addrs, &settings);

    let let_in = ask(&guest, "greet").await;
    let refused = HealthClient::new(guest)
        .check(HealthCheckRequest::default())
        .await
        .unwrap_err();

    assert_eq!(code(let_in), Code::Ok);
    assert_eq!(refused.code(), Code::PermissionDenied);
    let sentence = "guest asks only holdfast.order.v1.Carts here";
    assert_eq!(refused.message(), sentence);
}

#[tokio::test]
async fn where_nobody_proves_anything_there_are_no_guests() {
    let tiny = Tiny::start([]).await;
    let addrs = Fixed::new([tiny.running.addr.to_string()]);
    let anybody = discovery::channel("guest", &addrs, &Settings::default());

    let refused = ask(&anybody, "greet").await;

    assert_eq!(code(refused), Code::Unauthenticated);
}

/// A server that shows `proof` to anybody, and counts who believed it.
async fn impostor(proof: &Proof) -> (SocketAddr, Arc<AtomicUsize>) {
    chassis::tls::install_provider();
    let (chain, key) = own(proof);
    let config = ServerConfig::builder().with_no_client_auth();
    let mut config = config.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = socket.local_addr().unwrap();
    let believers = Arc::new(AtomicUsize::new(0));
    let counted = believers.clone();
    tokio::spawn(async move {
        while let Ok((wire, _)) = socket.accept().await {
            if acceptor.accept(wire).await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    (addr, believers)
}

#[tokio::test]
async fn whoever_is_not_the_service_that_is_wanted_hears_nothing() {
    let authority = Authority::new();
    let files = Files::new(&authority.certify("tiny"), &[&authority]);

    for (who, proof) in [
        ("another service of the house", authority.certify("other")),
        ("one of another house", Authority::new().certify("tiny")),
        ("one whose time is over", authority.certify_once("tiny")),
    ] {
        let (addr, believers) = impostor(&proof).await;
        let first = tiny::before(addr, files.settings()).await;

        let refused = first.ask("ask: greet").await.unwrap_err();

        assert_eq!(refused.code(), Code::Unavailable, "{who}");
        assert_eq!(believers.load(Ordering::SeqCst), 0, "{who}");
    }
}

#[tokio::test]
async fn a_service_that_could_not_convince_anybody_does_not_start() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (why, proof) in [
        ("not valid for name", authority.certify("other")),
        ("BadSignature", stranger.certify("tiny")),
        ("expired", authority.certify_once("tiny")),
    ] {
        let files = Files::new(&proof, &[&authority]);

        let refused = tiny::refused(files.settings()).await;

        assert!(refused.contains("own.pem` cannot be used: "), "{refused}");
        assert!(refused.contains(why), "{refused}");
    }
    let files = Files::new(&authority.certify("tiny"), &[&authority]);
    let [certificate, ..] = files.settings();

    let refused = tiny::refused([certificate]).await;

    assert_eq!(
        refused,
        "PEER_TLS_CERT, PEER_TLS_KEY and PEER_TLS_CA go together: set all or none"
    );
}
