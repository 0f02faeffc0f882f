//! One customer who orders, one thing at a time.

use std::sync::Arc;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Plan;
use crate::client::{Client, Patience};
use crate::{Buyer, Heard, History, Wish};

/// One customer who orders.
pub(super) struct Buying {
    number: usize,
    account: uuid::Uuid,
    client: Client,
    plan: Plan,
    history: Arc<History>,
}

impl Buying {
    pub(super) fn new(number: usize, buyer: &Buyer, plan: &Plan, history: Arc<History>) -> Self {
        let patience = Patience {
            answer: plan.patience,
            limit: plan.limit,
        };
        let client = Client::of(&buyer.customer, &plan.doors, number, patience);
        let (account, plan) = (buyer.account, plan.clone());
        Self {
            number,
            account,
            client,
            plan,
            history,
        }
    }

    pub(super) async fn run(mut self, end: CancellationToken) -> anyhow::Result<()> {
        for count in 0..self.plan.most {
            if end.is_cancelled() {
                break;
            }
            let wish = Arc::new(self.wish(count));
            self.client.turn_to(self.number);
            let (heard, _) = self.client.order(&wish, &self.history).await;
            if let Heard::Taken { id, status, .. } = heard {
                // At the other door.
                self.client.turn_to(self.number + 1);
                let read = self.client.own(id, status, false).await;
                if let Some(read) = read {
                    self.history.read(read);
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
            product: self.plan.product.id,
            quantity: 1,
            price: self.plan.product.price,
            cart: None,
        }
    }
}
