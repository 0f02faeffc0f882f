//! What a gRPC status says about sending the same request again.

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::Retryable;

/// The reason (`api::error`) of an answer after which nothing was kept.
const NOT_TAKEN: &str = "NOT_TAKEN";
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
        match self.code() {
            Code::Unavailable => true,
            Code::Aborted => reason(self).as_deref() == Some(OUTCOME_UNKNOWN),
            _ => false,
        }
    }

    fn nothing_kept(&self) -> bool {
        !sent(self) || reason(self).as_deref() == Some(NOT_TAKEN)
    }
}

fn reason(status: &Status) -> Option<String> {
    status.get_details_error_info().map(|info| info.reason)
}
