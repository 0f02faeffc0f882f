//! What operators say of services.

use api::common::ListAuditRequest;
use api::control::{Allowance, ListResourcesRequest};
use api::token::Given;
use serde_json::Value;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::shop::{Shop, operator, refusal};

fn most(requests: u32) -> Allowance {
    Allowance {
        max_in_flight: Some(requests),
        ..Allowance::default()
    }
}

#[tokio::test]
async fn every_service_has_a_resource_that_says_nothing_at_first() {
    let shop = Shop::open().await;

    let listed = shop.control.resources.clone();
    let listed = listed.clone().list_resources(ListResourcesRequest {}).await;

    let resources = listed.unwrap().into_inner().resources;
    let names: Vec<_> = resources.iter().map(|one| one.service.as_str()).collect();
    assert_eq!(names, ["control", "gateway", "news", "order", "user"]);
    for one in &resources {
        assert_eq!(one.allowance, Some(Allowance::default()));
        assert_eq!(one.version, 1);
    }
}

#[tokio::test]
async fn a_change_from_a_stale_version_changes_nothing() {
    let shop = Shop::open().await;
    let control = &shop.control;
    control.allow("order", 1, most(100)).await.unwrap();

    let late = control.allow("order", 1, most(200)).await;

    assert_eq!(
        refusal(late),
        (Code::FailedPrecondition, "STALE".to_owned())
    );
    let kept = control.resource("order").await;
    assert_eq!((kept.version, kept.allowance), (2, Some(most(100))));
}

#[tokio::test]
async fn of_two_administrators_at_once_one_wins_and_one_is_told() {
    let shop = Shop::open().await;
    let other = shop.another().await;

    for version in 1..=10 {
        let (one, two) = tokio::join!(
            shop.control.allow("order", version, most(100)),
            other.allow("order", version, most(200))
        );

        assert!(one.is_ok() != two.is_ok(), "{one:?} {two:?}");
        let told = if one.is_ok() { two } else { one };
        assert_eq!(
            refusal(told),
            (Code::FailedPrecondition, "STALE".to_owned())
        );
    }
}

#[tokio::test]
async fn every_value_out_of_its_range_is_named_and_nothing_is_kept() {
    let shop = Shop::open().await;
    let wrong = Allowance {
        max_instances: Some(101),
        rate_account: Some(7),
        ..most(0)
    };

    let refused = shop.control.allow("order", 1, wrong).await.unwrap_err();

    let details = refused.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["max_instances", "max_in_flight", "rate_account"]);
    assert_eq!(refusal::<()>(Err(refused)).1, "OUT_OF_RANGE");
    assert_eq!(shop.control.resource("order").await.version, 1);
}

#[tokio::test]
async fn there_is_none_of_a_service_that_there_is_not() {
    let shop = Shop::open().await;

    let refused = shop.control.allow("orders", 1, most(5)).await;

    assert_eq!(refusal(refused), (Code::NotFound, "NOT_FOUND".to_owned()));
}

#[tokio::test]
async fn every_change_is_kept_with_who_made_it_and_one_that_was_refused_is_not() {
    let shop = Shop::open().await;
    let mut resources = shop.control.resources.clone();
    let acts = async {
        shop.control.allow("user", 1, most(100)).await.unwrap();
        shop.control.allow("user", 1, most(200)).await.unwrap_err();

        resources.list_audit(ListAuditRequest::default()).await
    };
    // As one client that hands on its consistency token.
    let (acts, _) = api::token::scope(Given::Nothing, acts).await;

    let acts = acts.unwrap().into_inner().entries;
    let [act] = acts.as_slice() else {
        panic!("one act, and not {acts:?}");
    };
    assert_eq!(
        (&*act.action, &*act.subject_id),
        ("resource.update", "user")
    );
    assert_eq!(act.actor_id, operator());
    let after: Value = serde_json::from_str(&act.after).unwrap();
    assert_eq!((&*act.before, &after["max_in_flight"]), ("{}", &100.into()));
}
