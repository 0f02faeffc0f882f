//! People of a test: customers, support and administrators, each signed in.

use std::time::{Duration, Instant};

use drill::{Answer, Customer};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::query;
use tokio::time::sleep;
use uuid::Uuid;

use crate::open::{SETTLED, Shop};

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Somebody with an account.
pub(crate) struct Person {
    /// Them, as the shop sees them.
    pub(crate) customer: Customer,
    /// Their account.
    pub(crate) id: String,
    /// What they sign in by.
    pub(crate) email: String,
    /// What their session is carried on with.
    pub(crate) refresh: String,
}

impl Person {
    /// Registers somebody, gives them `role`, and signs them in.
    pub(crate) async fn join(shop: &Shop, role: &str) -> Self {
        let mut customer = Customer::of(shop.gateway(0));
        let email = format!("{}@example.com", Uuid::now_v7().simple());
        let account = customer.register("Ann", &email, PASSWORD).await.unwrap();
        let id = text(&account["id"]);
        query("update accounts set role = $2 where id = $1")
            .bind(api::id::ACCOUNT.read(&id).unwrap())
            .bind(role)
            .execute(shop.user.pool())
            .await
            .unwrap();
        let tokens = customer.sign_in(&email, PASSWORD).await.unwrap();
        Self {
            customer,
            id,
            email,
            refresh: text(&tokens["refresh_token"]),
        }
    }

    /// Posts `body` under a key of its own, which must succeed; answers the id and the version of what was made.
    pub(crate) async fn makes(&mut self, path: &str, body: &Value) -> (String, String) {
        let key = Uuid::now_v7().to_string();
        let made = self.asks(Method::POST, path, Some(&key), Some(body)).await;
        assert!(made.status.is_success(), "{path}: {}", made.text);
        (made.id().to_owned(), made.etag.unwrap_or_default())
    }

    /// Reads `path`, which must succeed.
    pub(crate) async fn reads(&mut self, path: &str) -> Value {
        let read = self.asks(Method::GET, path, None, None).await;
        read.good().unwrap()
    }

    /// Sends a request, and sends it again while the shop says that what keeps it from answering will pass.
    async fn asks(
        &mut self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Answer {
        let end = Instant::now() + SETTLED;
        loop {
            let sent = self.customer.send(method.clone(), path, key, body.cloned());
            let answer = sent.await.unwrap();
            if !answer.is_passing() || Instant::now() > end {
                return answer;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Buys one unit of `product`.
    pub(crate) async fn buys(&mut self, product: &str) -> String {
        let body = json!({"items": [{"product_id": product, "quantity": 1}]});
        self.makes("/v1/orders", &body).await.0
    }
}

/// The text that a JSON string holds.
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
