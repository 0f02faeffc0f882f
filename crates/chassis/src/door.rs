//! Where a service takes requests.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::Room;
use crate::caller::Callers;
use crate::config::Config;
use crate::health::Health;
use crate::identity::Identity;

/// An open socket, and word of when to close it.
pub struct Door {
    /// The service behind it.
    pub name: &'static str,
    /// Bound and listening.
    pub socket: TcpListener,
    /// Ends when no more requests are to be taken: answer what was taken, then return.
    pub closing: CancellationToken,
    pub(crate) config: Arc<Config>,
    pub(crate) room: Room,
    pub(crate) identity: Option<Identity>,
    /// Who calls here.
    pub(crate) callers: Callers,
    pub(crate) health: Health,
    /// Ends when what was taken has had its time.
    pub(crate) ended: CancellationToken,
}

impl Door {
    /// Whether this instance may be sent requests: what `/readyz` answers with 200 or 503.
    pub async fn is_ready(&self) -> bool {
        self.health.report().await.ready
    }
}
