//! Requests that say of themselves that they may be sent again, and how often. The channel that carries them does so.

use tonic::{Extensions, Request};

use crate::Policy;
use crate::policy::{KEYED, READS};

/// A request for what changes nothing: sent again a few times, within the deadline and the channel's budget.
pub fn reads<T>(message: T) -> Request<T> {
    marked(message, READS)
}

/// A request for what counts once per key: sent again until its outcome is known, within the deadline and the channel's
/// budget.
pub fn keyed<T>(message: T) -> Request<T> {
    marked(message, KEYED)
}

/// How often a request with these extensions may be sent; nothing, when once.
pub fn policy(extensions: &Extensions) -> Option<Policy> {
    extensions.get().copied()
}

fn marked<T>(message: T, policy: Policy) -> Request<T> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(policy);
    request
}
