//! Services that speak mutual TLS, by certificates of `holdfast certs`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use drill::Customer;
use futures::future::join_all;
use holdfast::certs;
use holdfast::house::{Kind, Place};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, sleep};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

use crate::books;
use crate::open::{SETTLED, Shop, until_taken};

/// How many customers order meanwhile.
const CUSTOMERS: usize = 4;

/// Makes certificates in `folder`, as often as one likes.
fn certify(folder: &Path) {
    certs::write(folder, &["localhost".to_owned()]).unwrap();
}

/// The certificate that the `kind` at `addr` shows to a gateway.
async fn shown(addr: SocketAddr, kind: Kind, folder: &Path) -> CertificateDer<'static> {
    chassis::tls::install_provider();
    let pem = |name: &str| CertificateDer::from_pem_file(folder.join(name)).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("gateway.key")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(pem("ca.pem")).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots);
    let config = config.with_client_auth_cert(vec![pem("gateway.pem")], key);
    let name = ServerName::try_from(discovery::tls::name(kind.name())).unwrap();
    let wire = TcpStream::connect(addr).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config.unwrap()));
    let wire = connector.connect(name, wire).await.unwrap();
    let (_, tls) = wire.get_ref();
    tls.peer_certificates().unwrap()[0].clone().into_owned()
}

/// Orders until `end`; no order may fail.
async fn order(
    number: usize,
    mut customer: Customer,
    body: Value,
    end: CancellationToken,
) -> usize {
    for count in 0.. {
        if end.is_cancelled() {
            return count;
        }
        let key = format!("{number}-{count}");
        let answer = until_taken(&mut customer, &key, &body).await;
        assert!(answer.status.is_success(), "{key}: {}", answer.text);
    }
    0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_order_fails_while_every_certificate_of_the_house_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    certify(folder.path());
    let mut shop = Shop::empty(false, &[], Place::Here).await;
    shop.house.prove_by(folder.path());
    for kind in Kind::ALL {
        shop.house.add(kind, &[]).await.unwrap();
    }
    shop.house.ready().await.unwrap();
    let mug = shop.shelve(100_000).await;
    let body = json!({"items": [{"product_id": mug, "quantity": 1}]});
    let customers = join_all((0..CUSTOMERS).map(|_| shop.customer(1_000_000))).await;
    let end = CancellationToken::new();
    let orders = customers.into_iter().enumerate();
    let orders = orders
        .map(|(number, customer)| tokio::spawn(order(number, customer, body.clone(), end.clone())));
    let orders: Vec<_> = orders.collect();
    let inside = [Kind::User, Kind::News, Kind::Order];
    let seen = async || {
        let seats = inside.map(|kind| (shop.seat(kind, 0).addr(), kind));
        join_all(seats.map(|(addr, kind)| shown(addr, kind, folder.path()))).await
    };
    let before = seen().await;

    certify(folder.path());

    let limit = Instant::now() + SETTLED;
    while seen()
        .await
        .iter()
        .zip(&before)
        .any(|(now, then)| now == then)
    {
        assert!(Instant::now() < limit, "an old certificate is still shown");
        sleep(Duration::from_millis(50)).await;
    }
    // Those that have run all along prove themselves to new ones, over new connections, and the other way round.
    for kind in Kind::ALL {
        shop.house.add(kind, &[]).await.unwrap();
    }
    shop.house.ready().await.unwrap();
    let mut latest = Customer::of(shop.gateway(1));
    latest.browse(1).await.unwrap();
    end.cancel();
    for placed in join_all(orders).await {
        assert!(placed.unwrap() > 0);
    }
    books::balance(&shop).await;
    shop.close().await;
}
