//! `/v1/admin/faults`: what went wrong in the house, and how it ended.

mod body;
mod events;

use api::control::{AddNoteRequest, GetFaultRequest, StatisticsRequest};
use auth::Admin;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::body::{FaultBody, FaultsQuery, NoteBody, SinceQuery, StatisticsBody};
use crate::ask;
use crate::body::{Json, Path, Query};
use crate::id::account;
use crate::page::List;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, FaultsClient};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Admin.on(routes!(list)))
        .routes(Rule::Admin.on(routes!(statistics)))
        .routes(Rule::Admin.on(routes!(events::watch)))
        .routes(Rule::Admin.on(routes!(find)))
        .routes(Rule::Admin.on(routes!(note)))
}

/// Lists faults, the latest number first.
#[utoipa::path(get, path = "/v1/admin/faults", tag = "admin", operation_id = "list_faults", params(FaultsQuery),
    responses((status = 200, body = List<FaultBody>)))]
async fn list(
    State(faults): State<FaultsClient>,
    Query(query): Query<FaultsQuery>,
) -> Result<List<FaultBody>, Problem> {
    let found = ask::read(&faults, query.into_wire(), FaultsClient::list_faults).await?;
    Ok(List::of(found.faults, found.next_cursor))
}

/// Finds a fault.
#[utoipa::path(get, path = "/v1/admin/faults/{number}", tag = "admin", operation_id = "find_fault",
    params(("number" = i64, Path, example = 17)), responses((status = 200, body = FaultBody)))]
async fn find(
    State(faults): State<FaultsClient>,
    Path(number): Path<i64>,
) -> Result<axum::Json<FaultBody>, Problem> {
    let wanted = GetFaultRequest { number };
    let found = ask::read(&faults, wanted, FaultsClient::get_fault).await?;
    Ok(axum::Json(found.into()))
}

/// Writes a note to a fault. One that has 100 already: 409 `notes_full`.
#[utoipa::path(post, path = "/v1/admin/faults/{number}/notes", tag = "admin", operation_id = "note_fault",
    params(("number" = i64, Path, example = 17)), responses((status = 200, body = FaultBody)))]
async fn note(
    State(faults): State<FaultsClient>,
    Admin(caller): Admin,
    Path(number): Path<i64>,
    Json(body): Json<NoteBody>,
) -> Result<axum::Json<FaultBody>, Problem> {
    let wanted = AddNoteRequest {
        actor_id: account(caller),
        number,
        text: body.text,
    };
    let noted = ask::write(&faults, wanted, FaultsClient::add_note).await?;
    Ok(axum::Json(noted.into()))
}

/// Counts faults by type, with how long they took to be detected and to be over.
#[utoipa::path(get, path = "/v1/admin/faults/statistics", tag = "admin", operation_id = "count_faults", params(SinceQuery),
    responses((status = 200, body = List<StatisticsBody>)))]
async fn statistics(
    State(faults): State<FaultsClient>,
    Query(query): Query<SinceQuery>,
) -> Result<List<StatisticsBody>, Problem> {
    let since = query.since.unwrap_or_default();
    let wanted = StatisticsRequest { since };
    let counted = ask::read(&faults, wanted, FaultsClient::statistics).await?;
    Ok(List::whole(counted.types))
}
