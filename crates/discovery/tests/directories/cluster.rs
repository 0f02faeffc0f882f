//! An API server of a test's own: lists `EndpointSlices`, tells what becomes of them, forgets what was long ago.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum_server::tls_rustls::RustlsConfig;
use discovery::kubernetes::Access;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

use crate::same::Knows;

const TOKEN: &str = "the token of this pod";

/// An API server, and the folder that a pod finds its account in.
pub(crate) struct Cluster {
    pub(crate) shared: Shared,
    addr: SocketAddr,
    scheme: &'static str,
    account: TempDir,
    task: JoinHandle<()>,
}

/// What the server knows.
#[derive(Clone, Default)]
pub(crate) struct Shared {
    store: Arc<Mutex<Store>>,
    changed: Arc<watch::Sender<()>>,
    /// How often it was asked for a list, and from which version each watch began.
    pub(crate) lists: Arc<AtomicUsize>,
    pub(crate) watches: Arc<Mutex<Vec<u64>>>,
    /// Ends all watches when it changes.
    ended: Arc<watch::Sender<()>>,
}

#[derive(Default)]
struct Store {
    version: u64,
    slices: BTreeMap<String, Value>,
    events: Vec<(u64, Value)>,
    /// Watches that begin before this are told that it is gone.
    oldest: u64,
}

impl Store {
    fn tell(&mut self, kind: &str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        self.events
            .push((self.version, json!({"type": kind, "object": object})));
    }
}

impl Shared {
    /// Writes a slice with these endpoints.
    pub(crate) fn write(&self, name: &str, endpoints: &Value) {
        let mut store = self.store.lock().unwrap();
        let slice = json!({
            "metadata": {"name": name, "labels": {"kubernetes.io/service-name": "order"}},
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": [{"name": "grpc", "port": 7000}],
        });
        let known = store.slices.insert(name.to_owned(), slice.clone());
        let kind = known.map_or("ADDED", |_| "MODIFIED");
        store.tell(kind, slice);
        self.changed.send_replace(());
    }

    pub(crate) fn delete_all(&self) {
        let mut store = self.store.lock().unwrap();
        for slice in std::mem::take(&mut store.slices).into_values() {
            store.tell("DELETED", slice);
        }
        self.changed.send_replace(());
    }

    /// Says how far it has come, with nothing that concerns anybody.
    pub(crate) fn bookmark(&self) -> u64 {
        let mut store = self.store.lock().unwrap();
        store.tell("BOOKMARK", json!({"kind": "EndpointSlice"}));
        self.changed.send_replace(());
        store.version
    }

    /// Forgets what happened so far, and ends all watches.
    pub(crate) fn compact(&self) {
        let mut store = self.store.lock().unwrap();
        store.events.clear();
        store.oldest = store.version + 1;
        store.version += 1;
        self.end_watches();
    }

    pub(crate) fn end_watches(&self) {
        self.ended.send_replace(());
    }

    fn list(&self) -> Value {
        self.lists.fetch_add(1, Ordering::SeqCst);
        let store = self.store.lock().unwrap();
        let items: Vec<&Value> = store.slices.values().collect();
        json!({"kind": "EndpointSliceList", "metadata": {"resourceVersion": store.version.to_string()}, "items": items})
    }

    /// Tells what has happened since `version`, and goes on telling.
    fn watch(&self, version: u64) -> Body {
        self.watches.lock().unwrap().push(version);
        let (lines, body) = mpsc::channel(100);
        let (shared, mut seen) = (self.clone(), version);
        let (mut changed, mut ended) = (self.changed.subscribe(), self.ended.subscribe());
        tokio::spawn(async move {
            loop {
                for (at, event) in shared.since(seen) {
                    if lines.send(format!("{event}\n")).await.is_err() {
                        return;
                    }
                    seen = at;
                }
                tokio::select! {
                    _ = changed.changed() => {}
                    _ = ended.changed() => return,
                    () = lines.closed() => return,
                }
            }
        });
        Body::from_stream(ReceiverStream::new(body).map(Ok::<_, Infallible>))
    }

