//! Follows what happens to an order, as a browser does: a stream that ends is opened again from the last event on.

use std::time::Duration;

use anyhow::bail;
use futures::StreamExt as _;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use crate::Customer;

/// How long is waited before a stream is opened again.
const COME_BACK: Duration = Duration::from_millis(500);

/// What was seen of an order.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The version that each event told of, in the order in which they came.
    pub versions: Vec<i64>,
    /// How often a stream was opened.
    pub opened: usize,
    /// Where the order stood last.
    pub status: String,
}

/// Follows the order at `path`, at one of `doors` after the other, until it stands at `last`.
///
/// # Errors
/// When it does not within `limit`.
pub async fn watch(
    doors: &[Customer],
    path: &str,
    last: &str,
    limit: Duration,
) -> anyhow::Result<Seen> {
    let (end, mut seen) = (Instant::now() + limit, Seen::default());
    for door in doors.iter().cycle() {
        let id = seen.versions.last().map(i64::to_string);
        let last_seen = [("Last-Event-ID", id.as_deref())];
        let opened = door.open(Method::GET, path, &last_seen, None);
        if let Ok(Ok(stream)) = timeout_at(end, opened).await
            && stream.status().is_success()
        {
            seen.opened += 1;
            // Whatever broke it, it is opened again.
            let _ = timeout_at(end, seen.follow(stream, last)).await;
        }
        if seen.status == last {
            return Ok(seen);
        }
        if Instant::now() > end {
            bail!("{path} does not get to {last} within {limit:?}: {seen:?}");
        }
        sleep(COME_BACK).await;
    }
    bail!("an order is followed at a door")
}

impl Seen {
    async fn follow(&mut self, stream: Response, last: &str) -> reqwest::Result<()> {
        let (mut chunks, mut text) = (stream.bytes_stream(), String::new());
        while let Some(chunk) = chunks.next().await {
            text += &String::from_utf8_lossy(&chunk?);
            while let Some((event, rest)) = text.split_once("\n\n") {
                self.take(event);
                text = rest.to_owned();
            }
            if self.status == last {
                break;
            }
        }
        Ok(())
    }

    /// Reads one event; a sign of life is none.
    fn take(&mut self, event: &str) {
        let field = |name: &str| {
            event
                .lines()
                .find_map(|line| Some(line.strip_prefix(name)?.trim_start()))
        };
        let id = field("id:").and_then(|id| id.parse().ok());
        let data = field("data:").and_then(|data| serde_json::from_str::<Value>(data).ok());
        if let (Some(id), Some(data)) = (id, data) {
            self.versions.push(id);
            data["order"]["status"]
                .as_str()
                .unwrap_or_default()
                .clone_into(&mut self.status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_and_a_sign_of_life_is_not() {
        let mut seen = Seen::default();

        seen.take(":");
        seen.take(
            "id: 3\nevent: order\nretry: 1000\ndata: {\"order\": {\"status\": \"confirmed\"}}",
        );

        let expected = Seen {
            versions: vec![3],
            opened: 0,
            status: "confirmed".to_owned(),
        };
        assert_eq!(seen, expected);
    }
}
