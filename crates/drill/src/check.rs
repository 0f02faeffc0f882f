//! Holds what customers were told against what is stored: each acknowledged order once, unchanged, and one for each key.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use crate::{Heard, OwnRead, RefusedRead, Sending, Stored, Wish};

/// All that is wrong, in words.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Acknowledged, and not there.
    pub lost: Vec<String>,
    /// A key with two orders, or an order that no key stands for.
    pub doubled: Vec<String>,
    /// There, and not as it was wished or told.
    pub changed: Vec<String>,
    /// Refused, or given up after it was acknowledged, though there were money and stock.
    pub refused: Vec<String>,
    /// Still not known when it was waited for no more.
    pub unresolved: Vec<String>,
    /// Not taken, however often it was sent.
    pub unserved: Vec<String>,
    /// The reader's own, and not as new as they knew it.
    pub stale: Vec<String>,
    /// The same, where they knew it by an earlier read: time ran backwards for them.
    pub backwards: Vec<String>,
}

/// Where an order stands that was given up.
const REJECTED: &str = "rejected";

impl Findings {
    /// Takes out what of `sendings` was refused because it wanted more of `product` than the books have `left`. Who was told of an
    /// order as well is not taken out: both cannot be true.
    pub fn forgive(&mut self, sendings: &[Sending], product: Uuid, left: i64) {
        let told = by_key(sendings).into_values();
        let fine = told.filter(|told| told.wish.wants(product) > left && told.is_sold_out());
        let fine: BTreeSet<String> = fine.map(|told| told.wish.key.clone()).collect();
        let key = |words: &str| words.split(':').next().unwrap_or_default().to_owned();
        self.refused.retain(|words| !fine.contains(&key(words)));
    }

    /// Adds what somebody was refused though it is theirs.
    pub fn add_refused(&mut self, reads: &[RefusedRead]) {
        let words = |read: &RefusedRead| {
            let (id, customer, said) = (read.id, read.customer, &read.said);
            format!("{id}, of {customer}, was refused to them: {said}")
        };
        self.stale.extend(reads.iter().map(words));
    }

    /// All of it.
    pub fn all(&self) -> Vec<&str> {
        let all = [
            &self.lost,
            &self.doubled,
            &self.changed,
            &self.refused,
            &self.unresolved,
            &self.unserved,
            &self.stale,
            &self.backwards,
        ];
        all.into_iter().flatten().map(String::as_str).collect()
    }
}

/// One wish, and all that was heard of it.
struct Told {
    wish: Arc<Wish>,
    heard: Vec<Heard>,
}

impl Told {
    fn ids(&self) -> BTreeSet<Uuid> {
        let id = |heard: &Heard| match heard {
            Heard::Taken { id, .. } => Some(*id),
            _ => None,
        };
        self.heard.iter().filter_map(id).collect()
    }

    /// What was said whenever it was refused.
    fn refusals(&self) -> impl Iterator<Item = &str> {
        self.heard.iter().filter_map(|heard| match heard {
            Heard::Refused(said) => Some(said.as_str()),
            _ => None,
        })
    }

    /// Whether it never was an order, and nobody can complain of that: there was no more of what was wanted.
    fn is_sold_out(&self) -> bool {
        let mut heard = self.heard.iter();
        self.heard.iter().any(Heard::is_sold_out)
            && heard.all(|heard| heard.is_open() || heard.is_sold_out())
    }
}

/// Holds `sendings` and `reads` against the orders of the same customers.
pub fn check(sendings: &[Sending], reads: &[OwnRead], stored: &[Stored]) -> Findings {
    let told = by_key(sendings);
    let (under, mut findings) = (under_keys(stored), Findings::default());
    for (key, told) in &told {
        findings.hold(told, under.get(key).map_or(&[], Vec::as_slice));
    }
    for order in stored {
        let key = order.key.as_ref();
        let known = key.is_some_and(|key| told.contains_key(&(order.customer, key.as_str())));
        if !known {
            let words = format!("{} stands under {key:?}, which nobody sent", order.id);
            findings.doubled.push(words);
        }
    }
    let (again, first): (Vec<_>, Vec<_>) = reads.iter().partition(|read| read.again);
    findings.stale = first.into_iter().filter_map(stale).collect();
    findings.backwards = again.into_iter().filter_map(stale).collect();
    findings
}

