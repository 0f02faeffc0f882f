//! What one visit does, from the door to what it came for.

use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::Shared;
use super::visit::Visit;
use crate::client::{Client, Ended, name};
use crate::{Act, Answer, Buyer, Heard, Look, Wish};

impl Visit {
    /// Looks at a page; says whether it was to be seen, and how often it was asked for.
    pub(super) async fn look(&self, client: &mut Client, shared: &Shared) -> (bool, usize) {
        let page = self.page(&shared.traffic.name);
        let began = Instant::now();
        let (answer, sent) = self
            .until_served(client, shared, Method::GET, &page, None)
            .await;
        shared.notes.history.looked(Look {
            began,
            ended: Instant::now(),
            answered: answer.is_some(),
        });
        (answer.is_some(), sent)
    }

    /// Signs in; says whether that worked, and how often it was tried.
    pub(super) async fn sign_in(
        &self,
        client: &mut Client,
        buyer: &Buyer,
        shared: &Shared,
    ) -> (bool, usize) {
        let proof = buyer.proof();
        let path = "/v1/auth/login";
        let (answer, sent) = self
            .until_served(client, shared, Method::POST, path, Some(&proof))
            .await;
        (answer.is_some(), sent)
    }

    /// Orders, by a cart where that was wanted, and reads twice what was ordered, at one door and the other. Says whether it is
    /// an order, and how often it was sent.
    pub(super) async fn order(
        &self,
        client: &mut Client,
        buyer: &Buyer,
        shared: &Shared,
    ) -> (bool, usize) {
        let mut wish = Wish {
            customer: buyer.account,
            key: format!("{}-{}", shared.traffic.name, self.number),
            lines: self.lines.clone(),
            cart: None,
        };
        if self.act == Act::Cart {
            wish.cart = self.cart(client, &wish, shared).await;
            if wish.cart.is_none() {
                return (false, 0);
            }
        }
        let wish = Arc::new(wish);
        let Ended { heard, sent, name } = self.sent(client, &wish).await;
        if !matches!(heard, Heard::Refused(_)) {
            shared.buyers.has_paid(self.buyer, wish.total());
        }
        let Heard::Taken { id, status, .. } = heard else {
            if !heard.is_sold_out() {
                shared.notes.gauge.ended(&name);
            }
            return (heard.is_sold_out(), sent);
        };
        let (mut told, mut again) = (status, false);
        for _ in 0..2 {
            client.turn();
            let Some(read) = client.own(id, told.clone(), again).await else {
                continue;
            };
            told = read.found.clone().unwrap_or(told);
            again = true;
            shared.notes.history.read(read);
        }
        (true, sent)
    }

    /// Sends `wish` until it is known what became of it; by a double click, at two doors at once.
    async fn sent(&self, client: &mut Client, wish: &Arc<Wish>) -> Ended {
        if !self.clicks_twice {
            return client.order(wish).await;
        }
        let mut second = client.clone();
        second.turn();
        tokio::join!(client.order(wish), second.order(wish)).0
    }

    /// Puts what is wanted into a cart, and answers which that is. Nobody knows what is in one that did not answer, so that one
    /// is left behind for another.
    async fn cart(&self, client: &mut Client, wish: &Wish, shared: &Shared) -> Option<String> {
        let end = Instant::now() + shared.traffic.limit;
        loop {
            let refused = match filled(client, wish).await {
                Ok(cart) => return Some(cart),
                Err(refused) => refused,
            };
            if Instant::now() > end {
                shared.notes.gauge.ended(&refused);
                return None;
            }
            shared.notes.gauge.retried(&refused);
            client.again(None).await;
        }
    }

    /// Sends a request until it is served, at one door after the other, for as long as the patience for one answer lasts.
    async fn until_served(
        &self,
        client: &mut Client,
        shared: &Shared,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> (Option<Answer>, usize) {
        let end = Instant::now() + shared.traffic.patience;
        for sent in 1.. {
            let request = client.send(method.clone(), path, None, body.cloned());
            let refused = match served(request.await) {
                Ok(answer) => return (Some(answer), sent),
                Err(refused) => refused,
            };
            if Instant::now() > end {
                shared.notes.gauge.ended(&refused);
                return (None, sent);
            }
            shared.notes.gauge.retried(&refused);
            client.again(None).await;
        }
        unreachable!("the range above has no end")
    }
}

/// Makes a cart of all that is wanted, or says what was answered instead.
async fn filled(client: &mut Client, wish: &Wish) -> Result<String, String> {
    let made = client.send(Method::POST, "/v1/carts", None, None).await;
    let cart = served(made)?.id().to_owned();
    let path = format!("/v1/carts/{cart}/items");
    for line in &wish.lines {
        let item = Some(line.item());
        served(client.send(Method::POST, &path, None, item).await)?;
    }
    Ok(cart)
}

/// An answer that serves; or what it is called, where it does not.
fn served(answer: anyhow::Result<Answer>) -> Result<Answer, String> {
    match answer {
        Ok(answer) if answer.status.is_success() => Ok(answer),
        answer => Err(name(&answer)),
    }
}
