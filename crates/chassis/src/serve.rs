//! Serves gRPC at a door.

use std::io;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::Door;
use crate::caller;
use crate::health::Health;
use crate::request::Entry;

/// A caller that was silent for this long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(10);
/// A caller that does not say so within this time has gone.
const REPLY: Duration = Duration::from_secs(5);
/// Ours are below 1 KiB; the rest is a stranger's.
const MOST_HEADERS: u32 = 16 * 1024;
/// More than one caller may ever have in flight; the limit of all callers together is what sheds.
const MOST_STREAMS: u32 = 4_096;
/// Streams opened only to be reset ("rapid reset") end the connection here. Callers whose deadline has passed reset theirs
/// as well, many at once when we are overloaded: then a connection that ends takes along all that would have been answered.
const MOST_RESETS: usize = 4_096;
/// How far behind the answer to a health check may be.
const LOOK: Duration = Duration::from_millis(500);

/// Answers `routes` at `door`, with health and reflection beside them.
///
/// # Errors
/// When the socket breaks.
pub async fn serve(door: Door, routes: Routes) -> io::Result<()> {
    let entry = Entry::of(&door);
    let (reporter, health) = tonic_health::server::health_reporter();
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(api::DESCRIPTORS)
        .build_v1()
        .map_err(io::Error::other)?;
    let routes = routes.add_service(health).add_service(reflection);
    // Said here, since a server that is handed its connections leaves them as they are. Without it the end of an answer
    // waits up to 40 ms for the other side to acknowledge its beginning.
    let incoming = TcpIncoming::from(door.socket).with_nodelay(Some(true));
    let serving = Server::builder()
        .http2_keepalive_interval(Some(SILENCE))
        .http2_keepalive_timeout(Some(REPLY))
        .http2_max_header_list_size(MOST_HEADERS)
        .max_concurrent_streams(MOST_STREAMS)
        .http2_max_pending_accept_reset_streams(Some(MOST_RESETS))
        .add_routes(entry.guard(routes))
        .serve_with_incoming_shutdown(
            caller::take(incoming, door.identity, door.callers),
            door.closing.clone().cancelled_owned(),
        );
    let (end, ()) = tokio::join!(serving, tell(&reporter, &door.health, &door.closing));
    end.map_err(io::Error::other)
}

/// Keeps the answer to gRPC's own health check in step with `/readyz`, until the door closes.
async fn tell(reporter: &HealthReporter, health: &Health, closing: &CancellationToken) {
    while !closing.is_cancelled() {
        let status = if health.report().await.ready {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        reporter.set_service_status("", status).await;
        let draining = health.draining.is_cancelled();
        tokio::select! {
            () = closing.cancelled() => {}
            () = health.draining.cancelled(), if !draining => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}
