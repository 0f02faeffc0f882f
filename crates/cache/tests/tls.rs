//! Redis over TLS and with a password: who is let in, who is believed, and how a certificate is replaced.
#![cfg(test)]

mod common;

use api::token::Given;
use cache::Redis;
use common::load::{Load, another};
use common::{Source, read, until};
use redis::{Client, FromRedisValue, IntoConnectionInfo as _, RedisResult, TlsCertificates};
use testkit::{Certified, RedisHa};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

/// How long one may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Where servers and Sentinels listen.
fn ports(redis: &RedisHa) -> Vec<u16> {
    let servers = redis.servers().iter().map(|one| one.port());
    let sentinels = redis.sentinels().iter().map(testkit::Sentinel::port);
    servers.chain(sentinels).collect()
}

async fn ask<T: FromRedisValue>(client: Client, words: &[&str]) -> RedisResult<T> {
    let mut wire = client.get_multiplexed_async_connection().await?;
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut wire).await
}

/// A client over TLS who believes `certified` and says `login`.
fn client(port: u16, login: &str, certified: &Certified) -> Client {
    let url = format!("rediss://{login}127.0.0.1:{port}");
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(std::fs::read(certified.tls().authority).unwrap()),
    };
    Client::build_with_tls(url.into_connection_info().unwrap(), certificates).unwrap()
}

/// What the one at `port` says to a plain PING.
async fn plainly(port: u16) -> Vec<u8> {
    let mut wire = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    wire.write_all(b"PING\r\n").await.unwrap();
    let mut said = [0; 64];
    // A closed connection says as little as a broken one.
    let heard = timeout(LIMIT, wire.read(&mut said)).await;
    let heard = heard.expect("it says nothing, and does not close the connection");
    said[..heard.unwrap_or_default()].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_let_in_without_tls_and_the_password_and_no_stranger_is_believed() {
    let (certified, stranger) = (Certified::new().unwrap(), Certified::new().unwrap());
    let redis = testkit::locked_redis_ha(&certified).await;

    for port in ports(&redis) {
        let said = String::from_utf8_lossy(&plainly(port).await).into_owned();
        assert!(!said.contains("PONG") && !said.contains("NOAUTH"), "{said}");

        let known: RedisResult<String> = ask(redis.client(port).unwrap(), &["PING"]).await;
        assert_eq!(known.unwrap(), "PONG");

        for login in ["", ":guess@"] {
            let client = client(port, login, &certified);
            let unknown: RedisResult<String> = ask(client, &["PING"]).await;
            assert!(unknown.is_err(), "{port} lets `{login}` in");
        }

        let unbelieving = client(port, "", &stranger);
        let refused = unbelieving.get_multiplexed_async_connection().await;
        let error = refused.expect_err("a stranger's certificate is believed");
        assert!(error.to_string().contains("certificate"), "{error}");
    }

    let believed = certified.tls().authority.display().to_string();
    let strange = stranger.tls().authority.display().to_string();
    let url = redis.url();
    assert!(url.contains(&believed));
    let (ours, theirs) = (
        Redis::connect(&url),
        Redis::connect(&url.replace(&believed, &strange)),
    );
    until("ours is reached", async || ours.is_up()).await;
    assert!(theirs.run(async |_| Ok(())).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_replaced_without_a_miss_and_a_failover_goes_on_from_there() {
    let certified = Certified::new().unwrap();
    let redis = testkit::locked_redis_ha(&certified).await;
    let load = Load::begin(&redis.url());
    load.hits_go_on().await;
    let shown = async |port: u16| {
        let wire = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        certified.shown(wire).await.unwrap()
    };
    let mut before = Vec::new();
    for port in ports(&redis) {
        before.push(shown(port).await);
    }
    redis.renew_tls().await.unwrap();
    for (port, before) in ports(&redis).into_iter().zip(&before) {
        assert_eq!(&shown(port).await, before, "nothing has changed");
    }
    let misses = load.misses();

    certified.renew().unwrap();
    redis.renew_tls().await.unwrap();

    for (port, before) in ports(&redis).into_iter().zip(&before) {
        assert_ne!(&shown(port).await, before, "{port} shows the old one");
    }
    load.hits_go_on().await;
    assert_eq!(load.misses(), misses, "a reader lost its connection");
    redis.in_step().await.unwrap();
    let primary = redis.primary().await.unwrap();
    primary.process().kill().await;
    until("the other one leads", async || {
        let now = redis.primary().await;
        now.is_ok_and(|now| now.name() != primary.name())
    })
    .await;
    load.hits_go_on().await;
    load.end().await;
    let latest = another(&redis.url());
    let source = Source::default();
    until("somebody new is served by it", async || {
        let loads = source.loads();
        read(&latest, Given::Nothing, &source, 1, 10).await;
        source.loads() == loads
    })
    .await;
}
