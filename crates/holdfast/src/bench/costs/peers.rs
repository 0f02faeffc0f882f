//! The least that there is: a handler that answers what it was given, and a server of gRPC's own health service.

use std::net::SocketAddr;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::net::TcpListener;
use tonic::transport::Server;

/// As many bytes as the gateway answers for a product, give or take some.
pub(super) const PRODUCT: &str = r#"{"id":"prd_01890a5d-ac96-774b-bcce-b302099a8057","sku":"HF-0001","name":"Enamel mug, 350 ml","description":"White enamel on steel, with a blue rim. Goes on the fire, and into the dishwasher.","category":{"id":"cat_01890a5d-ac96-774b-bcce-b302099a8057","name":"Kitchen"},"price":{"amount":1250,"currency":"USD"},"stock":{"free":1000,"as_of":"2026-01-01T00:00:00.000000Z"},"version":1}"#;

/// Serves a product to whoever asks, by axum alone.
///
/// # Errors
/// When it cannot listen.
pub async fn serve_hello(at: SocketAddr) -> anyhow::Result<()> {
    let hello = async || ([(CONTENT_TYPE, "application/json")], PRODUCT);
    let routes = Router::new().route("/", get(hello));
    axum::serve(TcpListener::bind(at).await?, routes).await?;
    Ok(())
}

/// Serves gRPC's health service, by tonic alone.
///
/// # Errors
/// When it cannot listen.
pub async fn serve_health(at: SocketAddr) -> anyhow::Result<()> {
    let (_, health) = tonic_health::server::health_reporter();
    Server::builder().add_service(health).serve(at).await?;
    Ok(())
}
