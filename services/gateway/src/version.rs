//! Versions at the edge: `ETag` on answers, `If-Match` before a change, `If-None-Match` before a read.

use axum::Json;
use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::IntoParams;

use crate::code::Code;
use crate::problem::Problem;

/// The version that a change is made from, as `If-Match` says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IfMatch(pub(crate) i64);

/// How `If-Match` is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it is read by the description only")]
pub(crate) struct IfMatchHeader {
    /// The `ETag` of the version that the change was made from: 428 without it, 412 when another is current.
    #[param(rename = "If-Match", example = "\"3\"")]
    if_match: String,
}

/// What the caller has already, as `If-None-Match` says it.
#[derive(Clone, Debug, Default)]
pub(crate) struct IfNoneMatch(Vec<String>);

/// How `If-None-Match` is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it is read by the description only")]
pub(crate) struct IfNoneMatchHeader {
    /// The `ETag` of what the caller has: 304 while it is current.
    #[param(rename = "If-None-Match", example = "\"3\"")]
    if_none_match: Option<String>,
}

/// A body whose version goes along as its `ETag`.
pub(crate) struct Tagged<T> {
    version: i64,
    body: T,
    known: IfNoneMatch,
}

/// A body as it goes out: JSON that was written once, and serves as often as it is answered.
#[derive(Clone)]
pub(crate) struct Written {
    json: Bytes,
    tag: Option<HeaderValue>,
}

impl Written {
    /// Writes a body that has no version.
    pub(crate) fn plain(body: &impl Serialize) -> Self {
        let json = serde_json::to_vec(body).expect("our bodies are texts and numbers by name");
        Self {
            json: json.into(),
            tag: None,
        }
    }

    /// Answers 304 in place of the body, if it is among `known`.
    pub(crate) fn unless(self, known: &IfNoneMatch) -> Response {
        match &self.tag {
            Some(tag) if known.has(tag.as_bytes()) => {
                (StatusCode::NOT_MODIFIED, [(ETAG, tag.clone())]).into_response()
            }
            _ => self.into_response(),
        }
    }
}

impl<T: Serialize> From<Tagged<T>> for Written {
    fn from(tagged: Tagged<T>) -> Self {
        Self {
            tag: Some(header(tagged.version)),
            ..Self::plain(&tagged.body)
        }
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.json.into());
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(CONTENT_TYPE, json);
        headers.extend(self.tag.map(|tag| (ETAG, tag)));
        response
    }
}

impl IfNoneMatch {
    /// Whether the caller has what `tag` stands for.
    fn has(&self, tag: &[u8]) -> bool {
        let is = |have: &String| have == "*" || have.trim_start_matches("W/").as_bytes() == tag;
        self.0.iter().any(is)
    }
}

impl<T> Tagged<T> {
    /// Answers `body` at `version`.
    pub(crate) fn new(version: i64, body: T) -> Self {
        Self {
            version,
            body,
            known: IfNoneMatch::default(),
        }
    }

    /// Answers 304 in place of the body, if it is among `known`.
    #[must_use]
    pub(crate) fn unless(mut self, known: IfNoneMatch) -> Self {
        self.known = known;
        self
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let tag = header(self.version);
        if self.known.has(tag.as_bytes()) {
            return (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response();
        }
        ([(ETAG, tag)], Json(self.body)).into_response()
    }
}

/// The `ETag` of a version.
pub(crate) fn tag(version: i64) -> String {
    format!("\"{version}\"")
}

fn header(version: i64) -> HeaderValue {
    HeaderValue::try_from(tag(version)).expect("digits in quotes")
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let given = listed(&parts.headers, &IF_MATCH);
        match given.as_slice() {
            [] => Err(Code::VersionRequired.into()),
            // `*` would let a change go through from no version at all.
            [one] if one == "*" => Err(Code::VersionRequired.into()),
            [one] => read(one).map(Self).ok_or(Code::Stale.into()),
            _ => Err(Problem::invalid(
                "If-Match",
                "one_version",
                "name one version",
            )),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(listed(&parts.headers, &IF_NONE_MATCH)))
    }
}

/// The tags that stand in `name`, however many lines they are spread over.
fn listed(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter();
    let texts = lines.filter_map(|line| line.to_str().ok());
    let tags = texts.flat_map(|text| text.split(',')).map(str::trim);
    tags.filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The version that a tag of ours stands for. One that is not ours matches nothing.
fn read(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let version: i64 = digits.parse().ok()?;
    (version > 0 && version.to_string() == digits).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_tag_reads_back_as_its_version(version in 1..i64::MAX) {
            prop_assert_eq!(read(&tag(version)), Some(version));
        }

        #[test]
        fn any_text_is_a_tag_of_ours_or_matches_nothing(text in ".{0,30}") {
            if let Some(version) = read(&text) {
                prop_assert_eq!(tag(version), text);
            }
        }
    }
}
