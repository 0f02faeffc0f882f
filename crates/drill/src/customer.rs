//! The shop as a customer sees it: a small client of its HTTP interface.

use anyhow::Context as _;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::door::Way;
use crate::{Answer, Door};

/// A customer of the shop at one address. Sends back the consistency token that it was last given.
#[derive(Debug, Clone)]
pub struct Customer {
    way: Way,
    url: String,
    access: Option<String>,
    /// What they sign in with, where they have.
    proof: Option<Value>,
    seen: Option<String>,
}

impl Customer {
    /// Somebody who has just come in.
    pub fn of(door: impl Into<Door>) -> Self {
        let door = door.into();
        Self {
            way: Way::to(&door),
            url: door.url().to_owned(),
            access: None,
            proof: None,
            seen: None,
        }
    }

    /// The same customer at another door of the shop, who believes those whom they believed at this one.
    #[must_use]
    pub fn at(&self, door: impl Into<Door>) -> Self {
        Self {
            url: door.into().url().to_owned(),
            ..self.clone()
        }
    }

    /// The token of what they have seen.
    pub fn seen(&self) -> Option<&String> {
        self.seen.as_ref()
    }

    /// Has them know as much as `token` says, wherever they go next.
    pub fn has_seen(&mut self, token: Option<String>) {
        self.seen = token.or(self.seen.take());
    }

    /// Registers as `email`.
    ///
    /// # Errors
    /// When the shop refuses.
    pub async fn register(
        &mut self,
        name: &str,
        email: &str,
        password: &str,
    ) -> anyhow::Result<Value> {
        let account = json!({"email": email, "password": password, "name": name});
        self.send(Method::POST, "/v1/auth/register", None, Some(account))
            .await?
            .good()
    }

