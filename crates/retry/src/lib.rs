//! How long to wait and when to give up: named policies, jitter, budget, deadline.

mod backoff;
mod budget;
mod deadline;
mod policy;
mod request;
mod status;
pub mod timeout;

pub use backoff::Backoff;
pub use budget::Budget;
pub use deadline::{Deadline, Passed};
pub use policy::{Policy, Retryable, forever};
pub use request::{keyed, policy, reads};
pub use status::{NeverSent, sent};
