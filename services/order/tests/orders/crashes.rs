//! A real process, killed at every step of every saga; another one goes on.

use std::fmt::Debug;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;
use std::time::Duration;

use api::order::orders_client::OrdersClient;
use retry::Deadline;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use tonic::Status;

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
        // However slow it is, it gets to where it dies before anybody else may take its work up.
        .env("SAGA_LEASE", "5m")
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

/// Asks until the process has killed itself; then its lease, which it would have had for long, is over.
async fn kill_by<T: Debug>(
    house: &House,
    mut child: Child,
    crash: &str,
    ask: impl AsyncFn() -> Result<T, Status>,
) {
    let asking = async {
        loop {
            let answer = Deadline::after(LIMIT).scope(ask()).await;
            assert!(answer.is_err(), "{crash}: {answer:?}");
            sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = async {
        tokio::select! { ended = child.wait() => ended, () = asking => unreachable!() }
    };
    let ended = timeout(LIMIT, ended).await;
    let ended = ended.unwrap_or_else(|_| panic!("{crash}: it lives"));
    assert_eq!(ended.unwrap().signal(), Some(9), "{crash}");
    let over = "update sagas set leased_until = clock_timestamp() where ended_at is null";
    let over = sqlx::query(over).execute(house.database.pool());
    over.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_at_any_step_of_placing_leaves_an_order_that_settles() {
    let house = House::start().await;
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
            let orders = OrdersClient::new(channel(&addr.to_string()));

            let place = async || orders.clone().place(ann.request.clone()).await;
            kill_by(&house, child, &crash, place).await;

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
    let house = House::start().await;
    let mug = house.shelve("mug", 100).await;

    for step in ["ReturnStock", "ReturnMoney", "Finish"] {
        for side in ["before", "after"] {
            let crash = format!("cancel-order:{step}:{side}");
            let order = house.order(&Wish::of(&[(mug, 1)])).await;
            let order = house.until(&order.id, "confirmed").await;
            let (child, addr) = doomed(&house, &crash).await;
            let orders = OrdersClient::new(channel(&addr.to_string()));
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

            let cancel = async || orders.clone().cancel(request.clone()).await;
            kill_by(&house, child, &crash, cancel).await;

            house.until(&order.id, "cancelled").await;
        }
    }

    assert_eq!(house.user.payment("").charged, 0);
    assert_eq!(house.user.fault(Fault::None), ());
    assert_eq!(house.free(mug).await, 100);
    house.assert_conserved().await;
}
