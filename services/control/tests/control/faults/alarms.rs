//! What is no fault makes no row that stands: an end in order, an observer that stood still, a caller that was wrong.

use std::time::Duration;

use api::control::{ReportRequest, Sighting};
use tokio::time::sleep;

use crate::faults::processes::Observer;
use crate::house::{House, acquainted, free, tiny, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_ends_in_order_has_no_fault() {
    let house = House::new().await;
    let (order, news) = tokio::join!(tiny("order", free()), tiny("news", free()));
    let watched = [
        ("ORDER_ADDRS", order.addr.to_string()),
        ("NEWS_ADDRS", news.addr.to_string()),
    ];
    let control = house.control("one", &watched).await;
    control.acquainted().await;

    order.stop().await;
    control.acquainted().await;
    news.kill();

    // The second end, which was not in order, shows that the first could have been seen.
    house.one("instance_killed").await;
    let rows = house.rows().await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert!(rows[0].2.starts_with("news@"), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observer_that_stood_still_blames_nobody_for_it() {
    let house = House::new().await;
    let (order, news) = tokio::join!(tiny("order", free()), tiny("news", free()));
    let watched = [
        ("ORDER_ADDRS", order.addr.to_string()),
        ("NEWS_ADDRS", news.addr.to_string()),
    ];
    let observer = Observer::start(&house, "one", &watched).await;
    acquainted().await;

    for _ in 0..4 {
        observer.pause();
        sleep(Duration::from_secs(3)).await;
        observer.resume();
        burn(Duration::from_millis(700)).await;
        sleep(Duration::from_secs(1)).await;
    }

    let rows = house.rows().await;
    let unmarked: Vec<_> = rows.iter().filter(|row| row.4 != "false_alarm").collect();
    assert!(unmarked.is_empty(), "{unmarked:?}");
    order.kill();
    house.one("instance_killed").await;
}

/// Keeps both processors busy.
async fn burn(time: Duration) {
    let busy = move || {
        let begun = std::time::Instant::now();
        while begun.elapsed() < time {
            std::hint::spin_loop();
        }
    };
    let burners: Vec<_> = (0..4).map(|_| tokio::task::spawn_blocking(busy)).collect();
    for burner in burners {
        burner.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_caller_saw_alone_is_closed_as_a_false_alarm() {
    let house = House::new().await;
    let order = tiny("order", free()).await;
    let watched = [("ORDER_ADDRS", order.addr.to_string())];
    let control = house.control("one", &watched).await;
    control.acquainted().await;

    let now = api::time::write(time::OffsetDateTime::now_utc());
    let sighting = Sighting {
        r#type: "instance_ejected".to_owned(),
        component: format!("order@{}", order.addr),
        occurred_at: now.clone(),
        detected_at: now,
        ..Sighting::default()
    };
    let report = ReportRequest {
        sightings: vec![sighting],
    };
    control.faults.clone().report(report).await.unwrap();

    until("it is over", async || {
        house.rows().await.iter().all(|row| !row.4.is_empty())
    })
    .await;
    let all = house.all_over().await;
    assert_eq!(
        all,
        [format!("instance_ejected order@{} false_alarm", order.addr)]
    );
}
