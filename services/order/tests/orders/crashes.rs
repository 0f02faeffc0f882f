//! A real process, killed at every step of every saga; another one goes on.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Duration;

use api::order::orders_client::OrdersClient;
use retry::Deadline;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::house::{House, LIMIT, channel};
use crate::user::Fault;
use crate::wish::Wish;

/// A process of the order service that kills itself at `crash`.
async fn doomed(house: &House, crash: &str) -> (Child, SocketAddr) {
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, testkit::free_port()));
    let child = Command::new(env!("CARGO_BIN_EXE_order"))
        .env_clear()
        .env("DATABASE_URLS", house.database.url())
        .env("USER_ADDRS", house.user.addr.to_string())
        .env("REDIS_URL", "redis://127.0.0.1:1")
        .env("SERVICE_TOKEN", "a token for tests only")
        .env("LISTEN", addr.to_string())
        .env("ADMIN_LISTEN", "127.0.0.1:0")
        .env("SAGA_LEASE", "1s")
        .env("SAGA_ATTEMPT", "500ms")
        .env("LOG", "error")
        .env("CRASH_AT", crash)
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let start = Instant::now();
    while TcpStream::connect(addr).await.is_err() {
        assert!(start.elapsed() < LIMIT, "it never listens");
        sleep(Duration::from_millis(10)).await;
    }
    (child, addr)
}

/// Waits until the process was killed by its own hand.
async fn assert_killed(mut child: Child, crash: &str) {
    let ended = timeout(LIMIT, child.wait()).await;
    let ended = ended.unwrap_or_else(|_| panic!("{crash}: it lives"));
    assert_eq!(ended.unwrap().signal(), Some(9), "{crash}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_step_of_placing_leaves_an_order_that_settles() {
    let house = House::with(1, &[("SAGA_LEASE", "2s"), ("SAGA_ATTEMPT", "1s")]).await;
    let mug = house.shelve("mug", 100).await;
    let steps = ["HoldStock", "TakeMoney", "Confirm"].map(|step| (step, true));
    let undos = ["undo-TakeMoney", "undo-HoldStock"].map(|step| (step, false));

    for (step, paid) in steps.into_iter().chain(undos) {
        for side in ["before", "after"] {
            let crash = format!("place-order:{step}:{side}");
            let ann = Wish::of(&[(mug, 1)]);
            if !paid {
                house.user.give(&ann.account(), 1);
            }
            let (child, addr) = doomed(&house, &crash).await;
            let mut orders = OrdersClient::new(channel(&addr.to_string()));
            let deadline = Deadline::after(Duration::from_secs(5));

            let answer = deadline.scope(orders.place(ann.request.clone())).await;

            assert!(answer.is_err(), "{crash}: {answer:?}");
            assert_killed(child, &crash).await;
            let order = house.order(&ann).await;
            let settled = if paid { "confirmed" } else { "rejected" };
            house.until(&order.id, settled).await;
        }
    }

    assert_eq!(house.free(mug).await, 94);
    house.assert_conserved().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_step_of_cancelling_leaves_an_order_that_is_cancelled() {
    let house = House::with(1, &[("SAGA_LEASE", "2s"), ("SAGA_ATTEMPT", "1s")]).await;
    let mug = house.shelve("mug", 100).await;

    for step in ["ReturnStock", "ReturnMoney", "Finish"] {
        for side in ["before", "after"] {
            let crash = format!("cancel-order:{step}:{side}");
            let order = house.order(&Wish::of(&[(mug, 1)])).await;
            let (child, addr) = doomed(&house, &crash).await;
            let mut orders = OrdersClient::new(channel(&addr.to_string()));
            let request = api::order::CancelRequest {
                id: order.id.clone(),
                idempotency: Some(crate::wish::idempotency(
                    uuid::Uuid::nil(),
                    "cancel",
                    &crash,
                    &order.id,
                )),
                ..api::order::CancelRequest::default()
            };
            let deadline = Deadline::after(Duration::from_secs(5));

            let answer = deadline.scope(orders.cancel(request)).await;

            assert!(answer.is_err(), "{crash}: {answer:?}");
            assert_killed(child, &crash).await;
            house.until(&order.id, "cancelled").await;
        }
    }

    assert_eq!(house.user.payment("").charged, 0);
    assert_eq!(house.user.fault(Fault::None), ());
    assert_eq!(house.free(mug).await, 100);
    house.assert_conserved().await;
}
