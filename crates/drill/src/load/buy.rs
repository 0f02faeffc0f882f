//! One customer who orders, one thing at a time.

use std::sync::Arc;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::Plan;
use crate::client::{Client, Notes, Patience};
use crate::{Act, Buyer, Heard, Wish};

/// One customer who orders.
pub(super) struct Buying {
    number: usize,
    account: uuid::Uuid,
    client: Client,
    plan: Plan,
    notes: Notes,
}

impl Buying {
    pub(super) fn new(number: usize, buyer: &Buyer, plan: &Plan, notes: &Notes) -> Self {
        let patience = Patience {
            answer: plan.patience,
            limit: plan.limit,
        };
        let client = Client::of(buyer, &plan.doors, patience, notes);
        let (account, plan) = (buyer.account, plan.clone());
        Self {
            number,
            account,
            client,
            plan,
            notes: notes.clone(),
        }
    }

    pub(super) async fn run(mut self, end: CancellationToken) -> anyhow::Result<()> {
        for count in 0..self.plan.most {
            if end.is_cancelled() {
                break;
            }
            let wish = Arc::new(self.wish(count));
            let client = self.client.clone().at_door(self.number);
            self.client = client.come_for(Act::Order, Instant::now());
            let ended = self.client.order(&wish).await;
            if let Heard::Taken { id, status, .. } = ended.heard {
                // At the other door.
                self.client.turn();
                let read = self.client.own(id, status, false).await;
                if let Some(read) = read {
                    self.notes.history.read(read);
                }
            }
            sleep(self.plan.pause).await;
        }
        Ok(())
    }

    fn wish(&self, count: usize) -> Wish {
        Wish {
            customer: self.account,
            key: format!("{}-{count}", self.number),
            lines: vec![self.plan.product.times(1)],
            cart: None,
        }
    }
}
