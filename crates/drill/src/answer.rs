//! What the shop answered a customer.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;

/// What the shop answered.
#[derive(Debug)]
pub struct Answer {
    /// How it ended.
    pub status: StatusCode,
    /// What it says.
    pub body: Value,
    /// The same, to the letter.
    pub text: String,
    /// Whether it stands for a request that was sent before.
    pub replayed: bool,
    /// Which version of the thing it tells of this is.
    pub etag: Option<String>,
    /// Whether it was kept from before, since the service behind is away.
    pub kept: bool,
    /// How long it asks to wait before the same is sent again.
    pub retry_after: Option<Duration>,
}

impl Answer {
    /// Reads it to the end.
    pub(crate) async fn read(answer: Response) -> reqwest::Result<Self> {
        let header = |name| Some(answer.headers().get(name)?.to_str().ok()?.to_owned());
        let seconds = header("Retry-After").and_then(|text| text.parse().ok());
        let (etag, status) = (header("ETag"), answer.status());
        let replayed = header("Idempotency-Replayed").is_some();
        let kept = header("Cache-Status").is_some();
        let text = answer.text().await?;
        Ok(Self {
            status,
            body: serde_json::from_str(&text).unwrap_or_default(),
            text,
            replayed,
            etag,
            kept,
            retry_after: seconds.map(Duration::from_secs),
        })
    }

    /// The id of what it tells of; nothing where it tells of nothing.
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }

    /// The code of the problem that it is; nothing where it is none.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    /// What it says, if it is no refusal.
    ///
    /// # Errors
    /// The refusal.
    pub fn good(self) -> anyhow::Result<Value> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        Err(Refusal {
            status: self.status,
            body: self.body,
        }
        .into())
    }

    /// Its status, and its code where it has one.
    pub fn name(&self) -> String {
        let name = format!("{} {}", self.status.as_str(), self.code());
        name.trim_end().to_owned()
    }

    /// As [`Refusal::is_passing`] says it of a refusal.
    pub fn is_passing(&self) -> bool {
        is_passing(self.status, &self.body)
    }
}

/// What the shop said instead of doing it.
#[derive(Debug, thiserror::Error)]
#[error("{status}: {body}")]
pub struct Refusal {
    status: StatusCode,
    body: Value,
}

impl Refusal {
    /// Whether the same request may be sent again, under the same key: the shop says so, or who stands before the shop says in
    /// words of their own that nobody answered them.
    pub fn is_passing(&self) -> bool {
        is_passing(self.status, &self.body)
    }
}

fn is_passing(status: StatusCode, body: &Value) -> bool {
    let unanswered = [502, 503, 504].contains(&status.as_u16());
    body["retryable"] == true || (unanswered && body.is_null())
}
