//! The wire of sagas, for those who look after them.

use std::sync::Arc;

use api::common;
use api::cursor::Page;
use api::id::{ACCOUNT, ORDER, SAGA};
use api::order as wire;
use api::order::saga_admin_server::{SagaAdmin, SagaAdminServer};
use api::time;
use saga::store::Entry;
use tonic::{Request, Response, Status};

use super::read_id;
use crate::Tools;
use crate::sagas::{self, Wanted};

/// Answers for sagas.
pub(super) fn service(tools: &Arc<Tools>) -> SagaAdminServer<Wire> {
    SagaAdminServer::new(Wire {
        tools: tools.clone(),
    })
}

pub(super) struct Wire {
    tools: Arc<Tools>,
}

#[tonic::async_trait]
impl SagaAdmin for Wire {
    async fn list_sagas(
        &self,
        request: Request<wire::ListSagasRequest>,
    ) -> Result<Response<wire::ListSagasResponse>, Status> {
        let wire::ListSagasRequest {
            page,
            open,
            order_id,
        } = request.into_inner();
        let page = Page::read(format!("sagas?open={open}&order={order_id}"), page)?;
        let order = (!order_id.is_empty()).then(|| read_id(ORDER, "order_id", &order_id));
        let wanted = Wanted {
            before: page.after().copied(),
            rows: page.rows(),
            open,
            order: order.transpose()?,
        };
        let found = sagas::list(&self.tools, wanted).await?;
        let (found, next_cursor) = page.cut(found, |saga| saga.id);
        let sagas = found.into_iter().map(write).collect();
        Ok(Response::new(wire::ListSagasResponse {
            sagas,
            next_cursor,
        }))
    }

    async fn get_saga(
        &self,
        request: Request<wire::GetSagaRequest>,
    ) -> Result<Response<wire::Saga>, Status> {
        let id = read_id(SAGA, "id", &request.into_inner().id)?;
        let found = sagas::find(&self.tools, id).await?;
        Ok(Response::new(write(found)))
    }

    async fn retry_saga(
        &self,
        request: Request<wire::RetrySagaRequest>,
    ) -> Result<Response<wire::Saga>, Status> {
        let request = request.into_inner();
        let id = read_id(SAGA, "id", &request.id)?;
        let actor = read_id(ACCOUNT, "actor_id", &request.actor_id)?;
        let due = sagas::retry(&self.tools, id, actor).await?;
        Ok(Response::new(write(due)))
    }

    async fn list_audit(
        &self,
        request: Request<common::ListAuditRequest>,
    ) -> Result<Response<common::ListAuditResponse>, Status> {
        let acts = db::audit::answer(&self.tools.db, request.into_inner()).await?;
        Ok(Response::new(acts))
    }
}

fn write(saga: Entry) -> wire::Saga {
    wire::Saga {
        id: SAGA.write(saga.id),
        name: saga.name,
        subject_id: ORDER.write(saga.subject),
        direction: saga.direction,
        reason: saga.reason,
        epoch: saga.epoch,
        owner: saga.owner,
        leased_until: time::write(saga.leased_until),
        settle_by: time::write(saga.settle_by),
        created_at: time::write(saga.created_at),
        ended_at: time::write_or_empty(saga.ended_at),
    }
}