    fn since(&self, version: u64) -> Vec<(u64, Value)> {
        let store = self.store.lock().unwrap();
        if version < store.oldest {
            let gone = json!({"kind": "Status", "code": 410, "reason": "Expired"});
            return vec![(u64::MAX, json!({"type": "ERROR", "object": gone}))];
        }
        let later = store.events.iter().filter(|(at, _)| *at > version);
        later.cloned().collect()
    }
}

async fn slices(
    State(shared): State<Shared>,
    Path(namespace): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let bearer = headers.get("authorization").unwrap();
    if bearer != &format!("Bearer {TOKEN}") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    assert_eq!(namespace, "shop");
    assert_eq!(query["labelSelector"], "kubernetes.io/service-name=order");
    if query.contains_key("watch") {
        let version = query["resourceVersion"].parse().unwrap();
        return shared.watch(version).into_response();
    }
    axum::Json(shared.list()).into_response()
}

fn routes(shared: Shared) -> Router {
    let path = "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices";
    Router::new().route(path, get(slices)).with_state(shared)
}

impl Cluster {
    async fn listen(addr: &str, shared: Shared) -> (SocketAddr, JoinHandle<()>) {
        let routes = routes(shared);
        let socket = TcpListener::bind(addr).await.unwrap();
        let addr = socket.local_addr().unwrap();
        let serving = axum::serve(socket, routes);
        let task = tokio::spawn(async move { serving.await.unwrap() });
        (addr, task)
    }

    /// One that speaks TLS only, and is trusted by its account.
    pub(crate) async fn secure() -> Self {
        let mut cluster = Self::start().await;
        cluster.goes().await;
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        cluster.trust(&own.cert.pem());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth();
        let key = own.signing_key.serialize_der().try_into().unwrap();
        let config = config.with_single_cert(vec![own.cert.der().clone()], key);
        let config = RustlsConfig::from_config(Arc::new(config.unwrap()));
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        cluster.addr = socket.local_addr().unwrap();
        cluster.scheme = "https";
        let server = axum_server::from_tcp_rustls(socket, config).unwrap();
        let routes = routes(cluster.shared.clone()).into_make_service();
        cluster.task = tokio::spawn(async move { server.serve(routes).await.unwrap() });
        cluster
    }

    /// Has the account trust `cert` and nobody else.
    pub(crate) fn trust(&self, cert: &str) {
        std::fs::write(self.account.path().join("ca.crt"), cert).unwrap();
    }
}

impl Knows for Cluster {
    async fn start() -> Self {
        let account = tempfile::tempdir().unwrap();
        std::fs::write(account.path().join("token"), format!("{TOKEN}\n")).unwrap();
        std::fs::write(account.path().join("namespace"), "shop").unwrap();
        let shared = Shared::default();
        let (addr, task) = Self::listen("127.0.0.1:0", shared.clone()).await;
        Self {
            shared,
            addr,
            scheme: "http",
            account,
            task,
        }
    }

    fn source(&self) -> String {
        "kubernetes://order:grpc".to_owned()
    }

    fn access(&self) -> Access {
        Access {
            server: format!("{}://{}", self.scheme, self.addr).parse().unwrap(),
            account: PathBuf::from(self.account.path()),
        }
    }

    async fn says(&mut self, addrs: &[&str]) {
        let pod = |(at, addr): (usize, &&str)| {
            let ip = addr.split(':').next().unwrap();
            json!({"addresses": [ip], "targetRef": {"kind": "Pod", "name": format!("order-{at}-{ip}")}})
        };
        let pods: Vec<Value> = addrs.iter().enumerate().map(pod).collect();
        self.shared.write("order-abc", &json!(pods));
    }

    async fn goes(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
        self.shared.end_watches();
    }

    async fn returns(&mut self) {
        (_, self.task) = Self::listen(&self.addr.to_string(), self.shared.clone()).await;
    }

    async fn forgets(&mut self) {
        self.shared.delete_all();
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.task.abort();
    }
}
