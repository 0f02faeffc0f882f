//! `/v1/me/notifications`: what the caller was told.

use api::user::{self as wire, ListNotificationsRequest, ReadNotificationRequest};
use auth::Caller;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Path, Query};
use crate::id::{NotificationId, account};
use crate::page::{List, Page};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, UsersClient};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Customer.on(routes!(list)))
        .routes(Rule::Customer.on(routes!(read)))
}

/// Lists what the caller was told, newest first.
#[utoipa::path(get, path = "/v1/me/notifications", tag = "me", params(Page),
    responses((status = 200, body = List<NotificationBody>)))]
async fn list(
    State(users): State<UsersClient>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<List<NotificationBody>, Problem> {
    let wanted = ListNotificationsRequest {
        account_id: account(caller),
        page: Some(page.into()),
    };
    let found = ask::read(&users, wanted, UsersClient::list_notifications).await?;
    Ok(List::of(found.notifications, found.next_cursor))
}

/// Marks a notification as read. Again, it stays read.
#[utoipa::path(post, path = "/v1/me/notifications/{id}/read", tag = "me", params(("id" = inline(NotificationId), Path)),
    responses((status = 200, body = NotificationBody)), extensions(("x-owner" = json!("notification"))))]
async fn read(
    State(users): State<UsersClient>,
    caller: Caller,
    Path(id): Path<NotificationId>,
) -> Result<axum::Json<NotificationBody>, Problem> {
    let wanted = ReadNotificationRequest {
        account_id: account(caller),
        id: id.into_wire(),
    };
    let read = ask::write(&users, wanted, UsersClient::read_notification).await?;
    Ok(axum::Json(read.into()))
}

/// Something an account was told.
#[derive(Serialize, ToSchema)]
struct NotificationBody {
    #[schema(example = "ntf_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `notification`.
    #[schema(example = "notification")]
    object: &'static str,
    /// What happened.
    #[schema(example = "order.confirmed")]
    kind: String,
    /// What it happened to.
    subject_id: String,
    created_at: String,
    /// Null until it was read.
    read_at: Option<String>,
}

impl From<wire::Notification> for NotificationBody {
    fn from(notification: wire::Notification) -> Self {
        Self {
            id: notification.id,
            object: "notification",
            kind: notification.kind,
            subject_id: notification.subject_id,
            created_at: notification.created_at,
            read_at: Some(notification.read_at).filter(|text| !text.is_empty()),
        }
    }
}
