//! What all requests of one method and route have in common, found out once: how they are counted, and which come first.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use api::Priority;
use axum::http::{Method, StatusCode};
use metrics::{Histogram, histogram};

use crate::priority;

/// The methods that routes have; any other must not make a way of its own.
static METHODS: [Method; 5] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PATCH,
    Method::DELETE,
];

/// All ways on which somebody has come so far: as many as there are routes, at most, and methods.
#[derive(Default)]
pub(crate) struct Ways(RwLock<HashMap<String, Vec<Arc<Way>>>>);

/// One method of one route.
pub(crate) struct Way {
    method: &'static str,
    route: String,
    /// What its requests are called where room is given.
    pub(crate) kind: String,
    /// Whether they come first where there is not room for all.
    pub(crate) priority: Priority,
    /// How long they took, by status.
    seconds: RwLock<Vec<(StatusCode, Histogram)>>,
}

impl Ways {
    /// The way of requests for `route`, the template of their path.
    pub(crate) fn of(&self, method: &Method, route: &str) -> Arc<Way> {
        let name = name(method);
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(way) = find(known.get(route), name) {
            return way;
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let of_route = known.entry(route.to_owned()).or_default();
        // Two may have come at once.
        find(Some(of_route), name).unwrap_or_else(|| {
            let way = Arc::new(Way::new(method, name, route));
            of_route.push(way.clone());
            way
        })
    }
}

fn name(method: &Method) -> &'static str {
    let known = METHODS.iter().position(|known| known == method);
    known.map_or("OTHER", |place| METHODS[place].as_str())
}

fn find(of_route: Option<&Vec<Arc<Way>>>, name: &str) -> Option<Arc<Way>> {
    let found = of_route?.iter().find(|way| way.method == name);
    found.cloned()
}

impl Way {
    fn new(method: &Method, name: &'static str, route: &str) -> Self {
        Self {
            method: name,
            route: route.to_owned(),
            kind: format!("{name} {route}"),
            priority: priority::of(method, route),
            seconds: RwLock::default(),
        }
    }

    /// Its route, as a template.
    pub(crate) fn route(&self) -> &str {
        &self.route
    }

    /// Counts a request that was answered with `status` after so long.
    pub(crate) fn took(&self, status: StatusCode, time: Duration) {
        let known = self.seconds.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, seconds)) = known.iter().find(|(known, _)| *known == status) {
            seconds.record(time.as_secs_f64());
            return;
        }
        drop(known);
        let labels = [
            ("method", self.method.to_owned()),
            ("route", self.route.clone()),
            ("status", status.as_u16().to_string()),
        ];
        let seconds = histogram!("http_request_seconds", &labels);
        seconds.record(time.as_secs_f64());
        let mut known = self.seconds.write().unwrap_or_else(PoisonError::into_inner);
        // Twice does no harm: both are the same one to whoever reads them.
        known.push((status, seconds));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_one_method_and_route_go_one_way() {
        let ways = Ways::default();
        let of = |method: Method, route| ways.of(&method, route);

        let orders = of(Method::POST, "/v1/orders");

        assert!(Arc::ptr_eq(&orders, &of(Method::POST, "/v1/orders")));
        assert_eq!(orders.kind, "POST /v1/orders");
        assert_eq!(orders.priority, Priority::Checkout);
        assert_eq!(of(Method::GET, "/v1/orders").priority, Priority::Browsing);
    }

    #[test]
    fn methods_that_come_from_outside_fill_no_memory() {
        let ways = Ways::default();
        for number in 0..100 {
            let made_up = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
            ways.of(&made_up, "unmatched");
        }

        assert_eq!(ways.0.read().unwrap()["unmatched"].len(), 1);
    }
}
