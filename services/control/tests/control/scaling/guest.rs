//! KEDA as it comes in a cluster: by a certificate of its own, and to nothing else.

use api::keda::ScaledObjectRef;
use api::keda::external_scaler_client::ExternalScalerClient;
use chassis::{Env, Setting};
use discovery::Channel;
use http::Request;
use stack::Tls;
use testkit::Certified;
use tonic::body::Body;
use tonic::codegen::Service as _;

use tonic::{Code, Status};

use crate::shop::{Shop, start_with};

/// All that there is to ask, of all services.
const CONTRACT: &str = include_str!("../../../../../crates/api/contract.txt");
const NEIGHBOURS: &[Setting] = &[Setting::required("CONTROL_ADDRS", "Where the service is.")];

/// How somebody is told to prove themselves by `proof`.
fn proving(proof: &Tls) -> Vec<(&'static str, String)> {
    let files = [&proof.certificate, &proof.key, &proof.authority];
    let names = ["PEER_TLS_CERT", "PEER_TLS_KEY", "PEER_TLS_CA"];
    let paths = files.map(|file| file.display().to_string());
    names.into_iter().zip(paths).collect()
}

/// A control service that asks for certificates, and its authority.
async fn guarded() -> (Shop, Certified) {
    let certified = Certified::new().unwrap();
    let own = certified.certify("control", &["control.holdfast.internal"]);
    let settings = proving(&own.unwrap());
    let shop = Shop::open_with(async |database| start_with(database, &settings).await).await;
    (shop, certified)
}

/// The way of KEDA to it. KEDA has no token: it shows one that is wrong.
fn keda(shop: &Shop, certified: &Certified) -> Channel {
    let proof = certified.certify("keda", &["keda.holdfast.internal"]);
    let mut settings = proving(&proof.unwrap());
    settings.push(("CONTROL_ADDRS", shop.control.addr.to_string()));
    settings.push(("SERVICE_TOKEN", "nobody's".to_owned()));
    let env = Env::local(settings).knowing(NEIGHBOURS);
    env.proving("keda").unwrap().channel("control").unwrap()
}

/// What is answered to an empty message at `path`.
async fn answer(mut channel: Channel, path: &str) -> Code {
    let request = Request::post(format!("http://control{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Body::new("\0\0\0\0\0".to_owned()));
    let answered = channel.call(request.unwrap()).await;
    let told = answered.map(|answer| Status::from_header_map(answer.headers()));
    match told {
        Ok(status) => status.map_or(Code::Ok, |status| status.code()),
        Err(status) => status.code(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keda_is_let_in_by_its_certificate_alone() {
    let (shop, certified) = guarded().await;
    let mut keda = ExternalScalerClient::new(keda(&shop, &certified));
    let object = ScaledObjectRef {
        scaler_metadata: [("service".to_owned(), "order".to_owned())].into(),
        ..ScaledObjectRef::default()
    };

    let spec = keda.get_metric_spec(object).await.unwrap().into_inner();

    assert_eq!(spec.metric_specs[0].metric_name, "instances");
}

#[tokio::test(flavor = "multi_thread")]
async fn keda_is_refused_everything_else_that_there_is_to_ask() {
    let (shop, certified) = guarded().await;
    let keda = keda(&shop, &certified);
    let calls = CONTRACT.lines().filter(|line| line.contains(": rpc "));
    let calls = calls.map(|line| line.split(':').next().unwrap());
    let paths = calls.map(|call| {
        let (service, method) = call.rsplit_once('.').unwrap();
        format!("/{service}/{method}")
    });
    let beside = ["/grpc.health.v1.Health/Check"].map(str::to_owned);
    let paths: Vec<String> = paths.chain(beside).collect();
    assert!(paths.len() > 60, "{}", paths.len());

    for path in &paths {
        let told = answer(keda.clone(), path).await;

        assert_eq!(told, Code::PermissionDenied, "{path}");
    }
    let own = "/externalscaler.ExternalScaler/IsActive";
    assert_eq!(answer(keda, own).await, Code::InvalidArgument);
}
