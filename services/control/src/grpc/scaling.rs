//! The wire of scaling.

use std::pin::Pin;

use ::time::OffsetDateTime;
use api::control as wire;
use api::cursor::Page;
use api::time;
use futures::{Stream, StreamExt as _};
use tonic::{Request, Response, Status};

use crate::domain::allowance::SERVICES;
use crate::domain::forecast::{HOLDS, Standing};
use crate::domain::history::begin_of;
use crate::domain::presence::Presence;
use crate::error::Error;
use crate::scaling::{self, Expected, View, Wanted};
use crate::store::scaling::{Logged, Outlook, Step};
use crate::tools::Tools;

/// Answers `holdfast.control.v1.Scaling`.
#[derive(Clone)]
pub struct Scaling {
    tools: Tools,
}

impl Scaling {
    /// Answers with what `tools` reach.
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[tonic::async_trait]
impl wire::scaling_server::Scaling for Scaling {
    async fn list(
        &self,
        _: Request<wire::ListScalingRequest>,
    ) -> Result<Response<wire::ListScalingResponse>, Status> {
        let views = scaling::list(&self.tools).await?;
        Ok(Response::new(wire::ListScalingResponse {
            services: views.into_iter().map(write).collect(),
        }))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<wire::Desired, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<wire::WatchScalingRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let wanted = scaling::watch(self.tools.clone(), request.into_inner().service);
        let wanted = wanted.map(|one| one.map(desired).map_err(Status::from));
        Ok(Response::new(Box::pin(wanted)))
    }

    async fn decisions(
        &self,
        request: Request<wire::ListDecisionsRequest>,
    ) -> Result<Response<wire::ListDecisionsResponse>, Status> {
        let wire::ListDecisionsRequest { page, service } = request.into_inner();
        let service = read(service)?;
        let page: Page<i64> = Page::read(format!("decisions {service}"), page)?;
        let before = page.after().copied();
        let found = scaling::decisions(&self.tools, &service, before, page.rows()).await?;
        let (found, next_cursor) = page.cut(found, |one| one.version);
        Ok(Response::new(wire::ListDecisionsResponse {
            decisions: found.into_iter().map(decision).collect(),
            next_cursor,
        }))
    }

    async fn forecast(
        &self,
        request: Request<wire::GetForecastRequest>,
    ) -> Result<Response<wire::LoadForecast>, Status> {
        let service = read(request.into_inner().service)?;
        let expected = scaling::expected(&self.tools, &service).await?;
        Ok(Response::new(forecast(service, expected)))
    }
}

fn read(service: String) -> Result<String, Error> {
    if SERVICES.contains(&&*service) {
        Ok(service)
    } else {
        Err(Error::NotFound("service"))
    }
}

fn write(view: View) -> wire::ServiceScaling {
    let from = match view.kept.per_instance {
        Some(_) if view.is_said => "said",
        Some(_) => "learned",
        None => "",
    };
    let fit = view.used.fit().map(|fit| wire::Fit {
        cpu_request_millis: fit.cpu_millis,
        memory_request_bytes: fit.memory,
        memory_limit_bytes: fit.memory_limit,
        steps: view.used.steps,
    });
    wire::ServiceScaling {
        service: view.kept.service,
        desired: view.wanted.map(desired),
        present: view.load.present,
        least: view.bounds[0],
        most: view.bounds[1],
        load_per_second: view.load.asked,
        per_instance: view.kept.per_instance,
        per_instance_from: from.to_owned(),
        instances: view.instances.into_iter().map(used).collect(),
        fit,
        decisions: view.last.into_iter().map(decision).collect(),
    }
}

fn used(one: Presence) -> wire::InstanceUse {
    wire::InstanceUse {
        instance: one.report.instance,
        asked_per_second: one.pace.asked_per_second,
        refused_per_second: one.pace.shed_per_second,
        latency_millis: one.pace.latency_millis,
        cpu: one.pace.cpu,
        memory_bytes: one.report.memory_bytes,
        in_flight: one.report.in_flight,
        limit: one.report.limit,
    }
}

fn desired(wanted: Wanted) -> wire::Desired {
    let decided = wanted.kept.decided;
    let time = |at: Option<OffsetDateTime>| time::write_or_empty(at);
    wire::Desired {
        service: wanted.kept.service,
        count: wanted.stands.count,
        why: wanted.stands.why.word().to_owned(),
        floor: decided.map_or(0, |decided| decided.decision.floor),
        forecast: decided.and_then(|decided| decided.decision.forecast),
        version: wanted.kept.version,
        decided_at: time(decided.map(|decided| decided.decided_at)),
        valid_until: time(decided.map(|decided| decided.valid_until)),
        expired: wanted.stands.expired,
    }
}

fn decision(logged: Logged) -> wire::Decision {
    wire::Decision {
        service: logged.service,
        version: logged.version,
        count: logged.desired.cast_unsigned(),
        before: logged.before.map(i32::cast_unsigned),
        why: logged.why,
        floor: logged.floor.cast_unsigned(),
        forecast: logged.forecast.map(i32::cast_unsigned),
        load_per_second: logged.load,
        per_instance: logged.per_instance,
        least: logged.least.cast_unsigned(),
        most: logged.most.cast_unsigned(),
        decided_at: time::write(logged.decided_at),
    }
}

fn forecast(service: String, expected: Expected) -> wire::LoadForecast {
    let Expected {
        steps,
        outlook,
        score,
    } = expected;
    let standing = match score.standing() {
        Standing::Good => "good",
        Standing::Unproven => "unproven",
        Standing::Bad => "bad",
    };
    let made = outlook.as_ref();
    let holds = made.filter(|made| !made.points.is_empty());
    wire::LoadForecast {
        service,
        model: made.map(|made| made.model.clone()).unwrap_or_default(),
        none: made.map_or_else(|| "none was made yet".to_owned(), |made| made.none.clone()),
        made_at: time::write_or_empty(made.map(|made| made.made_at)),
        holds_until: time::write_or_empty(holds.map(|made| made.made_at + HOLDS)),
        history: steps.iter().map(came).collect(),
        forecast: outlook.map(to_come).unwrap_or_default(),
        judged_steps: u32::try_from(score.steps).unwrap_or(u32::MAX),
        mean_error: score.mean,
        error_share: score.share,
        standing: standing.to_owned(),
    }
}

fn came(step: &Step) -> wire::LoadPoint {
    wire::LoadPoint {
        at: time::write(begin_of(step.step)),
        came: step.mean(),
        expected: step.foreseen,
        lower: None,
        upper: None,
    }
}

fn to_come(outlook: Outlook) -> Vec<wire::LoadPoint> {
    let points = outlook.points.into_iter();
    let points = points.map(|(step, expected, lower, upper)| wire::LoadPoint {
        at: time::write(begin_of(step)),
        came: None,
        expected: Some(expected),
        lower: Some(lower),
        upper: Some(upper),
    });
    points.collect()
}
