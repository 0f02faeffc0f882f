//! One who only looks, for words that nobody has searched for, so that no cache answers.

use std::sync::Arc;

use reqwest::{Method, StatusCode};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::Plan;
use crate::{Customer, History, Look};

/// One who only looks.
pub(super) struct Looking {
    number: usize,
    doors: Vec<Customer>,
    plan: Plan,
    history: Arc<History>,
}

impl Looking {
    pub(super) fn new(number: usize, plan: &Plan, history: Arc<History>) -> Self {
        let doors = plan.doors.iter().map(Customer::of).collect();
        let plan = plan.clone();
        Self {
            number,
            doors,
            plan,
            history,
        }
    }

    pub(super) async fn run(mut self, end: CancellationToken) -> anyhow::Result<()> {
        for count in 0.. {
            if end.is_cancelled() {
                break;
            }
            let path = format!("/v1/products?limit=1&q=mug{}x{count}", self.number);
            let began = Instant::now();
            let mut answered = false;
            for door in 0..self.doors.len() {
                answered = self.ask(door, &path).await;
                if answered {
                    break;
                }
            }
            let ended = Instant::now();
            self.history.looked(Look {
                began,
                ended,
                answered,
            });
            sleep(self.plan.pause).await;
        }
        Ok(())
    }

    async fn ask(&mut self, door: usize, path: &str) -> bool {
        let sent = self.doors[door].send(Method::GET, path, None, None);
        let sent = timeout(self.plan.patience, sent).await;
        matches!(sent, Ok(Ok(answer)) if answer.status == StatusCode::OK)
    }
}
