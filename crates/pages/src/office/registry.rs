//! `/admin/registry`: every instance, how much of the work it gets, and whether it gets any.

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::deed::{Deed, Stale, path_of, refusal};
use super::seen::Instance;
use super::sheet::{Cell, Filter, Sheet, Table};
use super::{Admin, Asked, audit, done, listed};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::seen::List;
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/registry";
const BY: [&str; 1] = ["service"];
const SERVICES: [(&str, &str); 5] = [
    ("control", "control"),
    ("gateway", "gateway"),
    ("news", "news"),
    ("order", "order"),
    ("user", "user"),
];

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/registry/{id}", get(show))
        .route("/admin/registry/{id}/drain", get(ask_drain).post(drain))
        .route(
            "/admin/registry/{id}/undrain",
            get(ask_undrain).post(undrain),
        )
        .route("/admin/registry/{id}/weight", get(ask_weight).post(weigh))
}

async fn list(Admin(visitor): Admin, asked: Asked) -> Result<Response, Trouble> {
    let service = Typed::of([("service", asked.get("service"))]);
    let wanted = crate::shop::query(&[("service", service.some("service"))]);
    let path = format!("/v1/admin/registry?{wanted}");
    let (mut list, problem) = listed::<Instance>(&visitor, path).await?;
    asked.cut(&mut list, |one| &one.id);
    let frame = visitor.frame(visitor.locale().office().registry);
    let o = frame.o;
    let rows = list.data.iter().map(|one| row(&frame, one)).collect();
    let columns = vec![
        o.instance,
        o.state,
        o.weight,
        o.requests,
        o.rate,
        o.latency,
        o.in_flight,
        o.memory,
    ];
    let services = [("", o.all)].into_iter().chain(SERVICES).collect();
    Ok(Sheet::of(frame)
        .lead(o.registry_lead)
        .problem(problem)
        .filters(vec![Filter::choice(
            "service",
            o.service,
            asked.get("service"),
            services,
        )])
        .table(Table::of(columns, rows, o.no_instances).more(asked.next(PATH, &BY, &list)))
        .live()
        .shown(&visitor))
}

fn row(frame: &Frame, one: &Instance) -> Vec<Cell> {
    vec![
        Cell::link(path_of(PATH, &one.id), &one.id),
        Cell::state(frame, one.state()),
        Cell::number(one.weight),
        Cell::number(one.requests),
        Cell::number(format!("{:.1}", one.requests_per_second)),
        Cell::number(format!("{:.1} ms", one.latency_millis)),
        in_flight(one),
        Cell::number(format!("{} MiB", one.mebibytes())),
    ]
}

fn in_flight(one: &Instance) -> Cell {
    Cell::Meter {
        value: f64::from(one.in_flight),
        most: f64::from(one.limit.max(1)),
        text: format!("{} / {}", one.in_flight, one.limit),
    }
}

/// The instance of this id, and how many others of its service take requests.
async fn found(visitor: &Visitor, id: &str) -> Result<(Instance, usize), Trouble> {
    let all: List<Instance> = visitor.get("/v1/admin/registry").hear().await?;
    let one = all.data.iter().find(|one| one.id == id).cloned();
    let one = one.ok_or_else(|| Problem::new(404, "not_found"))?;
    let others = all.data.iter().filter(|other| {
        other.id != one.id && other.service == one.service && other.takes_requests()
    });
    let others = others.count();
    Ok((one, others))
}

async fn show(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    let (one, _) = found(&visitor, &id).await?;
    let frame = visitor.frame(&one.id);
    let o = frame.o;
    let history = audit::history(&visitor, &frame, "control", &one.id).await;
    let facts = vec![
        (o.state, Cell::state(&frame, one.state())),
        (o.service, Cell::plain(&one.service)),
        (o.weight, Cell::number(one.weight)),
        (o.address, Cell::code(&one.address)),
        (o.zone, Cell::plain(&one.zone)),
        (o.program, Cell::plain(&one.version)),
        (o.life, Cell::code(&one.incarnation)),
        (o.started, Cell::moment(&frame, &one.started_at)),
        (o.heard, Cell::moment(&frame, &one.heard_at)),
        (o.without, Cell::plain(one.degraded.join(", "))),
        (o.requests, Cell::number(one.requests)),
        (o.failed, Cell::number(one.failed)),
        (o.shed, Cell::number(one.shed)),
        (
            o.rate,
            Cell::number(format!("{:.1}", one.requests_per_second)),
        ),
        (
            o.latency,
            Cell::number(format!("{:.1} ms", one.latency_millis)),
        ),
        (o.in_flight, in_flight(&one)),
        (
            o.processor,
            Cell::number(format!("{:.0} %", one.cpu * 100.0)),
        ),
        (o.memory, Cell::number(format!("{} MiB", one.mebibytes()))),
    ];
    let at = path_of(PATH, &one.id);
    Ok(Sheet::of(frame)
        .above(PATH, o.registry)
        .deed(!one.drained, format!("{at}/drain"), o.drain)
        .deed(one.drained, format!("{at}/undrain"), o.undrain)
        .deed(true, format!("{at}/weight"), o.set_weight)
        .facts(facts)
        .maybe(history)
        .shown(&visitor))
}

