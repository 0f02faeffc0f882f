//! `/account/notifications`: what the shop told this account.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};

use super::orders::Part;
use super::seen::{List, Notification};
use super::{go, query, segment};
use crate::form::Sent;
use crate::look::Frame;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/account/notifications", get(list))
        .route("/account/notifications/{id}/read", post(read))
}

#[derive(Template)]
#[template(path = "shop/notifications.html")]
struct Notifications {
    frame: Frame,
    list: List<Notification>,
    next: Option<String>,
}

async fn list(visitor: Visitor, Query(part): Query<Part>) -> Result<Response, Trouble> {
    let path = query(&[("limit", Some("20")), ("cursor", part.cursor.as_deref())]);
    let list = visitor.get(format!("/v1/me/notifications?{path}"));
    let list: List<Notification> = list.hear().await?;
    let page = Notifications {
        frame: visitor.frame(visitor.locale().words().notifications),
        next: list.next_page("/account/notifications"),
        list,
    };
    Ok(visitor.show(&page))
}

async fn read(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(_): Sent,
) -> Result<Response, Trouble> {
    let path = format!("/v1/me/notifications/{}/read", segment(&id));
    visitor.ask(Method::POST, path).done().await?;
    Ok(go("/account/notifications?done=read"))
}
