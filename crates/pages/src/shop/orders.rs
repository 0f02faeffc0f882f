//! `/orders`: what was ordered, and one order's life as it happens.

use askama::Template;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::seen::{List, Order};
use super::{go, key_for, new_key, query, segment, status};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::Frame;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The last event that a browser saw.
const LAST: &str = "last-event-id";

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/orders", get(list))
        .route("/orders/{id}", get(show))
        .route("/orders/{id}/events", get(events))
        .route("/orders/{id}/cancel", post(cancel))
}

#[derive(Template)]
#[template(path = "shop/orders.html")]
struct Orders {
    frame: Frame,
    list: List<Order>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "shop/order.html")]
struct OrderPage {
    frame: Frame,
    order: Order,
    key: String,
    problem: Option<Problem>,
}

/// What of the page moves with the order.
#[derive(Template)]
#[template(path = "shop/order_part.html")]
struct OrderPart {
    frame: Frame,
    order: Order,
    key: String,
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Part {
    #[serde(default)]
    pub(super) cursor: Option<String>,
}

async fn list(visitor: Visitor, Query(part): Query<Part>) -> Result<Response, Trouble> {
    let path = query(&[("limit", Some("20")), ("cursor", part.cursor.as_deref())]);
    let list: List<Order> = visitor.get(format!("/v1/orders?{path}")).hear().await?;
    let page = Orders {
        frame: visitor.frame(visitor.locale().words().orders),
        next: list.next_page("/orders"),
        list,
    };
    Ok(visitor.show(&page))
}

async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Trouble> {
    draw(&visitor, &id, &Typed::default(), None).await
}

async fn draw(
    visitor: &Visitor,
    id: &str,
    typed: &Typed,
    problem: Option<Problem>,
) -> Result<Response, Trouble> {
    let order: Order = visitor
        .get(format!("/v1/orders/{}", segment(id)))
        .hear()
        .await?;
    let key = key_for(typed, problem.as_ref());
    let frame = visitor.frame(visitor.locale().words().order);
    if visitor.wants_part() {
        return Ok(visitor.show(&OrderPart { frame, order, key }));
    }
    let status = status(problem.as_ref());
    let page = OrderPage {
        frame,
        order,
        key,
        problem,
    };
    Ok(visitor.show_as(status, &page))
}

/// Hands on what the API tells of an order, as it tells it.
async fn events(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Trouble> {
    let mut asked = visitor.get(format!("/v1/orders/{}/events", segment(&id)));
    if let Some(last) = visitor.header(LAST) {
        asked = asked.header(HeaderName::from_static(LAST), last.to_owned());
    }
    let (parts, body) = asked.stream().await?.into_parts();
    if parts.status != StatusCode::OK {
        // To a browser, 204 means: do not come back. Anything else it takes for an accident.
        let over = parts.status.is_client_error();
        let status = if over {
            StatusCode::NO_CONTENT
        } else {
            parts.status
        };
        return Ok(status.into_response());
    }
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::new(body)).into_response())
}

async fn cancel(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    let key = typed.some("key").map_or_else(new_key, str::to_owned);
    let path = format!("/v1/orders/{}/cancel", segment(&id));
    match visitor.ask(Method::POST, path).key(&key).done().await {
        Ok(()) => Ok(go(&format!("/orders/{}?done=cancelled", segment(&id)))),
        Err(Trouble(problem)) if problem.wants_sign_in() || problem.status == 404 => {
            Err(Trouble(problem))
        }
        Err(Trouble(problem)) => {
            let drawn = draw(&visitor, &id, &typed, Some(*problem.clone())).await;
            drawn.map_err(|_| Trouble(problem))
        }
    }
}

impl Order {
    /// The stations of an order that goes well, each with whether it has been reached.
    fn stations(&self) -> [(&'static str, bool); 4] {
        let reached = match &*self.status {
            "confirmed" => 2,
            "shipped" => 3,
            "delivered" => 4,
            _ => 1,
        };
        let names = ["placed", "confirmed", "shipped", "delivered"];
        std::array::from_fn(|at| (names[at], at < reached))
    }

    /// Whether it went, or goes, another way than from station to station.
    fn is_off_the_way(&self) -> bool {
        ["rejected", "cancelling", "cancelled"].contains(&&*self.status)
    }

    /// Whether it moves by itself, at any moment.
    fn is_moving(&self) -> bool {
        self.status == "pending" || self.status == "cancelling"
    }

    /// Whether nothing more can happen to it.
    fn is_settled(&self) -> bool {
        ["rejected", "cancelled", "delivered"].contains(&&*self.status)
    }
}
