//! `/account/addresses`: where orders go.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::cart::onward;
use crate::shop::seen::{Address, List};
use crate::shop::sign_in::Next;
use crate::shop::{go, segment, status};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// Where all of them are.
const ALL: &str = "/account/addresses";

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/account/addresses", get(list).post(add))
        .route("/account/addresses/new", get(blank))
        .route("/account/addresses/{id}", get(show).post(change))
        .route("/account/addresses/{id}/remove", post(remove))
}

#[derive(Template)]
#[template(path = "shop/addresses.html")]
struct Addresses {
    frame: Frame,
    all: Vec<Address>,
    problem: Option<Problem>,
}

/// One address, to be written or changed.
#[derive(Template)]
#[template(path = "shop/address.html")]
struct AddressPage {
    frame: Frame,
    /// Where the form goes.
    to: String,
    filling: Filling,
}

async fn list(visitor: Visitor) -> Result<Response, Trouble> {
    draw_all(&visitor, None).await
}

async fn draw_all(visitor: &Visitor, problem: Option<Problem>) -> Result<Response, Trouble> {
    let all: List<Address> = visitor.get("/v1/me/addresses").hear().await?;
    let status = status(problem.as_ref());
    let page = Addresses {
        frame: visitor.frame(visitor.locale().words().addresses),
        all: all.data,
        problem,
    };
    Ok(visitor.show_as(status, &page))
}

async fn blank(visitor: Visitor, Query(Next { next }): Query<Next>) -> Response {
    let filling = Filling::of(Typed::of([("next", &*next)]));
    draw(&visitor, ALL.to_owned(), filling)
}

async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Trouble> {
    let address = visitor.get(format!("/v1/me/addresses/{}", segment(&id)));
    let address: Address = address.hear().await?;
    Ok(draw(&visitor, of(&id), Filling::of(address.typed())))
}

fn of(id: &str) -> String {
    format!("{ALL}/{}", segment(id))
}

fn draw(visitor: &Visitor, to: String, filling: Filling) -> Response {
    let t = visitor.locale().words();
    let title = if to == ALL {
        t.add_address
    } else {
        t.edit_address
    };
    let status = status(filling.problem.as_ref());
    let frame = visitor.frame(title);
    visitor.show_as(status, &AddressPage { frame, to, filling })
}

fn body(typed: &Typed) -> Value {
    json!({
        "recipient": typed.get("recipient"),
        "line1": typed.get("line1"),
        "line2": typed.some("line2"),
        "city": typed.get("city"),
        "postal_code": typed.get("postal_code"),
        "country": typed.get("country").to_ascii_uppercase(),
    })
}

async fn add(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let asked = visitor
        .ask(Method::POST, "/v1/me/addresses")
        .json(&body(&typed));
    let done = asked.done().await;
    answered(&visitor, ALL.to_owned(), typed, done)
}

async fn change(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let path = format!("/v1/me/addresses/{}", segment(&id));
    let asked = visitor.ask(Method::PUT, path).json(&body(&typed));
    let done = asked
        .version(typed.number("version").unwrap_or(0))
        .done()
        .await;
    answered(&visitor, of(&id), typed, done)
}

/// Goes on, or draws the form again with what was typed.
fn answered(
    visitor: &Visitor,
    to: String,
    typed: Typed,
    done: Result<(), Trouble>,
) -> Result<Response, Trouble> {
    match done {
        Ok(()) => Ok(go(onward(
            typed.get("next"),
            "/account/addresses?done=address",
        ))),
        Err(Trouble(problem)) if problem.wants_sign_in() || problem.status == 404 => {
            Err(Trouble(problem))
        }
        Err(Trouble(problem)) => Ok(draw(visitor, to, Filling::refused(typed, *problem))),
    }
}

async fn remove(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let path = format!("/v1/me/addresses/{}", segment(&id));
    let asked = visitor.ask(Method::DELETE, path);
    match asked
        .version(typed.number("version").unwrap_or(0))
        .done()
        .await
    {
        Ok(()) => Ok(go("/account/addresses?done=address_removed")),
        Err(Trouble(problem)) if problem.status == 412 => draw_all(&visitor, Some(*problem)).await,
        Err(trouble) => Err(trouble),
    }
}
