//! KEDA, asking as it does.

use std::collections::HashMap;

use api::keda::external_scaler_client::ExternalScalerClient;
use api::keda::{GetMetricsRequest, ScaledObjectRef};
use time::{Duration, OffsetDateTime};
use tonic::Code;

use super::fenced::write_until;
use crate::house::soon;
use crate::shop::Shop;

fn object(service: &str) -> ScaledObjectRef {
    ScaledObjectRef {
        name: "order".to_owned(),
        namespace: "holdfast".to_owned(),
        scaler_metadata: HashMap::from([("service".to_owned(), service.to_owned())]),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keda_is_told_how_many_pods_are_wanted() {
    let shop = Shop::open().await;
    let mut keda = ExternalScalerClient::new(shop.control.channel.clone());
    let metrics = |service: &str| GetMetricsRequest {
        scaled_object_ref: Some(object(service)),
        metric_name: "instances".to_owned(),
    };
    let early = keda.get_metrics(metrics("order")).await.unwrap_err();
    assert_eq!(early.code(), Code::Unavailable);
    let mut told = { &mut keda }
        .stream_is_active(object("order"))
        .await
        .unwrap()
        .into_inner();

    let until = OffsetDateTime::now_utc() + Duration::minutes(5);
    assert!(write_until(&shop.database.db(), i64::MAX, 6, None, until).await);

    assert!(soon(told.message()).await.unwrap().unwrap().result);
    let spec = keda.get_metric_spec(object("order")).await.unwrap();
    let spec = spec.into_inner().metric_specs.remove(0);
    assert_eq!((spec.target_size, spec.target_size_float), (1, 1.0));
    let value = keda.get_metrics(metrics("order")).await.unwrap();
    let value = value.into_inner().metric_values.remove(0);
    assert_eq!(value.metric_name, spec.metric_name);
    assert_eq!((value.metric_value, value.metric_value_float), (6, 6.0));
    assert!(
        keda.is_active(object("order"))
            .await
            .unwrap()
            .into_inner()
            .result
    );
    let wrong = keda.get_metrics(metrics("orders")).await.unwrap_err();
    assert_eq!(wrong.code(), Code::InvalidArgument);
}
