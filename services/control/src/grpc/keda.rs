//! KEDA's interface for scalers outside of it: the number of pods that are wanted, as a metric of which one pod bears one.

use std::collections::HashMap;
use std::pin::Pin;

use api::error;
use api::keda as wire;
use futures::{Stream, StreamExt as _};
use tonic::{Code, Request, Response, Status};

use crate::domain::allowance::SERVICES;
use crate::scaling::{self, Wanted};
use crate::tools::Tools;

/// What the number is called.
const METRIC: &str = "instances";
/// In the metadata of a trigger, which service it is for.
const SERVICE: &str = "service";

/// Answers `externalscaler.ExternalScaler`. It tells and changes nothing.
#[derive(Clone)]
pub struct Keda {
    tools: Tools,
}

impl Keda {
    /// Answers with what `tools` reach.
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[tonic::async_trait]
impl wire::external_scaler_server::ExternalScaler for Keda {
    async fn is_active(
        &self,
        request: Request<wire::ScaledObjectRef>,
    ) -> Result<Response<wire::IsActiveResponse>, Status> {
        read(request.into_inner().scaler_metadata)?;
        Ok(Response::new(active()))
    }

    type StreamIsActiveStream =
        Pin<Box<dyn Stream<Item = Result<wire::IsActiveResponse, Status>> + Send>>;

    async fn stream_is_active(
        &self,
        request: Request<wire::ScaledObjectRef>,
    ) -> Result<Response<Self::StreamIsActiveStream>, Status> {
        let service = read(request.into_inner().scaler_metadata)?;
        // KEDA looks at the number anew at each word of this.
        let wanted = scaling::watch(self.tools.clone(), service);
        let told = wanted.map(|one| one.map(|_| active()).map_err(Status::from));
        Ok(Response::new(Box::pin(told)))
    }

    async fn get_metric_spec(
        &self,
        request: Request<wire::ScaledObjectRef>,
    ) -> Result<Response<wire::GetMetricSpecResponse>, Status> {
        read(request.into_inner().scaler_metadata)?;
        let spec = wire::MetricSpec {
            metric_name: METRIC.to_owned(),
            target_size: 1,
            target_size_float: 1.0,
        };
        Ok(Response::new(wire::GetMetricSpecResponse {
            metric_specs: vec![spec],
        }))
    }

    async fn get_metrics(
        &self,
        request: Request<wire::GetMetricsRequest>,
    ) -> Result<Response<wire::GetMetricsResponse>, Status> {
        let asked = request.into_inner().scaled_object_ref.unwrap_or_default();
        let service = read(asked.scaler_metadata)?;
        let wanted = scaling::all_wanted(&self.tools, &service).await?;
        // Where nothing was decided yet, KEDA is to go by its fallback and not by a number of ours.
        let wanted = wanted.into_iter().next().ok_or_else(undecided)?;
        Ok(Response::new(wire::GetMetricsResponse {
            metric_values: vec![write(&wanted)],
        }))
    }
}

fn read(mut metadata: HashMap<String, String>) -> Result<String, Status> {
    let service = metadata.remove(SERVICE);
    let service = service.filter(|service| SERVICES.contains(&&**service));
    service.ok_or_else(|| error::invalid(SERVICE, SERVICES.join(", ")))
}

fn undecided() -> Status {
    let says = "nothing was decided on this service yet";
    error::status(Code::Unavailable, error::NOT_TAKEN, says)
}

/// No service of ours is ever scaled to none.
fn active() -> wire::IsActiveResponse {
    wire::IsActiveResponse { result: true }
}

fn write(wanted: &Wanted) -> wire::MetricValue {
    let count = wanted.stands.count;
    wire::MetricValue {
        metric_name: METRIC.to_owned(),
        metric_value: count.into(),
        metric_value_float: count.into(),
    }
}
