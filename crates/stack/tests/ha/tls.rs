//! Servers that show a certificate, and let nobody in who does not look at it.

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, query_scalar};
use testkit::Certified;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::load::Load;
use crate::scene::{HEALED, Scene, writes_go_on};

/// The first message of a client that wants TLS.
const WANTS_TLS: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// The certificate that the Postgres at `port` shows.
async fn shown(certified: &Certified, port: u16) -> CertificateDer<'static> {
    let mut wire = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    wire.write_all(&WANTS_TLS).await.unwrap();
    assert_eq!(wire.read_u8().await.unwrap(), b'S');
    certified.shown(wire).await.unwrap()
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
    let stranger = Certified::new().unwrap();

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
    let before = shown(&scene.certified, leader.port()).await;

    scene.certified.renew().unwrap();
    scene.cluster.renew_tls().await.unwrap();

    let end = Instant::now() + HEALED;
    for node in scene.cluster.nodes() {
        while shown(&scene.certified, node.port()).await == before {
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
