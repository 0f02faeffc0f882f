//! What is wrong is refused by every route, made from the description, and nothing is asked of a service.

use auth::Role;
use futures::future::join_all;
use reqwest::Method;
use serde_json::Value;
use testkit::matrix::bad::{self, Bad};
use testkit::matrix::{Route, Rule};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::bad_input::{read_all, told};
use crate::front::{Asking, Front, Heard};
use crate::rules::{completed, description, routes};

/// No limit stands in the way of what is tested here.
const UNLIMITED: [(&str, &str); 3] = [
    ("RATE_SIGN_IN", "1000000/1m"),
    ("RATE_ACCOUNT", "1000000/1m"),
    ("RATE_ADDRESS", "1000000/1m"),
];

/// A body is at most this large here: any limit is found as the usual one is.
const SMALL: (&str, &str) = ("BODY_LIMIT", "30000");

/// Every route that takes a body, with one that it would take.
fn with_body() -> Vec<(Route, Value)> {
    let taking = routes().into_iter().filter_map(|route| {
        let body = completed(&route, route.body.as_ref()?);
        Some((route, body))
    });
    let taking: Vec<_> = taking.collect();
    assert!(taking.len() >= 18, "only {} routes", taking.len());
    taking
}

/// A request to `target` with all that `route` needs but a body.
fn asking(front: &Front, route: &Route, target: &str) -> Asking {
    let method: Method = route.method.parse().unwrap();
    let asking = match route.rule {
        Rule::Public => front.ask(method, target),
        _ => front.by(Role::Admin, method, target),
    };
    asking.key("k").header("if-match", "\"1\"")
}

fn named(route: &Route) -> String {
    format!("{} {}", route.method, route.path)
}

/// Whether one of the errors is at `pointer` or below it.
fn points_to(heard: &Heard, pointer: &str) -> bool {
    let errors = &heard.json()["errors"];
    let mut errors = errors.as_array().into_iter().flatten();
    errors.any(|error| error["pointer"].as_str().unwrap().starts_with(pointer))
}

#[tokio::test]
async fn every_route_refuses_every_body_that_its_description_forbids() {
    let front = Front::with(&UNLIMITED).await;
    let (description, mut sent) = (description(), 0);
    for (route, good) in with_body() {
        for Bad {
            text,
            code,
            pointer,
        } in bad::bodies(&description, &route, &good)
        {
            let target = route.target(None);
            let shown: String = text.chars().take(200).collect();

            let heard = asking(&front, &route, &target).raw(text).hear().await;

            let at = format!("{} with {shown}: {heard:?}", named(&route));
            assert_eq!(heard.said(), format!("400 {code}"), "{at}");
            assert!(
                code != "invalid" || points_to(&heard, &pointer),
                "{pointer}: {at}"
            );
            sent += 1;
        }
        assert_eq!(front.fake.all_asked(), vec![], "{}", named(&route));
    }
    assert!(sent > 400, "only {sent} bodies");
}

#[tokio::test]
async fn every_route_refuses_a_body_that_is_too_large_or_not_announced_as_json() {
    let settings: Vec<_> = UNLIMITED.into_iter().chain([SMALL]).collect();
    let front = Front::with(&settings).await;
    for (route, good) in with_body() {
        let (target, at) = (route.target(None), named(&route));
        let send = || asking(&front, &route, &target);

        let large = send().raw(" ".repeat(30_001)).hear().await;
        let form = Asking(send().0.body(good.to_string()));
        let plain = form.header("content-type", "text/plain").hear().await;
        let silent = Asking(send().0.body(good.to_string())).hear().await;

        assert_eq!(large.said(), "413 too_large", "{at}");
        assert_eq!(plain.said(), "415 unsupported_media_type", "{at}");
        assert_eq!(silent.said(), "415 unsupported_media_type", "{at}");
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn every_route_cuts_a_body_short_that_trickles_in() {
    let front = Front::with(&[("BODY_TIMEOUT", "300ms")]).await;
    let token = front.token(front.account, Role::Admin);
    let trickling = with_body().into_iter().map(async |(route, _)| {
        let mut wire = TcpStream::connect(front.running.addr).await.unwrap();
        let head = format!(
            "{} {} HTTP/1.1\r\nhost: shop\r\nauthorization: Bearer {token}\r\nidempotency-key: k\r\nif-match: \"1\"\r\n\
             content-type: application/json\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n{{",
            route.method,
            route.target(None)
        );
        wire.write_all(head.as_bytes()).await.unwrap();
        (named(&route), read_all(wire).await)
    });

    for (at, answer) in join_all(trickling).await {
        let cut = answer.starts_with("HTTP/1.1 408") && answer.contains("body_timeout");
        assert!(cut, "{at}: {answer}");
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

/// Whether `id` may be what the path of `route` names: not all of that has an id.
fn is_good(route: &Route, id: &str) -> bool {
    let (name, _) = &route.parameters[0];
    let plain = !id.contains('%');
    match name.as_str() {
        "name" | "instance" => plain,
        "number" => id == "1",
        _ => false,
    }
}

#[tokio::test]
async fn every_route_takes_a_bad_id_for_something_that_does_not_exist() {
    let front = Front::with(&UNLIMITED).await;
    let mut found = 0;
    for route in routes().iter().filter(|route| !route.parameters.is_empty()) {
        for id in [
            "1",
            "..%2f..",
            "%00",
            "%ff",
            "xyz_01h455vb4pex5vsknk084sn02q",
        ] {
            if is_good(route, id) {
                continue;
            }
            let asking = asking(&front, route, &route.target(Some(id)));
            let heard = match &route.body {
                Some(body) => asking.json(&completed(route, body)).hear().await,
                None => asking.hear().await,
            };

            assert_eq!(heard.said(), "404 not_found", "{} of {id}", named(route));
            found += 1;
        }
    }
    assert_eq!(front.fake.all_asked(), vec![]);
    assert!(found > 100, "only {found} requests");
}

#[tokio::test]
async fn every_route_refuses_every_query_that_its_description_forbids() {
    let front = Front::with(&UNLIMITED).await;
    let description = description();
    let mut sent = 0;
    for route in routes() {
        for query in bad::queries(&description, &route) {
            let target = route.target(None);
            let join = if target.contains('?') { '&' } else { '?' };
            let asking = asking(&front, &route, &format!("{target}{join}{query}"));
            let heard = match &route.body {
                Some(body) => asking.json(&completed(&route, body)).hear().await,
                None => asking.hear().await,
            };

            let at = format!("{} with {query}", named(&route));
            assert!(told(&heard).starts_with("400 invalid "), "{at}: {heard:?}");
            sent += 1;
        }
    }
    assert_eq!(front.fake.all_asked(), vec![]);
    assert!(sent > 150, "only {sent} queries");
}