fn by_key(sendings: &[Sending]) -> BTreeMap<(Uuid, &str), Told> {
    let mut told = BTreeMap::new();
    for sending in sendings {
        let wish = &sending.wish;
        let one = told.entry((wish.customer, wish.key.as_str()));
        let one = one.or_insert_with(|| Told {
            wish: wish.clone(),
            heard: Vec::new(),
        });
        one.heard.push(sending.heard.clone());
    }
    told
}

fn under_keys(stored: &[Stored]) -> HashMap<(Uuid, &str), Vec<&Stored>> {
    let mut under: HashMap<_, Vec<&Stored>> = HashMap::new();
    for order in stored {
        if let Some(key) = &order.key {
            let orders = under.entry((order.customer, key.as_str()));
            orders.or_default().push(order);
        }
    }
    under
}

impl Findings {
    /// Holds one wish against the orders under its key.
    fn hold(&mut self, told: &Told, found: &[&Stored]) {
        let (key, ids) = (&told.wish.key, told.ids());
        if ids.len() > 1 || found.len() > 1 {
            let found: Vec<Uuid> = found.iter().map(|order| order.id).collect();
            self.doubled.push(format!(
                "{key} was told of {ids:?}, and {found:?} are stored"
            ));
        }
        for id in &ids {
            match found.iter().find(|order| order.id == *id) {
                None => self
                    .lost
                    .push(format!("{key} is the order {id}, which is not stored")),
                Some(order) => match changed(told, order) {
                    Some(words) => self.changed.push(words),
                    None if order.status == REJECTED => self
                        .refused
                        .push(format!("{key}: the order {id} was given up")),
                    None => {}
                },
            }
        }
        let refused = told.refusals().next();
        let refused = refused.map(|said| format!("{key}: {said}"));
        if ids.is_empty() {
            match &refused {
                None => self.open(told, found.is_empty()),
                Some(words) if found.iter().any(|order| order.is_bought()) => {
                    self.changed.push(format!("{words}, and it is bought"));
                }
                Some(_) => {}
            }
        }
        self.refused.extend(refused);
    }

    /// Says what became of a wish that is neither an order nor refused.
    fn open(&mut self, told: &Told, nothing_kept: bool) {
        let words = format!("{}: {:?}", told.wish.key, told.heard.last());
        let unknown = told
            .heard
            .iter()
            .any(|heard| matches!(heard, Heard::Unknown(_)));
        match (unknown, nothing_kept) {
            (true, _) => self.unresolved.push(words),
            (false, true) => self.unserved.push(words),
            (false, false) => self.changed.push(format!("{words}, and it is stored")),
        }
    }
}

/// Says what differs between a wish, what was told of it, and the order that stands for it.
fn changed(told: &Told, order: &Stored) -> Option<String> {
    let wish = &told.wish;
    let as_told = |heard: &Heard| match heard {
        Heard::Taken { status, total, .. } => *total == order.total && follows(status, order),
        _ => true,
    };
    (!wish.is_stored_as(order) || !told.heard.iter().all(as_told))
        .then(|| format!("{wish:?}: told {:?}, and stored is {order:?}", told.heard))
}

/// Whether an order that stood at `status` may stand where it does. Nobody cancels here.
fn follows(status: &str, order: &Stored) -> bool {
    status == "pending" || order.is_bought()
}

fn stale(read: &OwnRead) -> Option<String> {
    let older = match read.found.as_deref() {
        None => true,
        Some(found) => found == "pending" && read.told != "pending",
    };
    older.then(|| format!("{} was {} and read as {:?}", read.id, read.told, read.found))
}

#[cfg(test)]
mod tests;
