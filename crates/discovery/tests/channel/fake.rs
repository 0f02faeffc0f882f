//! A neighbour that a test can make dead, frozen or rude, and a wire to it that can be cut.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_server::{Health, HealthServer};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// What a fake does with a call.
#[derive(Clone, Default)]
pub(crate) enum Manner {
    /// Answers.
    #[default]
    Kind,
    /// Never answers.
    Silent,
    /// Answers with this.
    Rude(Status),
    /// Answers with this token.
    Ahead(&'static str),
    /// Answers after this long.
    Slow(Duration),
}

/// A server of one RPC. Calls that ask for its health as such, with no service's name, are not counted.
#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) addr: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    calls: Arc<AtomicUsize>,
    last: Arc<Mutex<MetadataMap>>,
}

impl Fake {
    pub(crate) async fn start(manner: Manner) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self {
            addr: socket.local_addr().unwrap(),
            manner: Arc::new(Mutex::new(manner)),
            calls: Arc::default(),
            last: Arc::default(),
        };
        let server = tonic::transport::Server::builder()
            .add_service(HealthServer::new(fake.clone()))
            .serve_with_incoming(TcpListenerStream::new(socket));
        tokio::spawn(server);
        fake
    }

    /// Behaves like this from now on.
    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// What came with the last call.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let last = self.last.lock().unwrap();
        Some(last.get(name)?.to_str().unwrap().to_owned())
    }
}

#[tonic::async_trait]
impl Health for Fake {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let mut answer = Response::new(HealthCheckResponse { status: 1 });
        if request.get_ref().service.is_empty() {
            return Ok(answer);
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        *self.last.lock().unwrap() = request.metadata().clone();
        let manner = self.manner.lock().unwrap().clone();
        match manner {
            Manner::Kind => {}
            Manner::Slow(time) => tokio::time::sleep(time).await,
            Manner::Silent => std::future::pending().await,
            Manner::Rude(status) => return Err(status),
            Manner::Ahead(token) => {
                let token = token.parse().unwrap();
                answer.metadata_mut().insert("consistency-token", token);
            }
        }
        Ok(answer)
    }

    type WatchStream = tokio_stream::Empty<Result<HealthCheckResponse, Status>>;

    async fn watch(
        &self,
        _request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("nobody watches a fake"))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Open,
    Frozen,
    Cut,
}

/// A wire to a server.
pub(crate) struct Wire {
    pub(crate) addr: SocketAddr,
    flow: watch::Sender<Flow>,
    connections: Arc<AtomicUsize>,
}

impl Wire {
    pub(crate) async fn to(target: SocketAddr) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        let (flow, flows) = watch::channel(Flow::Open);
        let connections = Arc::new(AtomicUsize::new(0));
        let taken = connections.clone();
        tokio::spawn(async move {
            while let Ok((near, _)) = socket.accept().await {
                taken.fetch_add(1, Ordering::SeqCst);
                let far = TcpStream::connect(target).await.unwrap();
                let (near_in, near_out) = near.into_split();
                let (far_in, far_out) = far.into_split();
                tokio::spawn(pump(near_in, far_out, flows.clone()));
                tokio::spawn(pump(far_in, near_out, flows.clone()));
            }
        });
        Self {
            addr,
            flow,
            connections,
        }
    }

    /// How many connections were ever taken.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Nothing passes any more, and nobody is told.
    pub(crate) fn freeze(&self) {
        self.flow.send_replace(Flow::Frozen);
    }

    /// Breaks every connection, and every new one.
    pub(crate) fn cut(&self) {
        self.flow.send_replace(Flow::Cut);
    }

    /// Lets connections through again.
    pub(crate) fn heal(&self) {
        self.flow.send_replace(Flow::Open);
    }
}

async fn pump(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut flow: watch::Receiver<Flow>,
) {
    let mut bytes = [0; 4096];
    loop {
        let read = tokio::select! {
            read = from.read(&mut bytes) => read.unwrap_or(0),
            _ = flow.wait_for(|flow| *flow == Flow::Cut) => return,
        };
        let moving = flow.wait_for(|flow| *flow != Flow::Frozen).await;
        let cut = moving.map_or(true, |flow| *flow == Flow::Cut);
        if read == 0 || cut {
            return;
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
