//! What a service's refusal means to the caller: the one mapping from gRPC status and reason to a problem.

use tonic::metadata::MetadataMap;
use tonic::{Code as Grpc, Status};
use tonic_types::StatusExt as _;

use crate::code::Code;
use crate::problem::Problem;

/// What was asked, as far as it matters when no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Nothing can have changed.
    Read,
    /// Something may have changed; nobody can tell by the key.
    Write,
    /// Something may have changed; the same key can tell.
    Keyed,
}

/// Tells the caller why `status` came back.
pub(crate) fn problem(asked: Asked, status: &Status) -> Problem {
    let reason = api::error::reason(status);
    let code = match reason.as_deref().and_then(Code::of) {
        Some(Code::OutcomeUnknown) if asked == Asked::Read => Code::Unavailable,
        Some(code) => code,
        None if !retry::sent(status) && asked != Asked::Read => Code::NotTaken,
        None => without_reason(asked, status.code()),
    };
    let problem = explained(code, status);
    match asked {
        Asked::Keyed if bound(code) => problem.settled(replayed(status.metadata())),
        _ => problem,
    }
}

/// A status without a reason of ours: a broken connection, a timeout, or a bug.
fn without_reason(asked: Asked, code: Grpc) -> Code {
    match code {
        Grpc::InvalidArgument | Grpc::OutOfRange => Code::Invalid,
        Grpc::NotFound => Code::NotFound,
        Grpc::AlreadyExists | Grpc::FailedPrecondition => Code::Conflict,
        Grpc::PermissionDenied => Code::Forbidden,
        // The services do not know this gateway: its own fault, not the caller's.
        Grpc::Unauthenticated | Grpc::Unimplemented | Grpc::Ok => Code::Internal,
        Grpc::Cancelled
        | Grpc::Unknown
        | Grpc::DeadlineExceeded
        | Grpc::ResourceExhausted
        | Grpc::Aborted
        | Grpc::Unavailable => match asked {
            Asked::Read => Code::Unavailable,
            Asked::Write | Asked::Keyed => Code::OutcomeUnknown,
        },
        Grpc::Internal | Grpc::DataLoss => match asked {
            Asked::Read => Code::Internal,
            Asked::Write | Asked::Keyed => Code::OutcomeUnknown,
        },
    }
}

/// Adds what the service said, where it is for the caller's eyes.
fn explained(code: Code, status: &Status) -> Problem {
    let problem = Problem::new(code);
    match code {
        // Nothing of what broke inside is shown.
        Code::Internal | Code::Unavailable | Code::NotTaken => return problem,
        Code::OutcomeUnknown => {
            return problem.detail("Send the same request again, with the same key if it has one.");
        }
        _ => {}
    }
    let details = status.get_error_details();
    let problem = match details.retry_info().and_then(|info| info.retry_delay) {
        Some(wait) => problem.after(wait),
        None => problem,
    };
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.clone());
    violations.unwrap_or_default().iter().fold(
        problem.detail(status.message()),
        |problem, violation| {
            problem.at(
                &pointer(&violation.field),
                "invalid",
                &*violation.description,
            )
        },
    )
}

/// Whether the answer was written beside the key and will be given for it ever after.
fn bound(code: Code) -> bool {
    let never = [
        Code::Invalid,
        Code::OutOfRange,
        Code::KeyReused,
        Code::NotTaken,
        Code::NotYetConsistent,
        Code::Busy,
        Code::Unavailable,
        Code::OutcomeUnknown,
        Code::Internal,
    ];
    !never.contains(&code)
}

/// Whether a service says that the key had been sent before.
pub(crate) fn replayed(metadata: &MetadataMap) -> bool {
    let said = metadata.get("idempotency-replayed");
    said.is_some_and(|value| value == "true")
}

/// Turns the path of a field, `items[0].quantity`, into a JSON pointer, `/items/0/quantity`.
pub(crate) fn pointer(field: &str) -> String {
    let parts = field.split(['.', '[', ']']).filter(|part| !part.is_empty());
    parts.fold(String::new(), |pointer, part| {
        let part = part.replace('~', "~0").replace('/', "~1");
        format!("{pointer}/{part}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::error;
    use axum::http::StatusCode;

    fn said(asked: Asked, status: &Status) -> (StatusCode, &'static str) {
        let code = problem(asked, status).code();
        (code.status(), code.text())
    }

    #[test]
    fn a_connection_that_broke_in_mid_call_leaves_a_write_unknown_and_a_read_unavailable() {
        for code in [
            Grpc::Unavailable,
            Grpc::DeadlineExceeded,
            Grpc::Cancelled,
            Grpc::Unknown,
        ] {
            let broken = Status::new(code, "broken pipe");

            assert_eq!(said(Asked::Keyed, &broken).1, "outcome_unknown", "{code:?}");
            assert_eq!(said(Asked::Write, &broken).1, "outcome_unknown", "{code:?}");
            assert_eq!(
                said(Asked::Read, &broken),
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
            );
        }
    }

    #[test]
    fn only_the_word_of_a_service_makes_a_write_a_503() {
        for (reason, code) in [
            ("NOT_TAKEN", Grpc::Unavailable),
            ("BUSY", Grpc::ResourceExhausted),
        ] {
            let refused = error::status(code, reason, "later");

            assert_eq!(
                said(Asked::Keyed, &refused).0,
                StatusCode::SERVICE_UNAVAILABLE
            );
        }
        for code in 1..=16 {
            let bare = Status::new(Grpc::from_i32(code), "");

            assert_ne!(
                said(Asked::Keyed, &bare).0,
                StatusCode::SERVICE_UNAVAILABLE,
                "{code}"
            );
            assert_ne!(
                said(Asked::Write, &bare).0,
                StatusCode::SERVICE_UNAVAILABLE,
                "{code}"
            );
        }
    }

    #[test]
    fn every_reason_is_answered_with_its_own_code() {
        for code in Code::ALL {
            let reason = code.text().to_uppercase();
            let refused = error::status(Grpc::FailedPrecondition, &reason, "why");

            assert_eq!(problem(Asked::Keyed, &refused).code(), *code);
        }
    }

    #[test]
    fn a_field_becomes_a_pointer() {
        assert_eq!(pointer("items[0].quantity"), "/items/0/quantity");
        assert_eq!(pointer("a/b.c~d"), "/a~1b/c~0d");
        assert_eq!(pointer(""), "");
    }
}
