//! How a gRPC request ended: noted in its span and in the metrics, and in the log where it failed for a cause.

use std::error::Error;
use std::fmt::Write as _;
use std::time::Duration;

use axum::response::Response;
use tonic::{Code, Status};
use tracing::{Span, debug, error, warn};

use crate::room::End;

/// How a request ended, as far as it is known when the answer begins.
pub(crate) struct Answer<'a> {
    code: Code,
    /// The status itself, with its source, where it was made in this process.
    status: Option<&'a Status>,
}

impl<'a> Answer<'a> {
    pub(crate) fn of(response: &'a Response) -> Self {
        let status = response.extensions().get::<Status>();
        let written = || Status::from_header_map(response.headers()).map(|status| status.code());
        let code = status.map(Status::code).or_else(written);
        Self {
            code: code.unwrap_or(Code::Ok),
            status,
        }
    }

    /// What it tells of the instance.
    pub(crate) fn end(&self) -> End {
        match self.code {
            Code::Ok => End::Answered,
            code if is_ours(code) => End::Failed,
            _ => End::Refused,
        }
    }

    /// Notes it in the current span, in the metrics, and where it failed for a cause in the log.
    pub(crate) fn note(&self, path: &str, took: Duration) {
        let span = Span::current();
        span.record("rpc.grpc.status_code", self.code as i32);
        if is_ours(self.code) {
            telemetry::failed(&span);
        }
        // A stranger may ask for any path; only those that exist become labels.
        let known = self.code != Code::Unimplemented;
        let method = if known { path } else { "unknown" };
        metrics::histogram!(
            "rpc_server_duration_seconds",
            "method" => method.trim_start_matches('/').to_owned(),
            "code" => format!("{:?}", self.code),
        )
        .record(took);
        if let Some(causes) = self.causes() {
            self.log(path, &causes);
        }
    }

    fn log(&self, path: &str, causes: &str) {
        let code = self.code;
        match code {
            Code::Internal | Code::Unknown | Code::DataLoss => {
                error!(rpc.method = path, ?code, error = causes, "failed");
            }
            code if is_ours(code) => warn!(rpc.method = path, ?code, error = causes, "failed"),
            _ => debug!(rpc.method = path, ?code, error = causes, "refused"),
        }
    }

    /// The source of the status with its causes, each after a colon.
    fn causes(&self) -> Option<String> {
        let mut cause = self.status?.source();
        let mut causes = cause?.to_string();
        while let Some(inner) = cause.and_then(Error::source) {
            let _ = write!(causes, ": {inner}");
            cause = Some(inner);
        }
        Some(causes)
    }
}

/// Whether a failure is the house's, and not the request's.
fn is_ours(code: Code) -> bool {
    matches!(
        code,
        Code::Internal
            | Code::Unknown
            | Code::DataLoss
            | Code::Unavailable
            | Code::DeadlineExceeded
            | Code::Aborted
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Debug, thiserror::Error)]
    #[error("orders are unavailable for the moment")]
    struct Unavailable(#[source] std::io::Error);

    #[test]
    fn a_failure_is_told_with_its_causes() {
        let mut status = Status::unavailable("for the caller");
        let cause = std::io::Error::other("connection refused");
        status.set_source(Arc::new(Unavailable(cause)));
        let response: Response = status.into_http();

        let answer = Answer::of(&response);

        assert_eq!(
            answer.causes().as_deref(),
            Some("orders are unavailable for the moment: connection refused")
        );
        assert!(is_ours(answer.code));
    }

    #[test]
    fn a_refusal_without_a_cause_is_not_logged() {
        let response: Response = Status::not_found("no such order").into_http();

        let answer = Answer::of(&response);

        assert_eq!(answer.causes(), None);
        assert!(!is_ours(answer.code));
    }
}
