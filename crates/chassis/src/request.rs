//! What every gRPC request passes on its way in: is it one of ours, is there room, until when, how far has it seen.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::Priority;
use api::token::Given;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use futures::FutureExt as _;
use http::{HeaderMap, HeaderValue};
use retry::{Deadline, timeout};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::{Code, Status};
use tracing::{Instrument as _, Span, error};

use crate::answer::Answer;
use crate::caller::{Caller, Callers};
use crate::capacity::Capacity;
use crate::health::Health;
use crate::room::{End, Full};
use crate::{Door, Room, stream};

/// What a request without a deadline of its own gets.
const UNHURRIED: Duration = Duration::from_secs(30);
/// Answers a moment before the time is up, so that the caller hears it from us and not from its own clock.
const BEFORE: Duration = Duration::from_millis(2);
/// A full instance has room again after a few requests' time.
const ROOM_AGAIN: Duration = Duration::from_secs(1);
/// Asked by whoever looks after the instance, who has no token.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// Told by every instance twice a second.
const ATTEND: &str = "/holdfast.control.v1.Registry/Attend";

/// What every request passes.
pub(crate) struct Entry {
    service: &'static str,
    callers: Callers,
    token: SecretString,
    room: Room,
    capacity: Option<Capacity>,
    health: Health,
    closing: CancellationToken,
    ended: CancellationToken,
}

impl Entry {
    pub(crate) fn of(door: &Door) -> Self {
        Self {
            service: door.name,
            callers: door.callers,
            token: door.config.service_token.clone(),
            room: door.room.clone(),
            capacity: door.config.capacity.clone(),
            health: door.health.clone(),
            closing: door.closing.clone(),
            ended: door.ended.clone(),
        }
    }

    pub(crate) fn guard(self, routes: Routes) -> Routes {
        let layer = from_fn_with_state(Arc::new(self), pass);
        Routes::from(routes.into_axum_router().layer(layer))
    }

    async fn admit(&self, request: Request, next: Next) -> Result<Response, Status> {
        let path = request.uri().path().to_owned();
        // A connection of which nothing is known is a stranger's.
        let caller = request.extensions().get().copied();
        match caller.unwrap_or(Caller::Stranger) {
            Caller::Guest(guest) => guest.admit(&path)?,
            _ if path.starts_with(HEALTH) => {
                let mut answer = next.run(request).await;
                self.health.sign(answer.headers_mut());
                return Ok(answer);
            }
            caller => {
                caller.admit(self.callers.services)?;
                self.check(request.headers())?;
            }
        }
        let work = Box::pin(self.ended.run_until_cancelled(scoped(self, request, next)));
        // It ends when its answer begins: a stream that lasts takes no room.
        let admitted = self.room.admit(&path, Priority::of(&path), work, judged);
        let answer = admitted.await.map_err(full)?;
        answer.ok_or_else(|| Status::unavailable("this instance has stopped"))
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Status> {
        let given = headers.get("service-token").map(HeaderValue::as_bytes);
        let ours = self.token.expose_secret().as_bytes();
        // In constant time: how long a refusal takes tells nothing about the token.
        if given.is_some_and(|given| bool::from(given.ct_eq(ours))) {
            return Ok(());
        }
        Err(Status::unauthenticated(
            "only services of this house call here",
        ))
    }
}

async fn pass(State(entry): State<Arc<Entry>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    // What comes all the time and tells nothing of what the house does would bury the traces that do.
    let span = if path.starts_with(HEALTH) || path == ATTEND {
        Span::none()
    } else {
        telemetry::rpc_server(entry.service, &path, request.headers())
    };
    let begun = Instant::now();
    let admitted = entry.admit(request, next).instrument(span.clone()).await;
    let response = admitted.unwrap_or_else(Status::into_http);
    let response = response.map(|body| stream::until(entry.closing.clone(), body));
    span.in_scope(|| Answer::of(&response).note(&path, begun.elapsed()));
    response
}

/// Runs the request under its own deadline and token, and sends the token back as it is by then, with errors too.
async fn scoped(entry: &Entry, request: Request, next: Next) -> Response {
    let deadline = Deadline::after(time_left(request.headers()));
    let token = request.headers().get(api::token::HEADER);
    let given = Given::read(token.map(HeaderValue::as_bytes));
    let work = deadline.scope(bounded(entry, deadline, request, next));
    let work = work.map(|answer| (answer, api::token::shown()));
    let ((answer, shown), seen) = api::token::scope(given, work).await;
    let mut response = answer.unwrap_or_else(Status::into_http);
    let token = match seen {
        Given::Token(token) => Some(token.to_string()),
        Given::Nothing | Given::Malformed => None,
    };
    let said = [
        (api::token::HEADER, token),
        (api::token::READ_AT, shown.map(|read| read.to_string())),
    ];
    for (name, text) in said {
        if let Some(Ok(text)) = text.map(HeaderValue::try_from) {
            response.headers_mut().insert(name, text);
        }
    }
    response
}

/// Runs the request no longer than until its deadline. A panic in it is its own end and nobody else's.
fn bounded(
    entry: &Entry,
    deadline: Deadline,
    request: Request,
    next: Next,
) -> impl Future<Output = Result<Response, Status>> {
    let work = async move {
        if let Some(capacity) = &entry.capacity {
            capacity.spend().await;
        }
        next.run(request).await
    };
    // What the handler shares with others is behind locks that it does not hold across an await, or is the database.
    let work = AssertUnwindSafe(work).catch_unwind();
    deadline.limit(work).map(|answer| {
        let answer = answer.map_err(|passed| Status::deadline_exceeded(passed.to_string()))?;
        answer.map_err(|panic| {
            error!(panic = words(&*panic), "a request panicked");
            Status::internal("this request met a bug")
        })
    })
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let string = || panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(string).unwrap_or("without words")
}

fn time_left(headers: &HeaderMap) -> Duration {
    let written = headers
        .get(timeout::HEADER)
        .and_then(|text| text.to_str().ok());
    let left = written.and_then(timeout::read).unwrap_or(UNHURRIED);
    left.saturating_sub(BEFORE)
}

/// How a request ended, as far as it tells of this instance.
#[allow(clippy::ref_option, reason = "it judges the output as it is")]
fn judged(answer: &Option<Response>) -> End {
    let response = answer.as_ref();
    response.map_or(End::Failed, |response| Answer::of(response).end())
}

fn full(_: Full) -> Status {
    let sentence = "this instance is full; try again";
    api::error::later(
        Code::Unavailable,
        api::error::NOT_TAKEN,
        sentence,
        ROOM_AGAIN,
    )
}
