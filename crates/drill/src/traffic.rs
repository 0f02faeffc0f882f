//! Customers who come by themselves, whether the shop keeps up or not, and send the same key again until they know.
//!
//! What an errand took is counted from when somebody came, not from when their request could be sent: a machine that falls
//! behind, or a shop that does, hides nothing.

mod buyers;
mod errand;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use self::buyers::Buyers;
use self::errand::Visit;
use crate::client::{Client, Patience};
use crate::{Act, Buyer, Door, Errand, Gauge, Heard, History, Mix, Product, Wish};

/// More are never under way at once: this machine has its bounds too.
const MOST: usize = 4_096;
/// How many try at once to have settled what is not known.
const SETTLING: usize = 8;

/// Who comes, what for, and how many.
#[derive(Debug, Clone)]
pub struct Traffic {
    /// Where the shop answers: a customer whom one does not answer goes to the next.
    pub doors: Vec<Door>,
    /// What there is to order.
    pub products: Vec<Product>,
    /// Who orders.
    pub buyers: Vec<Buyer>,
    /// What they want.
    pub mix: Mix,
    /// How many come each second, where the mix says nothing else.
    pub rate: f64,
    /// Over how long the mix unfolds.
    pub time: Duration,
    /// How much of that is over already.
    pub after: Duration,
    /// When, of that time, nobody comes any more.
    pub until: Duration,
    /// How long an answer is waited for before the same is sent again.
    pub patience: Duration,
    /// How long anybody sends the same key again until they know.
    pub limit: Duration,
    /// Decides who comes when and wants what.
    pub seed: u64,
    /// What its keys begin with, so that no two share one.
    pub name: String,
}

/// Traffic that goes on until its time is over or it is ended. Dropped, it breaks off.
#[derive(Debug)]
pub struct Flow {
    shared: Arc<Shared>,
    end: CancellationToken,
    task: AbortOnDropHandle<()>,
}

/// What all visits share.
#[derive(Debug)]
struct Shared {
    traffic: Traffic,
    buyers: Buyers,
    history: Arc<History>,
    gauge: Arc<Gauge>,
}

impl Traffic {
    /// Lets `count` customers join who can pay.
    ///
    /// # Errors
    /// When the shop lets somebody not in.
    pub async fn buyers(door: &Door, count: usize) -> anyhow::Result<Vec<Buyer>> {
        let mut buyers = Vec::new();
        for _ in 0..count {
            buyers.push(buyers::join(door).await?);
        }
        Ok(buyers)
    }

    /// Begins; what is done goes into `history` and `gauge`.
    pub fn begin(self, history: Arc<History>, gauge: Arc<Gauge>) -> Flow {
        let shared = Arc::new(Shared {
            buyers: Buyers::of(self.buyers.clone()),
            traffic: self,
            history,
            gauge,
        });
        let end = CancellationToken::new();
        let task = AbortOnDropHandle::new(tokio::spawn(shared.clone().run(end.clone())));
        Flow { shared, end, task }
    }

    fn patience(&self) -> Patience {
        Patience {
            answer: self.patience,
            limit: self.limit,
        }
    }
}

impl Flow {
    /// Waits until its time is over, and everybody knows what became of what they wanted, or has given up.
    ///
    /// # Errors
    /// When it could not go on.
    pub async fn over(self) -> anyhow::Result<()> {
        self.task.await.context("the traffic broke off")
    }

    /// Ends it: nobody comes any more, and those who have come are waited for.
    ///
    /// # Errors
    /// When it could not go on.
    pub async fn end(self) -> anyhow::Result<()> {
        self.end.cancel();
        self.over().await
    }

    /// Ends it, and then sends each key again of which nobody knows what became of it. Answers how many those were.
    ///
    /// # Errors
    /// When it could not go on.
    pub async fn settle(self) -> anyhow::Result<usize> {
        let shared = self.shared.clone();
        self.end().await?;
        let open = shared.history.open();
        let count = open.len();
        let mut tasks = JoinSet::new();
        for wish in open {
            while tasks.len() >= SETTLING {
                tasks.join_next().await;
            }
            tasks.spawn(shared.clone().replay(wish));
        }
        tasks.join_all().await;
        Ok(count)
    }
}

