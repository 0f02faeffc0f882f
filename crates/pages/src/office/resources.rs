//! `/admin/resources`: what is allowed of each service, changed while it runs.

mod form;

use axum::Router;
use axum::extract::Path;
use axum::http::Method;
use axum::response::Response;
use axum::routing::get;

use self::form::{Wanted, flags_of, numbers_of, typed_of};
use super::deed::{Deed, Stale, path_of, refusal};
use super::seen::Resource;
use super::sheet::{Cell, Sheet, Table};
use super::{Admin, audit, done};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::seen::List;
use crate::trouble::Trouble;
use crate::visit::Visitor;

const PATH: &str = "/admin/resources";

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route(PATH, get(list))
        .route("/admin/resources/{service}", get(show))
        .route("/admin/resources/{service}/change", get(ask).post(change))
}

async fn list(Admin(visitor): Admin) -> Result<Response, Trouble> {
    let list: List<Resource> = visitor.get("/v1/admin/resources").hear().await?;
    let frame = visitor.frame(visitor.locale().office().resources);
    let o = frame.o;
    let rows = list.data.iter().map(|one| row(&frame, one)).collect();
    let columns = vec![
        o.service,
        o.instances,
        o.in_flight,
        o.connections,
        o.cache,
        o.switched_off,
        o.changed,
    ];
    Ok(Sheet::of(frame)
        .lead(o.resources_lead)
        .table(Table::of(columns, rows, ""))
        .shown(&visitor))
}

fn row(frame: &Frame, one: &Resource) -> Vec<Cell> {
    let said = |name| {
        one.number(name)
            .map_or("–".to_owned(), |number| number.to_string())
    };
    let range = |least, most| match (one.number(least), one.number(most)) {
        (None, None) => "–".to_owned(),
        _ => format!("{} … {}", said(least), said(most)),
    };
    let off = one.flags.iter().filter(|(_, on)| !**on);
    let off: Vec<&str> = off.map(|(flag, _)| frame.o.word(flag)).collect();
    vec![
        Cell::link(path_of(PATH, &one.service), &one.service),
        Cell::number(range("min_instances", "max_instances")),
        Cell::number(range("min_in_flight", "max_in_flight")),
        Cell::number(said("database_connections")),
        Cell::number(said("cache_seconds")),
        Cell::plain(off.join(", ")),
        Cell::moment(frame, &one.updated_at),
    ]
}

async fn found(visitor: &Visitor, service: &str) -> Result<Resource, Trouble> {
    let asked = visitor.get(path_of("/v1/admin/resources", service));
    match asked.hear().await {
        // No service of this name, which the API calls a bad request.
        Err(Trouble(problem)) if problem.status == 400 => {
            Err(Problem::new(404, "not_found").into())
        }
        heard => heard,
    }
}

async fn show(Admin(visitor): Admin, Path(service): Path<String>) -> Result<Response, Trouble> {
    let one = found(&visitor, &service).await?;
    let frame = visitor.frame(&one.service);
    let o = frame.o;
    let numbers = numbers_of(&one.service).map(|name| {
        let said = one.number(name);
        let text = said.map_or(o.own_settings.to_owned(), |number| number.to_string());
        (frame.t.field(name).unwrap_or(name), Cell::plain(text))
    });
    let flags = flags_of(&one.service).iter().map(|flag| {
        let state = if one.is_on(flag) { "on" } else { "off" };
        (o.word(flag), Cell::state(&frame, state))
    });
    let mut facts: Vec<_> = numbers.chain(flags).collect();
    facts.push((o.changed, Cell::moment(&frame, &one.updated_at)));
    let history = audit::history(&visitor, &frame, "control", &one.service).await;
    Ok(Sheet::of(frame)
        .above(PATH, o.resources)
        .lead(o.resource_lead)
        .deed(
            true,
            format!("{}/change", path_of(PATH, &one.service)),
            o.change,
        )
        .facts(facts)
        .maybe(history)
        .shown(&visitor))
}

async fn ask(Admin(visitor): Admin, Path(service): Path<String>) -> Result<Response, Trouble> {
    asked(&visitor, &service, None).await
}

/// Draws the form, with what there is or with what was typed.
async fn asked(
    visitor: &Visitor,
    service: &str,
    kept: Option<Filling>,
) -> Result<Response, Trouble> {
    let one = found(visitor, service).await?;
    let filling = kept.unwrap_or_else(|| Filling::of(typed_of(&one)));
    let o = visitor.locale().office();
    let frame = visitor.frame(o.change_this.replace("{}", &one.service));
    let now = Wanted::of(&one).said(&frame);
    let stale = Stale::of(visitor, &filling, "control", &one.service, now).await;
    let on_off = [("on", o.word("on")), ("off", o.word("off"))];
    let numbers =
        numbers_of(&one.service).map(|name| filling.optional(&frame, name, "number", "off", 7));
    let flags = flags_of(&one.service).iter();
    let flags = flags.map(|flag| filling.choice(&frame, flag, &on_off));
    let fields = numbers.chain(flags).collect();
    Ok(Deed::of(frame, path_of(PATH, service), o.look_over)
        .says(o.resource_says)
        .fields(fields)
        .with("version", one.version)
        .refused(&filling, stale)
        .shown(visitor))
}

async fn change(
    visitor: Visitor,
    Path(service): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    if typed.get("step") == "edit" {
        return asked(&visitor, &service, Some(Filling::of(typed))).await;
    }
    let one = found(&visitor, &service).await?;
    let wanted = match Wanted::read(&one.service, &typed) {
        Ok(wanted) => wanted,
        Err(Trouble(problem)) => {
            return asked(&visitor, &service, Some(Filling::refused(typed, *problem))).await;
        }
    };
    let version = typed.number("version").unwrap_or(0);
    if typed.get("step") != "do" && version == one.version {
        return looked_over(&visitor, &one, typed, &wanted).await;
    }
    let asking = visitor.ask(Method::PATCH, path_of("/v1/admin/resources", &service));
    let body = wanted.body(&Wanted::of(&one));
    match asking.version(version).json(&body).done().await {
        Ok(()) => Ok(done(PATH, "resource", &service)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked(&visitor, &service, Some(filling)).await
        }
    }
}

/// Says once more what was typed, as what it changes.
async fn looked_over(
    visitor: &Visitor,
    one: &Resource,
    typed: Typed,
    wanted: &Wanted,
) -> Result<Response, Trouble> {
    let o = visitor.locale().office();
    let frame = visitor.frame(o.change_this.replace("{}", &one.service));
    let changes = wanted.changes(&Wanted::of(one), &frame);
    if changes.is_empty() {
        let same = Problem::new(400, "nothing_changed");
        return asked(visitor, &one.service, Some(Filling::refused(typed, same))).await;
    }
    let says = o.resource_sure.replace("{}", &one.service);
    let deed = Deed::of(frame, path_of(PATH, &one.service), o.make_change).says(says);
    Ok(deed.looked_over(&typed, changes).shown(visitor))
}
