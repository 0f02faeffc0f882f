//! Who comes to order: signed in, and signed in anew before what proves them runs out.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::{Buyer, Door};

/// So often everybody signs in anew, well before what proves them runs out.
const SIGN_IN: Duration = Duration::from_mins(5);
/// How long is waited before somebody who was not let in tries again.
const AGAIN: Duration = Duration::from_secs(2);
/// For how long somebody tries to join.
const JOINING: Duration = Duration::from_secs(20);
/// What they have in the wallet: as much as one top-up may bring.
const MONEY: i64 = 1_000_000;

/// As they are signed in at the moment.
#[derive(Debug)]
pub(super) struct Buyers(Mutex<Vec<Buyer>>);

/// Joins as somebody new until that is known to have worked.
pub(super) async fn join(door: &Door) -> anyhow::Result<Buyer> {
    let end = Instant::now() + JOINING;
    loop {
        match Buyer::join(door, MONEY).await {
            Err(_) if Instant::now() < end => sleep(AGAIN).await,
            joined => return joined,
        }
    }
}

impl Buyers {
    pub(super) fn of(buyers: Vec<Buyer>) -> Self {
        Self(Mutex::new(buyers))
    }

    pub(super) fn one(&self, number: usize) -> Buyer {
        self.held()[number].clone()
    }

    pub(super) fn of_account(&self, account: Uuid) -> Option<Buyer> {
        let held = self.held();
        held.iter().find(|buyer| buyer.account == account).cloned()
    }

    /// Remembers what one of them has seen.
    pub(super) fn has_seen(&self, number: usize, seen: Option<String>) {
        if let Some(kept) = self.held().get_mut(number) {
            kept.customer.has_seen(seen);
        }
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
                if let Some(kept) = self.held().get_mut(number) {
                    *kept = buyer;
                }
            }
        }
    }

    fn held(&self) -> MutexGuard<'_, Vec<Buyer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
