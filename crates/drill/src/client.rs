//! A good client: the same key until it is known what became of it, at one door after the other, with what was seen last.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::{Answer, Customer, Door, Heard, History, OwnRead, Sending, Wish};

/// How long a client waits before the same is sent again, where the shop does not say.
const AGAIN: Duration = Duration::from_millis(100);
/// How long it waits at most, whatever the shop says.
const LONGEST: Duration = Duration::from_secs(2);

/// How long a client waits for answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// For one, before the same is sent again.
    pub(crate) answer: Duration,
    /// Until it gives up.
    pub(crate) limit: Duration,
}

/// One customer, at each door.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    turn: usize,
    doors: Vec<Customer>,
    patience: Patience,
}

impl Client {
    /// `customer` at `doors`, the one at `turn` first.
    pub(crate) fn of(customer: &Customer, doors: &[Door], turn: usize, patience: Patience) -> Self {
        Self {
            turn,
            doors: doors.iter().map(|door| customer.at(door)).collect(),
            patience,
        }
    }

    /// Goes to the next door.
    pub(crate) fn turn(&mut self) {
        self.turn += 1;
    }

    /// Goes to the door at `turn`.
    pub(crate) fn turn_to(&mut self, turn: usize) {
        self.turn = turn;
    }

    /// What they have seen.
    pub(crate) fn seen(&self) -> Option<String> {
        self.doors.first().and_then(|door| door.seen().cloned())
    }

    /// Sends a request once, at this door.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> anyhow::Result<Answer> {
        let door = self.turn % self.doors.len();
        let sent = self.doors[door].send(method, path, key, body);
        let answer = timeout(self.patience.answer, sent).await??;
        let token = self.doors[door].seen().cloned();
        // Whoever goes to another door knows there what they have seen here.
        self.doors
            .iter_mut()
            .for_each(|door| door.has_seen(token.clone()));
        Ok(answer)
    }

    /// Sends `wish` until it is known what became of it, or for as long as the patience lasts; all that is heard goes
    /// into `history`. Answers the last of it, and how often it was sent.
    pub(crate) async fn order(&mut self, wish: &Arc<Wish>, history: &History) -> (Heard, usize) {
        let body = wish.body();
        let end = Instant::now() + self.patience.limit;
        for sent in 1.. {
            let began = Instant::now();
            let answer = self
                .send(
                    Method::POST,
                    "/v1/orders",
                    Some(&wish.key),
                    Some(body.clone()),
                )
                .await;
            let heard = Heard::of(&answer);
            let (wish, ended) = (wish.clone(), Instant::now());
            history.sent(Sending {
                wish,
                began,
                ended,
                heard: heard.clone(),
            });
            if !heard.is_open() || ended > end {
                return (heard, sent);
            }
            self.again(answer.ok().as_ref()).await;
        }
        unreachable!("the range above has no end")
    }

    /// Waits until the same may be sent again, which is then at the next door.
    pub(crate) async fn again(&mut self, answer: Option<&Answer>) {
        let said = answer.and_then(|answer| answer.retry_after);
        sleep(said.unwrap_or(AGAIN).min(LONGEST)).await;
        self.turn();
    }

    /// Reads an order of theirs that they know to stand at `told`: by the answer to their order, or `again`, by an earlier read.
    /// Nothing, where that was not answered.
    pub(crate) async fn own(&mut self, id: Uuid, told: String, again: bool) -> Option<OwnRead> {
        let path = format!("/v1/orders/{}", api::id::ORDER.write(id));
        let answer = self.send(Method::GET, &path, None, None).await.ok()?;
        let found = match answer.status {
            StatusCode::OK => answer.body["status"].as_str().map(str::to_owned),
            StatusCode::NOT_FOUND => None,
            _ => return None,
        };
        Some(OwnRead {
            id,
            told,
            found,
            again,
            at: Instant::now(),
        })
    }
}
