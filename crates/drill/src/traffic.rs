//! Customers who come by themselves, whether the shop keeps up or not, and send the same key again until they know.
//!
//! What an errand took is counted from when somebody came, not from when their request could be sent: a machine that falls
//! behind, or a shop that does, hides nothing.

mod buyers;
mod errand;
#[cfg(test)]
mod tests;
mod visit;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use self::buyers::Buyers;
use self::visit::Visit;
use crate::client::{Client, Notes, Patience};
use crate::{Act, Buyer, Door, Errand, Gauge, History, Mix, Product, Wish};

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
    /// What they want, and how many come for it each second where the mix says nothing else.
    pub parts: Vec<(Mix, f64)>,
    /// How long they come; a mix unfolds over all of it.
    pub time: Duration,
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
    notes: Notes,
}

impl Traffic {
    /// Lets `count` customers join; what they spend they are given again while they come.
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
            notes: Notes { history, gauge },
        });
        let end = CancellationToken::new();
        let task = AbortOnDropHandle::new(tokio::spawn(shared.clone().run(end.clone())));
        Flow { shared, end, task }
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
        let open = shared.notes.history.open();
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
        let _kept = AbortOnDropHandle::new(tokio::spawn(self.clone().keep_buyers()));
        let (mut visits, mut number) = (JoinSet::new(), 0_u64);
        let mut chance = StdRng::seed_from_u64(self.traffic.seed);
        let (begin, mut over) = (Instant::now(), Duration::ZERO);
        loop {
            over += self.traffic.pause(over, &mut chance);
            let came = begin + over;
            let is_over = over >= self.traffic.time;
            if is_over || end.run_until_cancelled(sleep_until(came)).await.is_none() {
                break;
            }
            while visits.try_join_next().is_some() {}
            let visit = self.traffic.visit(number, over, came, &mut chance);
            number += 1;
            if visits.len() >= MOST {
                self.notes.gauge.left_out();
                continue;
            }
            self.notes.gauge.came();
            visits.spawn(self.clone().receive(visit));
        }
        visits.join_all().await;
    }

    /// Sees to it that all who order can, beside those who come.
    async fn keep_buyers(self: Arc<Self>) {
        let doors = &self.traffic.doors;
        tokio::join!(
            self.buyers.keep_signed_in(doors),
            self.buyers.keep_in_money(doors)
        );
    }

    async fn receive(self: Arc<Self>, visit: Visit) {
        let buyer = self.buyers.one(visit.buyer);
        let client = self.client(&buyer).come_for(visit.act, visit.came);
        let mut client = client.at_door(visit.door);
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
        self.notes.gauge.done(&errand);
        self.notes.history.done(errand);
    }

    /// Sends again what nobody knows the end of.
    async fn replay(self: Arc<Self>, wish: Arc<Wish>) {
        if let Some(buyer) = self.buyers.of_account(wish.customer) {
            self.client(&buyer).order(&wish).await;
        }
    }

    fn client(&self, buyer: &Buyer) -> Client {
        let traffic = &self.traffic;
        let patience = Patience {
            answer: traffic.patience,
            limit: traffic.limit,
        };
        Client::of(buyer, &traffic.doors, patience, &self.notes)
    }
}
