//! What was seen of a fault, in numbers.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use crate::times::{longest, percentile};
use crate::{Findings, Heard, History, Look, Sending};

/// What was seen of a fault, in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many orders were acknowledged.
    pub orders: usize,
    /// The longest time without one.
    pub writes_out: Duration,
    /// The longest time without a read that was answered.
    pub reads_out: Duration,
    /// Acknowledged, and not stored.
    pub lost: usize,
    /// Keys with two orders, and orders without a key.
    pub doubled: usize,
    /// Reads of the reader's own that were older than what they knew.
    pub stale: usize,
    /// Keys of which nobody could tell for a while whether they are an order.
    pub unknown: usize,
    /// How many times a key had to be sent again, at most.
    pub retries: usize,
    /// How many looks no door answered.
    pub unread: usize,
    /// What half of the orders took at most, from the first sending to the order.
    pub median: Duration,
    /// What 99 of 100 orders took at most, from the first sending to the order.
    pub slowest: Duration,
}

/// What became of one key.
#[derive(Debug)]
struct Told {
    first: Instant,
    sent: usize,
    unknown: bool,
    known: Option<Instant>,
}

impl Figures {
    /// What was seen between `since` and `until`, of orders and looks that ended then; what is wrong is taken from `findings`.
    pub fn of(history: &History, findings: &Findings, since: Instant, until: Instant) -> Self {
        let sendings = history.sendings();
        let taken = sendings.iter().filter(|one| one.heard.is_taken());
        let during = |at: &Instant| (since..=until).contains(at);
        let looks = history
            .looks()
            .into_iter()
            .filter(|look| during(&look.ended));
        let (looks, unread): (Vec<Look>, Vec<Look>) = looks.partition(|look| look.answered);
        let told = by_key(&sendings);
        let took = told.values().filter(|told| during(&told.first));
        let took: Vec<Duration> = took.filter_map(Told::took).collect();
        Self {
            orders: told.values().filter(|told| told.known.is_some()).count(),
            writes_out: longest(taken.map(|one| one.ended).collect(), since, until),
            reads_out: longest(looks.iter().map(|look| look.ended).collect(), since, until),
            lost: findings.lost.len(),
            doubled: findings.doubled.len(),
            stale: findings.stale.len(),
            unknown: told.values().filter(|told| told.unknown).count(),
            retries: told.values().map(|told| told.sent - 1).max().unwrap_or(0),
            unread: unread.len(),
            median: percentile(took.clone(), 50),
            slowest: percentile(took, 99),
        }
    }
}

impl Told {
    fn took(&self) -> Option<Duration> {
        Some(self.known? - self.first)
    }
}

fn by_key(sendings: &[Sending]) -> BTreeMap<(uuid::Uuid, &str), Told> {
    let mut told = BTreeMap::new();
    for sending in sendings {
        let key = (sending.wish.customer, sending.wish.key.as_str());
        let one = told.entry(key).or_insert(Told {
            first: sending.began,
            sent: 0,
            unknown: false,
            known: None,
        });
        one.sent += 1;
        one.unknown |= matches!(sending.heard, Heard::Unknown(_));
        if sending.heard.is_taken() && one.known.is_none() {
            one.known = Some(sending.ended);
        }
    }
    told
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no order for {:.2} s, no read for {:.2} s, {} lost, {} doubled, {} stale of {}; {} unknown for a while and resolved, at most {} retries, p99 {:.2} s",
            self.writes_out.as_secs_f64(),
            self.reads_out.as_secs_f64(),
            self.lost,
            self.doubled,
            self.stale,
            self.orders,
            self.unknown,
            self.retries,
            self.slowest.as_secs_f64(),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::{Line, Wish};

    #[test]
    fn figures_are_those_of_the_keys_and_of_the_time_asked_for() {
        let (history, start) = (History::default(), Instant::now());
        let at = |second: u64| start + Duration::from_secs(second);
        let sent = |key: &str, began, ended, heard| {
            let wish = Wish {
                customer: Uuid::nil(),
                key: key.to_owned(),
                lines: vec![Line {
                    product: Uuid::nil(),
                    quantity: 1,
                    price: 1,
                }],
                cart: None,
            };
            let wish = Arc::new(wish);
            history.sent(Sending {
                wish,
                began,
                ended,
                heard,
            });
        };
        let taken = || Heard::Taken {
            id: Uuid::nil(),
            status: "confirmed".to_owned(),
            total: 1,
        };
        let late = || Heard::Unknown("late".to_owned());
        sent("a", at(0), at(1), taken());
        sent("b", at(1), at(2), late());
        sent("b", at(2), at(3), Heard::NotTaken(503));
        sent("b", at(3), at(5), taken());
        sent("c", at(5), at(6), Heard::NotTaken(503));
        let look = |ended, answered| {
            history.looked(Look {
                began: at(0),
                ended,
                answered,
            });
        };
        look(at(2), true);
        look(at(4), false);

        let figures = Figures::of(&history, &Findings::default(), at(1), at(6));

        let expected = Figures {
            orders: 2,
            writes_out: Duration::from_secs(4),
            reads_out: Duration::from_secs(4),
            unknown: 1,
            retries: 2,
            unread: 1,
            median: Duration::from_secs(4),
            slowest: Duration::from_secs(4),
            ..Figures::default()
        };
        assert_eq!(figures, expected);
    }
}
