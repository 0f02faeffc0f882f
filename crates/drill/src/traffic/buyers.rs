//! Who comes to order: signed in anew before what proves them runs out, and given money before it is spent.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::buyer::MOST;
use crate::{Buyer, Door};

/// So often everybody signs in anew, well before what proves them runs out.
const SIGN_IN: Duration = Duration::from_mins(5);
/// How long is waited before somebody who was not let in tries again.
const AGAIN: Duration = Duration::from_secs(2);
/// For how long somebody tries to join.
const JOINING: Duration = Duration::from_secs(20);
/// So often it is looked who has spent much.
const LOOK: Duration = Duration::from_millis(500);
/// Whoever may have less than this is given as much as one top-up may bring.
const LITTLE: i64 = MOST / 2;

/// As they are signed in at the moment.
#[derive(Debug)]
pub(super) struct Buyers(Mutex<Vec<Kept>>);

#[derive(Debug, Clone)]
struct Kept {
    buyer: Buyer,
    /// What is left to them at least, if all that they ordered is paid.
    left: i64,
    /// How often they were given more.
    given: u32,
}

/// Joins as somebody new until that is known to have worked.
pub(super) async fn join(door: &Door) -> anyhow::Result<Buyer> {
    let end = Instant::now() + JOINING;
    loop {
        match Buyer::join(door, MOST).await {
            Err(_) if Instant::now() < end => sleep(AGAIN).await,
            joined => return joined,
        }
    }
}

impl Buyers {
    /// These, each with as much money as who has joined.
    pub(super) fn of(buyers: Vec<Buyer>) -> Self {
        let kept = buyers.into_iter().map(|buyer| Kept {
            buyer,
            left: MOST,
            given: 0,
        });
        Self(Mutex::new(kept.collect()))
    }

    pub(super) fn one(&self, number: usize) -> Buyer {
        self.held()[number].buyer.clone()
    }

    pub(super) fn of_account(&self, account: Uuid) -> Option<Buyer> {
        let held = self.held();
        let mut buyers = held.iter().map(|kept| &kept.buyer);
        buyers.find(|buyer| buyer.account == account).cloned()
    }

    /// Remembers what one of them has seen.
    pub(super) fn has_seen(&self, number: usize, seen: Option<String>) {
        self.with(number, |kept| kept.buyer.customer.has_seen(seen));
    }

    /// Remembers that one of them may have paid so much.
    pub(super) fn has_paid(&self, number: usize, amount: i64) {
        self.with(number, |kept| kept.left -= amount);
    }

    /// Has everybody sign in anew, over and over.
    pub(super) async fn keep_signed_in(&self, doors: &[Door]) {
        loop {
            sleep(SIGN_IN).await;
            let count = self.held().len();
            for number in 0..count {
                let (mut buyer, mut turn) = (self.one(number), number);
                while buyer.sign_in(doors, turn).await.is_err() {
                    turn += 1;
                    sleep(AGAIN).await;
                }
                self.with(number, |kept| kept.buyer = buyer);
            }
        }
    }

    /// Gives more money to whoever has spent much, over and over: nobody is to be refused for want of it, however many come and for
    /// however long.
    pub(super) async fn keep_in_money(&self, doors: &[Door]) {
        for turn in 0.. {
            sleep(LOOK).await;
            let count = self.held().len();
            for number in 0..count {
                let kept = self.held()[number].clone();
                if kept.left < LITTLE && kept.is_given_more(&doors[turn % doors.len()]).await {
                    self.with(number, |kept| {
                        kept.left += MOST;
                        kept.given += 1;
                    });
                }
            }
        }
    }

    fn with(&self, number: usize, what: impl FnOnce(&mut Kept)) {
        if let Some(kept) = self.held().get_mut(number) {
            what(kept);
        }
    }

    fn held(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Says whether they were given more. What nobody knows the end of is sent again later, with the same key.
    async fn is_given_more(&self, door: &Door) -> bool {
        let mut customer = self.buyer.customer.at(door);
        let key = format!("more-{}", self.given);
        let given = customer.top_up(&key, MOST, "USD");
        matches!(tokio::time::timeout(AGAIN, given).await, Ok(Ok(_)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::post;
    use axum::{Json, Router};
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;

    /// A shop that lets everybody in, and fails the first top-up; it writes down the key of each.
    async fn shop(keys: Arc<Mutex<Vec<String>>>) -> Door {
        let account = json!({"id": api::id::ACCOUNT.write(Uuid::nil()), "access_token": "a token"});
        let anybody = post(async move || Json(account));
        let top_up = async move |headers: HeaderMap| {
            let key = headers["idempotency-key"].to_str().unwrap().to_owned();
            keys.lock().unwrap().push(key);
            match keys.lock().unwrap().len() {
                1 => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({}))),
                _ => (StatusCode::OK, Json(json!({}))),
            }
        };
        let routes = Router::new()
            .route("/v1/auth/register", anybody.clone())
            .route("/v1/auth/login", anybody)
            .route("/v1/me/wallet/topups", post(top_up));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, routes).await });
        url.into()
    }

    #[tokio::test]
    async fn whoever_has_spent_much_is_given_more_and_by_each_key_once() {
        let keys = Arc::<Mutex<Vec<String>>>::default();
        let door = shop(keys.clone()).await;
        let buyers = Buyers::of(vec![Buyer::join(door.clone(), 0).await.unwrap()]);
        let given = async {
            for count in 1_u32.. {
                // All that one top-up brings.
                buyers.has_paid(0, MOST);
                let spent = Instant::now();
                while buyers.held()[0].given < count {
                    assert!(spent.elapsed() < JOINING);
                    sleep(Duration::from_millis(5)).await;
                }
                if count == 2 {
                    break;
                }
            }
        };

        tokio::select! {
            () = buyers.keep_in_money(std::slice::from_ref(&door)) => {}
            () = given => {}
        }

        assert_eq!(*keys.lock().unwrap(), ["more-0", "more-0", "more-1"]);
    }
}
