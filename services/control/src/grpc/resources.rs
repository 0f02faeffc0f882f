//! What operators say of services.

use api::control as wire;
use api::{common, time};
use db::Tx;
use tonic::{Request, Response, Status};

use super::read_actor;
use crate::allowing::{self, Target};
use crate::domain::allowance::Allowance;
use crate::error::Error;
use crate::store::said::{self, Resource};
use crate::tools::Tools;

/// Answers `holdfast.control.v1.Resources`.
#[derive(Clone)]
pub struct Resources {
    tools: Tools,
}

impl Resources {
    /// Answers with what `tools` reach.
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[tonic::async_trait]
impl wire::resources_server::Resources for Resources {
    async fn list_resources(
        &self,
        _: Request<wire::ListResourcesRequest>,
    ) -> Result<Response<wire::ListResourcesResponse>, Status> {
        let found = self.tools.db.read("resources: list", list);
        let found = found.await.map_err(Error::from)?.own();
        let resources = found.into_iter().map(write).collect();
        Ok(Response::new(wire::ListResourcesResponse { resources }))
    }

    async fn get_resource(
        &self,
        request: Request<wire::GetResourceRequest>,
    ) -> Result<Response<wire::Resource>, Status> {
        let service = request.into_inner().service;
        let found = self.tools.db.read("resources: find", |tx| {
            Box::pin(said::resource(tx, &service))
        });
        let found = found.await.map_err(Error::from)?.own();
        let found = found.ok_or(Error::NotFound("service"))?;
        Ok(Response::new(write(found)))
    }

    async fn update_resource(
        &self,
        request: Request<wire::UpdateResourceRequest>,
    ) -> Result<Response<wire::Resource>, Status> {
        let request = request.into_inner();
        let target = Target {
            actor: read_actor(&request.actor_id)?,
            name: request.service,
            version: request.version,
        };
        let allowance = read(request.allowance.unwrap_or_default());
        let changed = allowing::allow(&self.tools, &target, &allowance).await?;
        Ok(Response::new(write(changed)))
    }

    async fn list_audit(
        &self,
        request: Request<common::ListAuditRequest>,
    ) -> Result<Response<common::ListAuditResponse>, Status> {
        let acts = db::audit::answer(&self.tools.db, request.into_inner()).await?;
        Ok(Response::new(acts))
    }
}

fn list<'c>(
    tx: &'c mut db::Lent<'_>,
) -> futures::future::BoxFuture<'c, Result<Vec<Resource>, db::Error>> {
    let tx: &mut Tx = tx;
    Box::pin(said::resources(tx))
}

fn read(wire: wire::Allowance) -> Allowance {
    Allowance {
        min_instances: wire.min_instances,
        max_instances: wire.max_instances,
        requests_per_instance: wire.requests_per_instance,
        min_in_flight: wire.min_in_flight,
        max_in_flight: wire.max_in_flight,
        database_connections: wire.database_connections,
        cache_seconds: wire.cache_seconds,
        rate_address: wire.rate_address,
        rate_account: wire.rate_account,
        rate_sign_in: wire.rate_sign_in,
        flags: wire.flags.into_iter().collect(),
    }
}

fn write(resource: Resource) -> wire::Resource {
    wire::Resource {
        service: resource.service,
        allowance: Some(allowance(&resource.allowance.0)),
        version: resource.version,
        updated_at: time::write(resource.updated_at),
    }
}

/// Writes what is said of a service.
pub(super) fn allowance(said: &Allowance) -> wire::Allowance {
    let said = said.clone();
    wire::Allowance {
        min_instances: said.min_instances,
        max_instances: said.max_instances,
        requests_per_instance: said.requests_per_instance,
        min_in_flight: said.min_in_flight,
        max_in_flight: said.max_in_flight,
        database_connections: said.database_connections,
        cache_seconds: said.cache_seconds,
        rate_address: said.rate_address,
        rate_account: said.rate_account,
        rate_sign_in: said.rate_sign_in,
        flags: said.flags.into_iter().collect(),
    }
}
