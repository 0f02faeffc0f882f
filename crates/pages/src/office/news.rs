//! `/admin/news`: writing articles.

mod publish;

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::deed::{Deed, Stale, path_of, refusal};
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, audit, done, listed};
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::seen::Article;
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/news";
/// What a list is asked for.
const BY: [&str; 1] = ["state"];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/news/new", get(blank).post(create))
        .route("/admin/news/{id}", get(show))
        .route("/admin/news/{id}/edit", get(ask).post(change))
        .merge(publish::routes())
}

async fn list(Admin(visitor): Admin, asked: Asked) -> Result<Response, Trouble> {
    let path = format!("/v1/admin/news?{}", asked.query(&BY));
    let (list, problem) = listed::<Article>(&visitor, path).await?;
    let frame = visitor.frame(visitor.locale().office().news);
    let o = frame.o;
    let rows = list.data.iter().map(|one| row(&frame, one)).collect();
    let columns = vec![o.title, o.state, o.public_from, o.changed];
    let states = ["draft", "planned", "public"].map(|state| (state, o.word(state)));
    let states = [("", o.all)].into_iter().chain(states).collect();
    Ok(Sheet::of(frame)
        .lead(o.news_lead)
        .problem(problem)
        .deed(true, "/admin/news/new", o.write_article)
        .filters(vec![Filter::choice(
            "state",
            o.state,
            asked.get("state"),
            states,
        )])
        .table(Table::of(columns, rows, o.no_articles).more(asked.next(PATH, &BY, &list)))
        .shown(&visitor))
}

fn row(frame: &Frame, one: &Article) -> Vec<Cell> {
    vec![
        Cell::link(path_of(PATH, &one.id), &one.title),
        Cell::state(frame, state(one)),
        Cell::moment(frame, one.publish_at.as_deref().unwrap_or_default()),
        Cell::moment(frame, &one.updated_at),
    ]
}

/// How it is, in one word.
fn state(one: &Article) -> &'static str {
    let Some(from) = &one.publish_at else {
        return "draft";
    };
    match OffsetDateTime::parse(from, &Rfc3339) {
        Ok(from) if from > OffsetDateTime::now_utc() => "planned",
        _ => "public",
    }
}

async fn found(visitor: &Visitor, id: &str) -> Result<Article, Trouble> {
    visitor.get(path_of("/v1/admin/news", id)).hear().await
}

async fn show(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    let one = found(&visitor, &id).await?;
    let frame = visitor.frame(&one.title);
    let o = frame.o;
    let from = one.publish_at.as_deref().unwrap_or_default();
    let facts = vec![
        (o.state, Cell::state(&frame, state(&one))),
        (o.public_from, Cell::moment(&frame, from)),
        (o.changed, Cell::moment(&frame, &one.updated_at)),
        (o.number, Cell::code(&one.id)),
    ];
    let history = audit::history(&visitor, &frame, "news", &one.id).await;
    let (at, draft) = (path_of(PATH, &one.id), one.publish_at.is_none());
    Ok(Sheet::of(frame)
        .above(PATH, o.news)
        .deed(true, format!("{at}/edit"), o.edit)
        .deed(draft, format!("{at}/publish"), o.publish)
        .deed(!draft, format!("{at}/unpublish"), o.unpublish)
        .facts(facts)
        .text(&one.body)
        .maybe(history)
        .shown(&visitor))
}

fn fields(filling: &Filling, frame: &Frame) -> Vec<String> {
    vec![
        filling.field(frame, "title", "text", "off", 200),
        filling.optional(frame, "text", "area", "off", 20_000),
    ]
}

fn body(typed: &Typed) -> Value {
    // A form ends its lines as HTTP does.
    json!({ "title": typed.get("title"), "body": typed.get("text").replace("\r\n", "\n") })
}

async fn blank(Admin(visitor): Admin) -> Response {
    asked_new(&visitor, &Filling::default())
}

fn asked_new(visitor: &Visitor, filling: &Filling) -> Response {
    let o = visitor.locale().office();
    let frame = visitor.frame(o.write_article);
    let fields = fields(filling, &frame);
    Deed::of(frame, PATH, o.save_draft)
        .says(o.draft_says)
        .fields(fields)
        .refused(filling, None)
        .shown(visitor)
}

async fn create(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let asking = visitor.ask(Method::POST, "/v1/admin/news");
    match asking.json(&body(&typed)).hear::<Article>().await {
        Ok(made) => Ok(done(&path_of(PATH, &made.id), "drafted", &made.id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            Ok(asked_new(&visitor, &filling))
        }
    }
}

async fn ask(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked(&visitor, &id, None).await
}

async fn asked(visitor: &Visitor, id: &str, kept: Option<Filling>) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let now = || Filling::of(Typed::of([("title", &*one.title), ("text", &*one.body)]));
    let filling = kept.unwrap_or_else(now);
    let stale = stale(visitor, &one, &filling).await;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.change_this.replace("{}", &one.title));
    let fields = fields(&filling, &frame);
    let says = if state(&one) == "public" {
        o.edit_public_says
    } else {
        o.edit_says
    };
    Ok(Deed::of(frame, path_of(PATH, id), o.save)
        .says(says)
        .fields(fields)
        .with("version", one.version)
        .refused(&filling, stale)
        .shown(visitor))
}

async fn stale(visitor: &Visitor, one: &Article, filling: &Filling) -> Option<Stale> {
    let o = visitor.locale().office();
    let label = |name: &'static str| visitor.locale().words().field(name).unwrap_or(name);
    let now = vec![
        (o.state.to_owned(), o.word(state(one)).to_owned()),
        (label("title").to_owned(), one.title.clone()),
        (label("text").to_owned(), one.body.clone()),
    ];
    Stale::of(visitor, filling, "news", &one.id, now).await
}

async fn change(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let asking = visitor.ask(Method::PATCH, path_of("/v1/admin/news", &id));
    let version = typed.number("version").unwrap_or(0);
    match asking.version(version).json(&body(&typed)).done().await {
        Ok(()) => Ok(done(&path_of(PATH, &id), "article", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked(&visitor, &id, Some(filling)).await
        }
    }
}
