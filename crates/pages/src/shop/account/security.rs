//! `/account/security`: the password, the devices, a copy of everything, and the end.

use askama::Template;
use axum::Router;
use axum::http::Method;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::json;

use crate::api::Problem;
use crate::form::Sent;
use crate::look::Frame;
use crate::look::field::Filling;
use crate::session::Tokens;
use crate::shop::seen::Account;
use crate::shop::{go, status};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/account/security", get(show))
        .route("/account/password", post(change_password))
        .route("/account/export", get(export))
        .route("/account/close", post(close))
}

#[derive(Template)]
#[template(path = "shop/security.html")]
struct Security {
    frame: Frame,
    filling: Filling,
    /// Why the account could not be closed.
    stays: Option<Problem>,
}

async fn show(visitor: Visitor) -> Result<Response, Trouble> {
    // Nothing of it is shown, but to whom the account belongs.
    visitor.get("/v1/me").hear::<Account>().await?;
    Ok(draw(&visitor, Filling::default(), None))
}

fn draw(visitor: &Visitor, filling: Filling, stays: Option<Problem>) -> Response {
    let status = status(filling.problem.as_ref().or(stays.as_ref()));
    let page = Security {
        frame: visitor.frame(visitor.locale().words().security),
        filling,
        stays,
    };
    visitor.show_as(status, &page)
}

async fn change_password(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let body = json!({
        "current_password": typed.raw("current_password"),
        "new_password": typed.raw("new_password"),
    });
    let asked = visitor.ask(Method::POST, "/v1/me/password").json(&body);
    match asked.hear::<Tokens>().await {
        Ok(tokens) => {
            visitor.sign_in(&tokens);
            Ok(go("/account/security?done=password"))
        }
        Err(Trouble(problem)) if problem.wants_sign_in() => Err(Trouble(problem)),
        Err(Trouble(problem)) => Ok(draw(&visitor, Filling::refused(typed, *problem), None)),
    }
}

async fn export(visitor: Visitor) -> Result<Response, Trouble> {
    let reply = visitor.get("/v1/me/export").reply().await?;
    let name = "attachment; filename=\"holdfast-export.json\"";
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, reply.bytes()?).into_response())
}

async fn close(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    if typed.get("sure") != "yes" {
        let unsure = Problem::new(400, "not_sure");
        return Ok(draw(&visitor, Filling::default(), Some(unsure)));
    }
    match visitor.ask(Method::DELETE, "/v1/me").done().await {
        Ok(()) => {
            visitor.sign_out();
            visitor.keep_cart(None);
            Ok(go("/?done=closed"))
        }
        Err(Trouble(problem)) if problem.wants_sign_in() => Err(Trouble(problem)),
        Err(Trouble(problem)) => Ok(draw(&visitor, Filling::default(), Some(*problem))),
    }
}
