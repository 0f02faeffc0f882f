//! Who is there, and how they are.

use std::time::{Duration, Instant};

use ::time::OffsetDateTime;
use api::control as wire;
use api::time;
use tonic::{Request, Response, Status};

use super::read_actor;
use super::resources::allowance;
use crate::allowing::{self, Adjust, Target, unsaid};
use crate::domain::hearsay::Opinion;
use crate::domain::presence::{Presence, Report, State};
use crate::error::Error;
use crate::said::Said;
use crate::store::said::Adjustment;
use crate::tools::Tools;

/// Answers `holdfast.control.v1.Registry`.
#[derive(Clone)]
pub struct Registry {
    tools: Tools,
}

impl Registry {
    /// Answers with what `tools` reach.
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[tonic::async_trait]
impl wire::registry_server::Registry for Registry {
    async fn attend(
        &self,
        request: Request<wire::AttendRequest>,
    ) -> Result<Response<wire::AttendResponse>, Status> {
        let wire::AttendRequest {
            report,
            revision,
            opinions,
        } = request.into_inner();
        let now = (Instant::now(), OffsetDateTime::now_utc());
        let mut report = read(report.unwrap_or_default());
        report.opinions = opinions
            .into_iter()
            .map(|one| opinion(one, now.1))
            .collect();
        let service = report.service.clone();
        self.tools.roll().hear(report, now.0, now.1);
        let said = self.tools.said.now();
        if said.revision == revision {
            return Ok(Response::new(wire::AttendResponse {
                revision,
                ..wire::AttendResponse::default()
            }));
        }
        let heard = self.tools.roll().all(now.0);
        Ok(Response::new(wire::AttendResponse {
            revision: said.revision,
            allowance: said.of(&service).map(allowance),
            adjusted: adjusted(&said, &heard),
        }))
    }

    async fn list_instances(
        &self,
        request: Request<wire::ListInstancesRequest>,
    ) -> Result<Response<wire::ListInstancesResponse>, Status> {
        let wanted = request.into_inner().service;
        let said = self.tools.said.now();
        let heard = self.tools.roll().all(Instant::now()).into_iter();
        let instances = heard.filter(|one| wanted.is_empty() || one.report.service == wanted);
        let instances = instances.map(|one| {
            let adjustment = said.on(&one.report.instance).cloned();
            let adjustment = adjustment.unwrap_or_else(|| unsaid(&one.report.instance));
            write(self.tools.seen(one), &adjustment)
        });
        Ok(Response::new(wire::ListInstancesResponse {
            instances: instances.collect(),
        }))
    }

    async fn update_instance(
        &self,
        request: Request<wire::UpdateInstanceRequest>,
    ) -> Result<Response<wire::Instance>, Status> {
        let request = request.into_inner();
        let target = Target {
            actor: read_actor(&request.actor_id)?,
            name: request.instance,
            version: request.version,
        };
        let there = self.tools.roll().find(&target.name, Instant::now());
        let there = there.ok_or(Error::NotFound("instance"))?;
        let wanted = Adjust {
            weight: request.weight,
            drained: request.drained,
        };
        let adjustment = allowing::adjust(&self.tools, &target, wanted).await?;
        Ok(Response::new(write(self.tools.seen(there), &adjustment)))
    }
}

/// What is said of instances, under the name and under the address of each.
fn adjusted(said: &Said, heard: &[Presence]) -> Vec<wire::Adjusted> {
    let of = |instance: &str, one: &Adjustment| wire::Adjusted {
        instance: instance.to_owned(),
        weight: one.weight.cast_unsigned(),
        drained: one.drained,
    };
    let said = said.adjustments.iter().flat_map(|one| {
        let found = heard.iter().find(|two| two.report.instance == one.instance);
        let address = found.map(|found| found.report.address.as_str());
        let address = address.filter(|address| *address != one.instance);
        [Some(one.instance.as_str()), address]
            .into_iter()
            .flatten()
            .map(|name| of(name, one))
            .collect::<Vec<_>>()
    });
    said.collect()
}

fn read(wire: wire::Report) -> Report {
    Report {
        instance: wire.instance,
        service: wire.service,
        address: wire.address,
        zone: wire.zone,
        version: wire.version,
        incarnation: wire.incarnation,
        started_at: wire.started_at,
        ready: wire.ready,
        draining: wire.draining,
        degraded: wire.degraded,
        requests: wire.requests,
        failed: wire.failed,
        shed: wire.shed,
        taken_micros: wire.taken_micros,
        in_flight: wire.in_flight,
        limit: wire.limit,
        cpu_millis: wire.cpu_millis,
        memory_bytes: wire.memory_bytes,
        opinions: Vec::new(),
    }
}

/// An opinion that was told at `now`.
fn opinion(wire: wire::Opinion, now: OffsetDateTime) -> Opinion {
    let ago = |millis: u64| {
        now.saturating_sub(
            Duration::from_millis(millis)
                .try_into()
                .unwrap_or(::time::Duration::MAX),
        )
    };
    Opinion {
        service: wire.service,
        address: wire.address,
        ejected_at: wire.ejected_ms.map(ago),
        answered_at: wire.answered_ms.map(ago),
    }
}

fn write(presence: Presence, adjustment: &Adjustment) -> wire::Instance {
    let state = match presence.state {
        State::Starting => wire::State::Starting,
        State::Up => wire::State::Up,
        State::Draining => wire::State::Draining,
        State::Silent => wire::State::Silent,
    };
    wire::Instance {
        state: state.into(),
        heard_at: time::write(presence.heard_at),
        requests_per_second: presence.pace.requests_per_second,
        latency_millis: presence.pace.latency_millis,
        cpu: presence.pace.cpu,
        weight: adjustment.weight.cast_unsigned(),
        drained: adjustment.drained,
        version_said: adjustment.version,
        report: Some(report(presence.report)),
    }
}

fn report(report: Report) -> wire::Report {
    wire::Report {
        instance: report.instance,
        service: report.service,
        address: report.address,
        zone: report.zone,
        version: report.version,
        incarnation: report.incarnation,
        started_at: report.started_at,
        ready: report.ready,
        draining: report.draining,
        degraded: report.degraded,
        requests: report.requests,
        failed: report.failed,
        shed: report.shed,
        taken_micros: report.taken_micros,
        in_flight: report.in_flight,
        limit: report.limit,
        cpu_millis: report.cpu_millis,
        memory_bytes: report.memory_bytes,
    }
}
