//! What a route does not take is refused, and not passed over.

use auth::Role;
use reqwest::Method;
use testkit::matrix;

use crate::bad_input::told;
use crate::front::Front;

#[tokio::test]
async fn a_bad_query_is_refused_by_name() {
    let front = Front::open().await;
    let long = format!("/v1/products?cursor={}", "a".repeat(3000));
    for (path, expected) in [
        ("/v1/products?limit=0", "400 invalid limit out_of_range"),
        ("/v1/products?limit=101", "400 invalid limit out_of_range"),
        ("/v1/products?limit=-1", "400 invalid query invalid"),
        ("/v1/products?limit=ten", "400 invalid query invalid"),
        ("/v1/products?sort=worst", "400 invalid query invalid"),
        (
            "/v1/products?colour=blue",
            "400 invalid colour unknown_field",
        ),
        ("/v1/categories?limit=1", "400 invalid limit unknown_field"),
        (&long, "400 invalid cursor out_of_range"),
    ] {
        let heard = front.ask(Method::GET, path).hear().await;

        assert_eq!(told(&heard), expected, "{path}");
    }
    assert_eq!(front.fake.all_asked(), vec![]);
}

#[tokio::test]
async fn a_body_that_a_route_does_not_take_is_refused_unless_it_says_nothing() {
    let front = Front::open().await;
    let without = matrix::routes(&serde_json::to_value(gateway::document()).unwrap()).unwrap();
    let without: Vec<_> = without
        .into_iter()
        .filter(|route| route.body.is_none())
        .collect();
    assert!(without.len() > 30, "only {} routes", without.len());
    for route in without {
        for (body, passes) in [
            ("{\"reason\": \"late\"}", false),
            ("hello", false),
            ("{}", true),
            ("", true),
        ] {
            let method: Method = route.method.parse().unwrap();
            let asking = front.by(Role::Admin, method, &route.target(None)).key("k");
            let heard = asking.header("if-match", "\"1\"").raw(body).hear().await;

            let at = format!("{} {} with {body:?}: {heard:?}", route.method, route.path);
            let refused =
                heard.status == 400 && ["invalid", "malformed_json"].contains(&&*heard.problem());
            assert_eq!(refused, !passes, "{at}");
        }
    }
}
