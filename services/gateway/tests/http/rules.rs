//! Every route, as everybody: made from the description, so that a route without a rule fails here.

use auth::Role;
use reqwest::Method;
use serde_json::Value;
use testkit::matrix::{self, Expected, Route, Rule, Who};

use crate::front::{Asking, Front, Heard};

pub(crate) fn description() -> Value {
    serde_json::to_value(gateway::document()).unwrap()
}

pub(crate) fn routes() -> Vec<Route> {
    matrix::routes(&description()).unwrap_or_else(|faults| panic!("{}", faults.join("\n")))
}

/// Sends `route` as `who`, with a body it needs nothing more for.
async fn send(front: &Front, route: &Route, who: Who) -> Heard {
    let method: Method = route.method.parse().unwrap();
    let target = route.target(None);
    let asking = match who {
        Who::Nobody => front.ask(method, &target),
        Who::Customer => front.by(Role::Customer, method, &target),
        Who::Support => front.by(Role::Support, method, &target),
        Who::Admin => front.by(Role::Admin, method, &target),
    };
    let asking = if route.keyed {
        asking.key("one")
    } else {
        asking
    };
    let asking = if route.versioned {
        asking.header("if-match", "\"1\"")
    } else {
        asking
    };
    match &route.body {
        Some(body) => asking.json(&completed(route, body)).hear().await,
        None => asking.hear().await,
    }
}

/// Adds to a body what its description leaves open: one of two fields.
pub(crate) fn completed(route: &Route, body: &Value) -> Value {
    let mut body = body.clone();
    let product = "prd_01h455vb4pex5vsknk084sn02q";
    match &*route.path {
        "/v1/auth/login" => body["email"] = "ann@example.org".into(),
        "/v1/orders" => body["items"] = serde_json::json!([{"product_id": product, "quantity": 1}]),
        _ => {}
    }
    body
}

#[tokio::test]
async fn every_route_lets_in_whom_its_rule_names_and_nobody_else() {
    let front = Front::with(&[("RATE_SIGN_IN", "1000/1m")]).await;
    let routes = routes();
    assert!(routes.len() > 50, "only {} routes", routes.len());
    for route in &routes {
        for who in Who::ALL {
            front.fake.forget();

            let heard = send(&front, route, who).await;

            let (asked, at) = (
                !front.fake.all_asked().is_empty(),
                format!("{who:?} {} {}: {heard:?}", route.method, route.path),
            );
            match route.expected(who) {
                Expected::Unauthenticated => {
                    assert_eq!(heard.said(), "401 unauthenticated", "{at}");
                }
                Expected::Forbidden => assert_eq!(heard.said(), "403 forbidden", "{at}"),
                // A fake answers with nothing in it; what counts is that a service was asked.
                Expected::Through if route.path.starts_with("/.well-known/") => {
                    assert_eq!(heard.status, 200, "{at}");
                }
                Expected::Through => assert!(asked, "{at}"),
            }
            assert!(
                asked == (route.expected(who) == Expected::Through)
                    || route.path.starts_with("/.well-known/"),
                "{at}"
            );
        }
    }
}

#[tokio::test]
async fn a_customer_acts_in_the_own_name_on_every_route() {
    let front = Front::open().await;
    for route in routes().iter().filter(|route| route.rule == Rule::Customer) {
        front.fake.forget();

        send(&front, route, Who::Customer).await;

        let own = front.account_id();
        for (rpc, message) in front.fake.all_asked() {
            let named = message
                .windows(own.len())
                .any(|part| part == own.as_bytes());
            assert!(
                named,
                "{} {}: {rpc} was asked for nobody in particular",
                route.method, route.path
            );
        }
    }
}

#[tokio::test]
async fn every_act_of_support_and_of_administrators_says_who_acted() {
    let front = Front::open().await;
    let acts = |route: &&Route| route.rule >= Rule::Support && route.method != "GET";
    for route in routes().iter().filter(acts) {
        front.fake.forget();

        send(&front, route, Who::Admin).await;

        let (own, asked) = (front.account_id(), front.fake.all_asked());
        let named = |message: &[u8]| {
            message
                .windows(own.len())
                .any(|part| part == own.as_bytes())
        };
        assert!(
            asked
                .iter()
                // What an act is made from is read first, as anybody would.
                .filter(|(rpc, _)| !rpc.contains("/Get"))
                .all(|(_, message)| named(message)),
            "{} {}",
            route.method,
            route.path
        );
    }
}

#[tokio::test]
async fn support_finds_and_cancels_the_orders_of_anybody_and_a_customer_only_the_own() {
    let front = Front::open().await;
    let order = api::id::ORDER.write(uuid::Uuid::now_v7());
    let path = format!("/v1/orders/{order}");

    front.by(Role::Support, Method::GET, &path).hear().await;
    front.by(Role::Customer, Method::GET, &path).hear().await;

    let asked: Vec<api::order::GetOrderRequest> = front.fake.asked("Orders/Get");
    assert_eq!(
        (&*asked[0].customer_id, &asked[1].customer_id),
        ("", &front.account_id())
    );
}

#[test]
fn a_route_with_an_id_of_the_callers_own_says_so() {
    for route in routes() {
        let own = route.rule == Rule::Customer && route.path.contains("{id}");

        assert_eq!(
            route.owner.is_some(),
            own,
            "{} {}: x-owner",
            route.method,
            route.path
        );
    }
}

#[test]
fn a_route_without_a_rule_is_told_in_a_sentence() {
    let mut description = description();
    description["paths"]["/v1/open"]["get"] = serde_json::json!({"responses": {}});

    let faults = matrix::routes(&description).unwrap_err();

    assert_eq!(faults.len(), 1);
    assert!(faults[0].starts_with("GET /v1/open: no rule"), "{faults:?}");
}

#[tokio::test]
async fn what_money_or_stock_moves_by_needs_a_key_and_what_is_changed_needs_a_version() {
    let front = Front::open().await;
    let (mut keyed, mut versioned) = (0, 0);
    for route in routes() {
        let method: Method = route.method.parse().unwrap();
        let send = || {
            let asking = front.by(Role::Admin, method.clone(), &route.target(None));
            let body = route.body.as_ref().map(|body| completed(&route, body));
            match body {
                Some(body) => Asking(asking.0.json(&body)),
                None => asking,
            }
        };
        if route.keyed {
            assert_eq!(
                send().hear().await.said(),
                "400 idempotency_key_missing",
                "{}",
                route.path
            );
            keyed += 1;
        }
        if route.versioned {
            assert_eq!(
                send().hear().await.said(),
                "428 version_required",
                "{}",
                route.path
            );
            versioned += 1;
        }
    }
    assert_eq!(keyed, 5, "topups, orders, cancel, refunds, restocks");
    assert!(versioned >= 9, "{versioned}");
}
