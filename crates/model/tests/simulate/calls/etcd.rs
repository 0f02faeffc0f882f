//! etcd in small: keys, revisions, leases and watches, as far as `discovery` uses them. What it has written outlives a crash.

use std::sync::Arc;
use std::time::Duration;

use api::etcd::kv_client::KvClient;
use api::etcd::kv_server::{Kv, KvServer};
use api::etcd::lease_server::{Lease, LeaseServer};
use api::etcd::watch_request::RequestUnion;
use api::etcd::watch_server::{Watch, WatchServer};
use api::etcd::{
    LeaseGrantRequest, LeaseGrantResponse, LeaseKeepAliveRequest, LeaseKeepAliveResponse,
    LeaseRevokeRequest, LeaseRevokeResponse, RangeRequest, RangeResponse, TxnRequest, TxnResponse,
    WatchCreateRequest, WatchRequest, WatchResponse,
};
use discovery::{Directory, Instance};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::transport::Endpoint;
use tonic::{Request, Response, Status, Streaming};

pub(crate) use self::store::Store;
use super::ETCD;
use crate::course::{Illness, Ills};
use crate::net::Host;
use crate::wire;

mod store;

/// How often leases are looked at.
const LOOK: Duration = Duration::from_millis(200);

/// Lives once. Leases whose time is over are ended while it is `ageing`.
pub(crate) async fn run(store: Store, ills: Ills, ageing: bool) {
    store.resume();
    tokio::spawn(age(store.clone(), ills, ageing));
    let services = Routes::new(KvServer::new(store.clone()));
    let services = services.add_service(LeaseServer::new(store.clone()));
    wire::serve(ETCD, services.add_service(WatchServer::new(store))).await;
}

/// Ends leases whose time is over; forgets everything where it is made to.
async fn age(store: Store, ills: Ills, ageing: bool) {
    let mut emptied = false;
    loop {
        tokio::time::sleep(LOOK).await;
        let ill = ills.of(ETCD) == Some(Illness::Emptied);
        if ill && !emptied {
            store.clear();
        }
        emptied = ill;
        if ageing {
            store.expire();
        }
    }
}

#[tonic::async_trait]
impl Kv for Store {
    async fn range(
        &self,
        request: Request<RangeRequest>,
    ) -> Result<Response<RangeResponse>, Status> {
        Ok(Response::new(self.read(&request.into_inner())))
    }

    async fn txn(&self, request: Request<TxnRequest>) -> Result<Response<TxnResponse>, Status> {
        self.commit(request.into_inner()).map(Response::new)
    }
}

#[tonic::async_trait]
impl Lease for Store {
    async fn lease_grant(
        &self,
        request: Request<LeaseGrantRequest>,
    ) -> Result<Response<LeaseGrantResponse>, Status> {
        let ttl = request.into_inner().ttl;
        Ok(Response::new(LeaseGrantResponse {
            id: self.grant(ttl),
            ttl,
            ..LeaseGrantResponse::default()
        }))
    }

    async fn lease_revoke(
        &self,
        request: Request<LeaseRevokeRequest>,
    ) -> Result<Response<LeaseRevokeResponse>, Status> {
        self.revoke(request.into_inner().id);
        Ok(Response::new(LeaseRevokeResponse::default()))
    }

    type LeaseKeepAliveStream = BoxStream<'static, Result<LeaseKeepAliveResponse, Status>>;

    async fn lease_keep_alive(
        &self,
        request: Request<Streaming<LeaseKeepAliveRequest>>,
    ) -> Result<Response<Self::LeaseKeepAliveStream>, Status> {
        let store = self.clone();
        let answers = request.into_inner().map(move |asked| {
            let id = asked?.id;
            Ok(LeaseKeepAliveResponse {
                id,
                ttl: store.renew(id),
                ..LeaseKeepAliveResponse::default()
            })
        });
        Ok(Response::new(answers.boxed()))
    }
}

#[tonic::async_trait]
impl Watch for Store {
    type WatchStream = BoxStream<'static, Result<WatchResponse, Status>>;

    async fn watch(
        &self,
        request: Request<Streaming<WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let mut asked = request.into_inner();
        let (told, hears) = mpsc::channel(16);
        let store = self.clone();
        tokio::spawn(async move {
            let first = asked.message().await.ok().flatten();
            let union = first.and_then(|first| first.request_union);
            if let Some(RequestUnion::CreateRequest(create)) = union {
                store.follow(create, told).await;
            }
        });
        Ok(Response::new(ReceiverStream::new(hears).boxed()))
    }
}

impl Store {
    /// Tells what happens, until nobody listens, or there is nothing left of what was followed.
    async fn follow(
        self,
        create: WatchCreateRequest,
        told: mpsc::Sender<Result<WatchResponse, Status>>,
    ) {
        let mut news = self.news();
        let era = news.borrow_and_update().era;
        let mut next = create.start_revision;
        let mut say = Some(WatchResponse {
            created: true,
            ..WatchResponse::default()
        });
        while news.borrow_and_update().era == era {
            if let Some(said) = say.take()
                && told.send(Ok(said)).await.is_err()
            {
                return;
            }
            let events = self.since(&create.key, next);
            if let Some(last) = events.last().and_then(|it| it.kv.as_ref()) {
                next = last.mod_revision + 1;
                say = Some(WatchResponse {
                    events,
                    ..WatchResponse::default()
                });
                continue;
            }
            tokio::select! {
                biased;
                () = told.closed() => return,
                changed = news.changed() => if changed.is_err() { return },
            }
        }
        let _ = told.send(Err(Status::unavailable("made anew"))).await;
    }
}

/// What is planted: a directory that hands out whatever it reads.
pub(crate) struct Believer(watch::Receiver<Arc<[Instance]>>);

impl Believer {
    /// Follows the registry from `host`.
    pub(crate) fn follow(host: Host) -> Self {
        let (told, list) = watch::channel(Arc::from([]));
        tokio::spawn(async move {
            let network = wire::connector(host, ETCD);
            let uri = format!("http://{}", wire::addr(ETCD));
            let uri = Endpoint::from_shared(uri).expect("it is one");
            let channel = uri.connect_with_connector_lazy(network);
            loop {
                let range = RangeRequest {
                    key: b"holdfast/order/".to_vec(),
                    range_end: b"holdfast/order0".to_vec(),
                };
                if let Ok(read) = KvClient::new(channel.clone()).range(range).await {
                    let kvs = read.into_inner().kvs;
                    let found = kvs.iter().filter_map(|kv| {
                        let read: Value = serde_json::from_slice(&kv.value).ok()?;
                        Some(Instance::at(&read.get("addr")?.as_str()?))
                    });
                    told.send_replace(found.collect());
                }
                tokio::time::sleep(LOOK).await;
            }
        });
        Self(list)
    }
}

impl Directory for Believer {
    fn watch(&self) -> watch::Receiver<Arc<[Instance]>> {
        self.0.clone()
    }
}
