//! `/v1/admin/locks`: who holds what, and who waits for it.

use api::control::{
    ForceReleaseRequest, GetLockRequest, ListLocksRequest, Lock, LockHolder, LockMode, LockWaiter,
};
use auth::Admin;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Path, Query};
use crate::id::{Name, account};
use crate::page::{List, page_of};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, LocksClient};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Admin.on(routes!(list)))
        .routes(Rule::Admin.on(routes!(find)))
        .routes(Rule::Admin.on(routes!(release)))
}

/// Lists the locks that are held or waited for, by name.
#[utoipa::path(get, path = "/v1/admin/locks", tag = "admin", operation_id = "list_locks", params(LocksQuery),
    responses((status = 200, body = List<LockBody>)))]
async fn list(
    State(locks): State<LocksClient>,
    Query(query): Query<LocksQuery>,
) -> Result<List<LockBody>, Problem> {
    let wanted = ListLocksRequest {
        page: Some(page_of(query.limit, query.cursor)),
        prefix: query.prefix.unwrap_or_default(),
    };
    let found = ask::read(&locks, wanted, LocksClient::list).await?;
    Ok(List::of(found.locks, found.next_cursor))
}

/// Finds a lock that is held or waited for.
#[utoipa::path(get, path = "/v1/admin/locks/{name}", tag = "admin", operation_id = "find_lock",
    params(("name" = String, Path, example = "scaler.leader")), responses((status = 200, body = LockBody)))]
async fn find(
    State(locks): State<LocksClient>,
    Path(Name(name)): Path<Name>,
) -> Result<axum::Json<LockBody>, Problem> {
    let found = ask::read(&locks, GetLockRequest { name }, LocksClient::get).await?;
    Ok(axum::Json(found.into()))
}

/// Takes a lock away from all who hold it, and passes it on. What they still write under it is refused by its token.
#[utoipa::path(post, path = "/v1/admin/locks/{name}/release", tag = "admin", operation_id = "release_lock",
    params(("name" = String, Path, example = "scaler.leader")), responses((status = 200, body = LockBody)))]
async fn release(
    State(locks): State<LocksClient>,
    Admin(caller): Admin,
    Path(Name(name)): Path<Name>,
) -> Result<axum::Json<LockBody>, Problem> {
    let wanted = ForceReleaseRequest {
        actor_id: account(caller),
        name,
    };
    let left = ask::write(&locks, wanted, LocksClient::force_release).await?;
    Ok(axum::Json(left.into()))
}

/// Which locks are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LocksQuery {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// What their names begin with.
    #[garde(length(min = 1, max = 200), pattern(r"^[A-Za-z0-9._:-]+$"))]
    #[param(min_length = 1, max_length = 200, pattern = "^[A-Za-z0-9._:-]+$")]
    prefix: Option<String>,
}

/// A lock, with all who hold it and wait for it.
#[derive(Serialize, ToSchema)]
struct LockBody {
    /// What it is called.
    #[schema(example = "scaler.leader")]
    id: String,
    /// Always `lock`.
    #[schema(example = "lock")]
    object: &'static str,
    /// Who holds it: one, or several who share.
    holders: Vec<HolderBody>,
    /// Who waits for it, the next one first.
    waiters: Vec<WaiterBody>,
}

/// One that holds a lock.
#[derive(Serialize, ToSchema)]
struct HolderBody {
    /// Who it is.
    owner: String,
    /// Its request.
    id: String,
    /// `exclusive` or `shared`.
    #[schema(example = "exclusive")]
    mode: &'static str,
    /// The fencing token: counts the grants of all locks.
    token: i64,
    granted_at: String,
    /// When the lease ends unless it is renewed.
    expires_at: String,
    /// Whether it is held for longer than was meant.
    overdue: bool,
}

/// One that waits for a lock.
#[derive(Serialize, ToSchema)]
struct WaiterBody {
    /// Who it is.
    owner: String,
    /// Its request.
    id: String,
    /// `exclusive` or `shared`.
    #[schema(example = "exclusive")]
    mode: &'static str,
    /// When it gives up.
    waits_until: String,
}

impl From<Lock> for LockBody {
    fn from(lock: Lock) -> Self {
        Self {
            id: lock.name,
            object: "lock",
            holders: lock.holders.into_iter().map(Into::into).collect(),
            waiters: lock.waiters.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<LockHolder> for HolderBody {
    fn from(holder: LockHolder) -> Self {
        Self {
            mode: mode(holder.mode()),
            owner: holder.owner,
            id: holder.id,
            token: holder.token,
            granted_at: holder.granted_at,
            expires_at: holder.expires_at,
            overdue: holder.overdue,
        }
    }
}

impl From<LockWaiter> for WaiterBody {
    fn from(waiter: LockWaiter) -> Self {
        Self {
            mode: mode(waiter.mode()),
            owner: waiter.owner,
            id: waiter.id,
            waits_until: waiter.waits_until,
        }
    }
}

fn mode(mode: LockMode) -> &'static str {
    match mode {
        LockMode::Shared => "shared",
        LockMode::Exclusive | LockMode::Unspecified => "exclusive",
    }
}
