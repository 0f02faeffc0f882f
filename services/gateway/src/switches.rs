//! What operators can switch off while the shop runs.

use axum::http::Method;

/// The routes behind each switch.
const SWITCHED: &[(Method, &str, &str)] = &[
    (Method::POST, "/v1/auth/register", "registration"),
    (Method::POST, "/v1/orders", "checkout"),
];

/// The switch that a request for `route`, the template of its path, with this `query` is behind.
pub(crate) fn of(method: &Method, route: &str, query: Option<&str>) -> Option<&'static str> {
    let mut pairs = query.unwrap_or_default().split('&');
    let searches = route == "/v1/products" && pairs.any(|pair| pair.starts_with("q="));
    if searches {
        return Some("search");
    }
    let found = SWITCHED
        .iter()
        .find(|(one, path, _)| one == method && *path == route);
    found.map(|(.., switch)| *switch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_switched_route_is_described() {
        let description = serde_json::to_value(crate::document()).unwrap();
        let listed = (Method::GET, "/v1/products", "search");
        for (method, path, _) in SWITCHED.iter().chain([&listed]) {
            let method = method.as_str().to_lowercase();

            assert!(
                description["paths"][path][&method].is_object(),
                "{method} {path}"
            );
        }
    }

    #[test]
    fn only_a_list_that_is_searched_is_a_search() {
        let list = |query| of(&Method::GET, "/v1/products", query);

        assert_eq!(list(Some("limit=1&q=mug")), Some("search"));
        assert_eq!(list(Some("limit=1")), None);
        assert_eq!(list(None), None);
    }
}
