//! Telling gateways whose access tokens are void.

use std::time::Duration;

use api::token::Seen;

use crate::Tools;
use crate::error::Result;
use crate::store::revocations::{self, Revocation};

/// What is answered to a gateway that follows.
#[derive(Clone, Debug)]
pub struct Raised {
    /// Whose tokens are void, below which epoch.
    pub revocations: Vec<Revocation>,
    /// What to ask with next.
    pub next: String,
}

// All that can matter is kept: a gateway that begins anew is told of every token that has not expired yet.
const _: () = assert!(revocations::AGE.as_secs() > Duration::as_secs(&auth::ACCESS_LIFE) * 2);

/// Tells what was raised since `since`, and perhaps something more: to be told twice is harmless. What is no answer of
/// ours, or one from before a promotion, whose transactions are counted anew, asks for all that is kept.
///
/// # Errors
/// When the primary does not answer: a replica may not have heard of it yet.
pub async fn run(tools: &Tools, since: &str) -> Result<Raised> {
    let asked = read(since);
    let found = tools.db.read_primary("revocations: follow", move |tx| {
        Box::pin(async move {
            let horizon = revocations::horizon(tx).await?;
            let raised = match asked {
                Some(Mark { from, .. }) => revocations::since(tx, &from.to_string()).await?,
                None => revocations::all(tx).await?,
            };
            Ok((horizon, raised))
        })
    });
    let Seen {
        value: (horizon, revocations),
        position,
        ..
    } = found.await?;
    if asked.is_some_and(|mark| mark.timeline != position.timeline) {
        return Box::pin(run(tools, "")).await;
    }
    let next = format!("{}.{horizon}", position.timeline);
    Ok(Raised { revocations, next })
}

/// Where a gateway stands: the transaction from which on it may have missed some, on which timeline.
#[derive(Clone, Copy)]
struct Mark {
    timeline: u32,
    from: u64,
}

fn read(since: &str) -> Option<Mark> {
    let (timeline, from) = since.split_once('.')?;
    Some(Mark {
        timeline: timeline.parse().ok()?,
        from: from.parse().ok()?,
    })
}
