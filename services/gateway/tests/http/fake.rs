//! A neighbour that notes what it was asked and answers what it was told to; every RPC it was told nothing of is answered
//! with an empty message.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures::stream;
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prost::Message;
use tokio::net::TcpListener;
use tonic::Status;
use tonic::service::Routes;

/// One answer.
#[derive(Clone)]
pub(crate) enum Answer {
    /// These messages, then the end.
    Messages(Vec<Vec<u8>>),
    /// These messages, and nothing more for ever.
    Unending(Vec<Vec<u8>>),
    /// This message, said to have been given before for the same key.
    Replay(Vec<u8>),
    /// This message, said to have been read there: see [`api::token::ReadAt`].
    ReadAt(Vec<u8>, &'static str),
    /// A refusal.
    Refusal(Status),
    /// The connection breaks in mid-call: the caller cannot know.
    Silence,
}

type Script = Box<dyn Fn(&[u8], usize) -> Answer + Send + Sync>;

/// The user, order, news and control services in one.
#[derive(Clone, Default)]
pub(crate) struct Fake(Arc<Notes>);

#[derive(Default)]
struct Notes {
    asked: Mutex<Vec<(String, Vec<u8>)>>,
    scripts: Mutex<HashMap<String, Script>>,
}

impl Answer {
    pub(crate) fn message(message: &impl Message) -> Self {
        Self::Messages(vec![message.encode_to_vec()])
    }
}

impl Fake {
    /// Listens on a free port.
    pub(crate) async fn open() -> (Self, SocketAddr) {
        let fake = Self::default();
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = socket.local_addr().unwrap();
        let routes = Routes::from(Router::new().fallback(answer).with_state(fake.clone()));
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(socket);
        let server = tonic::transport::Server::builder().add_routes(routes);
        tokio::spawn(server.serve_with_incoming(incoming));
        (fake, addr)
    }

    /// Answers `rpc`, such as `Orders/Place`, with `message`.
    pub(crate) fn says(&self, rpc: &str, message: &impl Message) {
        let answer = Answer::message(message);
        self.follows(rpc, move |_, _| answer.clone());
    }

    /// Refuses `rpc`.
    pub(crate) fn refuses(&self, rpc: &str, status: Status) {
        self.follows(rpc, move |_, _| Answer::Refusal(status.clone()));
    }

    /// Answers `rpc` by what was asked, and how many times it had been asked before.
    pub(crate) fn follows(
        &self,
        rpc: &str,
        script: impl Fn(&[u8], usize) -> Answer + Send + Sync + 'static,
    ) {
        let mut scripts = self.0.scripts.lock().unwrap();
        scripts.insert(rpc.to_owned(), Box::new(script));
    }

    /// What `rpc` was asked, oldest first.
    pub(crate) fn asked<M: Message + Default>(&self, rpc: &str) -> Vec<M> {
        let asked = self.0.asked.lock().unwrap();
        let same = asked.iter().filter(|(name, _)| name == rpc);
        same.map(|(_, bytes)| M::decode(&bytes[..]).unwrap())
            .collect()
    }

    /// What was asked of handlers: all but what the gateway follows by itself.
    pub(crate) fn all_asked(&self) -> Vec<(String, Vec<u8>)> {
        let asked = self.0.asked.lock().unwrap();
        let by_itself = [
            "Auth/GetKeys",
            "Auth/ListRevocations",
            "Health/Check",
            "Registry/Attend",
        ];
        asked
            .iter()
            .filter(|(name, _)| !by_itself.contains(&name.as_str()))
            .cloned()
            .collect()
    }

    /// Forgets what was asked.
    pub(crate) fn forget(&self) {
        self.0.asked.lock().unwrap().clear();
    }

    fn take(&self, rpc: String, bytes: Vec<u8>) -> Answer {
        let mut asked = self.0.asked.lock().unwrap();
        let before = asked.iter().filter(|(name, _)| *name == rpc).count();
        let scripts = self.0.scripts.lock().unwrap();
        let answer = match scripts.get(&rpc) {
            Some(script) => script(&bytes, before),
            // `SERVING`, as grpc.health.v1 has it.
            None if rpc == "Health/Check" => Answer::Messages(vec![vec![8, 1]]),
            None => Answer::Messages(vec![Vec::new()]),
        };
        asked.push((rpc, bytes));
        answer
    }
}

async fn answer(State(fake): State<Fake>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let rpc = path.rsplit_once('.').unwrap().1; // `/holdfast.order.v1.Orders/Place`
    let rpc = rpc.split_once('.').map_or(rpc, |(_, rest)| rest).to_owned();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let message = body.get(5..).unwrap_or_default().to_vec(); // after its flag and length
    match fake.take(rpc, message) {
        Answer::Refusal(status) => status.into_http(),
        Answer::Messages(messages) => framed(stream::iter(frames(messages, true))),
        Answer::Replay(message) => {
            let mut response = framed(stream::iter(frames(vec![message], true)));
            let yes = axum::http::HeaderValue::from_static("true");
            response.headers_mut().insert("idempotency-replayed", yes);
            response
        }
        Answer::ReadAt(message, read_at) => {
            let mut response = framed(stream::iter(frames(vec![message], true)));
            let read_at = axum::http::HeaderValue::from_static(read_at);
            response.headers_mut().insert("read-at", read_at);
            response
        }
        Answer::Unending(messages) => {
            let pending = stream::once(std::future::pending());
            framed(futures::StreamExt::chain(
                stream::iter(frames(messages, false)),
                pending,
            ))
        }
        Answer::Silence => {
            tokio::time::sleep(Duration::from_millis(20)).await;
            // The stream is reset with nothing said.
            let broken = stream::iter([Err::<Frame<Bytes>, _>(std::io::Error::other("cut"))]);
            grpc(Body::new(StreamBody::new(broken)))
        }
    }
}

fn framed(
    frames: impl futures::Stream<Item = Result<Frame<Bytes>, Infallible>> + Send + 'static,
) -> Response {
    grpc(Body::new(StreamBody::new(frames)))
}

fn grpc(body: Body) -> Response {
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(body).unwrap()
}

fn frames(messages: Vec<Vec<u8>>, end: bool) -> Vec<Result<Frame<Bytes>, Infallible>> {
    let frame = |message: Vec<u8>| {
        let mut bytes = vec![0];
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(message);
        Ok(Frame::data(bytes.into()))
    };
    let trailers = || {
        let mut trailers = axum::http::HeaderMap::new();
        trailers.insert("grpc-status", "0".parse().unwrap());
        Ok(Frame::trailers(trailers))
    };
    let data = messages.into_iter().map(frame);
    data.chain(end.then(trailers)).collect()
}
