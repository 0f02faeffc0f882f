//! Taking requests off the wire: TCP or TLS, slow clients cut short, nobody cut off at the end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use chassis::Door;
use chassis::tls::Certificate;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;

use crate::config::Settings;
use crate::idle::Patient;
use crate::proxied::Proxied;
use crate::state::Edge;

/// How many headers a request may have.
const HEADERS: usize = 100;
/// How many requests one HTTP/2 connection may carry at once.
const STREAMS: u32 = 250;
/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Answers at `door` until it closes, and then until all is answered; over TLS where there is a certificate.
///
/// # Errors
/// When the socket breaks.
pub(crate) async fn serve(
    edge: Edge,
    certificate: Option<&Certificate>,
    router: Router,
    door: Door,
) -> io::Result<()> {
    let handle = Handle::new();
    let closing = close(handle.clone(), edge.clone(), door.closing);
    let settings = edge.settings();
    let mut server = axum_server::from_tcp(door.socket.into_std()?)?.handle(handle);
    limit(server.http_builder(), settings);
    let app = router.into_make_service_with_connect_info::<SocketAddr>();
    let patient = Proxied::new(settings, Patient(settings.idle_timeout));
    let answering = async {
        match certificate {
            None => plain(server).acceptor(patient).serve(app).await,
            Some(certificate) => {
                let config = RustlsConfig::from_config(Arc::new(certificate.server_config()));
                let acceptor = RustlsAcceptor::new(config).handshake_timeout(HANDSHAKE);
                server.acceptor(acceptor.acceptor(patient)).serve(app).await
            }
        }
    };
    tokio::pin!(answering, closing);
    tokio::select! {
        done = &mut answering => done,
        () = &mut closing => answering.await,
    }
}

/// Without TLS only HTTP/1 is spoken: so its limit on slow headers counts from the first moment.
fn plain(server: Server<SocketAddr>) -> Server<SocketAddr> {
    server.http1_only()
}

/// Takes no more connections once the door closes, and ends what would go on for ever.
async fn close(
    handle: Handle<SocketAddr>,
    edge: Edge,
    closing: tokio_util::sync::CancellationToken,
) {
    closing.cancelled().await;
    edge.draining().cancel();
    handle.graceful_shutdown(None);
}

fn limit(builder: &mut Builder<TokioExecutor>, settings: &Settings) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout)
        .max_headers(HEADERS)
        // Room for a refusal of our own before hyper refuses by itself.
        .max_buf_size(settings.header_bytes * 4);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(settings.header_bytes * 2).unwrap_or(u32::MAX))
        .keep_alive_interval(settings.header_timeout)
        .keep_alive_timeout(settings.header_timeout);
}
