//! Servers that show a certificate, and let nobody in who does not look at it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, query_scalar};
use stack::{Folder, Tls};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsConnector;

use crate::load::Load;
use crate::scene::{HEALED, Scene, writes_go_on};

/// The first message of a client that wants TLS.
const WANTS_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// An authority, and a folder with what it has certified.
pub(crate) struct Certified {
    folder: Folder,
    issuer: Issuer<'static, KeyPair>,
}

impl Certified {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // Of the same name as what it signs, it would be taken for that.
        let name = &mut params.distinguished_name;
        name.push(DnType::CommonName, "an authority for tests");
        let key = KeyPair::generate().unwrap();
        let folder = Folder::scratch().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
        let issuer = Issuer::new(params, key);
        let certified = Self { folder, issuer };
        certified.renew();
        certified
    }

    /// Makes another certificate.
    pub(crate) fn renew(&self) {
        let tls = self.tls();
        let key = KeyPair::generate().unwrap();
        let names = ["127.0.0.1", "localhost"].map(str::to_owned);
        let params = CertificateParams::new(names).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(tls.key, key.serialize_pem()).unwrap();
        std::fs::write(tls.certificate, certificate.pem()).unwrap();
    }

    pub(crate) fn tls(&self) -> Tls {
        let file = |name: &str| self.folder.path().join(name);
        Tls {
            certificate: file("postgres.pem"),
            key: file("postgres.key"),
            authority: file("ca.pem"),
        }
    }

    /// The certificate that the server at `port` shows.
    async fn shown(&self, port: u16) -> CertificateDer<'static> {
        // Whoever was first in this process has chosen what all use.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut roots = RootCertStore::empty();
        let authority = CertificateDer::from_pem_file(self.tls().authority).unwrap();
        roots.add(authority).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots);
        let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
        let addr = SocketAddr::from(([127, 0, 0, 1], port));
        let mut wire = TcpStream::connect(addr).await.unwrap();
        wire.write_all(&WANTS_TLS).await.unwrap();
        assert_eq!(wire.read_u8().await.unwrap(), b'S');
        let name = ServerName::from(addr.ip());
        let wire = connector.connect(name, wire).await.unwrap();
        wire.get_ref().1.peer_certificates().unwrap()[0].clone()
    }
}

async fn let_in(options: PgConnectOptions) -> bool {
    options.connect().await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn short_nobody_is_let_in_without_tls_and_nobody_else_is_believed() {
    let scene = Scene::set(true).await;
    let cluster = &scene.cluster;
    let urls = cluster.nodes().iter();
    let mut urls: Vec<_> = urls
        .map(|node| cluster.node_url(node, "postgres", "postgres"))
        .collect();
    urls.extend(cluster.primary_urls("postgres", "postgres"));
    urls.extend(cluster.replica_urls("postgres", "postgres"));
    let stranger = Certified::new();

    for url in urls {
        let options: PgConnectOptions = url.parse().unwrap();

        assert!(let_in(options.clone()).await);
        for mode in [PgSslMode::Disable, PgSslMode::Allow] {
            assert!(!let_in(options.clone().ssl_mode(mode)).await, "{mode:?}");
        }
        let other = options.ssl_root_cert(stranger.tls().authority);
        assert!(
            !let_in(other).await,
            "another authority's server is believed"
        );
    }
    let leader = cluster.leader().await.unwrap();
    let wal = "select count(*) from pg_stat_replication join pg_stat_ssl using (pid) where ssl";
    assert_eq!(leader.run("postgres", wal).await.unwrap(), "2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Patroni: make test-ha"]
async fn short_certificates_are_replaced_without_a_drop() {
    let scene = Scene::set(true).await;
    let leader = scene.cluster.leader().await.unwrap();
    let url = scene.cluster.node_url(leader, "postgres", "postgres");
    let mut open = PgConnection::connect(&url).await.unwrap();
    let load = Load::begin(&scene.cluster, 1);
    writes_go_on(&load).await;
    let before = scene.certified.shown(leader.port()).await;

    scene.certified.renew();
    scene.cluster.renew_tls().await.unwrap();

    let end = Instant::now() + HEALED;
    for node in scene.cluster.nodes() {
        while scene.certified.shown(node.port()).await == before {
            assert!(Instant::now() < end, "{} shows the old one", node.name());
            sleep(Duration::from_millis(50)).await;
        }
    }
    writes_go_on(&load).await;
    let asked: i32 = query_scalar("select 1").fetch_one(&mut open).await.unwrap();
    assert_eq!(asked, 1);
    assert!(PgConnection::connect(&url).await.is_ok());
    assert_eq!(
        load.end().await.broken(),
        0,
        "a connection of the load broke"
    );
}
