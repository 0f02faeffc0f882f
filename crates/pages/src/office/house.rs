//! `/admin`, `/topology`: the live house: every instance with its load, and every fault that lasts.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::Staff;
use super::seen::{Fault, Instance};
use crate::look::Frame;
use crate::session::Standing;
use crate::shop::go;
use crate::shop::seen::List;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// From the front door down: who is asked first stands above whom it asks.
const FLOORS: [&[&str]; 3] = [&["gateway"], &["order", "user", "news"], &["control"]];

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/admin", get(first))
        .route("/topology", get(show))
}

#[derive(Template)]
#[template(path = "office/house.html")]
struct HousePage {
    frame: Frame,
    house: House,
}

/// What of the page follows the house.
#[derive(Template)]
#[template(path = "office/house_part.html")]
struct HousePart {
    frame: Frame,
    house: House,
}

/// The house as it is.
struct House {
    floors: Vec<Vec<Service>>,
    faults: Vec<Fault>,
    instances: usize,
    silent: usize,
}

/// The instances of one service.
struct Service {
    name: String,
    rate: f64,
    instances: Vec<Instance>,
}

/// The first page of the back office: the house, to those who may see it.
async fn first(staff: Staff) -> Result<Response, Trouble> {
    if staff.0.standing() == Standing::Admin {
        show(staff).await
    } else {
        Ok(go("/admin/orders"))
    }
}

async fn show(Staff(visitor): Staff) -> Result<Response, Trouble> {
    let house = House::of(&visitor).await?;
    let frame = visitor.frame(visitor.locale().office().live_house);
    if visitor.wants_part() {
        return Ok(visitor.show(&HousePart { frame, house }));
    }
    Ok(visitor.show(&HousePage { frame, house }))
}

impl House {
    async fn of(visitor: &Visitor) -> Result<Self, Trouble> {
        let (instances, faults) = futures::join!(
            visitor.get("/v1/admin/registry").hear::<List<Instance>>(),
            visitor
                .get("/v1/admin/faults?open=true&limit=100")
                .hear::<List<Fault>>(),
        );
        let (instances, faults) = (instances?.data, faults?.data);
        let silent = instances.iter().filter(|one| one.state() == "silent");
        Ok(Self {
            instances: instances.len(),
            silent: silent.count(),
            floors: floors(instances),
            faults,
        })
    }
}

/// Puts the instances on their floors; those of a service that no floor knows, on one of their own.
fn floors(instances: Vec<Instance>) -> Vec<Vec<Service>> {
    let mut services: Vec<Service> = Vec::new();
    for one in instances {
        match services
            .iter_mut()
            .find(|service| service.name == one.service)
        {
            Some(service) => service.take(one),
            None => services.push(Service::of(one)),
        }
    }
    let floor_of = |name: &str| FLOORS.iter().position(|floor| floor.contains(&name));
    let mut floors: Vec<Vec<Service>> = Vec::new();
    floors.resize_with(FLOORS.len() + 1, Vec::new);
    for service in services {
        let at = floor_of(&service.name).unwrap_or(FLOORS.len());
        floors[at].push(service);
    }
    floors.retain(|floor| !floor.is_empty());
    floors
}

impl Service {
    fn of(first: Instance) -> Self {
        Self {
            name: first.service.clone(),
            rate: first.requests_per_second,
            instances: vec![first],
        }
    }

    fn take(&mut self, one: Instance) {
        self.rate += one.requests_per_second;
        self.instances.push(one);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn instance(id: &str, service: &str) -> Instance {
        let one = json!({"id": id, "service": service, "address": "", "zone": "", "version": "",
            "incarnation": "", "started_at": "", "state": "up", "degraded": [], "heard_at": "", "weight": 100,
            "drained": false, "version_said": 1, "requests": 0, "failed": 0, "shed": 0, "requests_per_second": 1.5,
            "latency_millis": 0.0, "in_flight": 0, "limit": 1, "cpu": 0.0, "memory_bytes": 0});
        serde_json::from_value(one).unwrap()
    }

    #[test]
    fn every_instance_stands_on_a_floor_also_of_a_service_that_is_new() {
        let all = vec![
            instance("billing-1", "billing"),
            instance("order-1", "order"),
            instance("gateway-1", "gateway"),
            instance("order-2", "order"),
        ];

        let floors = floors(all);

        let names: Vec<Vec<&str>> = floors
            .iter()
            .map(|floor| floor.iter().map(|service| &*service.name).collect())
            .collect();
        assert_eq!(names, [vec!["gateway"], vec!["order"], vec!["billing"]]);
        let order = &floors[1][0];
        assert_eq!(order.instances.len(), 2);
        assert!((order.rate - 3.0).abs() < 1e-9);
    }
}
