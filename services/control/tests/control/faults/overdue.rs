//! A lock that is held for longer than its holder said has one fault, of two who watch, for as long as it is held.

use api::control::locks_client::LocksClient;
use api::control::{AcquireRequest, Grant, ListFaultsRequest, LockMode, ReleaseRequest};
use api::id::ACQUISITION;
use uuid::Uuid;

use crate::house::{Control, House, until};

/// What a holder says.
struct Terms {
    owner: &'static str,
    ttl_ms: u64,
    max_hold_ms: u64,
}

/// Has the lock called `job` in the next moment, and the request by which it is released.
async fn hold(control: &Control, terms: &Terms) -> (Grant, ReleaseRequest) {
    let id = ACQUISITION.write(Uuid::now_v7());
    let request = AcquireRequest {
        name: "job".to_owned(),
        owner: terms.owner.to_owned(),
        id: id.clone(),
        mode: LockMode::Exclusive.into(),
        ttl_ms: terms.ttl_ms,
        wait_ms: 0,
        max_hold_ms: terms.max_hold_ms,
    };
    let mut locks = LocksClient::new(control.running.channel());
    let mut answers = locks.acquire(request).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap();
    let grant = answer.grant.unwrap();
    let release = ReleaseRequest {
        name: "job".to_owned(),
        owner: terms.owner.to_owned(),
        id,
    };
    (grant, release)
}

async fn release(control: &Control, request: ReleaseRequest) {
    let mut locks = LocksClient::new(control.running.channel());
    locks.release(request).await.unwrap();
}

/// The tokens of the faults of that lock, oldest first.
async fn tokens(control: &Control) -> Vec<String> {
    let faults = control.list(ListFaultsRequest::default()).await;
    let told = faults.into_iter().rev().map(|fault| {
        assert_eq!(
            (&*fault.r#type, &*fault.component),
            ("lock_overdue", "lock:job")
        );
        fault.incarnation
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_grant_that_is_overdue_has_one_fault_until_it_is_released_or_runs_out() {
    let house = House::new().await;
    let (one, other) = tokio::join!(house.control("one", &[]), house.control("two", &[]));
    let in_time = Terms {
        owner: "quick",
        ttl_ms: 10_000,
        max_hold_ms: 60_000,
    };
    let late = Terms {
        owner: "late",
        ttl_ms: 60_000,
        max_hold_ms: 300,
    };
    let gone = Terms {
        owner: "gone",
        ttl_ms: 2_000,
        max_hold_ms: 300,
    };
    let (_, quick) = hold(&one, &in_time).await;
    release(&one, quick).await;

    let (first, late) = hold(&one, &late).await;
    house.one("lock_overdue").await;
    // Whoever noticed it is gone when it is over.
    one.running.stop().await;
    release(&other, late).await;
    house.all_over().await;
    let (second, _) = hold(&other, &gone).await;
    until("the next one is overdue", async || {
        house.rows().await.len() == 2
    })
    .await;

    let all = house.all_over().await;
    assert_eq!(
        all,
        [
            "lock_overdue lock:job resumed",
            "lock_overdue lock:job resumed"
        ]
    );
    let expected = [first.token, second.token].map(|token| token.to_string());
    assert_eq!(tokens(&other).await, expected);
    let late = house.rows().await[0].3;
    assert!((0.0..15.0).contains(&late), "noticed after {late} s");
}
