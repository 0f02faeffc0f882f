//! Readiness tells of this instance alone.

use std::sync::atomic::Ordering;

use crate::tiny::Tiny;

#[tokio::test]
async fn an_instance_is_ready_once_it_has_reached_what_it_needs() {
    let tiny = Tiny::start([]).await;

    let before = tiny.admin("/readyz").await;
    tiny.outside.database.store(true, Ordering::SeqCst);
    let after = tiny.admin("/readyz").await;

    let waiting = r#"{"degraded":[],"ready":false,"waiting_for":["database"]}"#;
    assert_eq!(before, (503, waiting.to_owned()));
    assert_eq!(after.0, 200);
}

#[tokio::test]
async fn an_instance_that_lost_what_all_share_stays_ready_and_says_so() {
    let tiny = Tiny::start([]).await;
    tiny.outside.database.store(true, Ordering::SeqCst);
    tiny.admin("/readyz").await;

    tiny.outside.database.store(false, Ordering::SeqCst);

    let degraded = r#"{"degraded":["database"],"ready":true,"waiting_for":[]}"#;
    assert_eq!(tiny.admin("/readyz").await, (200, degraded.to_owned()));
}

#[tokio::test]
async fn an_instance_is_alive_before_it_is_ready() {
    let tiny = Tiny::start([]).await;

    assert_eq!(tiny.admin("/livez").await.0, 200);
}

#[tokio::test]
async fn whoever_speaks_grpc_hears_the_same() {
    use tonic_health::pb::health_client::HealthClient;
    let tiny = Tiny::start([]).await;
    let url = format!("http://{}", tiny.running.addr);
    let endpoint = tonic::transport::Endpoint::try_from(url).unwrap();
    let mut client = HealthClient::new(endpoint.connect().await.unwrap());
    let watched = client.watch(tonic_health::pb::HealthCheckRequest::default());
    let mut watched = watched.await.unwrap().into_inner();

    let mut heard = Vec::new();
    while let Some(status) = watched.message().await.unwrap() {
        heard.push(status.status);
        tiny.outside.database.store(true, Ordering::SeqCst);
        if heard.ends_with(&[2, 1]) {
            break;
        }
    }

    assert!(heard.ends_with(&[2, 1]), "not serving, then serving");
}

#[tokio::test]
async fn whoever_asks_is_told_what_can_be_called() {
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
    let tiny = Tiny::start([]).await;
    let mut client = ServerReflectionClient::new(tiny.channel.clone());
    let request = tonic_reflection::pb::v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };

    let answers = client.server_reflection_info(tokio_stream::iter([request]));
    let answer = answers.await.unwrap().into_inner().message().await.unwrap();

    assert!(format!("{answer:?}").contains("holdfast.order.v1.Carts"));
}
