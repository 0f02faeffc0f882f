//! What administrators did, collected from the services that keep it.

use std::sync::Arc;

use api::common::{self, ListAuditRequest};
use api::control as wire;
use api::cursor::{self, Page};
use api::error;
use api::id::AUDIT;
use api::news::news_client::NewsClient;
use api::order::saga_admin_client::SagaAdminClient;
use api::user::users_client::UsersClient;
use db::audit;
use futures::future::try_join_all;
use retry::reads;
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use crate::config::Neighbours;
use crate::tools::Tools;

/// The services that keep an audit.
const KEEPERS: [Keeper; 4] = [Keeper::User, Keeper::Order, Keeper::News, Keeper::Control];

/// A service that keeps an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeper {
    User,
    Order,
    News,
    Control,
}

/// Answers `holdfast.control.v1.Audit`.
#[derive(Clone)]
pub struct Audit {
    tools: Tools,
    neighbours: Neighbours,
}

impl Audit {
    /// Answers with what `tools` reach, and what `neighbours` tell.
    pub fn new(tools: Tools, neighbours: Neighbours) -> Self {
        Self { tools, neighbours }
    }

    /// Asks `keeper` for its acts; tells whether there are more of them.
    async fn ask(
        &self,
        keeper: Keeper,
        wanted: ListAuditRequest,
    ) -> Result<(Vec<wire::Act>, bool), Status> {
        let Neighbours { user, order, news } = self.neighbours.clone();
        let told = match keeper {
            Keeper::User => UsersClient::new(user).list_audit(reads(wanted)).await,
            Keeper::Order => SagaAdminClient::new(order).list_audit(reads(wanted)).await,
            Keeper::News => NewsClient::new(news).list_audit(reads(wanted)).await,
            Keeper::Control => audit::answer(&self.tools.db, wanted)
                .await
                .map(Response::new),
        };
        let told = told.map_err(|status| missing(keeper, status))?.into_inner();
        let act = |entry| wire::Act {
            service: keeper.name().to_owned(),
            entry: Some(entry),
        };
        let acts = told.entries.into_iter().map(act).collect();
        Ok((acts, !told.next_cursor.is_empty()))
    }
}

#[tonic::async_trait]
impl wire::audit_server::Audit for Audit {
    async fn list_acts(
        &self,
        request: Request<wire::ListActsRequest>,
    ) -> Result<Response<wire::ListActsResponse>, Status> {
        let request = request.into_inner();
        let keepers = read(&request.service)?;
        let wire::ListActsRequest {
            page,
            service,
            subject_id,
            actor_id,
        } = request;
        let filters = format!("acts {service} {subject_id} {actor_id}");
        let page: Page<Uuid> = Page::read(filters.as_str(), page)?;
        let wanted = ListAuditRequest {
            page: Some(common::Page {
                limit: page.limit(),
                cursor: String::new(),
            }),
            subject_id,
            actor_id,
            before_id: page.after().map(|id| AUDIT.write(*id)).unwrap_or_default(),
        };
        let asking = keepers
            .iter()
            .map(|keeper| self.ask(*keeper, wanted.clone()));
        let (acts, more) = newest(try_join_all(asking).await?, page.limit() as usize);
        let last = acts.last().filter(|_| more);
        let last = last.map(|last| AUDIT.read(id(last))).transpose();
        let last = last.map_err(|bad| Status::internal(bad.to_string()))?;
        Ok(Response::new(wire::ListActsResponse {
            next_cursor: last
                .map(|id| cursor::write(&filters, &id))
                .unwrap_or_default(),
            acts,
        }))
    }
}

/// The newest acts of all `answers`, `limit` at most; tells whether there are more.
fn newest(answers: Vec<(Vec<wire::Act>, bool)>, limit: usize) -> (Vec<wire::Act>, bool) {
    let (acts, more): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    let mut acts = acts.concat();
    // Ids sort by the time of the act, whichever service kept it.
    acts.sort_by(|one, other| id(other).cmp(id(one)));
    let more = acts.len() > limit || more.contains(&true);
    acts.truncate(limit);
    (acts, more)
}

fn id(act: &wire::Act) -> &str {
    act.entry.as_ref().map_or("", |entry| &entry.id)
}

impl Keeper {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Order => "order",
            Self::News => "news",
            Self::Control => "control",
        }
    }
}

/// Whose acts are wanted.
fn read(service: &str) -> Result<Vec<Keeper>, Status> {
    if service.is_empty() {
        return Ok(KEEPERS.to_vec());
    }
    let one = KEEPERS.into_iter().find(|keeper| keeper.name() == service);
    let one = one.ok_or_else(|| error::invalid("service", "user, order, news or control"))?;
    Ok(vec![one])
}

/// What is said where the acts of `keeper` are not to be had: what was wrong with the request, in its own words.
fn missing(keeper: Keeper, status: Status) -> Status {
    if status.code() == Code::InvalidArgument {
        return status;
    }
    let says = format!(
        "the audit of {} is not to be had for the moment",
        keeper.name()
    );
    let mut said = error::status(Code::Unavailable, error::NOT_TAKEN, says);
    said.set_source(Arc::new(status)); // The chassis logs it with its causes, once.
    said
}
