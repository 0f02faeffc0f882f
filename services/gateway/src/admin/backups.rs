//! `/v1/admin/backups`: what is left of a loss.

use api::control::{self as wire, ListBackupsRequest};
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::Query;
use crate::page::{List, page_of};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{BackupsClient, Edge};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new().routes(Rule::Admin.on(routes!(list)))
}

/// Lists backups, newest first; none where nobody writes them down for control.
#[utoipa::path(get, path = "/v1/admin/backups", tag = "admin", operation_id = "list_backups", params(BackupsQuery),
    responses((status = 200, body = List<BackupBody>)))]
async fn list(
    State(backups): State<BackupsClient>,
    Query(query): Query<BackupsQuery>,
) -> Result<List<BackupBody>, Problem> {
    let found = ask::read(&backups, query.into_wire(), BackupsClient::list_backups).await?;
    Ok(List::of(found.backups, found.next_cursor))
}

/// Which backups are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct BackupsQuery {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Only of this extent.
    #[garde(skip)]
    #[param(inline)]
    extent: Option<Extent>,
}

/// How much a backup takes.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Extent {
    Full,
    Changed,
}

/// A backup that is there.
#[derive(Serialize, ToSchema)]
struct BackupBody {
    /// By which whoever took it knows it.
    #[schema(example = "20261126-204226F")]
    id: String,
    /// Always `backup`.
    #[schema(example = "backup")]
    object: &'static str,
    /// `full`, or `changed` where it rests on one before it.
    #[schema(example = "full")]
    extent: String,
    began_at: String,
    /// When it was over: to no moment before can it be restored.
    ended_at: String,
    /// How many bytes the databases had.
    bytes: i64,
    /// How many bytes it added to what is kept.
    added_bytes: i64,
    /// How its last restore went; null where it was never restored, or another one was since.
    restore: Option<RestoreBody>,
}

/// How a backup was restored on trial, and compared with the shop.
#[derive(Serialize, ToSchema)]
struct RestoreBody {
    restored_at: String,
    /// Why the backup does not count; null where it does.
    wrong: Option<String>,
    /// The time of which all would have been lost.
    rpo_seconds: f64,
    /// The time until the restored server answered.
    rto_seconds: f64,
}

impl BackupsQuery {
    fn into_wire(self) -> ListBackupsRequest {
        let extent = self.extent.map_or("", |extent| match extent {
            Extent::Full => "full",
            Extent::Changed => "changed",
        });
        ListBackupsRequest {
            page: Some(page_of(self.limit, self.cursor)),
            extent: extent.to_owned(),
        }
    }
}

impl From<wire::Backup> for BackupBody {
    fn from(backup: wire::Backup) -> Self {
        Self {
            id: backup.label,
            object: "backup",
            extent: backup.extent,
            began_at: backup.began_at,
            ended_at: backup.ended_at,
            bytes: backup.bytes,
            added_bytes: backup.added_bytes,
            restore: backup.restore.map(RestoreBody::from),
        }
    }
}

impl From<wire::Restore> for RestoreBody {
    fn from(restore: wire::Restore) -> Self {
        Self {
            restored_at: restore.restored_at,
            wrong: Some(restore.wrong).filter(|wrong| !wrong.is_empty()),
            rpo_seconds: restore.rpo_seconds,
            rto_seconds: restore.rto_seconds,
        }
    }
}
