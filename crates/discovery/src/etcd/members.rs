//! The members of one etcd, asked in turn.

use std::time::Duration;

use api::etcd::kv_client::KvClient;
use api::etcd::lease_client::LeaseClient;
use api::etcd::watch_client::WatchClient;
use http::Uri;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::Network;

/// How long a question may take: a member answers in some ms, and there are others.
const ASK: Duration = Duration::from_secs(1);
/// A member that was silent for this long is asked whether it is there.
const SILENCE: Duration = Duration::from_secs(2);
/// A member that does not say so within this time is given up.
const REPLY: Duration = Duration::from_secs(2);

/// The members of one etcd, asked in turn.
pub(super) struct Members {
    channels: Vec<Channel>,
    turn: usize,
}

impl Members {
    /// The members at `uris`; a chance decides who is asked first, so that not all ask the same one.
    pub(super) fn new(uris: impl Iterator<Item = Uri>, network: &Network) -> Self {
        let channels: Vec<Channel> = uris.map(|uri| channel(uri, network)).collect();
        let turn = rand::random_range(0..channels.len());
        Self { channels, turn }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.channels.len()
    }

    /// Asks the next one from now on.
    pub(super) fn skip(&mut self) {
        self.turn = (self.turn + 1) % self.channels.len();
    }

    pub(super) fn keys(&self) -> KvClient<Channel> {
        KvClient::new(self.channels[self.turn].clone())
    }

    pub(super) fn leases(&self) -> LeaseClient<Channel> {
        LeaseClient::new(self.channels[self.turn].clone())
    }

    pub(super) fn watches(&self) -> WatchClient<Channel> {
        WatchClient::new(self.channels[self.turn].clone())
    }
}

/// Asks, and waits for a second at most.
pub(super) async fn ask<T>(question: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    let late = |_| Status::deadline_exceeded("etcd did not answer in time");
    tokio::time::timeout(ASK, question).await.map_err(late)?
}

/// Connects when it is first asked, and again whenever it has broken.
fn channel(uri: Uri, network: &Network) -> Channel {
    let endpoint = Endpoint::from(uri)
        .connect_timeout(ASK)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(SILENCE)
        .keep_alive_timeout(REPLY)
        .keep_alive_while_idle(true);
    match network.connector() {
        None => endpoint.connect_lazy(),
        Some(connector) => endpoint.connect_with_connector_lazy(connector),
    }
}
