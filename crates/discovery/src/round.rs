//! One call's way through the instances: each is tried once.

use std::sync::Arc;
use std::time::Duration;

use hyper::client::conn::http2::SendRequest;
use retry::Deadline;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::body::Body;

use crate::endpoint::Endpoint;
use crate::endpoints::Endpoints;
use crate::flight::Flight;

/// How long a call waits for a directory that has named nobody yet: services come up in any order.
const FIRST_LIST: Duration = Duration::from_secs(1);

/// Nobody is there to send to.
#[derive(Debug)]
pub(crate) struct Nobody;

/// One call's way.
pub(crate) struct Round<'a> {
    endpoints: &'a Endpoints,
    left: Vec<Arc<Endpoint>>,
    failures: Vec<u64>,
    changed: watch::Receiver<()>,
}

impl<'a> Round<'a> {
    /// Begins a call's way through those that are there now; waits a moment while nobody is.
    pub(crate) async fn begin(endpoints: &'a Endpoints) -> Self {
        let mut lists = endpoints.lists();
        let mut left = endpoints.current();
        if left.is_empty() {
            let named = lists.wait_for(|list| !list.is_empty());
            // Whether somebody was named or not is seen by looking.
            let _ = tokio::time::timeout(FIRST_LIST, named).await;
            left = endpoints.current();
        }
        Self {
            endpoints,
            failures: left.iter().map(|endpoint| endpoint.failures()).collect(),
            left: left.to_vec(),
            changed: endpoints.changes(),
        }
    }

    /// The next instance for an attempt that is waited for until `limit`; waits while some may yet be connected.
    pub(crate) async fn next(
        &mut self,
        limit: Deadline,
    ) -> Result<(Flight<'a>, SendRequest<Body>), Nobody> {
        loop {
            if let Some((endpoint, sender, probe)) = self.pick() {
                let at = self
                    .left
                    .iter()
                    .position(|left| Arc::ptr_eq(left, &endpoint));
                if let Some(at) = at {
                    self.left.remove(at);
                    self.failures.remove(at);
                }
                return Ok((
                    Flight::begin(self.endpoints, endpoint, limit, probe),
                    sender,
                ));
            }
            if self.given_up() {
                return Err(Nobody);
            }
            // The sender lives in `endpoints`, which outlives every call, so this only ever ends with a change.
            let _ = self.changed.changed().await;
        }
    }

    /// Chooses among the connected. All are looked at, so that each that is not connected learns that it is wanted.
    fn pick(&self) -> Option<(Arc<Endpoint>, SendRequest<Body>, bool)> {
        let (mut seats, mut senders) = (Vec::new(), Vec::new());
        for endpoint in &self.left {
            if let Some(sender) = endpoint.sender() {
                seats.push(endpoint);
                senders.push(sender);
            }
        }
        let now = Instant::now();
        let probed = seats.iter().find(|seat| seat.standing().take_probe(now));
        let chosen = match probed {
            Some(endpoint) => Arc::clone(endpoint),
            None => self.endpoints.choose(&seats)?,
        };
        let at = seats.iter().position(|seat| Arc::ptr_eq(seat, &chosen))?;
        Some((chosen, senders.swap_remove(at), probed.is_some()))
    }

    /// Whether every instance had its turn.
    pub(crate) fn is_over(&self) -> bool {
        self.left.is_empty()
    }

    /// Whether the next instance is the last.
    pub(crate) fn is_last(&self) -> bool {
        self.left.len() <= 1
    }

    /// Whether every instance that is left could not be connected since the call began.
    fn given_up(&self) -> bool {
        let mut left = self.left.iter().zip(&self.failures);
        left.all(|(endpoint, before)| endpoint.failures() > *before)
    }
}
