//! One customer who orders, as a good client does: the same key until it is known what became of it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Plan;
use crate::{Answer, Buyer, Customer, Heard, History, OwnRead, Sending, Wish};

/// How long a customer waits before the same is sent again, where the shop does not say.
const AGAIN: Duration = Duration::from_millis(100);
/// How long they wait at most, whatever it says.
const LONGEST: Duration = Duration::from_secs(2);

/// One customer who orders.
pub(super) struct Buying {
    number: usize,
    account: uuid::Uuid,
    doors: Vec<Customer>,
    plan: Plan,
    body: Value,
    history: Arc<History>,
}

impl Buying {
    pub(super) fn new(number: usize, buyer: &Buyer, plan: &Plan, history: Arc<History>) -> Self {
        let doors = plan
            .doors
            .iter()
            .map(|door| buyer.customer.at(door))
            .collect();
        let body = json!({"items": [{"product_id": plan.product.shown(), "quantity": 1}]});
        let (account, plan) = (buyer.account, plan.clone());
        Self {
            number,
            account,
            doors,
            plan,
            body,
            history,
        }
    }

    pub(super) async fn run(mut self, end: CancellationToken) -> anyhow::Result<()> {
        for count in 0..self.plan.most {
            if end.is_cancelled() {
                break;
            }
            let wish = Arc::new(self.wish(count));
            let heard = self.order(&wish).await;
            if let Heard::Taken { id, status, .. } = heard {
                self.read(id, status).await;
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
        }
    }

    /// Sends a wish until it is known what became of it, each time at the next door.
    async fn order(&mut self, wish: &Arc<Wish>) -> Heard {
        let end = Instant::now() + self.plan.limit;
        let mut turn = self.number;
        loop {
            let began = Instant::now();
            let answer = self.send(turn, &wish.key).await;
            let heard = Heard::of(&answer);
            let (wish, ended) = (wish.clone(), Instant::now());
            self.history.sent(Sending {
                wish,
                began,
                ended,
                heard: heard.clone(),
            });
            if !heard.is_open() || ended > end {
                return heard;
            }
            let said = answer.ok().and_then(|answer| answer.retry_after);
            sleep(said.unwrap_or(AGAIN).min(LONGEST)).await;
            turn += 1;
        }
    }

    async fn send(&mut self, turn: usize, key: &str) -> anyhow::Result<Answer> {
        let door = turn % self.doors.len();
        let sent = self.doors[door].post("/v1/orders", key, &self.body);
        let answer = timeout(self.plan.patience, sent).await??;
        let token = self.doors[door].seen().cloned();
        // Whoever goes to another door knows there what they have seen here.
        self.doors
            .iter_mut()
            .for_each(|door| door.has_seen(token.clone()));
        Ok(answer)
    }

    /// Reads an order that they were told of, at the other door.
    async fn read(&mut self, id: uuid::Uuid, told: String) {
        let path = format!("/v1/orders/{}", api::id::ORDER.write(id));
        let door = (self.number + 1) % self.doors.len();
        let sent = self.doors[door].send(Method::GET, &path, None, None);
        let Ok(Ok(answer)) = timeout(self.plan.patience, sent).await else {
            return;
        };
        let found = match answer.status {
            StatusCode::OK => answer.body["status"].as_str().map(str::to_owned),
            StatusCode::NOT_FOUND => None,
            _ => return,
        };
        self.history.read(OwnRead { id, told, found });
    }
}
