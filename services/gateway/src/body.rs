//! What a request carries, read with limits: JSON bodies, queries and path parameters, each refusal a problem.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use garde::Validate;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

use crate::code::Code;
use crate::problem::Problem;
use crate::refusal::pointer;

/// How large a body may be and how long it may take to arrive; the context layer puts it into every request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BodyLimits {
    /// Bytes.
    pub(crate) bytes: usize,
    /// From the end of the headers to the last byte.
    pub(crate) within: Duration,
}

/// A JSON body that was read, understood and found to be within its rules.
pub(crate) struct Json<T>(pub(crate) T);

/// A query that was understood and found to be within its rules.
pub(crate) struct Query<T>(pub(crate) T);

/// Path parameters. A malformed one names nothing that could exist, hence 404.
pub(crate) struct Path<T>(pub(crate) T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !announces_json(request.headers()) {
            return Err(Code::UnsupportedMediaType.into());
        }
        let limits = request.extensions().get::<BodyLimits>().copied();
        let limits = limits.ok_or(Code::Internal)?;
        let bytes = arrived(request.into_body(), limits).await?;
        let body = parse(&bytes)?;
        within_rules(&body, pointer)?;
        Ok(Self(body))
    }
}

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Sync,
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        let axum::extract::Query(query) = read.map_err(|bad| {
            let why = std::error::Error::source(&bad).map_or(bad.to_string(), ToString::to_string);
            Problem::invalid("query", "invalid", why)
        })?;
        within_rules(&query, str::to_owned)?;
        Ok(Self(query))
    }
}

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(read)) => Ok(Self(read)),
            // Only a route that forgot its parameters is our own mistake.
            Err(bad) if bad.status() == StatusCode::INTERNAL_SERVER_ERROR => {
                Err(Code::Internal.into())
            }
            Err(_) => Err(Code::NotFound.into()),
        }
    }
}

/// Whether the body is announced as JSON: `application/json`, or a type ending in `+json`.
fn announces_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let kind = text
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// All of the body, if it is small and fast enough.
pub(crate) async fn arrived(body: Body, limits: BodyLimits) -> Result<Bytes, Problem> {
    let read = Limited::new(body, limits.bytes).collect();
    // A slow line is the caller's: what is on its way takes no room.
    let Ok(read) = chassis::apart(tokio::time::timeout(limits.within, read)).await else {
        return Err(Code::BodyTimeout.into());
    };
    match read {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let most = format!("A body has at most {} bytes.", limits.bytes);
            Err(Problem::new(Code::TooLarge).detail(most))
        }
        // The caller went away in mid-body, or sent what is no HTTP.
        Err(_) => Err(Problem::new(Code::MalformedJson).detail("The body ended too early.")),
    }
}

/// Understands JSON, saying where it is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // A list in place of an object would be read by position, past all names.
    if bytes
        .trim_ascii_start()
        .first()
        .is_some_and(|first| *first != b'{')
        && is_json(bytes)
    {
        return Err(Problem::invalid(
            "",
            "wrong_type",
            "the body must be an object",
        ));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|bad| {
        let path = pointer(&bad.path().to_string());
        let why = bad.into_inner();
        if why.is_data() || is_no_word(&why, bytes) {
            let text = why.to_string();
            let (code, field) = fault(&text);
            let path = field.map_or(path.clone(), |field| below(&path, code, field));
            Problem::invalid(&path, code, message(&why))
        } else {
            Problem::new(Code::MalformedJson).detail(why.to_string())
        }
    })?;
    let ended = json.end();
    ended.map_err(|_| Problem::new(Code::MalformedJson).detail("Something follows the JSON."))?;
    Ok(read)
}

/// Where a word of a list is expected, serde takes anything else for a slip of the pen.
fn is_no_word(why: &serde_json::Error, bytes: &[u8]) -> bool {
    why.to_string().starts_with("expected value") && is_json(bytes)
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// The kind of fault that serde speaks of, and the field it names.
fn fault(why: &str) -> (&'static str, Option<&str>) {
    let kinds = [
        ("unknown field", "unknown_field"),
        ("missing field", "missing_field"),
        ("duplicate field", "duplicate_field"),
        ("unknown variant", "unknown_value"),
        ("invalid type", "wrong_type"),
        ("expected value", "wrong_type"),
        ("invalid value", "out_of_range"),
        ("number out of range", "out_of_range"),
    ];
    let Some((words, code)) = kinds.iter().find(|(words, _)| why.starts_with(words)) else {
        return ("invalid", None);
    };
    let named = words
        .ends_with("field")
        .then(|| why.split('`').nth(1))
        .flatten();
    (code, named)
}

/// What serde says, without the line and column, which mean nothing beside a pointer.
fn message(why: &serde_json::Error) -> String {
    let text = why.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// The pointer of `field` within `path`, unless it ends there already; the path of what is missing ends above it.
fn below(path: &str, code: &str, field: &str) -> String {
    let last = pointer(field);
    if code != "missing_field" && path.ends_with(&last) {
        path.to_owned()
    } else {
        format!("{path}{last}")
    }
}

/// Checks the rules that stand beside the fields.
fn within_rules<T: Validate<Context = ()>>(
    value: &T,
    name: fn(&str) -> String,
) -> Result<(), Problem> {
    let Err(report) = value.validate() else {
        return Ok(());
    };
    let faults = report
        .iter()
        .map(|(path, why)| (name(&path.to_string()), why.to_string()));
    Err(
        faults.fold(Problem::new(Code::Invalid), |problem, (path, why)| {
            problem.at(&path, "out_of_range", why)
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::PlaceBody;
    use proptest::prelude::*;

    fn refused(text: &str) -> Problem {
        let read = parse::<PlaceBody>(text.as_bytes());
        let read = read.and_then(|body| within_rules(&body, pointer));
        read.expect_err(text)
    }

    #[test]
    fn what_is_no_json_is_told_from_json_that_is_wrong() {
        for text in ["", "{", "nul", "{}x", "{\"items\":[}", "\u{feff}{}"] {
            assert_eq!(refused(text).code(), Code::MalformedJson, "{text:?}");
        }
        for text in ["[]", "1", "null", "{\"items\":1}", "{\"surprise\":1}"] {
            assert_eq!(refused(text).code(), Code::Invalid, "{text:?}");
        }
    }

    #[test]
    fn a_deeply_nested_body_is_refused_rather_than_followed() {
        let deep = format!("{{\"items\":{}", "[".repeat(60_000));

        assert!(matches!(
            refused(&deep).code(),
            Code::Invalid | Code::MalformedJson
        ));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_body_or_refused(bytes: Vec<u8>) {
            let _ = parse::<PlaceBody>(&bytes);
        }
    }
}
