//! `/sign-in`, `/sign-out`: a session begins, by email or by registration number, and ends, here or everywhere.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::header::HeaderName;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{go, ours, status};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::session::Tokens;
use crate::trouble::{AgainPage, Trouble};
use crate::visit::Visitor;

/// What goes along with a form that waits for its sender to sign in.
const KEPT: &str = "kept.";
/// Tells a browser that what it keeps of our pages is nobody's any more.
const FORGET: HeaderName = HeaderName::from_static("clear-site-data");

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/sign-in", get(show).post(sign_in))
        .route("/sign-out", post(sign_out))
}

/// Where somebody wants to go afterwards.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    pub(super) next: String,
}

#[derive(Template)]
#[template(path = "shop/sign_in.html")]
struct SignIn {
    frame: Frame,
    filling: Filling,
    next: String,
}

impl SignIn {
    /// What goes along: where to go, and a form that waits.
    fn carried(&self) -> Vec<(&str, &str)> {
        let waits = |name: &str| name == "next" || name == "then" || name.starts_with(KEPT);
        let fields = self.filling.typed.fields();
        fields.filter(|(name, _)| waits(name)).collect()
    }

    fn next_encoded(&self) -> String {
        url::form_urlencoded::byte_serialize(self.next.as_bytes()).collect()
    }
}

async fn show(visitor: Visitor, Query(Next { next }): Query<Next>) -> Response {
    let typed = Typed::of([("next", &*next)]);
    draw(&visitor, StatusCode::OK, Filling::of(typed))
}

fn draw(visitor: &Visitor, status: StatusCode, filling: Filling) -> Response {
    let frame = visitor.frame(visitor.locale().words().sign_in);
    let next = filling.value("next").to_owned();
    visitor.show_as(
        status,
        &SignIn {
            frame,
            filling,
            next,
        },
    )
}

async fn sign_in(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let asked = visitor
        .ask(Method::POST, "/v1/auth/login")
        .json(&credentials(&typed));
    match asked.hear::<Tokens>().await {
        Ok(tokens) => visitor.sign_in(&tokens),
        Err(trouble) => return Ok(refused(&visitor, typed, *trouble.0)),
    }
    if let Some(to) = typed.some("then").and_then(ours) {
        return Ok(waiting(&visitor, to, &typed));
    }
    let next = typed
        .some("next")
        .and_then(ours)
        .unwrap_or("/?done=signed_in");
    Ok(go(next))
}

/// Draws the form again, with what was typed and what is wrong with it.
fn refused(visitor: &Visitor, typed: Typed, problem: Problem) -> Response {
    let status = status(Some(&problem));
    draw(visitor, status, Filling::refused(typed, problem))
}

/// Who signs in: an email has its sign, a registration number has none.
pub(super) fn credentials(typed: &Typed) -> Value {
    let (login, password) = (typed.get("login"), typed.raw("password"));
    if login.contains('@') {
        json!({ "email": login, "password": password })
    } else {
        json!({ "registration_number": login, "password": password })
    }
}

/// Draws the form that waited, to be looked over and sent.
fn waiting(visitor: &Visitor, to: &str, typed: &Typed) -> Response {
    let kept = typed
        .fields()
        .filter_map(|(name, value)| Some((name.strip_prefix(KEPT)?, value)));
    let kept = Typed::of(kept);
    let t = visitor.locale().words();
    let page = AgainPage {
        frame: visitor.frame(t.send_again),
        text: t.signed_in_again.to_owned(),
        to: to.to_owned(),
        filling: Filling::of(kept.clone()),
        typed: kept,
        sign_in: false,
        problem: None,
    };
    visitor.show(&page)
}

async fn sign_out(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let everywhere = typed.get("everywhere") == "yes";
    if let Some(refresh) = visitor.refresh_token() {
        let body = json!({ "refresh_token": refresh, "everywhere": everywhere });
        let ended = visitor
            .ask(Method::POST, "/v1/auth/logout")
            .json(&body)
            .done()
            .await;
        // Here it ends in any case; elsewhere only if the API says so.
        if everywhere {
            ended?;
        }
    }
    visitor.sign_out();
    visitor.keep_cart(None);
    let done = if everywhere {
        "everywhere"
    } else {
        "signed_out"
    };
    let mut response = go(&format!("/?done={done}"));
    response
        .headers_mut()
        .insert(FORGET, HeaderValue::from_static("\"cache\""));
    Ok(response)
}