impl Shared {
    async fn run(self: Arc<Self>, end: CancellationToken) {
        let (mut visits, mut number) = (JoinSet::new(), 0_u64);
        let mut chance = StdRng::seed_from_u64(self.traffic.seed);
        let begin = Instant::now();
        let renewing = self.clone();
        let renewing = async move {
            renewing
                .buyers
                .keep_signed_in(&renewing.traffic.doors)
                .await;
        };
        let _renewing = AbortOnDropHandle::new(tokio::spawn(renewing));
        let (mut came, last) = (
            begin,
            begin + self.traffic.until.saturating_sub(self.traffic.after),
        );
        loop {
            came += self.pause(came - begin, &mut chance);
            if came >= last || end.run_until_cancelled(sleep_until(came)).await.is_none() {
                break;
            }
            while visits.try_join_next().is_some() {}
            let visit = self.visit(number, came, &mut chance);
            number += 1;
            if visits.len() >= MOST {
                self.gauge.left_out();
                continue;
            }
            self.gauge.came();
            visits.spawn(self.clone().receive(visit));
        }
        visits.join_all().await;
    }

    /// How long after the last one the next one comes: they know nothing of each other.
    fn pause(&self, over: Duration, chance: &mut StdRng) -> Duration {
        let traffic = &self.traffic;
        let whole = traffic.time.as_secs_f64().max(f64::MIN_POSITIVE);
        let share = (traffic.after + over).as_secs_f64() / whole;
        let rate = traffic.rate * traffic.mix.crowd(share);
        let lot: f64 = chance.random_range(f64::EPSILON..1.0);
        Duration::from_secs_f64((-lot.ln() / rate.max(0.01)).min(60.0))
    }

    fn visit(&self, number: u64, came: Instant, chance: &mut StdRng) -> Visit {
        let traffic = &self.traffic;
        let act = traffic.mix.act(chance.random_range(0..100));
        let buyer = chance.random_range(0..traffic.buyers.len().max(1));
        let product = chance.random_range(0..traffic.products.len().max(1));
        let product = if traffic.mix.is_of_one_product() {
            0
        } else {
            product
        };
        Visit {
            number,
            came,
            act,
            buyer,
            product: traffic.products[product],
            quantity: 1,
        }
    }

    async fn receive(self: Arc<Self>, visit: Visit) {
        let buyer = self.buyers.one(visit.buyer);
        let turn = usize::try_from(visit.number).unwrap_or_default();
        let traffic = &self.traffic;
        let mut client = Client::of(&buyer.customer, &traffic.doors, turn, traffic.patience());
        let (served, sent) = match visit.act {
            Act::Look => visit.look(&mut client, &self).await,
            Act::SignIn => visit.sign_in(&mut client, &buyer, &self).await,
            Act::Order | Act::Cart => visit.order(&mut client, &buyer, &self).await,
        };
        self.buyers.has_seen(visit.buyer, client.seen());
        let errand = Errand {
            act: visit.act,
            came: visit.came,
            ended: Instant::now(),
            sent,
            served,
        };
        self.gauge.done(&errand);
        self.history.done(errand);
    }

    /// Sends again what nobody knows the end of.
    async fn replay(self: Arc<Self>, wish: Arc<Wish>) {
        let Some(buyer) = self.buyers.of_account(wish.customer) else {
            return;
        };
        let traffic = &self.traffic;
        let mut client = Client::of(&buyer.customer, &traffic.doors, 0, traffic.patience());
        client.order(&wish, &self.history).await;
    }

    /// Writes down what was heard that is no answer.
    fn complain(&self, heard: &Heard) {
        match heard {
            Heard::Taken { .. } => {}
            heard if heard.is_sold_out() => {}
            Heard::NotTaken(status) => self.gauge.heard(&status.to_string()),
            Heard::Refused(said) => self.gauge.heard(said.get(..3).unwrap_or("refused")),
            Heard::Unknown(said) => {
                let code = said.get(..3).filter(|code| code.parse::<u16>().is_ok());
                self.gauge.heard(code.unwrap_or("no answer"));
            }
        }
    }
}
