//! Keeps a lease alive, and releases its lock at the end.

use std::time::Duration;

use api::control::RenewRequest;
use retry::{Backoff, Deadline};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::acquire::release;
use crate::error::passing;
use crate::guard::Standing;
use crate::lease::Lease;
use crate::locks::Claimed;

/// Between one attempt to renew and the next.
const PAUSE: Backoff = Backoff::new(Duration::from_millis(20), Duration::from_millis(500));

/// With less than this left nothing is attempted any more.
const LEAST: Duration = Duration::from_millis(10);

/// Keeps the lease of grant `id` alive until it is `dropped`, the process drains, or it is lost.
pub(crate) async fn alive(
    claimed: Claimed,
    id: String,
    lease: Lease,
    standing: watch::Sender<Standing>,
    dropped: CancellationToken,
) {
    let closing = claimed.owner().locks.closing.clone();
    tokio::select! {
        () = dropped.cancelled() => {}
        () = closing.cancelled() => {}
        () = renewed(&claimed, &id, lease, &standing) => {
            tracing::warn!(lock.name = claimed.name(), "a lock is lost");
        }
    }
    standing.send_replace(None);
    // Also one that counts as lost here: it may have a third of its time left over there.
    release(&claimed, &id).await;
}

/// Renews the lease, and returns when it is lost.
async fn renewed(
    claimed: &Claimed,
    id: &str,
    mut lease: Lease,
    standing: &watch::Sender<Standing>,
) {
    loop {
        tokio::time::sleep_until(lease.due()).await;
        let Some(sent) = renew(claimed, id, lease.ends()).await else {
            return;
        };
        lease = lease.renewed(sent);
        standing.send_replace(Some(lease.ends()));
    }
}

/// Begins the lease anew, however often it has to be said. Answers when the request was sent that did it; nothing when it
/// cannot be done, or not in time.
async fn renew(claimed: &Claimed, id: &str, ends: Instant) -> Option<Instant> {
    let request = RenewRequest {
        name: claimed.name().to_owned(),
        owner: claimed.owner().name().to_owned(),
        id: id.to_owned(),
    };
    for failures in 0.. {
        let sent = Instant::now();
        let left = ends.saturating_duration_since(sent);
        if left < LEAST {
            return None;
        }
        let mut client = claimed.owner().locks.client.clone();
        // Half of what is left: one instance that stands still must not take all of it.
        let half = Deadline::after(left / 2);
        let renewed = half.limit(half.scope(client.renew(request.clone()))).await;
        match renewed {
            Ok(Ok(_)) => return Some(sent),
            Ok(Err(status)) if !passing(&status) => {
                tracing::debug!(%status, "a lease is not renewed any more");
                return None;
            }
            Ok(Err(_)) | Err(_) => sleep(PAUSE.draw(failures).min(left / 4)).await,
        }
    }
    None
}
