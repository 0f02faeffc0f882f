//! Bad input at the whole shop: never an error of ours, and nothing is written.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::matrix::bad;
use testkit::matrix::{Route, Rule, Who};

use crate::access::scene::{Cast, Scene};
use crate::access::{Asker, description, digest, routes};

/// Who may use `route`, so that nothing but the input is wrong.
fn asker(route: &Route) -> Asker {
    match route.rule {
        Rule::Public | Rule::Customer => (Who::Customer, true),
        Rule::Support | Rule::Admin => (Who::Admin, false),
    }
}

/// The tables that have changed, but for the one that counts wrong passwords.
fn written(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    let changed = before
        .iter()
        .filter(|(table, rows)| after[*table] != **rows);
    let changed = changed.map(|(table, _)| table.clone());
    changed.filter(|table| table != "user.lockouts").collect()
}

/// Sends `route` as `scene` says, which must not end as an error of ours.
async fn borne(cast: &mut Cast, route: &Route, scene: &Scene) -> u16 {
    let heard = cast.send(route, scene, asker(route)).await;
    let (status, body) = (heard.status, scene.body.as_ref());
    assert!(
        !status.is_server_error(),
        "{} {} with {body:?}: {}",
        route.method,
        scene.target,
        heard.text
    );
    status.as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_writes_anything_for_a_body_that_its_description_forbids() {
    let mut cast = Cast::meet().await;
    let (description, mut sent) = (description(), 0);
    for route in routes().iter().filter(|route| route.body.is_some()) {
        let scene = cast.scene(route, asker(route)).await;
        let good = scene.body.clone().unwrap();
        digest::quiet(&cast.shop).await;
        let before = digest::digest(&cast.shop).await;

        for bad in bad::bodies(&description, route, &good) {
            let Ok(body) = serde_json::from_str::<Value>(&bad.text) else {
                continue; // What is no JSON gets no further than the gateway, whose own tests send it.
            };
            assert_eq!(borne(&mut cast, route, &scene.saying(body)).await, 400);
            sent += 1;
        }
        for body in bad::with_nul(&description, route, &good) {
            borne(&mut cast, route, &scene.saying(body)).await;
            sent += 1;
        }

        let wrote = written(&before, &digest::digest(&cast.shop).await);
        assert!(
            wrote.is_empty(),
            "{} {}: {wrote:?}",
            route.method,
            route.path
        );
    }
    assert!(sent > 400, "only {sent} bodies");
    holdfast::say::line(format_args!(
        "{sent} bad bodies: all refused, nothing written"
    ));
    cast.shop.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_route_fails_on_what_a_query_says() {
    let mut cast = Cast::meet().await;
    let (description, mut sent) = (description(), 0);
    for route in routes() {
        for name in bad::free_texts(&description, &route) {
            let scene = cast.scene(&route, asker(&route)).await;
            for text in [
                "%00",
                "%ff",
                "'",
                "%25",
                "%E2%80%AE",
                "prd_",
                "..",
                "-1",
                "%F0%9F%8D%B5",
            ] {
                let join = if scene.target.contains('?') { '&' } else { '?' };
                let target = format!("{}{join}{name}={text}", scene.target);
                borne(&mut cast, &route, &scene.at(target)).await;
                sent += 1;
            }
        }
    }
    assert!(sent > 100, "only {sent} queries");
    cast.shop.close().await;
}
