//! A good client: the same key until it is known what became of it, at one door after the other, with what was seen last.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

use crate::{
    Act, Answer, Buyer, Customer, Door, Gauge, Heard, History, Operation, OwnRead, RefusedRead,
    Sending, Wish,
};

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

/// Where what clients do is written down: all of it, and in numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Notes {
    pub(crate) history: Arc<History>,
    pub(crate) gauge: Arc<Gauge>,
}

/// One customer, at each door.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    account: Uuid,
    act: Act,
    due: Instant,
    turn: usize,
    doors: Vec<Customer>,
    patience: Patience,
    notes: Notes,
}

/// What became of a wish, as far as its client has heard.
#[derive(Debug)]
pub(crate) struct Ended {
    /// What was heard last.
    pub(crate) heard: Heard,
    /// How often it was sent.
    pub(crate) sent: usize,
    /// What the last answer is called.
    pub(crate) name: String,
}

impl Client {
    /// `buyer` at `doors`, the first one first, who has come to order just now.
    pub(crate) fn of(buyer: &Buyer, doors: &[Door], patience: Patience, notes: &Notes) -> Self {
        Self {
            account: buyer.account,
            act: Act::Order,
            due: Instant::now(),
            turn: 0,
            doors: doors.iter().map(|door| buyer.customer.at(door)).collect(),
            patience,
            notes: notes.clone(),
        }
    }

    /// The same, come for `act` at `due`.
    pub(crate) fn come_for(self, act: Act, due: Instant) -> Self {
        Self { act, due, ..self }
    }

    /// The same, at the door at `turn`.
    pub(crate) fn at_door(self, turn: usize) -> Self {
        Self { turn, ..self }
    }

    /// Goes to the next door.
    pub(crate) fn turn(&mut self) {
        self.turn += 1;
    }

    /// What they have seen.
    pub(crate) fn seen(&self) -> Option<String> {
        self.doors.first().and_then(|door| door.seen().cloned())
    }

    /// Sends a request once, at this door, and has it written down.
    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> anyhow::Result<Answer> {
        let sent = Instant::now();
        let answer = self.answer(method.clone(), path, key, body.clone()).await;
        self.notes.history.ended(&Operation {
            customer: self.account,
            act: self.act,
            method: &method,
            path,
            key,
            body: body.as_ref(),
            due: self.due,
            sent,
            ended: Instant::now(),
            answer: &answer,
        });
        answer
    }

    async fn answer(
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

    /// Sends `wish` until it is known what became of it, or for as long as the patience lasts.
    pub(crate) async fn order(&mut self, wish: &Arc<Wish>) -> Ended {
        let body = wish.body();
        let end = Instant::now() + self.patience.limit;
        for sent in 1.. {
            let (began, body) = (Instant::now(), Some(body.clone()));
            let request = self.send(Method::POST, "/v1/orders", Some(&wish.key), body);
            let answer = request.await;
            let (heard, ended) = (Heard::of(&answer), Instant::now());
            self.notes.history.sent(Sending {
                wish: wish.clone(),
                began,
                ended,
                heard: heard.clone(),
            });
            let name = name(&answer);
            if !heard.is_open() || ended > end {
                return Ended { heard, sent, name };
            }
            self.notes.gauge.retried(&name);
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
    /// Nothing, where that was not answered; a refusal that does not pass is written down.
    pub(crate) async fn own(&mut self, id: Uuid, told: String, again: bool) -> Option<OwnRead> {
        let path = format!("/v1/orders/{}", api::id::ORDER.write(id));
        let answer = self.send(Method::GET, &path, None, None).await;
        let found = match &answer {
            Ok(answer) if answer.status == StatusCode::OK => {
                answer.body["status"].as_str().map(str::to_owned)
            }
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => None,
            answer => {
                self.notes.gauge.ended(&name(answer));
                self.not_read(id, answer.as_ref().ok()?);
                return None;
            }
        };
        Some(OwnRead {
            id,
            told,
            found,
            again,
            at: Instant::now(),
        })
    }

    fn not_read(&self, id: Uuid, answer: &Answer) {
        if !answer.is_passing() {
            self.notes.history.refused(RefusedRead {
                id,
                customer: self.account,
                said: answer.name(),
                at: Instant::now(),
            });
        }
    }
}

/// What an answer is called; one that never came, too.
pub(crate) fn name(answer: &anyhow::Result<Answer>) -> String {
    let name = answer.as_ref().map(Answer::name);
    name.unwrap_or_else(|_| "no answer".to_owned())
}
