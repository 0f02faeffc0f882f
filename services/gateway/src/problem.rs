//! What went wrong, as RFC 9457 says it: `application/problem+json` with a code that stays the same for ever.

use std::time::Duration;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::code::Code;
use crate::context;
use crate::key::REPLAYED;
use crate::orders::OrderBody;

/// How soon a caller may try again when nobody says.
const SOON: Duration = Duration::from_secs(1);

/// Why a request failed.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Option<String>,
    errors: Vec<Fault>,
    retry_after: Option<Duration>,
    /// The answer belongs to a key for ever: no id of this very request may stand in its body.
    settled: bool,
    /// Whether the key had been sent before.
    replayed: bool,
    order: Option<Box<OrderBody>>,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Where in the body, as a JSON pointer; or the name of a header or query parameter.
    #[schema(example = "/items/0/quantity")]
    pub(crate) pointer: String,
    /// What is wrong there, in a word that stays the same for ever.
    #[schema(example = "out_of_range")]
    pub(crate) code: String,
    /// What is wrong there, for people.
    pub(crate) message: String,
}

/// A problem, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    #[schema(example = "urn:holdfast:problem:not_found")]
    kind: String,
    /// What this kind of problem is, for people.
    title: &'static str,
    status: u16,
    /// What happened this time, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The kind of problem, for machines.
    #[schema(example = "not_found")]
    code: &'static str,
    /// Whether the same request may succeed when it is sent again.
    retryable: bool,
    /// The request's id, also in `X-Request-Id`; not in an answer that belongs to an `Idempotency-Key` for ever.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    /// The trace's id, under the same rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    /// What is wrong, part by part.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// The order that was refused, where one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<Box<OrderBody>>,
}

impl Problem {
    /// A problem with this code and nothing more to say.
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            detail: None,
            errors: Vec::new(),
            retry_after: None,
            settled: false,
            replayed: false,
            order: None,
        }
    }

    /// A request that breaks a rule at `pointer`.
    pub(crate) fn invalid(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::new(Code::Invalid).at(pointer, code, message)
    }

    /// Says what happened this time.
    #[must_use]
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Says what is wrong at `pointer`.
    #[must_use]
    pub(crate) fn at(mut self, pointer: &str, code: &str, message: impl Into<String>) -> Self {
        self.errors.push(Fault {
            pointer: pointer.to_owned(),
            code: code.to_owned(),
            message: message.into(),
        });
        self
    }

    /// Says when to try again.
    #[must_use]
    pub(crate) fn after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Makes it an answer that belongs to a key: equal byte for byte, however often it is given.
    #[must_use]
    pub(crate) fn settled(mut self, replayed: bool) -> Self {
        self.settled = true;
        self.replayed = replayed;
        self
    }

    /// Shows the order that was refused.
    #[must_use]
    pub(crate) fn order(mut self, order: OrderBody) -> Self {
        self.order = Some(Box::new(order));
        self
    }

    /// Its code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    fn into_body(self) -> ProblemBody {
        let shown = !self.settled;
        ProblemBody {
            kind: format!("urn:holdfast:problem:{}", self.code.text()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: self.detail,
            code: self.code.text(),
            retryable: self.code.retryable(),
            request_id: context::request_id().filter(|_| shown),
            trace_id: telemetry::trace_id().filter(|_| shown),
            errors: self.errors,
            order: self.order,
        }
    }

    fn wait(&self) -> Option<u64> {
        let wait = match self.code.status() {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                Some(self.retry_after.unwrap_or(SOON))
            }
            _ => self.retry_after,
        };
        // Rounded up: a caller that comes back too early is refused again.
        wait.map(|wait| {
            wait.as_millis()
                .div_ceil(1000)
                .max(1)
                .try_into()
                .unwrap_or(u64::MAX)
        })
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, wait, replayed) = (self.code.status(), self.wait(), self.replayed);
        let body = serde_json::to_vec(&self.into_body()).expect("texts and numbers can be written");
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = wait {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
