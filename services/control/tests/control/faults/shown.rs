//! The registry and the ledger tell the same of an instance.

use std::time::Duration;

use api::control::registry_client::RegistryClient;
use api::control::{AttendRequest, ListInstancesRequest, Report, State};
use testkit::Wire;
use tokio::time::Instant;

use crate::house::{Control, House, free, tiny, until};

/// Says for the instance at `address` that it is there, and tells how the registry shows it.
async fn shown(control: &Control, address: &str, attends: bool) -> State {
    let mut registry = RegistryClient::new(control.running.channel());
    if attends {
        let report = Report {
            instance: "order-1".to_owned(),
            service: "order".to_owned(),
            address: address.to_owned(),
            ready: true,
            ..Report::default()
        };
        let request = AttendRequest {
            report: Some(report),
            ..AttendRequest::default()
        };
        registry.attend(request).await.unwrap();
    }
    let listed = registry.list_instances(ListInstancesRequest::default());
    listed.await.unwrap().into_inner().instances[0].state()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_in_the_ledger_as_cut_off_is_silent_and_who_answers_is_not() {
    let house = House::new().await;
    let order = tiny("order", free()).await;
    let wire = Wire::to(order.addr).await;
    let address = wire.addr().to_string();
    let control = house
        .control("one", &[("ORDER_ADDRS", address.clone())])
        .await;
    control.acquainted().await;
    assert_eq!(shown(&control, &address, true).await, State::Up);

    // Its own word does not come through for a while; it answers all the time.
    let since = Instant::now();
    until("it has said nothing for long", async || {
        assert_eq!(shown(&control, &address, false).await, State::Up);
        since.elapsed() > Duration::from_secs(4)
    })
    .await;
    // Its own word comes through, and nothing else.
    wire.cut();
    house.one("instance_cut").await;
    until("it is shown so", async || {
        shown(&control, &address, true).await == State::Silent
    })
    .await;
    wire.heal();
    house.all_over().await;

    until("it is shown as well", async || {
        shown(&control, &address, true).await == State::Up
    })
    .await;
}
