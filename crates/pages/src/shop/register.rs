//! `/register`: an account, and the number it is known by for ever.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::seen::Account;
use super::sign_in::Next;
use super::{go, ours, query, status};
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::session::Tokens;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/register", get(show).post(register))
        .route("/welcome", get(welcome))
}

#[derive(Template)]
#[template(path = "shop/register.html")]
struct Register {
    frame: Frame,
    filling: Filling,
}

#[derive(Template)]
#[template(path = "shop/welcome.html")]
struct Welcome {
    frame: Frame,
    account: Account,
    next: String,
}

async fn show(visitor: Visitor, Query(Next { next }): Query<Next>) -> Response {
    let typed = Typed::of([("next", &*next)]);
    draw(&visitor, StatusCode::OK, Filling::of(typed))
}

fn draw(visitor: &Visitor, status: StatusCode, filling: Filling) -> Response {
    let frame = visitor.frame(visitor.locale().words().register);
    visitor.show_as(status, &Register { frame, filling })
}

async fn register(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let (email, password) = (typed.get("email"), typed.raw("password"));
    let body = json!({ "name": typed.get("name"), "email": email, "password": password });
    let asked = visitor.ask(Method::POST, "/v1/auth/register").json(&body);
    if let Err(Trouble(problem)) = asked.hear::<Value>().await {
        let status = status(Some(&problem));
        return Ok(draw(&visitor, status, Filling::refused(typed, *problem)));
    }
    let login = json!({ "email": email, "password": password });
    let tokens = visitor.ask(Method::POST, "/v1/auth/login").json(&login);
    visitor.sign_in(&tokens.hear::<Tokens>().await?);
    let next = typed.some("next").and_then(ours);
    Ok(go(&format!("/welcome?{}", query(&[("next", next)]))))
}

async fn welcome(visitor: Visitor, Query(Next { next }): Query<Next>) -> Result<Response, Trouble> {
    let account: Account = visitor.get("/v1/me").hear().await?;
    let title = account.name.clone();
    let page = Welcome {
        frame: visitor.frame(title),
        account,
        next: ours(&next).unwrap_or("/products").to_owned(),
    };
    Ok(visitor.show(&page))
}
