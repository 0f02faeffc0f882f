//! What one visit does, from the door to what it came for.

use std::sync::Arc;

use reqwest::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::Shared;
use crate::client::Client;
use crate::{Act, Answer, Buyer, Heard, Look, Product, Wish};

/// Pages that somebody looks at, in turn; the last one for words that nobody has searched for, so that no cache answers.
const PAGES: [&str; 4] = [
    "/v1/products?limit=5",
    "/v1/news?limit=5",
    "/v1/categories",
    "/v1/products?limit=1&q=mug",
];

/// One visit in so many clicks twice.
const CLICKS_TWICE: u64 = 10;

/// Somebody who has come.
pub(super) struct Visit {
    pub(super) number: u64,
    pub(super) came: Instant,
    pub(super) act: Act,
    pub(super) buyer: usize,
    pub(super) product: Product,
    pub(super) quantity: i32,
}

impl Visit {
    /// Looks at a page; says whether it was to be seen, and how often it was asked for.
    pub(super) async fn look(&self, client: &mut Client, shared: &Shared) -> (bool, usize) {
        let turn = usize::try_from(self.number).unwrap_or_default() % PAGES.len();
        let word = if turn + 1 == PAGES.len() {
            format!("{}{}", shared.traffic.name, self.number)
        } else {
            String::new()
        };
        let page = format!("{}{word}", PAGES[turn]);
        let began = Instant::now();
        let (answer, sent) = self
            .until_served(client, shared, Method::GET, &page, None)
            .await;
        shared.history.looked(Look {
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
            product: self.product.id,
            quantity: self.quantity,
            price: self.product.price,
            cart: None,
        };
        if self.act == Act::Cart {
            wish.cart = self.cart(client, &wish, shared).await;
            if wish.cart.is_none() {
                return (false, 0);
            }
        }
        let (heard, sent) = self.sent(client, wish.into(), shared).await;
        shared.complain(&heard);
        let Heard::Taken { id, status, .. } = heard else {
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
            shared.history.read(read);
        }
        (true, sent)
    }

    /// Sends `wish` until it is known what became of it; by a double click, at two doors at once.
    async fn sent(&self, client: &mut Client, wish: Arc<Wish>, shared: &Shared) -> (Heard, usize) {
        let history = &shared.history;
        if !self.number.is_multiple_of(CLICKS_TWICE) {
            return client.order(&wish, history).await;
        }
        let mut second = client.clone();
        second.turn();
        tokio::join!(client.order(&wish, history), second.order(&wish, history)).0
    }

    /// Puts what is wanted into a cart, and answers which that is. Nobody knows what is in one that did not answer, so that one
    /// is left behind for another.
    async fn cart(&self, client: &mut Client, wish: &Wish, shared: &Shared) -> Option<String> {
        let end = Instant::now() + shared.traffic.limit;
        while Instant::now() < end {
            let made = client.send(Method::POST, "/v1/carts", None, None).await;
            let cart = made.ok().filter(|made| made.status.is_success());
            if let Some(cart) = cart {
                let path = format!("/v1/carts/{}/items", cart.id());
                let put = client
                    .send(Method::POST, &path, None, Some(wish.item()))
                    .await;
                if put.is_ok_and(|put| put.status.is_success()) {
                    return Some(cart.id().to_owned());
                }
            }
            shared.gauge.heard("no cart");
            client.again(None).await;
        }
        None
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
            let answer = request.await;
            match answer {
                Ok(answer) if answer.status.is_success() => return (Some(answer), sent),
                Ok(answer) => shared.gauge.heard(&said(&answer)),
                Err(_) => shared.gauge.heard("no answer"),
            }
            if Instant::now() > end {
                return (None, sent);
            }
            client.again(None).await;
        }
        unreachable!("the range above has no end")
    }
}

fn said(answer: &Answer) -> String {
    match answer.code() {
        "" => answer.status.as_str().to_owned(),
        code => format!("{} {code}", answer.status.as_str()),
    }
}