async fn ask_drain(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_drain(&visitor, &id, true, &Filling::default()).await
}

async fn ask_undrain(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_drain(&visitor, &id, false, &Filling::default()).await
}

async fn asked_drain(
    visitor: &Visitor,
    id: &str,
    drained: bool,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let (one, others) = found(visitor, id).await?;
    let stale = stale(visitor, &one, filling).await;
    let o = visitor.locale().office();
    let (title, says, button) = if drained {
        (o.drain_this, o.drain_says, o.drain)
    } else {
        (o.undrain_this, o.undrain_says, o.undrain)
    };
    let fill = |text: &str| text.replace("{}", &one.id);
    Ok(
        Deed::of(visitor.frame(fill(title)), path_of(PATH, id), button)
            .says(fill(says))
            .says_if(
                drained && others == 0,
                o.drain_last.replace("{}", &one.service),
            )
            .with("version", one.version_said)
            .refused(filling, stale)
            .shown(visitor),
    )
}

async fn stale(visitor: &Visitor, one: &Instance, filling: &Filling) -> Option<Stale> {
    let o = visitor.locale().office();
    let now = vec![
        (o.state.to_owned(), o.word(one.state()).to_owned()),
        (o.weight.to_owned(), one.weight.to_string()),
    ];
    Stale::of(visitor, filling, "control", &one.id, now).await
}

async fn drain(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    match changed(&visitor, &id, &typed, &json!({ "drained": true })).await {
        Ok(()) => Ok(done(PATH, "drained", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_drain(&visitor, &id, true, &filling).await
        }
    }
}

async fn undrain(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    match changed(&visitor, &id, &typed, &json!({ "drained": false })).await {
        Ok(()) => Ok(done(PATH, "undrained", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_drain(&visitor, &id, false, &filling).await
        }
    }
}

async fn changed(visitor: &Visitor, id: &str, typed: &Typed, body: &Value) -> Result<(), Trouble> {
    let asked = visitor.ask(Method::PATCH, path_of("/v1/admin/registry", id));
    let version = typed.number("version").unwrap_or(0);
    asked.version(version).json(body).done().await
}

async fn ask_weight(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_weight(&visitor, &id, None).await
}

async fn asked_weight(
    visitor: &Visitor,
    id: &str,
    refused: Option<Filling>,
) -> Result<Response, Trouble> {
    let (one, _) = found(visitor, id).await?;
    let now = || Filling::of(Typed::of([("weight", &*one.weight.to_string())]));
    let filling = refused.unwrap_or_else(now);
    let stale = stale(visitor, &one, &filling).await;
    let o = visitor.locale().office();
    let frame = visitor.frame(o.weight_this.replace("{}", &one.id));
    let fields = vec![filling.field(&frame, "weight", "number", "off", 7)];
    Ok(Deed::of(frame, path_of(PATH, id), o.set_weight)
        .says(o.weight_says.replace("{}", &one.id))
        .fields(fields)
        .with("version", one.version_said)
        .refused(&filling, stale)
        .shown(visitor))
}

async fn weigh(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let Some(weight) = typed.number("weight") else {
        let wrong = Problem::new(400, "invalid").at("weight");
        return asked_weight(&visitor, &id, Some(Filling::refused(typed, wrong))).await;
    };
    match changed(&visitor, &id, &typed, &json!({ "weight": weight })).await {
        Ok(()) => Ok(done(PATH, "weighed", &id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_weight(&visitor, &id, Some(filling)).await
        }
    }
}
