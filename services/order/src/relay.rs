//! Tells customers what the outbox holds. Every instance does, and none needs a leader.

use std::time::Duration;

use api::id::{ACCOUNT, ORDER};
use api::user::users_client::UsersClient;
use api::user::{Notice, NotifyRequest};
use discovery::Channel;
use retry::Deadline;
use tokio::time::sleep;
use tracing::warn;
use uuid::Uuid;

use crate::Tools;
use crate::store::outbox;

/// How many notices go out together: as many as the other side takes.
const MOST: u16 = 500;
/// How long one relay has them for itself.
const LEASE: Duration = Duration::from_secs(30);
/// How long telling may take; below the lease.
const LIMIT: Duration = Duration::from_secs(10);
/// How often the outbox is looked into.
const LOOK: Duration = Duration::from_secs(1);

/// Why a round did not go through. What it had claimed is claimed again after the lease.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The database did not go along.
    #[error(transparent)]
    Data(#[from] db::Error),
    /// The user service did not.
    #[error("the user service did not take the notices: {0}")]
    Users(#[from] Box<tonic::Status>),
}

/// Relays for ever. Drop the future to end it.
pub async fn run(tools: &Tools, users: &UsersClient<Channel>) {
    loop {
        match round(tools, users).await {
            Ok(told) if told >= usize::from(MOST) => {} // More waits: no pause.
            Ok(_) => sleep(LOOK).await,
            Err(error) => {
                warn!(%error, "what customers are to hear waits");
                sleep(LOOK).await;
            }
        }
    }
}

/// Relays once, and tells how many notices.
///
/// # Errors
/// Why nothing was told, or it is not known to be: it will be told again, and the other side counts it once.
pub async fn round(tools: &Tools, users: &UsersClient<Channel>) -> Result<usize, Failed> {
    let claimed = tools.db.write("claim outbox", |tx| {
        Box::pin(outbox::claim(tx, MOST.into(), LEASE))
    });
    let claimed: Vec<outbox::Notice> = claimed.await.map_err(|error: db::Error| error)?;
    if claimed.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Uuid> = claimed.iter().map(|notice| notice.id).collect();
    let notices = claimed.iter().map(write).collect();
    let mut users = users.clone();
    let told = users.notify(NotifyRequest { notices });
    Deadline::after(LIMIT).scope(told).await.map_err(Box::new)?;
    let count = ids.len();
    let delivered = tools.db.write("outbox delivered", move |tx| {
        let ids = ids.clone();
        Box::pin(async move { outbox::delivered(tx, &ids).await })
    });
    delivered.await.map_err(|error: db::Error| error)?;
    Ok(count)
}

fn write(notice: &outbox::Notice) -> Notice {
    Notice {
        event_id: notice.id.to_string(),
        account_id: ACCOUNT.write(notice.account),
        kind: notice.kind.clone(),
        subject_id: ORDER.write(notice.order),
    }
}
