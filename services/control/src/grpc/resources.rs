//! What operators say of the house.

use api::common;
use api::control as wire;
use tonic::{Request, Response, Status};

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
    async fn list_audit(
        &self,
        request: Request<common::ListAuditRequest>,
    ) -> Result<Response<common::ListAuditResponse>, Status> {
        let acts = db::audit::answer(&self.tools.db, request.into_inner()).await?;
        Ok(Response::new(acts))
    }
}
