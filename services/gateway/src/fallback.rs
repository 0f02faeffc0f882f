//! Reading what is everybody's: what was read a moment ago serves again, and while a service is away, what was last read there.

use std::sync::Arc;
use std::time::Duration;

use api::token::{ReadAt, Seen};
use axum::http::HeaderValue;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use cache::{Bounds, Cache, Kept, Redis, Shelf};
use prost::Message;
use retry::Deadline;
use tonic::Status;

use crate::ask;
use crate::code::Code;
use crate::problem::Problem;
use crate::refusal::{self, Asked};
use crate::version::Written;

/// Says that an answer was kept from before, as RFC 9211 has it.
pub(crate) const HEADER: &str = "cache-status";
/// How many answers are kept in this process; each for 30 seconds at most, and for 5 minutes in Redis.
const ENTRIES: u64 = 2_000;
/// For how long an answer serves again without a question.
const MOMENT: Duration = Duration::from_secs(1);

/// Answers of services about what is everybody's, for as long as they may be shown. Without a Redis there are none.
#[derive(Clone)]
pub(crate) struct Fallback(Option<Answers>);

#[derive(Clone)]
struct Answers {
    /// Of a moment ago, as they go out.
    recent: Arc<Shelf<Written>>,
    /// Of longer ago, as they came.
    kept: Cache<String>,
}

/// An answer: as the service has just given it, or as it was kept.
pub(crate) struct Shown<T> {
    body: T,
    /// How much longer it may be shown, if it was kept.
    kept: Option<Duration>,
}

impl Fallback {
    /// Keeps answers in this process and in `redis`.
    pub(crate) fn new(redis: Option<&Redis>) -> Self {
        Self(redis.map(|redis| Answers {
            recent: Arc::new(Shelf::new(redis, MOMENT, ENTRIES)),
            kept: Cache::new(redis, "fallback", Bounds::entries(ENTRIES)),
        }))
    }

    /// Asks a service for what is everybody's, unless it was asked a moment ago, and has its answer written by `write`: always
    /// the same way for the same `what`. While it is away, answers what was kept, if the caller has not seen more.
    ///
    /// # Errors
    /// The service's refusal; `unavailable` when no answer came and none was kept, `not_yet_consistent` when the one that
    /// was kept is older than what the caller has seen.
    pub(crate) async fn read<C, Q, R>(
        &self,
        what: &'static str,
        client: &C,
        request: Q,
        call: impl AsyncFn(&mut C, tonic::Request<Q>) -> Result<tonic::Response<R>, Status>,
        write: impl FnOnce(R) -> Written,
    ) -> Result<Shown<Written>, Problem>
    where
        C: Clone,
        Q: Message,
        R: Message + Default,
    {
        let key = format!("{what} {}", BASE64.encode(request.encode_to_vec()));
        if let Some(recent) = self.recent(&key).await {
            return Ok(Shown::fresh(recent));
        }
        // A call is large, and every handler that asks would be.
        let asked = Box::pin(ask::read_until(in_time(), client, request, call));
        match asked.await {
            Ok(answer) => Ok(Shown::fresh(self.keep(&key, answer, write).await)),
            Err(status) => {
                let kept = self.instead(what, &key, &status).await?;
                Ok(kept.map(write))
            }
        }
    }

    /// What was answered a moment ago, if the caller has not seen more.
    async fn recent(&self, key: &str) -> Option<Written> {
        self.0.as_ref()?.recent.find(key).await
    }

    /// Keeps an answer, and writes it.
    async fn keep<R: Message>(
        &self,
        key: &str,
        answer: tonic::Response<R>,
        write: impl FnOnce(R) -> Written,
    ) -> Written {
        let read = answer.metadata().get(api::token::READ_AT);
        let read = read.and_then(|text| text.to_str().ok()?.parse::<ReadAt>().ok());
        let answer = answer.into_inner();
        let (Some(answers), Some(ReadAt { token, left })) = (&self.0, read) else {
            return write(answer);
        };
        let at = Seen {
            value: (),
            cluster: token.cluster,
            position: token.position,
            primary: false,
        };
        let came = || BASE64.encode(answer.encode_to_vec());
        chassis::apart(answers.kept.keep(key, at.clone(), left, came)).await;
        let written = write(answer);
        answers.recent.keep(key, at, left, written.clone()).await;
        written
    }

    /// What was kept, in place of an answer that did not come.
    async fn instead<R: Message + Default>(
        &self,
        what: &'static str,
        key: &str,
        status: &Status,
    ) -> Result<Shown<R>, Problem> {
        let problem = refusal::problem(Asked::Read, status);
        let away = matches!(problem.code(), Code::Unavailable | Code::NotTaken);
        let Some(answers) = self.0.as_ref().filter(|_| away) else {
            return Err(problem);
        };
        let (text, left) = match chassis::apart(answers.kept.find(key)).await {
            Kept::Serves(seen, left) => (seen.value, left),
            Kept::TooOld => return Err(Code::NotYetConsistent.into()),
            Kept::Nothing => return Err(problem),
        };
        let body = BASE64.decode(text).ok();
        let body = body.and_then(|bytes| R::decode(&*bytes).ok());
        metrics::counter!("gateway_fallbacks_total", "what" => what).increment(1);
        body.map(|body| Shown::kept(body, left)).ok_or(problem)
    }
}

/// Until when a service is asked: what is left of the request's time afterwards is for what was kept.
fn in_time() -> Deadline {
    let left = Deadline::current().remaining();
    Deadline::after(left.saturating_sub((left / 5).min(Duration::from_millis(500))))
}

impl<T> Shown<T> {
    fn fresh(body: T) -> Self {
        Self { body, kept: None }
    }

    fn kept(body: T, left: Duration) -> Self {
        let kept = Some(left);
        Self { body, kept }
    }

    /// Writes the body for the caller.
    pub(crate) fn map<U>(self, write: impl FnOnce(T) -> U) -> Shown<U> {
        Shown {
            body: write(self.body),
            kept: self.kept,
        }
    }
}

impl<T: IntoResponse> IntoResponse for Shown<T> {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        if let Some(left) = self.kept {
            let seconds = left.as_secs();
            let said = format!("holdfast; hit; ttl={seconds}; detail=service-away");
            if let Ok(said) = HeaderValue::try_from(said) {
                response.headers_mut().insert(HEADER, said);
            }
        }
        response
    }
}
