//! Keeps an instance registered: under a lease, through every absence of etcd, until it leaves.

use std::time::Duration;

use api::etcd::compare::{CompareResult, CompareTarget, TargetUnion};
use api::etcd::request_op;
use api::etcd::response_op;
use api::etcd::{
    Compare, LeaseGrantRequest, LeaseKeepAliveRequest, LeaseRevokeRequest, PutRequest,
    RangeRequest, RequestOp, TxnRequest, TxnResponse,
};
use retry::Backoff;
use tokio::sync::watch;
use tonic::Status;
use tracing::{info, warn};

use super::members::{Members, ask};
use super::{Etcd, entry};
use crate::Instance;

/// A lease is renewed so often within its time: two attempts may fail.
const RENEWALS: u32 = 3;
/// Short beside any lease: while no member answers each is asked several times before the lease runs out.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_millis(500));
/// How long saying goodbye may take: whoever does not hear of it finds out by the lease.
const GOODBYE: Duration = Duration::from_secs(2);

impl Etcd {
    /// Keeps `instance` registered as one of `service` until `leaving` ends, and then takes it out. Nobody lists it for longer
    /// than `lease` after it has died. Says in `listed` whether it is registered.
    pub async fn keep(
        &self,
        service: &str,
        instance: &Instance,
        lease: Duration,
        listed: watch::Sender<bool>,
        leaving: impl Future<Output = ()>,
    ) {
        let mut keeper = Keeper {
            members: self.members(),
            key: format!("{}{}", self.folder(service), instance.id),
            instance: instance.clone(),
            lease: None,
            seconds: i64::try_from(lease.as_secs()).unwrap_or(i64::MAX),
            was_here: false,
        };
        tokio::select! {
            () = leaving => {}
            () = keeper.stay(lease / RENEWALS, &listed) => {}
        }
        listed.send_replace(false);
        if tokio::time::timeout(GOODBYE, keeper.leave()).await.is_err() {
            warn!(key = keeper.key, "could not deregister; the lease will");
        }
    }
}

/// Keeps one key.
struct Keeper {
    members: Members,
    key: String,
    instance: Instance,
    lease: Option<i64>,
    seconds: i64,
    was_here: bool,
}

impl Keeper {
    /// Renews for ever.
    async fn stay(&mut self, pause: Duration, listed: &watch::Sender<bool>) {
        let mut failures = 0;
        loop {
            match self.renew().await {
                Ok(ours) => {
                    self.say(listed.send_replace(ours), ours);
                    failures = 0;
                    tokio::time::sleep(pause).await;
                }
                Err(error) => {
                    if failures == 0 {
                        warn!(
                            key = self.key,
                            error = error.message(),
                            "etcd does not answer; registering goes on"
                        );
                    }
                    listed.send_replace(false);
                    self.members.skip();
                    tokio::time::sleep(AGAIN.draw(failures)).await;
                    failures += 1;
                }
            }
        }
    }

    fn say(&self, before: bool, ours: bool) {
        match (before, ours) {
            (false, true) => info!(key = self.key, addr = self.instance.addr, "registered"),
            (true, false) => warn!(key = self.key, "somebody else is registered by our name"),
            _ => {}
        }
    }

    /// Begins the lease's time anew, or another lease, and sees to it that the key is there; says whether it is ours.
    async fn renew(&mut self) -> Result<bool, Status> {
        let lease = match self.lease {
            Some(lease) if self.is_alive(lease).await? => lease,
            _ => self.grant().await?,
        };
        let ours = self.write(lease).await?;
        self.was_here |= ours;
        Ok(ours)
    }

    async fn is_alive(&self, lease: i64) -> Result<bool, Status> {
        let mut leases = self.members.leases();
        let request = tokio_stream::once(LeaseKeepAliveRequest { id: lease });
        let asked = async {
            let mut answers = leases.lease_keep_alive(request).await?.into_inner();
            let none = || Status::unavailable("etcd did not answer");
            answers.message().await?.ok_or_else(none)
        };
        Ok(ask(asked).await?.ttl > 0)
    }

    async fn grant(&mut self) -> Result<i64, Status> {
        let (ttl, id) = (self.seconds, 0);
        let mut leases = self.members.leases();
        let granted = ask(leases.lease_grant(LeaseGrantRequest { ttl, id })).await?;
        let lease = granted.into_inner().id;
        self.lease = Some(lease);
        Ok(lease)
    }

    /// Writes the key where it is missing. The first time it is written whoever has it: that is who we were before we were
    /// started again. Later it is somebody who came after us.
    async fn write(&self, lease: i64) -> Result<bool, Status> {
        let missing = Compare {
            key: self.key.clone().into(),
            result: CompareResult::Equal.into(),
            target: CompareTarget::Create.into(),
            target_union: Some(TargetUnion::CreateRevision(0)),
        };
        let compare = if self.was_here {
            vec![missing]
        } else {
            Vec::new()
        };
        let done = self.put_if(compare, &self.instance, lease).await?;
        Ok(done.succeeded || holder(&done) == Some(lease))
    }

    /// Says that it is not ready any more, so that nobody takes its end for a fault; then ends its lease, and with it the key.
    async fn leave(&mut self) {
        let Some(lease) = self.lease else { return };
        for _ in 0..self.members.count() {
            match self.end(lease).await {
                Ok(()) => return info!(key = self.key, "deregistered"),
                Err(error) => warn!(
                    key = self.key,
                    error = error.message(),
                    "could not deregister here"
                ),
            }
            self.members.skip();
        }
    }

    async fn end(&self, lease: i64) -> Result<(), Status> {
        let ours = Compare {
            key: self.key.clone().into(),
            result: CompareResult::Equal.into(),
            target: CompareTarget::Lease.into(),
            target_union: Some(TargetUnion::Lease(lease)),
        };
        let gone = Instance {
            ready: false,
            ..self.instance.clone()
        };
        self.put_if(vec![ours], &gone, lease).await?;
        let mut leases = self.members.leases();
        ask(leases.lease_revoke(LeaseRevokeRequest { id: lease })).await?;
        Ok(())
    }

    /// Writes the key if `compare` is so, and reads it if not.
    async fn put_if(
        &self,
        compare: Vec<Compare>,
        instance: &Instance,
        lease: i64,
    ) -> Result<TxnResponse, Status> {
        let put = request_op::Request::RequestPut(PutRequest {
            key: self.key.clone().into(),
            value: entry::write(instance),
            lease,
        });
        let read = request_op::Request::RequestRange(RangeRequest {
            key: self.key.clone().into(),
            range_end: Vec::new(),
        });
        let op = |request| {
            vec![RequestOp {
                request: Some(request),
            }]
        };
        let (success, failure) = (op(put), op(read));
        let request = TxnRequest {
            compare,
            success,
            failure,
        };
        Ok(ask(self.members.keys().txn(request)).await?.into_inner())
    }
}

/// The lease under which the key stands that was read.
fn holder(done: &TxnResponse) -> Option<i64> {
    let read = done.responses.first()?.response.as_ref()?;
    match read {
        response_op::Response::ResponseRange(range) => Some(range.kvs.first()?.lease),
        response_op::Response::ResponsePut(_) => None,
    }
}
