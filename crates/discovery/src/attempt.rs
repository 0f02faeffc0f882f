//! One call's attempts: each goes to one instance, and the call remembers whether any was ever sent.

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use retry::{Budget, Deadline, Policy};
use tokio::sync::Mutex;
use tonic::body::Body;
use tonic::{Code, Status};

use crate::broken::{broken, never_sent, untouched};
use crate::endpoint::Endpoint;
use crate::endpoints::Endpoints;
use crate::flight::verdict;
use crate::headers;
use crate::round::Round;
use crate::standing::Verdict;

/// What is kept to be sent again; the largest message that servers take.
const LARGEST: usize = 4 * 1024 * 1024;

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) service: &'static str,
    pub(crate) endpoints: &'a Endpoints,
    pub(crate) budget: &'a Budget,
    pub(crate) deadline: Deadline,
    /// Whether any attempt may have reached the other side.
    pub(crate) sent: AtomicBool,
}

impl<'a> Call<'a> {
    /// Sends `request` once. It moves on from an instance only where nothing was sent.
    pub(crate) async fn once(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let work = async {
            let mut round = Round::begin(self.endpoints).await;
            self.attempt(request, &mut round, self.deadline).await
        };
        let answer = self.deadline.limit(work).await;
        answer.unwrap_or_else(|_| Err(self.without_answer()))
    }

    /// Sends `request` again where that may help, within the deadline and the budget; each time to another instance for as
    /// long as there is one.
    pub(crate) async fn repeated(
        &self,
        policy: Policy,
        request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        let (parts, body) = request.into_parts();
        let body = Limited::new(body, LARGEST).collect().await;
        let body = body.map_err(|error| Status::internal(error.to_string()))?;
        let body = body.to_bytes();
        // One attempt at a time: the lock only lends the round to each in turn.
        let round = Mutex::new(None);
        let attempt = || self.share(policy.shared, &parts, &body, &round);
        policy.run(self.budget, self.deadline, attempt).await
    }

    /// One attempt with its share of the time. Where that is `shared`, and there are others to ask, it gets half of what is
    /// left, so that one that does not answer leaves time for the next.
    async fn share(
        &self,
        shared: bool,
        parts: &Parts,
        body: &Bytes,
        round: &Mutex<Option<Round<'a>>>,
    ) -> Result<Response<Body>, Status> {
        let mut round = round.lock().await;
        let begun = match round.take().filter(|round| !round.is_over()) {
            Some(going) => Ok(going),
            None => self.deadline.limit(Round::begin(self.endpoints)).await,
        };
        let Ok(mut going) = begun else {
            return Err(self.without_answer());
        };
        let share = if shared && !going.is_last() { 2 } else { 1 };
        let limit = Deadline::after(self.deadline.remaining() / share);
        let request = Request::from_parts(parts.clone(), Body::new(Full::new(body.clone())));
        let answer = limit.limit(self.attempt(request, &mut going, limit)).await;
        *round = Some(going);
        answer.unwrap_or_else(|_| Err(self.without_answer()))
    }

    /// One attempt that is waited for until `limit`, on the next instance that takes it.
    async fn attempt(
        &self,
        mut request: Request<Body>,
        round: &mut Round<'a>,
        limit: Deadline,
    ) -> Result<Response<Body>, Status> {
        let before = self.sent.load(Ordering::Relaxed);
        loop {
            let Ok((flight, mut sender)) = round.next(limit).await else {
                return Err(self.without_answer());
            };
            address(&mut request, &flight.endpoint);
            self.sent.store(true, Ordering::Relaxed);
            let mut error = match sender.try_send_request(request).await {
                Ok(response) => {
                    let answer = self.answered(response);
                    flight.end(answer.as_ref().err().map_or(Verdict::Answered, verdict));
                    return answer;
                }
                Err(error) => error,
            };
            // Given back means that not a byte of it was written.
            let unsent = error.take_message();
            let error = error.into_error();
            if unsent.is_some() || untouched(&error) {
                self.sent.store(before, Ordering::Relaxed);
            }
            match unsent {
                Some(unsent) => request = unsent,
                None if untouched(&error) => return Err(self.without_answer()),
                None => {
                    flight.end(Verdict::Failed);
                    return Err(broken(self.service, error));
                }
            }
        }
    }

    /// Takes what rides on an answer; an answer that is an error becomes one.
    fn answered(
        &self,
        response: Response<hyper::body::Incoming>,
    ) -> Result<Response<Body>, Status> {
        headers::read(response.headers());
        match Status::from_header_map(response.headers()) {
            // Nobody here cancelled: a server of tonic's says so when the time was up.
            Some(status) if status.code() == Code::Cancelled => Err(self.late()),
            Some(status) if status.code() != Code::Ok => Err(status),
            _ => {
                let service = self.service;
                let body = response.map(|body| body.map_err(move |error| broken(service, error)));
                Ok(body.map(Body::new))
            }
        }
    }

    fn late(&self) -> Status {
        Status::deadline_exceeded(format!("{} did not answer in time", self.service))
    }

    /// What the caller hears without an answer. One attempt that may have arrived makes the whole call unknown.
    fn without_answer(&self) -> Status {
        let (code, what) = if self.deadline.passed() {
            (Code::DeadlineExceeded, "did not answer in time")
        } else {
            (Code::Unavailable, "cannot be reached")
        };
        let message = format!("{} {what}", self.service);
        if self.sent.load(Ordering::Relaxed) {
            Status::new(code, message)
        } else {
            never_sent(code, message)
        }
    }
}

/// Addresses a request, which names only its path so far, to an instance.
fn address(request: &mut Request<Body>, endpoint: &Endpoint) {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(endpoint.scheme.clone());
    parts.authority = Some(endpoint.authority.clone());
    *request.uri_mut() = Uri::from_parts(parts).expect("tonic's requests have a path");
}
