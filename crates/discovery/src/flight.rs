//! One attempt that is under way to an instance, and what its end tells about that instance.

use std::sync::Arc;

use retry::Deadline;
use tokio::time::Instant;
use tonic::{Code, Status};
use tracing::info;

use crate::endpoint::Endpoint;
use crate::endpoints::Endpoints;
use crate::standing::Verdict;

/// One attempt under way. However it ends, it is noted when this is dropped.
pub(crate) struct Flight<'a> {
    endpoints: &'a Endpoints,
    pub(crate) endpoint: Arc<Endpoint>,
    begun: Instant,
    limit: Deadline,
    /// Whether it decides if an ejected instance comes back.
    probe: bool,
    verdict: Option<Verdict>,
}

impl<'a> Flight<'a> {
    /// An attempt begins that is waited for until `limit`.
    pub(crate) fn begin(
        endpoints: &'a Endpoints,
        endpoint: Arc<Endpoint>,
        limit: Deadline,
        probe: bool,
    ) -> Self {
        let begun = Instant::now();
        endpoint.load().begin(begun);
        endpoint.meters.begin();
        Self {
            endpoints,
            endpoint,
            begun,
            limit,
            probe,
            verdict: None,
        }
    }

    /// Says how it ended. Unsaid, it was given up: by the deadline, which tells something, or by the caller, which does not.
    pub(crate) fn end(mut self, verdict: Verdict) {
        self.verdict = Some(verdict);
    }

    fn settle(&self, verdict: Verdict, now: Instant) {
        if !self.probe {
            self.endpoint.standing().note(verdict, now);
            if verdict != Verdict::Answered {
                self.endpoints.judge(&self.endpoint);
            }
            return;
        }
        let mut standing = self.endpoint.standing();
        standing.note_probe(verdict, now, rand::random());
        if standing.is_in() {
            // What it was like when it was ill tells nothing now.
            self.endpoint.load().forget();
            self.endpoint.meters.ejected(false);
            info!(peer.id = self.endpoint.instance.id, "let back in");
        }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let took = now.saturating_duration_since(self.begun);
        let late = self.verdict.is_none() && self.limit.passed();
        let verdict = self.verdict.or(late.then_some(Verdict::Failed));
        self.endpoint.meters.end(verdict, took);
        self.endpoint.load().end(now, took, verdict, late);
        match verdict {
            Some(verdict) => self.settle(verdict, now),
            None if self.probe => self.endpoint.standing().return_probe(now),
            None => {}
        }
    }
}

/// What an answer tells about the instance that gave it.
pub(crate) fn verdict(status: &Status) -> Verdict {
    match status.code() {
        // Without a reason nobody decided this: something is broken.
        Code::Unavailable if api::error::reason(status).is_none() => Verdict::Failed,
        Code::Unavailable
        | Code::ResourceExhausted
        | Code::DeadlineExceeded
        | Code::Cancelled
        | Code::Internal
        | Code::Unknown => Verdict::Unable,
        _ => Verdict::Answered,
    }
}
