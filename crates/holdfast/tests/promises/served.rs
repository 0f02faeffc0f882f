//! Customers who look at a product and order it, of whom none may be turned away.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use drill::Customer;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::open::{SETTLED, until_read, until_taken};

/// Customers who look at a product and order it, of whom none may be turned away.
pub(crate) struct Served {
    end: CancellationToken,
    done: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<Duration>>,
}

impl Served {
    /// Lets each of `customers` begin.
    pub(crate) fn begin(customers: impl IntoIterator<Item = Customer>, product: &str) -> Self {
        let (end, done) = (CancellationToken::new(), Arc::<AtomicUsize>::default());
        let tasks = customers.into_iter().map(|customer| {
            let (product, end, done) = (product.to_owned(), end.clone(), done.clone());
            tokio::spawn(async move { buy(customer, &product, &end, &done).await })
        });
        let tasks = tasks.collect();
        Self { end, done, tasks }
    }

    /// Waits until more of them were served.
    pub(crate) async fn goes_on(&self) {
        let (enough, limit) = (
            self.done.load(Ordering::Relaxed) + 40,
            Instant::now() + SETTLED,
        );
        while self.done.load(Ordering::Relaxed) < enough {
            let failed = self.tasks.iter().any(JoinHandle::is_finished);
            assert!(!failed && Instant::now() < limit, "customers do not go on");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends it, and tells how long the slowest look and order took.
    pub(crate) async fn end(self) -> Duration {
        self.end.cancel();
        let mut longest = Duration::ZERO;
        for task in self.tasks {
            longest = longest.max(task.await.unwrap());
        }
        longest
    }
}

async fn buy(
    mut customer: Customer,
    product: &str,
    end: &CancellationToken,
    done: &AtomicUsize,
) -> Duration {
    let (path, mut longest) = (format!("/v1/products/{product}"), Duration::ZERO);
    let body = json!({"items": [{"product_id": product, "quantity": 1}]});
    while !end.is_cancelled() {
        let asked = Instant::now();
        // A machine that is busy with other tests may have them ask twice; what Redis does may not.
        until_read(&mut customer, &path).await;
        let key = Uuid::now_v7().to_string();
        let bought = until_taken(&mut customer, &key, &body).await;
        assert!(bought.status.is_success(), "{}", bought.text);
        longest = longest.max(asked.elapsed());
        done.fetch_add(1, Ordering::Relaxed);
    }
    longest
}
