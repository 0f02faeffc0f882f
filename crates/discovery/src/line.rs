//! One connection to an instance: made when it is first wanted, and again whenever it has broken.

use std::sync::Arc;
use std::time::Duration;

use http::uri::Authority;
use hyper::client::conn::http2::SendRequest;
use retry::Backoff;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tonic::body::Body;
use tracing::{info, warn};

use crate::connect::connect;

/// Half a second at most: a neighbour that comes back is found at once, and one that stays away costs two attempts a
/// second.
const RECONNECT: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500));

#[derive(Clone, Default)]
struct State {
    /// Attempts to connect that failed, ever.
    failures: u64,
    sender: Option<SendRequest<Body>>,
}

/// One connection to one instance.
pub(crate) struct Line {
    state: watch::Receiver<State>,
    wanted: Arc<Notify>,
    keeper: AbortHandle,
}

/// Keeps one line: its own task.
struct Keeper {
    service: &'static str,
    authority: Authority,
    state: watch::Sender<State>,
    wanted: Arc<Notify>,
    changed: watch::Sender<()>,
}

impl Line {
    /// A line that is not connected yet. `changed` is told when it is, or cannot be.
    pub(crate) fn new(
        service: &'static str,
        authority: Authority,
        changed: watch::Sender<()>,
    ) -> Self {
        let (sender, state) = watch::channel(State::default());
        let wanted = Arc::new(Notify::new());
        let keeper = Keeper {
            service,
            authority,
            state: sender,
            wanted: wanted.clone(),
            changed,
        };
        Self {
            state,
            wanted,
            keeper: tokio::spawn(keeper.keep()).abort_handle(),
        }
    }

    /// Where to send, while it is connected. Where it is not, it will be: somebody wants it.
    pub(crate) fn sender(&self) -> Option<SendRequest<Body>> {
        let sender = self.state.borrow().sender.clone();
        let sender = sender.filter(|sender| !sender.is_closed());
        if sender.is_none() {
            self.wanted.notify_one();
        }
        sender
    }

    /// How many attempts to connect have failed.
    pub(crate) fn failures(&self) -> u64 {
        self.state.borrow().failures
    }
}

impl Drop for Line {
    /// Ends the reconnecting. Calls on the connection hold it open until they are answered.
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

impl Keeper {
    async fn keep(self) {
        let mut failures = 0;
        loop {
            self.wanted.notified().await;
            match connect(&self.authority).await {
                Ok(connection) => {
                    info!(peer.service = self.service, peer.addr = %self.authority, "connected");
                    failures = 0;
                    self.tell(|state| state.sender = Some(connection.sender));
                    let _ = connection.ended.await;
                    self.tell(|state| state.sender = None);
                    info!(peer.service = self.service, peer.addr = %self.authority, "disconnected");
                }
                Err(error) => {
                    self.complain(failures, &error);
                    self.tell(|state| state.failures += 1);
                    tokio::time::sleep(RECONNECT.draw(failures)).await;
                    failures += 1;
                }
            }
        }
    }

    fn tell(&self, change: impl FnOnce(&mut State)) {
        self.state.send_modify(change);
        self.changed.send_replace(());
    }

    /// Says it once, not at every attempt.
    fn complain(&self, failures: u32, error: &std::io::Error) {
        if failures == 0 {
            warn!(peer.service = self.service, peer.addr = %self.authority, %error, "cannot connect");
        }
    }
}
