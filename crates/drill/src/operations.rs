//! Which operation a finding is about: whose it was, its key, its order, and when it was sent and what was heard.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use tokio::time::Instant;
use uuid::Uuid;

use crate::{Heard, History, Stored};

/// So many sendings of a key are told of: the first ones; of the others how many there were, and the last.
const TOLD: usize = 4;

/// All that was sent, by key and by order.
#[derive(Debug)]
pub struct Operations {
    /// By what is theirs alone: customer and key.
    all: Vec<Operation>,
    by_key: HashMap<String, BTreeSet<usize>>,
    by_order: HashMap<Uuid, BTreeSet<usize>>,
}

#[derive(Debug)]
struct Operation {
    customer: Uuid,
    /// Empty, where an order is stored under none.
    key: String,
    sendings: Vec<String>,
    reads: Vec<String>,
}

impl Operations {
    /// Those of `history`, at times after `start`; which order each became, `stored` says too.
    pub fn of(history: &History, stored: &[Stored], start: Instant) -> Self {
        let mut told: BTreeMap<(Uuid, String), (Vec<String>, BTreeSet<Uuid>)> = BTreeMap::new();
        for one in history.sendings() {
            let name = (one.wish.customer, one.wish.key.clone());
            let (sendings, orders) = told.entry(name).or_default();
            let (sent, ended) = (after(start, one.began), after(start, one.ended));
            sendings.push(format!(
                "sent at {sent:.2} s, at {ended:.2} s {}",
                said(&one.heard)
            ));
            if let Heard::Taken { id, .. } = one.heard {
                orders.insert(id);
            }
        }
        for order in stored {
            let name = (order.customer, order.key.clone().unwrap_or_default());
            told.entry(name).or_default().1.insert(order.id);
        }
        let mut operations = Self {
            all: Vec::new(),
            by_key: HashMap::new(),
            by_order: HashMap::new(),
        };
        for ((customer, key), (sendings, orders)) in told {
            let place = operations.all.len();
            if !key.is_empty() {
                let keys = operations.by_key.entry(key.clone()).or_default();
                keys.insert(place);
            }
            for order in orders {
                let orders = operations.by_order.entry(order).or_default();
                orders.insert(place);
            }
            operations.all.push(Operation {
                customer,
                key,
                sendings,
                reads: Vec::new(),
            });
        }
        operations.with_reads(history, start)
    }

    fn with_reads(mut self, history: &History, start: Instant) -> Self {
        for read in history.reads() {
            let words = format!("read at {:.2} s: {:?}", after(start, read.at), read.found);
            for place in self.by_order.get(&read.id).into_iter().flatten() {
                self.all[*place].reads.push(words.clone());
            }
        }
        self
    }

    /// `words`, and after them all that is known of each operation whose key or order they hold.
    pub fn named(&self, words: String) -> String {
        let mut named = words;
        let parts = named.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
        let by_order = |part: &str| self.by_order.get(&part.parse::<Uuid>().ok()?);
        let found = parts.filter_map(|part| self.by_key.get(part).or_else(|| by_order(part)));
        let places: BTreeSet<usize> = found.flatten().copied().collect();
        for place in places {
            // Into memory.
            let _ = write!(named, " [{}]", self.all[place].words());
        }
        named
    }
}

impl Operation {
    fn words(&self) -> String {
        let (first, others) = self.sendings.split_at(self.sendings.len().min(TOLD));
        let mut words = first.to_vec();
        if let Some(last) = others.last() {
            words.push(format!("and {} times more, last {last}", others.len()));
        }
        words.extend(self.reads.iter().cloned());
        if words.is_empty() {
            words.push("nobody sent or heard of it".to_owned());
        }
        let (customer, words) = (self.customer, words.join("; "));
        match self.key.as_str() {
            "" => format!("no key, customer {customer}: {words}"),
            key => format!("key {key} of customer {customer}: {words}"),
        }
    }
}

fn after(start: Instant, moment: Instant) -> f64 {
    moment.saturating_duration_since(start).as_secs_f64()
}

fn said(heard: &Heard) -> String {
    match heard {
        Heard::Taken { id, status, .. } => format!("the order {id}, {status}"),
        Heard::Refused(said) => format!("refused, {said}"),
        Heard::NotTaken(status) => format!("not taken, {status}"),
        Heard::Unknown(said) => format!("unknown, {said}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::{Line, OwnRead, Sending, Wish};

    const ANN: Uuid = Uuid::from_u128(1);
    const ORDER: Uuid = Uuid::from_u128(2);
    const OTHER: Uuid = Uuid::from_u128(3);
    const KEYLESS: Uuid = Uuid::from_u128(4);

    fn told(start: Instant) -> History {
        let history = History::default();
        let sent = |key: &str, second, heard| {
            let wish = Wish {
                customer: ANN,
                key: key.to_owned(),
                lines: vec![Line {
                    product: Uuid::nil(),
                    quantity: 1,
                    price: 1,
                }],
                cart: None,
            };
            history.sent(Sending {
                wish: Arc::new(wish),
                began: start + Duration::from_secs(second),
                ended: start + Duration::from_secs(second + 1),
                heard,
            });
        };
        sent("k-1", 1, Heard::NotTaken(503));
        let taken = Heard::Taken {
            id: ORDER,
            status: "pending".to_owned(),
            total: 1,
        };
        sent("k-1", 3, taken);
        for second in 0..7 {
            sent("k-2", second, Heard::Unknown("late".to_owned()));
        }
        history.read(OwnRead {
            id: ORDER,
            told: "pending".to_owned(),
            found: None,
            again: false,
            at: start + Duration::from_secs(5),
        });
        history
    }

    #[test]
    fn a_finding_is_followed_by_the_operation_that_it_names_by_its_key_or_its_order() {
        let start = Instant::now();
        let operations = Operations::of(&told(start), &[], start);

        let by_key = operations.named("k-1 is lost".to_owned());
        let by_order = operations.named(format!("0 was paid for the order {ORDER}, not 1"));
        let nobody = operations.named(format!("k-11 and {OTHER}"));

        let expected = format!(
            " [key k-1 of customer {ANN}: sent at 1.00 s, at 2.00 s not taken, 503; \
             sent at 3.00 s, at 4.00 s the order {ORDER}, pending; read at 5.00 s: None]"
        );
        assert_eq!(by_key, format!("k-1 is lost{expected}"));
        assert!(by_order.ends_with(&expected), "{by_order}");
        assert!(!nobody.contains('['), "{nobody}");
    }

    #[test]
    fn an_order_of_which_nobody_was_told_is_found_by_the_key_that_it_is_stored_under() {
        let start = Instant::now();
        let stored = |id, key: Option<&str>| Stored {
            id,
            customer: ANN,
            key: key.map(str::to_owned),
            status: "rejected".to_owned(),
            total: 1,
            products: Vec::new(),
            quantities: Vec::new(),
        };
        let stored = [stored(OTHER, Some("k-2")), stored(KEYLESS, None)];
        let operations = Operations::of(&told(start), &stored, start);

        let named = operations.named(format!("1 was paid for {OTHER}"));
        let keyless = operations.named(format!("{KEYLESS} is there, : ;"));

        assert!(named.contains("[key k-2 of customer"), "{named}");
        let last = "and 3 times more, last sent at 6.00 s, at 7.00 s unknown, late]";
        assert!(named.ends_with(last), "{named}");
        let nobodys = format!(": ; [no key, customer {ANN}: nobody sent or heard of it]");
        assert!(keyless.ends_with(&nobodys), "{keyless}");
    }
}
