//! Making an article public, now or at a time, and a draft again.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{PATH, found, stale};
use crate::api::Problem;
use crate::form::Sent;
use crate::look::field::Filling;
use crate::office::deed::{Deed, path_of, refusal};
use crate::office::{Admin, done};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/admin/news/{id}/publish", get(ask_publish).post(publish))
        .route(
            "/admin/news/{id}/unpublish",
            get(ask_unpublish).post(unpublish),
        )
}

async fn ask_publish(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_publish(&visitor, &id, &Filling::default()).await
}

async fn asked_publish(
    visitor: &Visitor,
    id: &str,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let stale = stale(visitor, &one, filling).await;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.publish_this.replace("{}", &one.title));
    let fields = vec![filling.optional(&frame, "publish_at", "datetime-local", "off", 20)];
    Ok(Deed::of(frame, path_of(PATH, id), o.publish)
        .says(o.publish_says)
        .fields(fields)
        .with("version", one.version)
        .refused(filling, stale)
        .shown(visitor))
}

async fn publish(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let Some(moment) = moment(typed.get("publish_at")) else {
        let wrong = Problem::new(400, "invalid").at("publish_at");
        return asked_publish(&visitor, &id, &Filling::refused(typed, wrong)).await;
    };
    let path = format!("{}/publish", path_of("/v1/admin/news", &id));
    let version = typed.number("version").unwrap_or(0);
    let asking = visitor.ask(Method::POST, path).version(version);
    match asking.json(&json!({ "publish_at": moment })).done().await {
        Ok(()) => Ok(done(&path_of(PATH, &id), "published", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_publish(&visitor, &id, &filling).await
        }
    }
}

/// The moment that was chosen, in UTC; none inside, where none was; none at all, where it is no moment.
#[allow(clippy::option_option, reason = "now, then, or not understood")]
fn moment(text: &str) -> Option<Option<String>> {
    if text.is_empty() {
        return Some(None);
    }
    // Seconds are left out where they are zero.
    let text = if text.len() == 16 {
        format!("{text}:00Z")
    } else {
        format!("{text}Z")
    };
    OffsetDateTime::parse(&text, &Rfc3339).ok()?;
    Some(Some(text))
}

async fn ask_unpublish(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_unpublish(&visitor, &id, &Filling::default()).await
}

async fn asked_unpublish(
    visitor: &Visitor,
    id: &str,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let stale = stale(visitor, &one, filling).await;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.unpublish_this.replace("{}", &one.title));
    Ok(Deed::of(frame, path_of(PATH, id), o.unpublish)
        .says(o.unpublish_says)
        .with("version", one.version)
        .refused(filling, stale)
        .shown(visitor))
}

async fn unpublish(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let path = format!("{}/unpublish", path_of("/v1/admin/news", &id));
    let version = typed.number("version").unwrap_or(0);
    match visitor
        .ask(Method::POST, path)
        .version(version)
        .done()
        .await
    {
        Ok(()) => Ok(done(&path_of(PATH, &id), "unpublished", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_unpublish(&visitor, &id, &filling).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_as_browsers_send_it() {
        assert_eq!(moment(""), Some(None));
        assert_eq!(
            moment("2026-11-27T10:00"),
            Some(Some("2026-11-27T10:00:00Z".into()))
        );
        assert_eq!(
            moment("2026-11-27T10:00:30"),
            Some(Some("2026-11-27T10:00:30Z".into()))
        );
        assert_eq!(moment("soon"), None);
    }
}
