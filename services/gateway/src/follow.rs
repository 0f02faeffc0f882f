//! What the user service says of tokens, followed in the background: its public keys, and which accounts' tokens are void.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use api::user::{GetKeysRequest, ListRevocationsRequest, ListRevocationsResponse};
use axum::extract::FromRef as _;
use retry::{Backoff, Deadline};
use tonic::Status;
use tracing::{info, warn};

use crate::state::{AuthClient, Edge};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// The waits while no keys have arrived yet: until then nobody can sign in.
const FIRST: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));

/// The keys as they were published last.
#[derive(Default)]
pub(crate) struct Published(RwLock<Option<Arc<str>>>);

impl Published {
    /// The JSON Web Key Set, once one has arrived.
    pub(crate) fn jwks(&self) -> Option<String> {
        let jwks = self.0.read().unwrap_or_else(PoisonError::into_inner);
        jwks.as_deref().map(str::to_owned)
    }

    fn replace(&self, jwks: &str) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(jwks.into());
    }
}

/// Follows the public keys. The last known stay while the user service is away.
pub(crate) async fn keys(edge: Edge) {
    let mut failures = 0;
    loop {
        match fetch_keys(&edge).await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                warn!(%error, "the keys of access tokens could not be fetched");
            }
        }
        let known = edge.verifier().has_keys();
        let wait = if failures == 0 || known {
            auth::KEYS_EVERY
        } else {
            FIRST.draw(failures)
        };
        tokio::time::sleep(wait).await;
    }
}

async fn fetch_keys(edge: &Edge) -> Result<(), Status> {
    let mut auth = AuthClient::from_ref(edge);
    let answer = Deadline::after(PATIENCE)
        .scope(auth.get_keys(GetKeysRequest {}))
        .await?;
    let jwks = answer.into_inner().jwks;
    let taken = edge.verifier().replace_keys(&jwks);
    taken.map_err(|bad| Status::internal(bad.to_string()))?;
    edge.published().replace(&jwks);
    Ok(())
}

/// Follows the revocations. While they cannot be followed, roles above a customer's are not trusted.
pub(crate) async fn revocations(edge: Edge) {
    let (mut since, mut following) = (String::new(), None);
    loop {
        let asked = Instant::now();
        match fetch_revocations(&edge, &since).await {
            Ok(answer) => {
                revoke(&edge, &answer);
                since = answer.next;
                edge.verifier().followed_until(asked);
                if following.replace(true) != Some(true) {
                    info!("revocations are followed");
                }
            }
            Err(error) => {
                if following.replace(false) != Some(false) {
                    warn!(%error, "revocations are not followed");
                }
            }
        }
        tokio::time::sleep(auth::REVOCATIONS_EVERY).await;
    }
}

async fn fetch_revocations(edge: &Edge, since: &str) -> Result<ListRevocationsResponse, Status> {
    let mut auth = AuthClient::from_ref(edge);
    let wanted = ListRevocationsRequest {
        since: since.to_owned(),
    };
    let answer = Deadline::after(PATIENCE)
        .scope(auth.list_revocations(wanted))
        .await?;
    Ok(answer.into_inner())
}

fn revoke(edge: &Edge, answer: &ListRevocationsResponse) {
    for revocation in &answer.revocations {
        match api::id::ACCOUNT.read(&revocation.account_id) {
            Ok(account) => edge.verifier().revoke(account, revocation.session_epoch),
            Err(error) => warn!(%error, "a revocation names no account"),
        }
    }
}
