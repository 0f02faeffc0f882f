//! Who is there, and what operators say of them.

use api::control::{
    Allowance, AttendRequest, AttendResponse, Instance, ListInstancesRequest, Report, State,
    UpdateInstanceRequest,
};
use tonic::{Code, Status};

use crate::shop::{Control, SOON, Shop, operator, refusal, until};

fn report(instance: &str, requests: u64) -> Report {
    Report {
        instance: instance.to_owned(),
        service: "order".to_owned(),
        address: format!("{instance}.example:50051"),
        incarnation: "first".to_owned(),
        ready: true,
        requests,
        taken_micros: requests * 3_000,
        ..Report::default()
    }
}

impl Control {
    async fn attend(&self, report: Report, revision: i64) -> AttendResponse {
        let request = AttendRequest {
            report: Some(report),
            revision,
            opinions: Vec::new(),
        };
        let told = self.registry.clone().attend(request).await;
        told.unwrap().into_inner()
    }

    async fn instances(&self) -> Vec<Instance> {
        let request = ListInstancesRequest::default();
        let listed = self.registry.clone().list_instances(request).await;
        listed.unwrap().into_inner().instances
    }

    async fn adjust(
        &self,
        instance: &str,
        version: i64,
        weight: Option<u32>,
        drained: Option<bool>,
    ) -> Result<Instance, Status> {
        let request = UpdateInstanceRequest {
            actor_id: operator(),
            instance: instance.to_owned(),
            version,
            weight,
            drained,
        };
        let mut registry = self.registry.clone();
        Ok(registry.update_instance(request).await?.into_inner())
    }
}

#[tokio::test]
async fn an_instance_that_attends_is_listed_with_what_it_tells() {
    let shop = Shop::open().await;
    let control = &shop.control;
    control.attend(report("order-1", 10), 0).await;
    control.attend(report("order-1", 40), 0).await;

    let listed = control.instances().await;

    let [one] = listed.as_slice() else {
        panic!("one instance, and not {listed:?}");
    };
    assert_eq!(one.report, Some(report("order-1", 40)));
    assert_eq!(one.state(), State::Up);
    assert_eq!((one.weight, one.drained, one.version_said), (100, false, 1));
    assert!(one.requests_per_second > 0.0);
    assert!(
        (one.latency_millis - 3.0).abs() < 1e-6,
        "{}",
        one.latency_millis
    );
}

#[tokio::test]
async fn an_instance_that_says_no_more_is_silent_within_three_seconds() {
    let shop = Shop::open().await;
    shop.control.attend(report("order-1", 10), 0).await;

    until(SOON * 2, || async {
        shop.control.instances().await[0].state() == State::Silent
    })
    .await;
}

#[tokio::test]
async fn what_is_said_at_one_instance_of_control_is_told_by_the_other_within_two_seconds() {
    let shop = Shop::open().await;
    let other = shop.another().await;
    shop.control.attend(report("order-1", 0), 0).await;
    other.attend(report("order-1", 0), 0).await;
    let most = Allowance {
        max_in_flight: Some(7),
        ..Allowance::default()
    };
    shop.control.allow("order", 1, most.clone()).await.unwrap();
    let drained = shop.control.adjust("order-1", 1, None, Some(true)).await;
    assert!(drained.unwrap().drained);

    until(SOON, || async {
        let told = other.attend(report("order-1", 0), 0).await;
        let names: Vec<_> = told.adjusted.iter().map(|one| &*one.instance).collect();
        // Directories may know it by either.
        let said = told
            .adjusted
            .iter()
            .all(|one| one.drained && one.weight == 100);
        told.allowance.as_ref() == Some(&most)
            && names == ["order-1", "order-1.example:50051"]
            && said
    })
    .await;
}

#[tokio::test]
async fn whoever_knows_the_revision_is_told_nothing_else() {
    let shop = Shop::open().await;
    until(SOON, || async {
        shop.control.attend(report("order-1", 0), 0).await.revision > 0
    })
    .await;

    let first = shop.control.attend(report("order-1", 0), 0).await;
    let second = shop
        .control
        .attend(report("order-1", 0), first.revision)
        .await;

    assert!(first.allowance.is_some());
    assert_eq!((second.revision, second.allowance), (first.revision, None));
}

#[tokio::test]
async fn a_stale_version_a_weight_out_of_range_and_a_stranger_are_refused() {
    let shop = Shop::open().await;
    let control = &shop.control;
    control.attend(report("order-1", 0), 0).await;
    let set = control.adjust("order-1", 1, Some(50), None).await.unwrap();
    assert_eq!((set.weight, set.version_said), (50, 2));

    let stale = control.adjust("order-1", 1, Some(60), None).await;
    let heavy = control.adjust("order-1", 2, Some(1_000_001), None).await;
    let stranger = control.adjust("order-9", 1, Some(60), None).await;

    assert_eq!(
        refusal(stale),
        (Code::FailedPrecondition, "STALE".to_owned())
    );
    assert_eq!(
        refusal(heavy),
        (Code::InvalidArgument, "OUT_OF_RANGE".to_owned())
    );
    assert_eq!(refusal(stranger), (Code::NotFound, "NOT_FOUND".to_owned()));
    let again = control
        .adjust("order-1", 2, None, Some(true))
        .await
        .unwrap();
    assert_eq!(
        (again.weight, again.drained, again.version_said),
        (50, true, 3)
    );
}
