//! What callers say of an instance that answers whoever asks after its health.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::control::registry_client::RegistryClient;
use api::control::{AttendRequest, ListFaultsRequest, Opinion, Report};
use api::user::GetAccountRequest;
use api::user::users_client::UsersClient;
use axum::Router;
use axum::http::{HeaderMap, HeaderValue};
use chassis::{Env, Running, Setting};
use discovery::Channel;
use tokio_util::sync::DropGuard;
use tonic::service::Routes;

use crate::house::{House, free, tiny, until};

/// A service whose calls fail for as long as it is told so.
struct Failing(Arc<AtomicBool>);

impl chassis::Service for Failing {
    const SETTINGS: &'static [Setting] = &[];

    fn routes(&self) -> Routes {
        let fails = self.0.clone();
        // UNAVAILABLE by whatever stands before it, or an answer in its own words: UNIMPLEMENTED.
        let answer = move || {
            let code = if fails.load(Ordering::SeqCst) {
                "14"
            } else {
                "12"
            };
            let mut headers = HeaderMap::new();
            headers.insert("content-type", HeaderValue::from_static("application/grpc"));
            headers.insert("grpc-status", HeaderValue::from_static(code));
            std::future::ready(headers)
        };
        Routes::from(Router::new().fallback(answer))
    }
}

/// A service that does nothing but call another one.
struct Caller(Channel);

const CALLS: &[Setting] = &[Setting::required("USER_ADDRS", "Where the other one is.")];

impl chassis::Service for Caller {
    const SETTINGS: &'static [Setting] = CALLS;
}

impl Caller {
    fn connect(env: &Env) -> Result<Self, chassis::Wrong> {
        env.channel("user").map(Self)
    }
}

/// A caller that calls `user` all the time, and tells `control` of it.
async fn caller(name: &str, control: &str, user: &str) -> (Running, DropGuard) {
    let env = Env::local([
        ("INSTANCE", name.to_owned()),
        ("CONTROL_ADDRS", control.to_owned()),
        ("USER_ADDRS", user.to_owned()),
        ("LOG", "off".to_owned()),
    ]);
    let mut calling = None;
    let running = chassis::start("caller", env, |env| {
        let caller = Caller::connect(env)?;
        calling = Some(caller.0.clone());
        Ok(caller)
    });
    let running = running.await.unwrap();
    let ended = tokio_util::sync::CancellationToken::new();
    let (channel, closing) = (calling.unwrap(), ended.clone());
    tokio::spawn(closing.run_until_cancelled_owned(async move {
        let mut users = UsersClient::new(channel);
        loop {
            let _ = users.get_account(GetAccountRequest::default()).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }));
    (running, ended.drop_guard())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_answers_heartbeats_and_fails_its_calls_has_one_fault() {
    let house = House::new().await;
    let fails = Arc::new(AtomicBool::new(false));
    let (good, failing) = (Failing(Arc::default()), Failing(fails.clone()));
    let local = || Env::local([("LOG", "off")]);
    let good = chassis::start("user", local(), |_| Ok(good)).await.unwrap();
    let bad = chassis::start("user", local(), |_| Ok(failing))
        .await
        .unwrap();
    let both = format!("{},{}", good.addr, bad.addr);
    let watched = [("USER_ADDRS", both.clone())];
    let (one, other) = tokio::join!(
        house.control("one", &watched),
        house.control("two", &watched)
    );
    let addrs = format!("{},{}", one.running.addr, other.running.addr);
    let _callers = tokio::join!(
        caller("caller-1", &addrs, &both),
        caller("caller-2", &addrs, &both)
    );
    tokio::join!(one.acquainted(), other.acquainted());

    fails.store(true, Ordering::SeqCst);
    let took = house.one("instance_ejected").await;
    until("both callers have said so", async || {
        let faults = one.list(ListFaultsRequest::default()).await;
        let said = faults.first().map_or("", |fault| &fault.handling);
        ["caller-1", "caller-2"]
            .iter()
            .all(|caller| said.contains(caller))
    })
    .await;
    fails.store(false, Ordering::SeqCst);

    let all = house.all_over().await;
    crate::house::say(format_args!(
        "by its callers: detected after {took:.1} s (goal: 5 s)"
    ));
    assert_eq!(all, [format!("instance_ejected user@{} resumed", bad.addr)]);
    assert!(took < 15.0, "{took}");
}

/// What a caller says of the instance at `addr`.
fn word(caller: &str, addr: &str, ejected_ms: Option<u64>) -> AttendRequest {
    AttendRequest {
        report: Some(Report {
            instance: caller.to_owned(),
            service: "gateway".to_owned(),
            ..Report::default()
        }),
        revision: 0,
        opinions: vec![Opinion {
            service: "order".to_owned(),
            address: addr.to_owned(),
            ejected_ms,
            answered_ms: Some(ejected_ms.map_or(0, |ejected| ejected + 1)),
        }],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_is_alone_with_what_it_says_leaves_one_false_alarm() {
    let house = House::new().await;
    let order = tiny("order", free()).await;
    let addr = order.addr.to_string();
    let control = house.control("one", &[("ORDER_ADDRS", addr.clone())]).await;
    control.acquainted().await;
    let begun = tokio::time::Instant::now();
    let channel = control.running.channel();
    let tells = async {
        let mut registry = RegistryClient::new(channel);
        loop {
            let ejected = u64::try_from(begun.elapsed().as_millis()).unwrap();
            for word in [word("a", &addr, Some(ejected)), word("b", &addr, None)] {
                registry.attend(word).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let found = async {
        house.one("instance_ejected").await;
        let all = house.all_over().await;
        // It goes on to say so, and is not believed again.
        until("it has said so for a while", async || {
            begun.elapsed() > Duration::from_secs(10)
        })
        .await;
        assert_eq!(house.all_over().await, all);
        all
    };

    let all = tokio::select! { all = found => all, () = tells => unreachable!() };

    assert_eq!(all, [format!("instance_ejected order@{addr} false_alarm")]);
}
