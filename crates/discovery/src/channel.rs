//! The channel that tonic's clients take.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::task::{Context, Poll};

use http::{HeaderValue, Request, Response};
use retry::Budget;
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::{Instrument as _, Span};

use crate::attempt::Call;
use crate::broken::full;
use crate::endpoints::Endpoints;
use crate::{Directory, Settings, headers};

/// A balanced channel to the instances of one service. Cheap to clone.
#[derive(Clone)]
pub struct Channel(Arc<Shared>);

struct Shared {
    service: &'static str,
    quiet: bool,
    endpoints: Arc<Endpoints>,
    /// Room for calls in flight: one neighbour that hangs must not hold everything that we have.
    room: Semaphore,
    budget: Budget,
    service_token: Option<HeaderValue>,
}

/// Makes a channel to the service called `name`. Nothing is connected before the first call.
pub fn channel(name: &'static str, directory: &impl Directory, settings: &Settings) -> Channel {
    let secret = settings.service_token.as_ref();
    let service_token = secret.and_then(|secret| {
        let mut value = HeaderValue::from_str(secret.expose_secret()).ok()?;
        value.set_sensitive(true);
        Some(value)
    });
    let endpoints = Arc::new(Endpoints::new(name, directory, settings));
    settings.opinions.of(&endpoints);
    Channel(Arc::new(Shared {
        service: name,
        quiet: settings.quiet,
        endpoints,
        room: Semaphore::new(settings.calls),
        budget: Budget::new(),
        service_token,
    }))
}

impl Shared {
    async fn call(&self, mut request: Request<Body>) -> Result<Response<Body>, Status> {
        let Ok(_place) = self.room.try_acquire() else {
            metrics::counter!("rpc_client_refused_total", "peer" => self.service).increment(1);
            return Err(full(self.service));
        };
        let deadline = headers::deadline(request.headers());
        let left = deadline.onward();
        headers::write(request.headers_mut(), left, self.service_token.as_ref());
        let call = Call {
            service: self.service,
            endpoints: &self.endpoints,
            budget: &self.budget,
            deadline,
            sent: AtomicBool::new(false),
        };
        match retry::policy(request.extensions()) {
            Some(policy) => call.repeated(policy, request).await,
            None => call.once(request).await,
        }
    }

    /// Notes how a call ended. What a stream says at its end is not known here.
    fn note(&self, begun: Instant, span: &Span, answer: &Result<Response<Body>, Status>) {
        let code = answer.as_ref().err().map_or(Code::Ok, Status::code);
        span.record("rpc.grpc.status_code", code as i32);
        if code != Code::Ok {
            telemetry::failed(span);
        }
        metrics::histogram!(
            "rpc_client_duration_seconds",
            "peer" => self.service,
            "code" => format!("{code:?}"),
        )
        .record(begun.elapsed());
    }
}

impl tower::Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Status>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let shared = self.0.clone();
        let span = if shared.quiet {
            Span::none()
        } else {
            telemetry::rpc_client(shared.service, request.uri().path())
        };
        let calling = span.clone();
        let work = async move {
            let begun = Instant::now();
            let answer = shared.call(request).await;
            shared.note(begun, &calling, &answer);
            answer
        };
        Box::pin(work.instrument(span))
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Channel").field(&self.0.service).finish()
    }
}
