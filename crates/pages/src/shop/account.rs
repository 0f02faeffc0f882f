//! `/account`: who somebody is to the shop.

mod addresses;
mod security;

use askama::Template;
use axum::Router;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::seen::Account;
use super::{go, status};
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/account", get(show).post(change))
        .merge(addresses::routes())
        .merge(security::routes())
}

#[derive(Template)]
#[template(path = "shop/account.html")]
struct AccountPage {
    frame: Frame,
    account: Account,
    filling: Filling,
}

async fn show(visitor: Visitor) -> Result<Response, Trouble> {
    draw(&visitor, None).await
}

/// Draws the account, with its values in the form or with what was `refused`.
async fn draw(visitor: &Visitor, refused: Option<Filling>) -> Result<Response, Trouble> {
    let account: Account = visitor.get("/v1/me").hear().await?;
    let now = || Typed::of([("name", &*account.name), ("email", &*account.email)]);
    let filling = refused.unwrap_or_else(|| Filling::of(now()));
    let status = status(filling.problem.as_ref());
    let page = AccountPage {
        frame: visitor.frame(visitor.locale().words().account),
        account,
        filling,
    };
    Ok(visitor.show_as(status, &page))
}

async fn change(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let body = json!({ "name": typed.get("name"), "email": typed.get("email") });
    let asked = visitor.ask(Method::PATCH, "/v1/me").json(&body);
    match asked
        .version(typed.number("version").unwrap_or(0))
        .done()
        .await
    {
        Ok(()) => Ok(go("/account?done=profile")),
        Err(Trouble(problem)) if problem.wants_sign_in() => Err(Trouble(problem)),
        Err(Trouble(problem)) => {
            let filling = Filling::refused(typed, *problem.clone());
            let drawn = draw(&visitor, Some(filling)).await;
            drawn.map_err(|_| Trouble(problem))
        }
    }
}
