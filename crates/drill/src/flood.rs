//! Customers who come at a rate of their own, whether the shop keeps up or not, and are answered once.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use crate::times::percentile;
use crate::{Answer, Buyer, Customer, Door, Heard, History, Product, Sending, Wish};

/// More are never under way at once: this machine has its bounds too.
const MOST: usize = 4_096;

/// Who comes, how many each second, and for how long.
#[derive(Debug, Clone)]
pub struct Flood {
    /// Where the shop answers.
    pub doors: Vec<Door>,
    /// Who orders; they take turns.
    pub buyers: Vec<Buyer>,
    /// What they order, one at a time.
    pub product: Product,
    /// How many orders a second.
    pub orders: u32,
    /// How many looks for products a second.
    pub looks: u32,
    /// For how long.
    pub time: Duration,
    /// An answer that takes longer is none to anybody.
    pub patience: Duration,
    /// What its keys begin with, so that no two floods share one.
    pub name: &'static str,
}

/// What became of a flood's requests of one kind.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How many were sent.
    pub sent: usize,
    /// What each took that was served in time.
    pub served: Vec<Duration>,
    /// What each took that was refused because there was no room.
    pub shed: Vec<Duration>,
    /// How many were failed, or not answered in time.
    pub failed: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Order,
    Look,
}

impl Flood {
    /// Has them all come; answers what became of the orders and of the looks. What they were told of orders goes into `history`.
    ///
    /// # Errors
    /// When this machine cannot send.
    pub async fn run(&self, history: &Arc<History>) -> anyhow::Result<(Tally, Tally)> {
        let (start, mut tasks) = (Instant::now(), JoinSet::new());
        let (mut orders, mut looks) = (Tally::default(), Tally::default());
        for (number, (at, kind)) in self.schedule().into_iter().enumerate() {
            sleep_until(start + at).await;
            while let Some(done) = tasks.try_join_next() {
                count(&done?, &mut orders, &mut looks);
            }
            if tasks.len() < MOST {
                tasks.spawn(self.one(number, kind, history.clone()));
            }
        }
        while let Some(done) = tasks.join_next().await {
            count(&done?, &mut orders, &mut looks);
        }
        Ok((orders, looks))
    }

    /// When each comes, and what for.
    fn schedule(&self) -> Vec<(Duration, Kind)> {
        let spread = |kind, rate: u32| {
            let count = self.time.as_secs_f64() * f64::from(rate);
            (0_u32..)
                .take_while(move |number| f64::from(*number) < count)
                .map(move |number| {
                    let at = Duration::from_secs_f64(f64::from(number) / f64::from(rate));
                    (at, kind)
                })
        };
        let orders = spread(Kind::Order, self.orders);
        let mut all: Vec<_> = orders.chain(spread(Kind::Look, self.looks)).collect();
        all.sort_by_key(|(at, _)| *at);
        all
    }

    fn one(
        &self,
        number: usize,
        kind: Kind,
        history: Arc<History>,
    ) -> impl Future<Output = Done> + use<> {
        let buyer = self.buyers[number % self.buyers.len()].clone();
        let door = self.doors[number % self.doors.len()].clone();
        let (product, patience) = (self.product, self.patience);
        let key = format!("{}-{number}", self.name);
        async move {
            let began = Instant::now();
            let mut customer = buyer.customer.at(door);
            let work = async {
                match kind {
                    Kind::Order => order(&mut customer, product, &key).await,
                    Kind::Look => look(&mut customer, &key).await,
                }
            };
            let answer = timeout(patience, work).await;
            let answer = answer
                .map_err(anyhow::Error::from)
                .and_then(|answer| answer);
            let ended = Instant::now();
            let done = Done::of(kind, &answer, ended - began);
            if kind == Kind::Order {
                let wish = Wish {
                    customer: buyer.account,
                    key,
                    lines: vec![product.times(1)],
                    cart: None,
                };
                let heard = Heard::of(&answer);
                history.sent(Sending {
                    wish: wish.into(),
                    began,
                    ended,
                    heard,
                });
            }
            done
        }
    }
}

impl Tally {
    /// How many were served each second, of `time`.
    pub fn rate(&self, time: Duration) -> f64 {
        let served = u32::try_from(self.served.len()).unwrap_or(u32::MAX);
        f64::from(served) / time.as_secs_f64()
    }

    /// What 99 of 100 took at most that were served.
    pub fn slowest(&self) -> Duration {
        percentile(self.served.clone(), 99)
    }

    /// What half of those took at most that were refused.
    pub fn median_shed(&self) -> Duration {
        percentile(self.shed.clone(), 50)
    }

    /// What 99 of 100 took at most that were refused: those among them that a gateway has tried again.
    pub fn slowest_shed(&self) -> Duration {
        percentile(self.shed.clone(), 99)
    }
}

struct Done {
    kind: Kind,
    took: Duration,
    ended: Ended,
}

enum Ended {
    Served,
    Shed,
    Failed,
}

impl Done {
    fn of(kind: Kind, answer: &anyhow::Result<Answer>, took: Duration) -> Self {
        let ended = match answer {
            Ok(answer) if answer.status.is_success() => Ended::Served,
            Ok(answer) if [429, 503].contains(&answer.status.as_u16()) => Ended::Shed,
            _ => Ended::Failed,
        };
        Self { kind, took, ended }
    }
}

fn count(done: &Done, orders: &mut Tally, looks: &mut Tally) {
    let tally = match done.kind {
        Kind::Order => orders,
        Kind::Look => looks,
    };
    tally.sent += 1;
    match done.ended {
        Ended::Served => tally.served.push(done.took),
        Ended::Shed => tally.shed.push(done.took),
        Ended::Failed => tally.failed += 1,
    }
}

async fn order(customer: &mut Customer, product: Product, key: &str) -> anyhow::Result<Answer> {
    let body = json!({"items": [{"product_id": product.shown(), "quantity": 1}]});
    customer.post("/v1/orders", key, &body).await
}

/// For words that nobody has searched for, so that no cache answers.
async fn look(customer: &mut Customer, words: &str) -> anyhow::Result<Answer> {
    let path = format!("/v1/products?limit=1&q=mug{words}");
    customer.send(Method::GET, &path, None, None).await
}
