//! `/admin/users`: accounts, their roles, and whether they may come in.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::deed::{Deed, Stale, path_of, refusal};
use super::seen::Person;
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, ROWS, Staff, audit, done, listed};
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::query;
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/users";
/// What a list is asked for, as the page names it.
const BY: [&str; 2] = ["who", "role"];
const ROLES: [&str; 3] = ["customer", "support", "admin"];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/users/{id}", get(show))
        .route("/admin/users/{id}/role", get(ask_role).post(give_role))
        .route("/admin/users/{id}/disable", get(ask_disable).post(disable))
        .route("/admin/users/{id}/enable", get(ask_enable).post(enable))
}

fn roles(frame: &Frame) -> [(&'static str, &'static str); 3] {
    ROLES.map(|role| (role, frame.o.word(role)))
}

async fn list(Staff(visitor): Staff, asked: Asked) -> Result<Response, Trouble> {
    let path = format!("/v1/admin/users?{}", wanted(&asked));
    let (list, problem) = listed::<Person>(&visitor, path).await?;
    let frame = visitor.frame(visitor.locale().office().users);
    let o = frame.o;
    let rows = list.data.iter().map(|one| row(&frame, one)).collect();
    let columns = vec![
        o.name,
        o.email,
        o.registration_number,
        o.role,
        o.state,
        o.since,
    ];
    let choices = [("", o.all)].into_iter().chain(roles(&frame)).collect();
    Ok(Sheet::of(frame)
        .lead(o.users_lead)
        .problem(problem)
        .filters(vec![
            Filter::text("who", o.email_or_number, asked.get("who")),
            Filter::choice("role", o.role, asked.get("role"), choices),
        ])
        .table(Table::of(columns, rows, o.no_users).more(asked.next(PATH, &BY, &list)))
        .shown(&visitor))
}

/// The query for the API: a number is told from an email by its look.
fn wanted(asked: &Asked) -> String {
    let who = asked.0.some("who").map(str::trim);
    let (email, number) = match who {
        Some(who) if who.contains('@') => (Some(who), None),
        number => (None, number),
    };
    query(&[
        ("role", asked.0.some("role")),
        ("email", email),
        ("registration_number", number),
        ("limit", Some(ROWS)),
        ("cursor", asked.0.some("cursor")),
    ])
}

fn row(frame: &Frame, one: &Person) -> Vec<Cell> {
    vec![
        Cell::link(path_of(PATH, &one.id), &one.name),
        Cell::plain(&one.email),
        Cell::code(&one.registration_number),
        Cell::plain(frame.o.word(&one.role)),
        Cell::state(frame, state(one)),
        Cell::plain(frame.day(&one.created_at)),
    ]
}

fn state(one: &Person) -> &'static str {
    if one.disabled { "disabled" } else { "enabled" }
}

async fn found(visitor: &Visitor, id: &str) -> Result<Person, Trouble> {
    visitor.get(path_of("/v1/admin/users", id)).hear().await
}

async fn show(Staff(visitor): Staff, Path(id): Path<String>) -> Result<Response, Trouble> {
    let one = found(&visitor, &id).await?;
    let frame = visitor.frame(&one.name);
    let o = frame.o;
    let orders = query(&[("customer_id", Some(&*one.id))]);
    let facts = vec![
        (o.state, Cell::state(&frame, state(&one))),
        (o.role, Cell::plain(o.word(&one.role))),
        (o.email, Cell::plain(&one.email)),
        (o.registration_number, Cell::code(&one.registration_number)),
        (o.account, Cell::code(&one.id)),
        (o.since, Cell::moment(&frame, &one.created_at)),
        (
            o.orders,
            Cell::link(format!("/admin/orders?{orders}"), o.their_orders),
        ),
    ];
    let history = audit::history(&visitor, &frame, "user", &one.id).await;
    let (admin, at) = (frame.is_admin(), path_of(PATH, &one.id));
    Ok(Sheet::of(frame)
        .above(PATH, o.users)
        .deed(admin, format!("{at}/role"), o.give_role)
        .deed(admin && !one.disabled, format!("{at}/disable"), o.disable)
        .deed(admin && one.disabled, format!("{at}/enable"), o.enable)
        .facts(facts)
        .maybe(history)
        .shown(&visitor))
}

async fn stale(visitor: &Visitor, one: &Person, filling: &Filling) -> Option<Stale> {
    let o = visitor.locale().office();
    let now = vec![
        (o.role.to_owned(), o.word(&one.role).to_owned()),
        (o.state.to_owned(), o.word(state(one)).to_owned()),
    ];
    Stale::of(visitor, filling, "user", &one.id, now).await
}

async fn changed(visitor: &Visitor, id: &str, typed: &Typed, body: &Value) -> Result<(), Trouble> {
    let asked = visitor.ask(Method::PATCH, path_of("/v1/admin/users", id));
    let version = typed.number("version").unwrap_or(0);
    asked.version(version).json(body).done().await
}

async fn ask_role(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_role(&visitor, &id, None).await
}

async fn asked_role(
    visitor: &Visitor,
    id: &str,
    refused: Option<Filling>,
) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let filling = refused.unwrap_or_else(|| Filling::of(Typed::of([("role", &*one.role)])));
    let stale = stale(visitor, &one, &filling).await;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.role_this.replace("{}", &one.name));
    let fields = vec![filling.choice(&frame, "role", &roles(&frame))];
    Ok(Deed::of(frame, path_of(PATH, id), o.give_role)
        .says(o.role_says)
        .fields(fields)
        .with("version", one.version)
        .risky()
        .refused(&filling, stale)
        .shown(visitor))
}

async fn give_role(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let body = json!({ "role": typed.get("role") });
    match changed(&visitor, &id, &typed, &body).await {
        Ok(()) => Ok(done(PATH, "role", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_role(&visitor, &id, Some(filling)).await
        }
    }
}

async fn ask_disable(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_disable(&visitor, &id, true, &Filling::default()).await
}

async fn ask_enable(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_disable(&visitor, &id, false, &Filling::default()).await
}

async fn asked_disable(
    visitor: &Visitor,
    id: &str,
    disabled: bool,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let stale = stale(visitor, &one, filling).await;
    let o = visitor.locale().office();
    let (title, says, button) = if disabled {
        (o.disable_this, o.disable_says, o.disable)
    } else {
        (o.enable_this, o.enable_says, o.enable)
    };
    let frame = visitor.frame(title.replace("{}", &one.name));
    let deed = Deed::of(frame, path_of(PATH, id), button)
        .says(says.replace("{}", &one.name))
        .with("version", one.version)
        .refused(filling, stale);
    let deed = if disabled { deed.risky() } else { deed };
    Ok(deed.shown(visitor))
}

async fn disable(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    switched(&visitor, &id, typed, true).await
}

async fn enable(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    switched(&visitor, &id, typed, false).await
}

async fn switched(
    visitor: &Visitor,
    id: &str,
    typed: Typed,
    disabled: bool,
) -> Result<Response, Trouble> {
    match changed(visitor, id, &typed, &json!({ "disabled": disabled })).await {
        Ok(()) if disabled => Ok(done(PATH, "disabled", id)),
        Ok(()) => Ok(done(PATH, "enabled", id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_disable(visitor, id, disabled, &filling).await
        }
    }
}
