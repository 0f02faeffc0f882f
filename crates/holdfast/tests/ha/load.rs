//! Customers who order without a pause, and remember what they were told; and others who only look.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use holdfast::shop::{Answer, Customer};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::open::{SETTLED, Shop};

const BUYERS: usize = 6;
const LOOKERS: usize = 2;
/// How long a customer waits for an answer before they send the same key again.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(30);

/// What customers were told.
#[derive(Default)]
pub(crate) struct Told {
    /// The order of each key, by what was answered: 201 or 202.
    orders: Mutex<BTreeMap<String, String>>,
    acknowledged: Mutex<Vec<Instant>>,
    looked: Mutex<Vec<Instant>>,
    /// Keys that had no order after one retry: told it later.
    unknown: Mutex<Vec<String>>,
}

/// A load that goes on until it is ended.
pub(crate) struct Load {
    told: Arc<Told>,
    end: CancellationToken,
    tasks: JoinSet<()>,
}

impl Load {
    pub(crate) async fn begin(shop: &Shop, product: &str) -> Self {
        let (told, end, mut tasks) = (
            Arc::<Told>::default(),
            CancellationToken::new(),
            JoinSet::new(),
        );
        for number in 0..BUYERS {
            let customer = shop.customer().await;
            let doors = shop.fronts.clone().map(|front| customer.at(front));
            let body = json!({"items": [{"product_id": product, "quantity": 1}]});
            tasks.spawn(buy(number, doors, body, told.clone(), end.clone()));
        }
        for number in 0..LOOKERS {
            let doors = shop.fronts.clone().map(Customer::of);
            tasks.spawn(look(number, doors, told.clone(), end.clone()));
        }
        Self { told, end, tasks }
    }

    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    /// Ends it when everybody knows what became of their last order.
    pub(crate) async fn end(mut self) -> Arc<Told> {
        self.end.cancel();
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
        self.told
    }
}

impl Told {
    /// The ids of all orders that somebody was told of.
    pub(crate) fn orders(&self) -> Vec<String> {
        held(&self.orders).values().cloned().collect()
    }

    /// How many keys needed more than one retry.
    pub(crate) fn unknown(&self) -> usize {
        held(&self.unknown).len()
    }

    /// The longest time after `since` without an order, and without an answer to who only looks.
    pub(crate) fn outages(&self, since: Instant) -> (Duration, Duration) {
        (
            longest(&self.acknowledged, since),
            longest(&self.looked, since),
        )
    }

    /// How many orders were acknowledged so far.
    pub(crate) fn count(&self) -> usize {
        held(&self.acknowledged).len()
    }

    fn acknowledge(&self, key: &str, answer: &Answer) {
        held(&self.orders).insert(key.to_owned(), answer.id().to_owned());
        held(&self.acknowledged).push(Instant::now());
    }
}

fn longest(times: &Mutex<Vec<Instant>>, since: Instant) -> Duration {
    let mut times: Vec<Instant> = held(times)
        .iter()
        .copied()
        .filter(|at| *at >= since)
        .collect();
    times.insert(0, since);
    times.push(Instant::now());
    // Of several customers, so not quite in order.
    times.sort_unstable();
    times
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .max()
        .unwrap_or_default()
}

async fn buy(
    number: usize,
    mut doors: [Customer; 2],
    body: Value,
    told: Arc<Told>,
    end: CancellationToken,
) {
    for count in 0.. {
        if end.is_cancelled() {
            return;
        }
        let key = format!("{number}-{count}");
        let mut placed = None;
        for turn in 0..2 {
            placed = place(&mut doors[(number + turn) % 2], &key, &body).await;
            if placed.is_some() {
                break;
            }
        }
        if placed.is_none() {
            held(&told.unknown).push(key.clone());
            placed = until_known(&mut doors, &key, &body).await;
        }
        told.acknowledge(&key, &placed.expect("it is known, or the test has failed"));
        sleep(PAUSE).await;
    }
}

/// Sends an order once; answers for it, if it was taken.
async fn place(door: &mut Customer, key: &str, body: &Value) -> Option<Answer> {
    let sent = timeout(PATIENCE, door.post("/v1/orders", key, body)).await;
    let answer = sent.ok()?.ok()?;
    let open = [429, 500, 502, 503, 504].contains(&answer.status.as_u16());
    assert!(
        open || answer.status.is_success(),
        "{key}: {}: {}",
        answer.status,
        answer.text
    );
    (!open).then_some(answer)
}

async fn until_known(doors: &mut [Customer; 2], key: &str, body: &Value) -> Option<Answer> {
    let end = Instant::now() + SETTLED;
    for turn in 0.. {
        assert!(Instant::now() < end, "nobody can tell what became of {key}");
        if let Some(answer) = place(&mut doors[turn % 2], key, body).await {
            return Some(answer);
        }
        sleep(PAUSE * 3).await;
    }
    None
}

/// Searches for words that nobody has searched for, so that no cache answers.
async fn look(number: usize, mut doors: [Customer; 2], told: Arc<Told>, end: CancellationToken) {
    for count in 0.. {
        if end.is_cancelled() {
            return;
        }
        let path = format!("/v1/products?limit=1&q=mug{number}x{count}");
        for door in &mut doors {
            let sent = timeout(PATIENCE, door.send(Method::GET, &path, None, None)).await;
            if matches!(sent, Ok(Ok(answer)) if answer.status == StatusCode::OK) {
                held(&told.looked).push(Instant::now());
                break;
            }
        }
        sleep(PAUSE).await;
    }
}

/// Nobody panics while it is held.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
