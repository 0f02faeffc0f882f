//! One connection to an instance: made when it is first wanted, and again whenever it has broken.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::uri::{Authority, Scheme};
use hyper::client::conn::http2::SendRequest;
use retry::Backoff;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tonic::body::Body;
use tracing::{info, warn};

use crate::Network;
use crate::connect::connect;
use crate::tls::Configs;

/// Half a second at most: a neighbour that comes back is found at once, and one that stays away costs two attempts a
/// second.
const RECONNECT: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500));

/// Whom to reach, and how they prove to be it.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) service: &'static str,
    pub(crate) tls: Option<Configs>,
    pub(crate) network: Network,
}

impl Way {
    /// What requests say of it.
    pub(crate) fn scheme(&self) -> Scheme {
        if self.tls.is_some() {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        }
    }
}

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
    way: Way,
    authority: Authority,
    state: watch::Sender<State>,
    wanted: Arc<Notify>,
    changed: watch::Sender<()>,
}

impl Line {
    /// A line that is not connected yet. `changed` is told when it is, or cannot be.
    pub(crate) fn new(way: Way, authority: Authority, changed: watch::Sender<()>) -> Self {
        let (sender, state) = watch::channel(State::default());
        let wanted = Arc::new(Notify::new());
        let keeper = Keeper {
            way,
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
            match connect(&self.authority, &self.way).await {
                Ok(connection) => {
                    info!(peer.service = self.way.service, peer.addr = %self.authority, "connected");
                    failures = 0;
                    self.tell(|state| state.sender = Some(connection.sender));
                    let _ = connection.ended.await;
                    self.tell(|state| state.sender = None);
                    info!(peer.service = self.way.service, peer.addr = %self.authority, "disconnected");
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
    fn complain(&self, failures: u32, error: &io::Error) {
        if failures == 0 {
            let error = causes(error);
            warn!(peer.service = self.way.service, peer.addr = %self.authority, %error, "cannot connect");
        }
    }
}

/// An error with its causes, each after a colon: that a certificate is refused stands in the last.
fn causes(error: &io::Error) -> String {
    let first: &(dyn Error + 'static) = error;
    let causes = std::iter::successors(Some(first), |&error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    causes.join(": ")
}
