//! One request of a customer, with its answer, its times and its key, as a line of JSON.

use reqwest::Method;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use crate::{Act, Answer};

/// Signing in and registering: what is sent there is nobody else's business.
const PROOFS: &str = "/v1/auth/";
/// Where orders are placed and read.
const ORDERS: &str = "/v1/orders";

/// A request that a customer sent once, and what they heard of it.
#[derive(Debug)]
pub struct Operation<'a> {
    /// Who sent it.
    pub customer: Uuid,
    /// What they had come for.
    pub act: Act,
    /// How it was sent.
    pub method: &'a Method,
    /// Where to.
    pub path: &'a str,
    /// The key that it was sent with, if with one.
    pub key: Option<&'a str>,
    /// What it asked for.
    pub body: Option<&'a Value>,
    /// When they had come: from here on it is counted how long it took.
    pub due: Instant,
    /// When it was sent.
    pub sent: Instant,
    /// When the answer was there, or was waited for no more.
    pub ended: Instant,
    /// What was heard.
    pub answer: &'a anyhow::Result<Answer>,
}

impl Operation<'_> {
    /// All of it but what is not there; times are seconds after `start`.
    pub(super) fn line(&self, start: Instant) -> Value {
        let at = |moment: Instant| {
            let seconds = moment.saturating_duration_since(start).as_secs_f64();
            (seconds * 1e6).round() / 1e6
        };
        let body = self.body.filter(|_| !self.path.starts_with(PROOFS));
        let line = json!({
            "customer": self.customer,
            "act": self.act.name(),
            "method": self.method.as_str(),
            "path": self.path,
            "key": self.key,
            "wanted": body,
            "due": at(self.due),
            "sent": at(self.sent),
            "ended": at(self.ended),
        });
        let mut line = match line {
            Value::Object(line) => line,
            _ => Map::new(),
        };
        line.extend(self.heard());
        line.retain(|_, value| !value.is_null());
        Value::Object(line)
    }

    fn heard(&self) -> Map<String, Value> {
        let heard = match self.answer {
            Err(error) => json!({"error": format!("{error:#}")}),
            Ok(answer) if answer.status.is_success() && self.path.starts_with(ORDERS) => json!({
                "status": answer.status.as_u16(),
                "order": answer.body["id"],
                "stands": answer.body["status"],
                "total": answer.body["total"]["amount"],
            }),
            Ok(answer) => {
                let code = Some(answer.code()).filter(|code| !code.is_empty());
                json!({"status": answer.status.as_u16(), "code": code})
            }
        };
        heard.as_object().cloned().unwrap_or_default()
    }
}
