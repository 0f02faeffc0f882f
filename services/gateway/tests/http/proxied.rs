//! Who is counted behind a proxy that speaks the PROXY protocol.

use std::net::SocketAddr;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::bad_input::read_all;
use crate::front::Front;

const SPOKEN: [(&str, &str); 2] = [
    ("TRUSTED_PROXIES", "127.0.0.0/8"),
    ("PROXY_PROTOCOL", "true"),
];

/// Each address may ask this often here.
const LIMIT: (&str, &str) = ("RATE_ADDRESS", "60/1h");

/// Sends `header`, then a request; answers all that comes back.
async fn ask(addr: SocketAddr, header: &[u8]) -> String {
    let mut wire = TcpStream::connect(addr).await.unwrap();
    let request = b"GET /v1/products HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n";
    // It may be closed before all is sent.
    let _ = wire.write_all(&[header, request].concat()).await;
    read_all(wire).await
}

/// How many more requests the client has, as an answer tells.
fn left(answer: &str) -> u32 {
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let (_, rest) = answer.split_once(";r=").unwrap();
    rest.split(';').next().unwrap().parse().unwrap()
}

fn text_of(client: &str) -> Vec<u8> {
    format!("PROXY TCP4 {client} 127.0.0.1 4000 80\r\n").into_bytes()
}

fn binary_of(client: [u8; 4]) -> Vec<u8> {
    let [a, b, c, d] = client;
    let fixed = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c";
    [&fixed[..], &[a, b, c, d, 127, 0, 0, 1, 15, 160, 0, 80]].concat()
}

#[tokio::test]
async fn a_client_is_counted_by_the_address_that_a_trusted_proxy_announces() {
    let front = Front::with(&[SPOKEN[0], SPOKEN[1], LIMIT]).await;
    let addr = front.running.addr;

    let first = left(&ask(addr, &text_of("203.0.113.1")).await);
    let again = left(&ask(addr, &binary_of([203, 0, 113, 1])).await);
    let other = left(&ask(addr, &binary_of([203, 0, 113, 2])).await);

    assert_eq!((first, again, other), (59, 58, 59));
}

#[tokio::test]
async fn a_connection_of_a_trusted_proxy_without_a_right_header_is_closed() {
    let front = Front::with(&SPOKEN).await;
    let mut future = binary_of([203, 0, 113, 1]);
    future[12] = 0x31; // A version that is not there yet.
    for header in [
        &b""[..],
        b"PROXY TCP4 mug 127.0.0.1 4000 80\r\n",
        b"PROXY TCP9\r\n",
        &future,
    ] {
        let answer = ask(front.running.addr, header).await;

        assert_eq!(answer, "", "{:?}", String::from_utf8_lossy(header));
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn a_header_of_a_stranger_is_no_request_and_without_it_the_own_address_counts() {
    let elsewhere = [
        ("TRUSTED_PROXIES", "10.0.0.0/8"),
        ("PROXY_PROTOCOL", "true"),
        LIMIT,
    ];
    let not_spoken = [("TRUSTED_PROXIES", "127.0.0.0/8"), LIMIT];
    for settings in [&elsewhere[..], &not_spoken] {
        let front = Front::with(settings).await;
        let addr = front.running.addr;

        let before = left(&ask(addr, b"").await);
        let text = ask(addr, &text_of("203.0.113.1")).await;
        let binary = ask(addr, &binary_of([203, 0, 113, 1])).await;
        let after = left(&ask(addr, b"").await);

        for refused in [text, binary] {
            let no_answer = refused.is_empty() || refused.starts_with("HTTP/1.1 400");
            assert!(no_answer, "{refused}");
        }
        assert_eq!(after, before - 1);
    }
}