    /// Signs in as `email`; answers the tokens.
    ///
    /// # Errors
    /// When the shop refuses.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> anyhow::Result<Value> {
        let proof = json!({"email": email, "password": password});
        let tokens = self.prove(&proof).await?;
        self.proof = Some(proof);
        Ok(tokens)
    }

    async fn prove(&mut self, proof: &Value) -> anyhow::Result<Value> {
        // Not with a token that may have expired.
        self.access = None;
        let tokens = self
            .ask_once(Method::POST, "/v1/auth/login", &[], Some(proof.clone()))
            .await?
            .good()?;
        self.access = tokens["access_token"].as_str().map(str::to_owned);
        Ok(tokens)
    }

    /// Puts `amount` minor units of `currency` into the wallet; the same key does it once.
    ///
    /// # Errors
    /// When the shop refuses.
    pub async fn top_up(
        &mut self,
        key: &str,
        amount: i64,
        currency: &str,
    ) -> anyhow::Result<Value> {
        let body = json!({"amount": {"amount": amount, "currency": currency}});
        self.send(Method::POST, "/v1/me/wallet/topups", Some(key), Some(body))
            .await?
            .good()
    }

    /// Looks at the first products of the catalogue.
    ///
    /// # Errors
    /// When the shop refuses.
    pub async fn browse(&mut self, limit: u32) -> anyhow::Result<Vec<Value>> {
        let path = format!("/v1/products?limit={limit}");
        let page = self.send(Method::GET, &path, None, None).await?.good()?;
        Ok(page["data"].as_array().cloned().unwrap_or_default())
    }

    /// Orders `items`, pairs of a product's id and a quantity.
    ///
    /// # Errors
    /// When the shop is not reachable; a refusal is an answer.
    pub async fn order(&mut self, key: Uuid, items: &[(&str, u32)]) -> anyhow::Result<Answer> {
        let item = |(id, quantity): &(&str, u32)| json!({"product_id": id, "quantity": quantity});
        let body = json!({"items": items.iter().map(item).collect::<Vec<_>>()});
        self.send(
            Method::POST,
            "/v1/orders",
            Some(&key.to_string()),
            Some(body),
        )
        .await
    }

    /// Reads an order back.
    ///
    /// # Errors
    /// When the shop refuses.
    pub async fn find(&mut self, id: &str) -> anyhow::Result<Value> {
        self.send(Method::GET, &format!("/v1/orders/{id}"), None, None)
            .await?
            .good()
    }

    /// Posts `body` to `path` under `key`.
    ///
    /// # Errors
    /// When the shop is not reachable.
    pub async fn post(&mut self, path: &str, key: &str, body: &Value) -> anyhow::Result<Answer> {
        self.send(Method::POST, path, Some(key), Some(body.clone()))
            .await
    }

    /// Sends a request as this customer, with `key` as its Idempotency-Key.
    ///
    /// # Errors
    /// When the shop is not reachable.
    pub async fn send(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<Value>,
    ) -> anyhow::Result<Answer> {
        self.ask(method, path, &[("Idempotency-Key", key)], body)
            .await
    }

    /// Changes what is at `path`, if its version is still `etag`.
    ///
    /// # Errors
    /// When the shop is not reachable.
    pub async fn change(&mut self, path: &str, etag: &str, body: Value) -> anyhow::Result<Answer> {
        self.ask(Method::PATCH, path, &[("If-Match", Some(etag))], Some(body))
            .await
    }

    /// Sends a request as this customer, with `headers`. Whose access has expired signs in again, and then sends it again.
    ///
    /// # Errors
    /// When the shop is not reachable.
    pub async fn ask(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, Option<&str>)],
        body: Option<Value>,
    ) -> anyhow::Result<Answer> {
        let answer = self
            .ask_once(method.clone(), path, headers, body.clone())
            .await?;
        match self.proof.clone() {
            Some(proof) if answer.code() == "token_expired" => {
                self.prove(&proof).await?;
                self.ask_once(method, path, headers, body).await
            }
            _ => Ok(answer),
        }
    }

    async fn ask_once(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, Option<&str>)],
        body: Option<Value>,
    ) -> anyhow::Result<Answer> {
        let answer = self.open(method, path, headers, body).await?;
        if let Some(seen) = answer.headers().get("Consistency-Token") {
            self.seen = seen.to_str().ok().map(str::to_owned);
        }
        Ok(Answer::read(answer).await?)
    }

    /// The same; the answer has begun and has yet to be read.
    ///
    /// # Errors
    /// When the shop is not reachable.
    pub async fn open(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, Option<&str>)],
        body: Option<Value>,
    ) -> anyhow::Result<Response> {
        let request = self.request(method, path, headers);
        let request = body.iter().fold(request, RequestBuilder::json).build()?;
        let sent = self.way.send(request).await;
        sent.with_context(|| format!("nobody answers at {}", self.url))
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, Option<&str>)],
    ) -> RequestBuilder {
        let mut request = self.way.request(method, &format!("{}{path}", self.url));
        let seen = [("Consistency-Token", self.seen.as_deref())];
        for (name, value) in headers.iter().chain(&seen) {
            request = value
                .iter()
                .fold(request, |request, value| request.header(*name, *value));
        }
        self.access
            .iter()
            .fold(request, RequestBuilder::bearer_auth)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::{get, post};
    use axum::{Json, Router};
    use tokio::net::TcpListener;

    use super::*;

    /// A shop that tells how often somebody signed in; the access that the first gave has expired.
    async fn shop() -> (Customer, Arc<AtomicUsize>) {
        let signed_in = Arc::<AtomicUsize>::default();
        let count = signed_in.clone();
        let login = async move || {
            let number = count.fetch_add(1, Ordering::Relaxed) + 1;
            Json(json!({"access_token": format!("access-{number}")}))
        };
        let me = async |headers: HeaderMap| match headers["authorization"].to_str() {
            Ok("Bearer access-1") => (
                StatusCode::UNAUTHORIZED,
                Json(json!({"code": "token_expired"})),
            ),
            _ => (StatusCode::OK, Json(json!({"id": "me"}))),
        };
        let app = Router::new()
            .route("/v1/auth/login", post(login))
            .route("/v1/me", get(me));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        (Customer::of(url.as_str()), signed_in)
    }

    #[tokio::test]
    async fn whose_access_has_expired_signs_in_again() {
        let (mut customer, signed_in) = shop().await;
        customer.sign_in("ann@example.com", "secret").await.unwrap();

        for _ in 0..2 {
            let answer = customer.send(Method::GET, "/v1/me", None, None).await;
            assert_eq!(answer.unwrap().id(), "me");
        }

        assert_eq!(signed_in.load(Ordering::Relaxed), 2);
    }
}
