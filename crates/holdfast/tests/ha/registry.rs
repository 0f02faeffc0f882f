//! Services as processes that find each other in etcd, killed and asked to end.

use std::time::Duration;

use discovery::kubernetes::Access;
use discovery::{Directory, Source};
use holdfast::house::{Ground, House, Keeper, Kind, Place};
use stack::{Etcd, Folder};
use tokio::time::{Instant, timeout};

/// How long anything may take to be noticed.
const LIMIT: Duration = Duration::from_mins(1);
/// How much later than a lease its end may be seen on a busy machine.
const LATE: Duration = Duration::from_secs(10);

/// Waits until these are listed as news services and no others.
async fn lists(registry: &str, names: &[&str]) {
    let source: Source = registry.parse().unwrap();
    let mut list = source.open("news", &Access::default()).watch();
    let so = list.wait_for(|list| {
        let ready = list.iter().filter(|one| one.ready);
        ready.map(|one| one.id.as_str()).eq(names.iter().copied())
    });
    let seen = timeout(LIMIT, so).await.is_ok();
    assert!(seen, "{names:?} are not listed: {:?}", list.borrow());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs etcd: make test-ha"]
async fn short_a_killed_service_is_listed_for_its_lease_and_one_that_is_asked_to_end_no_longer() {
    let (folder, logs) = (Folder::scratch().unwrap(), Folder::scratch().unwrap());
    let members = Etcd::three(&folder).await.unwrap();
    let member = |member: &Etcd| format!("127.0.0.1:{}", member.port());
    let members_at: Vec<String> = members.iter().map(member).collect();
    let registry = format!("etcd://{}", members_at.join(","));
    let (news, redis) = (testkit::database("news").await, testkit::redis().await);
    let keeper = Keeper {
        name: "news",
        primary: news.primary_url(),
        replica: news.replica_url(),
    };
    let ground = Ground {
        keepers: vec![keeper],
        redis: redis.url(),
        settings: Vec::new(),
    };
    let ground = ground.with("SERVICE_TOKEN", "a token for tests only");
    let place = Place::Apart {
        program: env!("CARGO_BIN_EXE_holdfast").into(),
        logs: logs.path().to_owned(),
    };
    let house = House::empty(ground, place)
        .wired()
        .registered(registry.clone());
    for lease in ["5s", "5s", "15s"] {
        let lease = [("REGISTRY_LEASE", lease)];
        house.add(Kind::News, &lease).await.unwrap();
    }
    house.ready().await.unwrap();
    lists(&registry, &["news-1", "news-2", "news-3"]).await;
    let seats = house.seats(Kind::News);

    seats[0].kill().await.unwrap();
    let killed = Instant::now();
    lists(&registry, &["news-2", "news-3"]).await;
    assert!(killed.elapsed() < Duration::from_secs(5) + LATE);
    seats[0].start().await.unwrap();
    lists(&registry, &["news-1", "news-2", "news-3"]).await;

    let asked = Instant::now();
    let ((), ()) = tokio::join!(seats[2].stop(), lists(&registry, &["news-1", "news-2"]));
    assert!(
        asked.elapsed() < Duration::from_secs(10),
        "it did not wait for its lease"
    );
    house.stop().await;
}
