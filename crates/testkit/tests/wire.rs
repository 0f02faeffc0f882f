//! A wire carries, slows, freezes, cuts and heals.
#![cfg(test)]

use std::time::Duration;

use testkit::{Fate, Way, Wire};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

/// A server that says everything back.
async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = client.split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    addr.to_string()
}

/// Sends `word` and answers what came back, `None` when the connection broke.
async fn say(wire: &mut TcpStream, word: &str) -> Option<String> {
    wire.write_all(word.as_bytes()).await.ok()?;
    let mut heard = vec![0; word.len()];
    wire.read_exact(&mut heard).await.ok()?;
    String::from_utf8(heard).ok()
}

#[tokio::test]
async fn a_cut_wire_breaks_its_connections_and_a_healed_one_takes_new_ones() {
    let wire = Wire::to(echo().await).await;
    let mut client = TcpStream::connect(wire.addr()).await.unwrap();
    assert_eq!(say(&mut client, "hello").await.as_deref(), Some("hello"));

    wire.cut();

    assert_eq!(say(&mut client, "hello").await, None);
    let mut refused = TcpStream::connect(wire.addr()).await.unwrap();
    assert_eq!(say(&mut refused, "hello").await, None);

    wire.heal();

    let mut client = TcpStream::connect(wire.addr()).await.unwrap();
    assert_eq!(say(&mut client, "hello").await.as_deref(), Some("hello"));
}

#[tokio::test]
async fn a_wire_that_is_like_its_server_refuses_while_that_is_gone() {
    let addr = ("127.0.0.1", testkit::free_port());
    let wire = Wire::like(format!("{}:{}", addr.0, addr.1)).await.unwrap();
    let lets_in = async || TcpStream::connect(wire.addr()).await.is_ok();
    let until = async |wanted: bool| {
        while lets_in().await != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let limit = Duration::from_secs(30);

    timeout(limit, until(false)).await.unwrap();
    let listener = TcpListener::bind(addr).await.unwrap();
    let server = tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            drop(client);
        }
    });
    timeout(limit, until(true)).await.unwrap();
    server.abort();

    timeout(limit, until(false)).await.unwrap();
}

#[tokio::test]
async fn a_frozen_wire_delivers_late_what_was_sent_meanwhile() {
    let wire = Wire::to(echo().await).await;
    let mut client = TcpStream::connect(wire.addr()).await.unwrap();
    assert!(say(&mut client, "hello").await.is_some());

    wire.freeze();

    let mut late = Box::pin(say(&mut client, "late"));
    assert!(timeout(Duration::from_millis(50), &mut late).await.is_err());
    wire.heal();
    assert_eq!(late.await.as_deref(), Some("late"));
}

#[tokio::test]
async fn a_slow_wire_takes_its_time_in_each_direction() {
    let wire = Wire::to(echo().await).await;
    let mut client = TcpStream::connect(wire.addr()).await.unwrap();
    wire.delay(Duration::from_millis(30));

    let start = Instant::now();
    let heard = say(&mut client, "hello").await;

    assert!(heard.is_some());
    assert!(start.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_hook_cuts_before_or_after_the_bytes_it_was_waiting_for() {
    let wire = Wire::to(echo().await).await;
    let mut client = TcpStream::connect(wire.addr()).await.unwrap();
    wire.cut_after_sent("commit", Duration::from_mins(1));
    assert_eq!(say(&mut client, "begin").await.as_deref(), Some("begin"));

    let heard = say(&mut client, "COMMIT").await;

    assert_eq!(heard.as_deref(), Some("COMMIT"));
    wire.on_sent(|_| Fate::Cut);
    let mut client = TcpStream::connect(wire.addr()).await.unwrap();
    assert_eq!(say(&mut client, "begin").await, None);
}

#[tokio::test]
async fn a_url_leads_over_the_wire() {
    let wire = Wire::to_url("postgres://order:secret@127.0.0.1:5432/order").await;

    let url = wire.url("postgres://order:secret@127.0.0.1:5432/order");

    assert_eq!(
        url,
        format!("postgres://order:secret@{}/order", wire.addr())
    );
}

#[tokio::test]
async fn a_wire_that_stops_one_way_carries_the_other_and_loses_nothing() {
    let wire = Wire::to(echo().await).await;
    let mut client = TcpStream::connect(wire.addr()).await.unwrap();
    assert_eq!(say(&mut client, "hello").await.as_deref(), Some("hello"));

    wire.stop(Way::Back);

    let mut heard = [0; 5];
    client.write_all(b"world").await.unwrap();
    let answered = timeout(Duration::from_millis(100), client.read_exact(&mut heard));
    assert!(answered.await.is_err());

    wire.heal();

    client.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"world");
}

#[tokio::test]
async fn what_a_lossy_wire_loses_arrives_later() {
    let wire = Wire::to(echo().await).await;
    let mut client = TcpStream::connect(wire.addr()).await.unwrap();
    assert_eq!(say(&mut client, "hello").await.as_deref(), Some("hello"));

    wire.lose(100);

    let began = Instant::now();
    assert_eq!(say(&mut client, "hello").await.as_deref(), Some("hello"));
    // Lost three times there and three times back: 0.2, 0.4 and 0.8 s each.
    assert!(began.elapsed() >= Duration::from_millis(2_800));
}
