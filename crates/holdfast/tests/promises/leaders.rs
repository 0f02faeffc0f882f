//! The backup job has one leader, also where two supervisors begin at once; and goes on while nobody can say who that is.

use futures::future::join_all;
use holdfast::ha::backup::Turns;
use tokio::time::{Duration, Instant, sleep};

/// A control service, and two supervisors who know it.
struct Scene {
    control: chassis::Running,
    supervisors: [Turns; 2],
    _database: testkit::Database,
}

impl Scene {
    async fn open() -> Self {
        let database = testkit::database("control").await;
        let env = chassis::Env::local([
            ("DATABASE_URLS", database.primary_url()),
            ("DATABASE_REPLICA_URLS", database.replica_url()),
            ("LOG", "error".to_owned()),
        ]);
        let control = chassis::start("control", env, control::Service::connect).await;
        let control = control.unwrap();
        let settings = [
            ("CONTROL_ADDRS", control.addr.to_string()),
            ("SERVICE_TOKEN", "a token for tests only".to_owned()),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value));
        let supervisor = || Turns::new(settings.to_vec());
        Self {
            control,
            supervisors: [supervisor(), supervisor()],
            _database: database,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_supervisors_one_backs_up_and_the_other_is_told() {
    let scene = Scene::open().await;
    for _ in 0..10 {
        let taken = join_all(scene.supervisors.iter().map(Turns::take)).await;

        let (led, told): (Vec<_>, Vec<_>) = taken.into_iter().partition(Result::is_ok);
        assert_eq!((led.len(), told.len()), (1, 1), "{led:?} {told:?}");
        assert!(led[0].as_ref().unwrap().is_led());
        let told = told[0].as_ref().unwrap_err().to_string();
        assert!(told.contains("another supervisor"), "{told}");
        drop(led);
        free(&scene).await;
    }
}

/// Waits until the lock that was let go of is to be had.
async fn free(scene: &Scene) {
    let end = Instant::now() + Duration::from_secs(20);
    while scene.supervisors[0].take().await.is_err() {
        assert!(Instant::now() < end, "it was never released");
        sleep(Duration::from_millis(20)).await;
    }
    // That turn is over too, when the next one is to be had.
    while scene.supervisors[1].take().await.is_err() {
        assert!(Instant::now() < end, "it was never released");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_supervisor_goes_on_without_control_and_knows_that_it_is_not_alone_for_sure() {
    let scene = Scene::open().await;
    scene.control.stop().await;

    let turn = scene.supervisors[0].take().await.unwrap();

    assert!(!turn.is_led());
}
