//! Customers who order without a pause until they know, and others who only look.

mod buy;
mod look;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::buyer::MOST;
use crate::client::Notes;
use crate::{Buyer, Door, History, Product};

/// How often it is looked whether orders go on.
const LOOK: Duration = Duration::from_millis(20);

/// Who comes, and what they want.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the shop answers: a customer whom one does not answer goes to the next.
    pub doors: Vec<Door>,
    /// What everybody wants, one at a time.
    pub product: Product,
    /// How many order.
    pub buyers: usize,
    /// How many look.
    pub lookers: usize,
    /// How long each waits between two things.
    pub pause: Duration,
    /// How long an answer is waited for before the same is sent again.
    pub patience: Duration,
    /// How long anybody sends the same key again until they know.
    pub limit: Duration,
    /// How many orders a buyer places at most.
    pub most: usize,
}

impl Plan {
    /// Six who order `product` at `doors`, and two who look.
    pub fn of(doors: &[Door], product: Product) -> Self {
        Self {
            doors: doors.to_vec(),
            product,
            buyers: 6,
            lookers: 2,
            pause: Duration::from_millis(30),
            patience: Duration::from_secs(10),
            limit: Duration::from_mins(1),
            most: 100_000,
        }
    }
}

/// A load that goes on until it is ended.
#[derive(Debug)]
pub struct Load {
    history: Arc<History>,
    limit: Duration,
    end: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Load {
    /// Has everybody sign in, and begins.
    ///
    /// # Errors
    /// When the shop lets somebody not in.
    pub async fn begin(plan: Plan) -> anyhow::Result<Self> {
        let (notes, end, mut tasks) = (Notes::default(), CancellationToken::new(), JoinSet::new());
        let front = plan.doors.first().context("a load needs a door")?;
        for number in 0..plan.buyers {
            let buyer = Buyer::join(front, MOST).await?;
            let buying = buy::Buying::new(number, &buyer, &plan, &notes);
            tasks.spawn(buying.run(end.clone()));
        }
        for number in 0..plan.lookers {
            let looking = look::Looking::new(number, &plan, notes.history.clone());
            tasks.spawn(looking.run(end.clone()));
        }
        let limit = plan.limit;
        Ok(Self {
            history: notes.history,
            limit,
            end,
            tasks,
        })
    }

    /// What was done and told so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Waits until `some` more orders have been acknowledged, and as many looks answered.
    ///
    /// # Errors
    /// When they are not within the plan's limit.
    pub async fn goes_on(&self, some: usize) -> anyhow::Result<()> {
        let end = Instant::now() + self.limit;
        let (orders, looks) = (self.history.acknowledged(), self.history.answered());
        while self.history.acknowledged() < orders + some || self.history.answered() < looks + some
        {
            if Instant::now() > end {
                bail!("fewer than {some} orders or looks within {:?}", self.limit);
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Ends it when everybody knows what became of their last order, or has given up.
    ///
    /// # Errors
    /// When somebody could not go on.
    pub async fn end(mut self) -> anyhow::Result<Arc<History>> {
        self.end.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended??;
        }
        Ok(self.history)
    }
}
