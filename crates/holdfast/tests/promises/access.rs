//! Every route as everybody: whom it lets through, whom it refuses, and that a refused request leaves no trace.

pub(crate) mod digest;
pub(crate) mod scene;

use drill::Answer;
use serde_json::Value;
pub(crate) use testkit::matrix::Rule;
use testkit::matrix::{self, Expected, Route, Who};

use scene::Cast;

/// What a request to a route may end as, for somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Through,
    Unauthenticated,
    Forbidden,
    /// What it names is somebody else's.
    NotFound,
}

/// Who asks, and whether what they ask for is their own.
pub(crate) type Asker = (Who, bool);

const EVERYBODY: [Asker; 5] = [
    (Who::Nobody, false),
    (Who::Customer, false),
    (Who::Support, false),
    (Who::Admin, false),
    (Who::Customer, true),
];

/// What the shop says of its routes.
pub(crate) fn description() -> Value {
    serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap()
}

/// Every route that the description knows, each with its rule.
pub(crate) fn routes() -> Vec<Route> {
    matrix::routes(&description()).unwrap_or_else(|faults| panic!("{}", faults.join("\n")))
}

fn verdict(route: &Route, (who, own): Asker) -> Verdict {
    // Support helps with the orders of anybody, and with nothing else that is somebody's own.
    let helps = route.owner.as_deref() == Some("order") && who >= Who::Support;
    match route.expected(who) {
        Expected::Unauthenticated => Verdict::Unauthenticated,
        Expected::Forbidden => Verdict::Forbidden,
        Expected::Through if route.owner.is_some() && !own && !helps => Verdict::NotFound,
        Expected::Through => Verdict::Through,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_lets_through_whom_its_rule_and_owner_allow_and_the_refused_leave_no_trace() {
    let mut cast = Cast::meet().await;
    let routes = routes();
    let (mut through, mut refused) = (0, 0);
    for route in &routes {
        refused += refuses(&mut cast, route).await;
        through += lets_through(&mut cast, route).await;
    }
    assert!(routes.len() > 50, "only {} routes", routes.len());
    holdfast::say::line(format_args!(
        "{} routes: {through} requests through, {refused} refused without a trace",
        routes.len()
    ));
    cast.shop.close().await;
}

/// Sends `route` as everybody whom it must refuse; answers how many those are.
async fn refuses(cast: &mut Cast, route: &Route) -> usize {
    let scene = cast.scene(route, (Who::Customer, true)).await;
    digest::quiet(&cast.shop).await;
    let before = digest::digest(&cast.shop).await;
    let mut refused = 0;
    for asker in EVERYBODY {
        let verdict = verdict(route, asker);
        if verdict == Verdict::Through {
            continue;
        }
        let heard = cast.send(route, &scene, asker).await;
        let at = format!("{asker:?} {} {}", route.method, route.path);
        let said = (heard.status.as_u16(), heard.code());
        match verdict {
            Verdict::Unauthenticated => assert_eq!(said, (401, "unauthenticated"), "{at}"),
            Verdict::Forbidden => assert_eq!(said, (403, "forbidden"), "{at}"),
            _ => {
                assert_eq!(said, (404, "not_found"), "{at}: {}", heard.text);
                let nothing = cast.send(route, &scene.of_nothing(route), asker).await;
                assert_eq!(plain(&heard), plain(&nothing), "{at}: tells that it exists");
            }
        }
        refused += 1;
    }
    let after = digest::digest(&cast.shop).await;
    // A 404 that an order's transaction decided belongs to the asker's own key.
    let own_key = |table: &str| table == "order.keys" && route.keyed && route.owner.is_some();
    let wrote = before
        .iter()
        .filter(|(table, rows)| after[*table] != **rows && !own_key(table));
    let wrote: Vec<&String> = wrote.map(|(table, _)| table).collect();
    assert!(
        wrote.is_empty(),
        "{} {} was refused and wrote {wrote:?}",
        route.method,
        route.path
    );
    refused
}

/// Sends `route` as everybody whom it must let through, each to something of its own; answers how many those are.
async fn lets_through(cast: &mut Cast, route: &Route) -> usize {
    let mut through = 0;
    for asker in EVERYBODY {
        if verdict(route, asker) != Verdict::Through {
            continue;
        }
        let scene = cast.scene(route, asker).await;

        let heard = cast.send(route, &scene, asker).await;

        let at = format!(
            "{asker:?} {} {}: {}",
            route.method, scene.target, heard.text
        );
        // A saga that has ended is let alone: the caller got through, and hears so.
        let ended = scene.target.ends_with("/retry") && heard.code() == "saga_ended";
        assert!(heard.status.is_success() || ended, "{at}");
        if asker == (Who::Customer, false) && route.rule == Rule::Customer {
            for mark in cast.owner_s_marks() {
                assert!(!heard.text.contains(&mark), "shows what is {mark}'s: {at}");
            }
        }
        through += 1;
    }
    through
}

/// What a problem says, without what tells one request from another.
fn plain(answer: &Answer) -> Value {
    let mut body = answer.body.clone();
    for own in ["request_id", "trace_id"] {
        body[own].take();
    }
    body
}
