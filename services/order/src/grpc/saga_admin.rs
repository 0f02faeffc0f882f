//! The wire of sagas, for those who look after them.

use std::sync::Arc;

use api::common;
use api::cursor::Page;
use api::id::{ACCOUNT, AUDIT, ORDER, SAGA};
use api::order as wire;
use api::order::saga_admin_server::{SagaAdmin, SagaAdminServer};
use api::time;
use saga::store::Entry;
use tonic::{Request, Response, Status};

use super::{read_id, read_optional_id};
use crate::domain::act::Act;
use crate::{Tools, sagas};

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
        let request = request.into_inner();
        let page = Page::read(format!("sagas?open={}", request.open), request.page)?;
        let before = page.after().copied();
        let found = sagas::list(&self.tools, before, page.rows(), request.open).await?;
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
        let request = request.into_inner();
        let list = format!(
            "audit?subject={}&actor={}",
            request.subject_id, request.actor_id
        );
        let page = Page::read(list, request.page)?;
        let actor = read_optional_id(ACCOUNT, "actor_id", &request.actor_id)?;
        let subject = Some(request.subject_id).filter(|subject| !subject.is_empty());
        let acts = sagas::audit(
            &self.tools,
            subject,
            actor,
            page.after().copied(),
            page.rows(),
        );
        let (acts, next_cursor) = page.cut(acts.await?, |act| act.id);
        let entries = acts.into_iter().map(write_act).collect();
        Ok(Response::new(common::ListAuditResponse {
            entries,
            next_cursor,
        }))
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

fn write_act(act: Act) -> common::AuditEntry {
    let json = |value: Option<serde_json::Value>| value.map(|value| value.to_string());
    common::AuditEntry {
        id: AUDIT.write(act.id),
        actor_id: ACCOUNT.write(act.actor),
        action: act.action,
        subject_id: act.subject,
        before: json(act.before).unwrap_or_default(),
        after: json(act.after).unwrap_or_default(),
        acted_at: time::write(act.acted_at),
    }
}
