//! What a gRPC status says about sending the same request again.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::Retryable;

/// The reasons (`api::error`) of answers after which nothing was kept, and another attempt may be taken.
const NOT_TAKEN: [&str; 3] = ["NOT_TAKEN", "NOT_YET_CONSISTENT", "BUSY"];
/// The reason of an answer after which only the same key can tell.
const OUTCOME_UNKNOWN: &str = "OUTCOME_UNKNOWN";

/// The source of a status that was made here because no attempt was ever sent.
#[derive(Clone, Copy, Debug)]
pub struct NeverSent;

impl std::fmt::Display for NeverSent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("nothing was sent")
    }
}

impl std::error::Error for NeverSent {}

/// Whether the request may have reached the other side. `Unavailable` alone does not tell: a connection broken in
/// mid-call looks the same.
pub fn sent(status: &Status) -> bool {
    let source = std::error::Error::source(status);
    !source.is_some_and(<dyn std::error::Error>::is::<NeverSent>)
}

impl Retryable for Status {
    fn retryable(&self) -> bool {
        match (self.code(), reason(self).as_deref()) {
            // Once the deadline has passed over there, it has passed here.
            (Code::DeadlineExceeded, _) => false,
            (_, Some(reason)) => reason == OUTCOME_UNKNOWN || NOT_TAKEN.contains(&reason),
            (code, None) => !sent(self) || lost(code),
        }
    }

    fn nothing_kept(&self) -> bool {
        !sent(self) || reason(self).is_some_and(|reason| NOT_TAKEN.contains(&reason.as_str()))
    }
}

/// Whether a status without a reason of ours leaves open what happened: a broken connection, a crash.
fn lost(code: Code) -> bool {
    matches!(
        code,
        Code::Cancelled
            | Code::Unknown
            | Code::ResourceExhausted
            | Code::Aborted
            | Code::Unavailable
            | Code::Internal
            | Code::DataLoss
    )
}

fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}
