//! An open-loop load: requests are sent when their time has come, whether or not those before them were answered.

use std::fmt;
use std::time::Duration;

use api::Priority;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::capacity::{Heard, Instance};

/// How often it is looked whose time has come.
const TICK: Duration = Duration::from_millis(2);
/// How many looks go by from one question for health to the next.
const HEALTH: u32 = 20;

/// How many requests are sent in a second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) checkout: u32,
    pub(crate) browsing: u32,
}

/// What became of them.
#[derive(Default)]
pub(crate) struct Outcome {
    ended: Vec<(Option<Priority>, Heard, Duration)>,
    lasted: Duration,
}

impl Load {
    /// Sends for `lasting`; what is heard in the first part of it, while things settle, is not told of.
    pub(crate) async fn run(
        self,
        instance: &Instance,
        settling: Duration,
        lasting: Duration,
    ) -> Outcome {
        let (begun, mut sent, mut looks) = (Instant::now(), [0, 0], 0_u32);
        let mut asked = JoinSet::new();
        let mut ticks = tokio::time::interval(TICK);
        while begun.elapsed() < lasting {
            ticks.tick().await;
            let since = begun.elapsed();
            looks += 1;
            if looks % HEALTH == 0 {
                let looking = instance.look();
                asked.spawn(timed(None, since, looking));
            }
            let kinds = [
                (Priority::Checkout, self.checkout),
                (Priority::Browsing, self.browsing),
            ];
            for (kind, (priority, rate)) in kinds.into_iter().enumerate() {
                while f64::from(sent[kind]) < f64::from(rate) * since.as_secs_f64() {
                    sent[kind] += 1;
                    let asking = instance.ask(priority);
                    asked.spawn(timed(Some(priority), since, asking));
                }
            }
        }
        let ended = asked.join_all().await.into_iter();
        // What is heard counts when it is heard: a long queue that is worked off afterwards is no goodput.
        let told = |since: Duration, took: Duration| (settling..lasting).contains(&(since + took));
        Outcome {
            ended: ended
                .filter(|(.., took, since)| told(*since, *took))
                .map(|(priority, heard, took, _)| (priority, heard, took))
                .collect(),
            lasted: lasting.saturating_sub(settling),
        }
    }
}

impl std::ops::AddAssign for Outcome {
    fn add_assign(&mut self, more: Self) {
        self.ended.extend(more.ended);
        self.lasted += more.lasted;
    }
}

/// How long it takes to hear something, of what was sent `since` the beginning.
async fn timed(
    priority: Option<Priority>,
    since: Duration,
    asking: impl Future<Output = Heard>,
) -> (Option<Priority>, Heard, Duration, Duration) {
    let at = Instant::now();
    (priority, asking.await, at.elapsed(), since)
}

impl Outcome {
    /// Answers in a second.
    pub(crate) fn goodput(&self) -> f64 {
        let answered = self.count(|_, heard| heard == Heard::Answer);
        answered / self.lasted.as_secs_f64()
    }

    /// The share of requests of a priority that were answered.
    pub(crate) fn served(&self, of: Priority) -> f64 {
        let all = self.count(|priority, _| priority == Some(of));
        self.count(|priority, heard| priority == Some(of) && heard == Heard::Answer) / all.max(1.0)
    }

    /// The share of requests of which nobody heard again.
    pub(crate) fn lost(&self) -> f64 {
        self.count(|_, heard| heard == Heard::Nothing) / self.count(|_, _| true).max(1.0)
    }

    /// The 99th percentile of how long it took to hear this.
    pub(crate) fn p99(&self, of: Heard) -> Duration {
        self.percentile(of, 99)
    }

    /// How long it took half of those who heard this.
    pub(crate) fn median(&self, of: Heard) -> Duration {
        self.percentile(of, 50)
    }

    fn percentile(&self, of: Heard, part: usize) -> Duration {
        let all = self.ended.iter().filter(|(_, heard, _)| *heard == of);
        let mut took: Vec<Duration> = all.map(|(.., took)| *took).collect();
        took.sort_unstable();
        took.get(took.len() * part / 100)
            .copied()
            .unwrap_or_default()
    }

    fn count(&self, so: impl Fn(Option<Priority>, Heard) -> bool) -> f64 {
        let many = self
            .ended
            .iter()
            .filter(|(priority, heard, _)| so(*priority, *heard));
        f64::from(u32::try_from(many.count()).unwrap())
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| share * 100.0;
        write!(
            f,
            "{:.0} answered/s, checkout {:.1} %, browsing {:.1} %, unheard {:.1} %, p99 of answers {:?}, of refusals {:?}, of health {:?}",
            self.goodput(),
            percent(self.served(Priority::Checkout)),
            percent(self.served(Priority::Browsing)),
            percent(self.lost()),
            self.p99(Heard::Answer),
            self.p99(Heard::NotTaken),
            self.p99(Heard::Healthy),
        )
    }
}
