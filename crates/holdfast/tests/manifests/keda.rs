//! KEDA's way to control: asked in its place, by the names and certificates of the overlay.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;

use api::keda::external_scaler_client::ExternalScalerClient;
use api::keda::{MetricSpec, ScaledObjectRef};
use chassis::{Env, Running};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use stack::Tls;
use testkit::Certified;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use super::object::{Object, list, text};
use super::overlay::rendered;

/// What `certified` gives to whom the overlay's Certificate `name` is for.
fn certify(certified: &Certified, name: &str) -> Tls {
    let mut objects = rendered("ha").iter();
    let asked = objects.find(|one| one.title() == format!("Certificate {name}"));
    let names = list(&asked.unwrap().spec()["dnsNames"]).iter().map(text);
    let names: Vec<&str> = names.collect();
    certified.certify(name, &names).unwrap()
}

/// A control service whose database is not there.
async fn control(proof: &Tls) -> Running {
    let nobody = format!(
        "postgres://nobody@127.0.0.1:{}/control",
        testkit::free_port()
    );
    let files = [&proof.certificate, &proof.key, &proof.authority];
    let [certificate, key, authority] = files.map(|file| file.display().to_string());
    let env = Env::local([
        ("DATABASE_URLS", nobody),
        ("PEER_TLS_CERT", certificate),
        ("PEER_TLS_KEY", key),
        ("PEER_TLS_CA", authority),
        ("LOG", "off".to_owned()),
    ]);
    let started = chassis::start("control", env, control::Service::connect).await;
    started.unwrap()
}

/// A connection to `addr`, where somebody called `host` is to be, as KEDA makes one from `proof`.
async fn connect(addr: SocketAddr, host: &str, proof: &Tls) -> Channel {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(&proof.authority).unwrap();
    roots.add(authority).unwrap();
    let chain = vec![CertificateDer::from_pem_file(&proof.certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(&proof.key).unwrap();
    let config = ClientConfig::builder().with_root_certificates(roots);
    let mut config = config.with_client_auth_cert(chain, key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let over = tower::service_fn(move |_| {
        let (connector, name) = (connector.clone(), name.clone());
        async move {
            let wire = TcpStream::connect(addr).await?;
            connector.connect(name, wire).await.map(TokioIo::new)
        }
    });
    let endpoint = Endpoint::try_from(format!("http://{host}")).unwrap();
    endpoint.connect_with_connector(over).await.unwrap()
}

/// The metadata of the trigger by which control is asked.
fn metadata(scaled: &Object) -> HashMap<String, String> {
    let mut triggers = list(&scaled.spec()["triggers"]).iter();
    let external = triggers.find(|one| one["type"] == "external");
    let said = external.unwrap()["metadata"].as_object().unwrap();
    let pairs = said.iter();
    pairs
        .map(|(key, value)| (key.clone(), text(value).to_owned()))
        .collect()
}

/// What is answered to KEDA about `scaled`.
async fn asked(scaled: &Object, at: SocketAddr, proof: &Tls) -> MetricSpec {
    let object = ScaledObjectRef {
        name: scaled.name().to_owned(),
        namespace: "holdfast".to_owned(),
        scaler_metadata: metadata(scaled),
    };
    let address = &object.scaler_metadata["scalerAddress"];
    let (host, _) = address.split_once(':').unwrap();
    let mut control = ExternalScalerClient::new(connect(at, host, proof).await);
    let spec = control.get_metric_spec(object).await.unwrap();
    spec.into_inner().metric_specs.remove(0)
}

#[tokio::test]
#[ignore = "needs kubectl: make test-k8s"]
async fn keda_is_answered_about_every_service() {
    let certified = Certified::new().unwrap();
    let running = control(&certify(&certified, "control-peer")).await;
    let proof = certify(&certified, "keda-peer");
    let scaled = rendered("ha").iter();
    let scaled: Vec<&Object> = scaled.filter(|one| one.kind() == "ScaledObject").collect();

    for scaled in &scaled {
        let spec = asked(scaled, running.addr, &proof).await;

        // One pod bears one of what is wanted.
        assert_eq!(spec.metric_name, "instances", "{}", scaled.title());
        assert!((spec.target_size_float - 1.0).abs() < f64::EPSILON);
    }
    let about: BTreeSet<String> = scaled
        .iter()
        .map(|one| metadata(one).remove("service").unwrap())
        .collect();
    let decided = control::domain::allowance::SERVICES.map(str::to_owned);
    assert_eq!(about, BTreeSet::from(decided));
    running.stop().await;
}
