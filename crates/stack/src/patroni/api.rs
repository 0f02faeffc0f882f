//! What one Patroni says over HTTP, and what it is asked.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;

use super::config::REST;
use crate::Error;
use crate::postgres::passwords::Passwords;

/// How long a question may take.
const ASK: Duration = Duration::from_secs(1);

/// The way to one Patroni.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    name: String,
    url: String,
    password: Option<String>,
    client: Client,
}

impl Api {
    pub(super) fn at(name: &str, port: u16, passwords: Option<&Passwords>) -> Self {
        Self {
            name: name.to_owned(),
            url: format!("http://127.0.0.1:{port}"),
            password: passwords.and_then(|all| all.of(REST)),
            client: Client::new(),
        }
    }

    /// Whether it answers at all within `limit`; what, does not matter.
    pub(super) async fn answers(&self, path: &str, limit: Duration) -> bool {
        let asked = self.request(Method::GET, path).timeout(limit).send();
        match asked.await {
            Ok(_) => true,
            // Refused is an answer: nobody is there who could be frozen.
            Err(error) => error.is_connect() && !error.is_timeout(),
        }
    }

    /// The members of the cluster, as it knows them.
    pub(crate) async fn cluster(&self) -> Result<Value, Error> {
        self.send(Method::GET, "cluster", None, ASK).await
    }

    /// Changes what all nodes agree on. Patroni looks at the state of things at once, also when there is nothing to change; an
    /// empty change it refuses.
    pub(crate) async fn agree(&self, change: &Value) -> Result<(), Error> {
        let sent = self.send(Method::PATCH, "config", Some(change), 3 * ASK);
        sent.await.map(drop)
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        limit: Duration,
    ) -> Result<Value, Error> {
        let mut request = self.request(method, path).timeout(limit);
        if let Some(body) = body {
            request = request.json(body);
        }
        let failed = |error: reqwest::Error| Error::asked(&self.name, &error);
        let answer = request.send().await.map_err(failed)?;
        let (status, text) = (answer.status(), answer.text().await.map_err(failed)?);
        if !status.is_success() {
            return Err(Error::asked(&self.name, &format!("{status}: {text}")));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/{path}", self.url));
        match &self.password {
            Some(password) => request.basic_auth(REST, Some(password)),
            None => request,
        }
    }
}
