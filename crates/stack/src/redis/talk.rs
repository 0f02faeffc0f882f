//! One question to a Redis or to a Sentinel, and its answer if one comes soon.

use std::time::Duration;

use ::redis::{FromRedisValue, RedisResult, Role, cmd};
use futures::future::join_all;
use tokio::time::timeout;

use super::config::NAME;
use super::door::Door;

/// How long an answer may take.
const ASK: Duration = Duration::from_millis(500);

/// Says `words` to whoever listens behind `door` at `port`; nothing, if there is no answer or it is an error.
pub(super) async fn ask<T: FromRedisValue>(door: &Door, port: u16, words: &[&str]) -> Option<T> {
    let asked = async {
        let client = door.client(port)?;
        let mut wire = client.get_multiplexed_async_connection().await?;
        let command = words.iter().skip(1).fold(cmd(words[0]), |mut all, word| {
            all.arg(word);
            all
        });
        let answer: RedisResult<T> = command.query_async(&mut wire).await;
        answer
    };
    timeout(ASK, asked).await.ok()?.ok()
}

/// What the server at `port` takes itself for.
pub(super) async fn role(door: &Door, port: u16) -> Option<Role> {
    ask(door, port, &["ROLE"]).await
}

/// The primary that most of the Sentinels at `ports` name.
pub(super) async fn named(door: &Door, ports: &[u16]) -> Option<u16> {
    let asked = ports.iter().map(|port| async {
        let words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME];
        let (_, named): (String, u16) = ask(door, *port, &words).await?;
        Some(named)
    });
    let said: Vec<u16> = join_all(asked).await.into_iter().flatten().collect();
    let votes = |port: &u16| said.iter().filter(|other| *other == port).count();
    said.iter().copied().max_by_key(votes)
}
