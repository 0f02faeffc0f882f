//! Staying signed in: the tokens a browser keeps, and new ones in time.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::future::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use crate::api::Problem;

/// How long before its end an access token is traded.
const EARLY: i64 = 20;
/// How long the outcome of a trade is remembered, for requests that were sent beside it with the same token.
const REMEMBERED: Duration = Duration::from_secs(30);
/// How many outcomes are remembered.
const OUTCOMES: u64 = 10_000;

/// What a session is carried on with, as the API answers it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
}

/// What a page needs to know of an access token. Nothing rests on it: the API checks the token itself.
#[derive(Deserialize)]
struct Claims {
    exp: i64,
    #[serde(default)]
    role: String,
}

/// The body that trades a refresh token, or ends its session.
#[derive(Serialize)]
pub(crate) struct Given<'a> {
    pub(crate) refresh_token: &'a str,
}

/// The trades that are under way. A refresh token is good for one: two pages that are loaded at once with the same one
/// must not both trade it, for that would look like theft and end the session.
pub(crate) struct Sessions(Cache<[u8; 32], Tokens>);

impl Default for Sessions {
    fn default() -> Self {
        let outcomes = Cache::builder().max_capacity(OUTCOMES);
        Self(outcomes.time_to_live(REMEMBERED).build())
    }
}

impl Sessions {
    /// Trades `refresh`, once, however many ask at the same time.
    ///
    /// # Errors
    /// Why it could not be traded.
    pub(crate) async fn trade(
        &self,
        refresh: &str,
        trade: impl Future<Output = Result<Tokens, Problem>>,
    ) -> Result<Tokens, Arc<Problem>> {
        let hash: [u8; 32] = Sha256::digest(refresh).into();
        self.0.try_get_with(hash, trade).await
    }
}

/// Whether `access` holds for long enough to be sent.
pub(crate) fn holds(access: &str) -> bool {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    claims(access).is_some_and(|claims| claims.exp - EARLY > now)
}

/// How far the account of a token may go, as the token says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// Into the shop.
    Customer,
    /// To what helps customers.
    Support,
    /// Everywhere.
    Admin,
}

/// How far the account of `access` may go.
pub(crate) fn standing(access: Option<&str>) -> Standing {
    let role = access.and_then(claims).map(|claims| claims.role);
    match role.as_deref() {
        Some("admin") => Standing::Admin,
        Some("support") => Standing::Support,
        _ => Standing::Customer,
    }
}

fn claims(access: &str) -> Option<Claims> {
    let claims = access.split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn pages_that_are_loaded_at_once_trade_a_token_once() {
        let (sessions, trades) = (Sessions::default(), AtomicUsize::new(0));
        let tokens = Tokens {
            access_token: "a".into(),
            refresh_token: "r".into(),
        };
        let page = || {
            sessions.trade("old", async {
                trades.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok(tokens.clone())
            })
        };

        let (one, two, three) = tokio::join!(page(), page(), page());

        assert_eq!(
            (one.unwrap(), two.unwrap()),
            (tokens.clone(), three.unwrap())
        );
        assert_eq!(trades.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn what_is_no_token_does_not_hold() {
        for text in ["", ".", "a.b.c", "a.e30.c"] {
            assert!(!holds(text), "{text}");
        }
    }
}
