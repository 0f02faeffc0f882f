//! A fault names the one that it follows from, by what rests on what.

use api::control::{ListFaultsRequest, ReportRequest, Sighting};
use time::OffsetDateTime;

use crate::house::{Control, House, until};

/// Says now that `component` has been cut off since then.
async fn cut_off(control: &Control, component: &str, since: OffsetDateTime) {
    let sighting = Sighting {
        r#type: "instance_cut".to_owned(),
        component: component.to_owned(),
        occurred_at: api::time::write(since),
        detected_at: api::time::write(OffsetDateTime::now_utc()),
        ..Sighting::default()
    };
    let report = ReportRequest {
        sightings: vec![sighting],
    };
    control.faults.clone().report(report).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_on_a_lost_host_names_it_though_it_was_missed_first() {
    let house = House::new().await;
    let rests = ("RESTS_ON", "order-1=host-1,pg-1=host-1".to_owned());
    let (one, other) = tokio::join!(
        house.control("one", std::slice::from_ref(&rests)),
        house.control("two", std::slice::from_ref(&rests))
    );

    let since = OffsetDateTime::now_utc();
    for component in ["order-1", "pg-1", "user-1"] {
        cut_off(&one, component, since).await;
    }
    cut_off(&other, "host-1", since).await;

    until("both name it", async || {
        let faults = one.list(ListFaultsRequest::default()).await;
        let number = |name: &str| faults.iter().find(|one| one.component == name);
        let cause = |name: &str| number(name).map_or(-1, |fault| fault.cause);
        let host = number("host-1").map_or(-2, |fault| fault.number);
        let named = ["order-1", "pg-1"].iter().all(|name| cause(name) == host);
        assert!(cause("user-1") <= 0 && cause("host-1") <= 0, "{faults:?}");
        named
    })
    .await;
}
