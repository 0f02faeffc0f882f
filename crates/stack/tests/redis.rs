//! A private Redis: pausable, killable, empty when it comes back.
#![cfg(test)]

use std::time::Duration;

use stack::Redis;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Says one command and answers the first line of what came back.
async fn say(redis: &Redis, command: &str) -> std::io::Result<String> {
    let mut wire = TcpStream::connect(("127.0.0.1", redis.port())).await?;
    wire.write_all(format!("{command}\r\n").as_bytes()).await?;
    let mut heard = [0; 64];
    let count = wire.read(&mut heard).await?;
    Ok(String::from_utf8_lossy(&heard[..count])
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned())
}

#[tokio::test]
async fn a_killed_redis_refuses_and_comes_back_empty_at_its_old_address() {
    let redis = Redis::start().await.unwrap();
    assert_eq!(say(&redis, "SET mug 1").await.unwrap(), "+OK");

    redis.kill().await;
    assert!(say(&redis, "GET mug").await.is_err());
    redis.restart().await.unwrap();

    assert_eq!(say(&redis, "GET mug").await.unwrap(), "$-1");
}

#[tokio::test]
async fn a_paused_redis_answers_when_it_is_resumed() {
    let redis = Redis::start().await.unwrap();
    redis.pause();

    let mut asked = Box::pin(say(&redis, "PING"));

    assert!(
        timeout(Duration::from_millis(100), &mut asked)
            .await
            .is_err()
    );
    redis.resume();
    assert_eq!(
        timeout(Duration::from_secs(10), asked)
            .await
            .unwrap()
            .unwrap(),
        "+PONG"
    );
}
