//! Errors on the wire: a code for machines that route, a reason for machines that decide, a sentence for people.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The domain of our reasons.
pub const DOMAIN: &str = "holdfast";

/// Nothing was kept; the same request may be sent again at once.
pub const NOT_TAKEN: &str = "NOT_TAKEN";
/// The commit was sent and no answer came; only the same key can tell.
pub const OUTCOME_UNKNOWN: &str = "OUTCOME_UNKNOWN";
/// Nobody reachable has got to the caller's token yet.
pub const NOT_YET_CONSISTENT: &str = "NOT_YET_CONSISTENT";
/// The request breaks a rule of its own shape.
pub const INVALID: &str = "INVALID";
/// There is no such thing, or it is not the caller's.
pub const NOT_FOUND: &str = "NOT_FOUND";
/// The key belongs to another request.
pub const KEY_REUSED: &str = "KEY_REUSED";
/// Another version is current.
pub const STALE: &str = "STALE";
/// A value is understood, and not allowed.
pub const OUT_OF_RANGE: &str = "OUT_OF_RANGE";

/// Makes a status that carries `reason`.
pub fn status(code: Code, reason: &str, message: impl Into<String>) -> Status {
    Status::with_error_details(
        code,
        message,
        ErrorDetails::with_error_info(reason, DOMAIN, []),
    )
}

/// Makes a status that carries `reason` and says when to try again.
pub fn later(code: Code, reason: &str, message: impl Into<String>, after: Duration) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, []);
    details.set_retry_info(Some(after));
    Status::with_error_details(code, message, details)
}

/// Makes a status that names the field that breaks a rule. `field` is a path such as `items[0].quantity`.
pub fn invalid(field: &str, message: impl Into<String>) -> Status {
    let message = message.into();
    let mut details = ErrorDetails::with_error_info(INVALID, DOMAIN, []);
    details.add_bad_request_violation(field, message.clone());
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// Makes a status that names every field whose value is not allowed, with what is.
pub fn out_of_range<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> Status {
    let mut details = ErrorDetails::with_error_info(OUT_OF_RANGE, DOMAIN, []);
    for (field, allowed) in fields {
        details.add_bad_request_violation(field, allowed);
    }
    Status::with_error_details(Code::InvalidArgument, "a value is out of range", details)
}

/// The reason that a status of ours carries. A broken connection carries none.
pub fn reason(status: &Status) -> Option<String> {
    let info = status.get_error_details().error_info().cloned()?;
    (info.domain == DOMAIN).then_some(info.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_survives_the_wire() {
        let status = status(
            Code::Unavailable,
            NOT_TAKEN,
            "orders are unavailable for the moment",
        );

        let arrived = Status::from_header_map(&headers(status)).unwrap();

        assert_eq!(reason(&arrived).as_deref(), Some(NOT_TAKEN));
    }

    #[test]
    fn a_broken_connection_has_no_reason() {
        assert_eq!(reason(&Status::unavailable("connection refused")), None);
    }

    fn headers(status: Status) -> tonic::codegen::http::HeaderMap {
        status.into_http::<()>().headers().clone()
    }
}
