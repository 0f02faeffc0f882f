//! What a route takes, by its description: anything else that comes with a request is refused, not passed over.

use std::collections::HashMap;

use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::http::Method;
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, ParameterIn};

use crate::body::{BodyLimits, arrived, parse};
use crate::code::Code;
use crate::problem::Problem;

/// What the methods of one path take.
#[derive(Debug, Default)]
pub(crate) struct Shapes(HashMap<Method, Shape>);

/// What one operation takes.
#[derive(Debug)]
struct Shape {
    /// The query parameters.
    queries: Vec<String>,
    /// Whether there is a body.
    body: bool,
}

/// The body of a route that takes none: nothing, or an object with nothing in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl Shapes {
    /// Notes what `operation` takes.
    pub(crate) fn note(&mut self, method: Method, operation: &Operation) {
        let parameters = operation.parameters.iter().flatten();
        let queries = parameters.filter_map(|one| match one {
            RefOr::T(one) if matches!(one.parameter_in, ParameterIn::Query) => {
                Some(one.name.clone())
            }
            _ => None,
        });
        let shape = Shape {
            queries: queries.collect(),
            body: operation.request_body.is_some(),
        };
        self.0.insert(method, shape);
    }

    /// Hands on a request that has the right shape.
    ///
    /// # Errors
    /// When it carries a query parameter or a body that its route does not take.
    pub(crate) async fn keep(&self, parts: Parts, body: Body) -> Result<Request, Problem> {
        let method = if parts.method == Method::HEAD {
            &Method::GET
        } else {
            &parts.method
        };
        let shape = self.0.get(method);
        let queries = shape.map_or(&[][..], |shape| &shape.queries);
        known_query(&parts, queries)?;
        let request = Request::from_parts(parts, body);
        if shape.is_some_and(|shape| shape.body) {
            return Ok(request);
        }
        without_body(request).await
    }
}

/// Refuses a query parameter that is not among `known`.
fn known_query(parts: &Parts, known: &[String]) -> Result<(), Problem> {
    let pairs = parts.uri.query().filter(|query| !query.is_empty());
    let pairs = pairs.into_iter().flat_map(|query| query.split('&'));
    let mut names = pairs.map(|pair| pair.split('=').next().unwrap_or_default());
    match names.find(|name| !known.iter().any(|known| known == name)) {
        None => Ok(()),
        Some(name) => {
            let why = "the route has no such query parameter";
            Err(Problem::invalid(name, "unknown_field", why))
        }
    }
}

/// Refuses a body that says something: whoever sent it believes that it was heard.
async fn without_body(request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let limits = parts.extensions.get::<BodyLimits>().copied();
    let bytes = arrived(body, limits.ok_or(Code::Internal)?).await?;
    if !bytes.is_empty() {
        let Nothing {} = parse(&bytes)?;
    }
    Ok(Request::from_parts(parts, Body::empty()))
}
