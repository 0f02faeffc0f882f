//! Forms: what was typed, and that it was typed here.

use std::time::Duration;

use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_TYPE, HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::{BodyExt as _, Limited};

use crate::api::Problem;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// How many bytes a form may have, as any body.
const LARGEST: usize = 64 * 1024;
/// How many fields.
const FIELDS: usize = 100;
/// How long it may take to arrive.
const WITHIN: Duration = Duration::from_secs(4);
/// The field with the token that proves where the form came from.
pub(crate) const TOKEN: &str = "form_token";

/// What was typed into a form, field by field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Typed(Vec<(String, String)>);

impl Typed {
    /// Reads what is encoded as a form or a query is.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(bytes).into_owned();
        Self(pairs.take(FIELDS).collect())
    }

    /// Fields with these values, as if somebody had typed them.
    pub(crate) fn of<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let owned = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(owned.collect())
    }

    /// What `field` says, without the space around it; empty when it is not there.
    pub(crate) fn get(&self, field: &str) -> &str {
        self.raw(field).trim()
    }

    /// What `field` says to the letter, as passwords want it.
    pub(crate) fn raw(&self, field: &str) -> &str {
        let found = self.0.iter().find(|(name, _)| name == field);
        found.map_or("", |(_, value)| value)
    }

    /// As [`Self::get`], where it says anything.
    pub(crate) fn some(&self, field: &str) -> Option<&str> {
        Some(self.get(field)).filter(|text| !text.is_empty())
    }

    /// The whole number in `field`.
    pub(crate) fn number(&self, field: &str) -> Option<i64> {
        self.get(field).parse().ok()
    }

    /// All fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// A form that this visitor was shown, and sent.
pub(crate) struct Sent(pub(crate) Typed);

impl<S: Sync> FromRequest<S> for Sent {
    type Rejection = Trouble;

    async fn from_request(request: Request, _: &S) -> Result<Self, Trouble> {
        let visitor = Visitor::of(request.extensions())?;
        if !is_form(request.headers()) {
            return Err(Problem::new(415, "unsupported_media_type").into());
        }
        if is_foreign(request.headers(), request.uri()) {
            return Err(Problem::new(403, "foreign_form").into());
        }
        let body = Limited::new(request.into_body(), LARGEST).collect();
        let Ok(read) = tokio::time::timeout(WITHIN, body).await else {
            return Err(Problem::new(408, "body_timeout").into());
        };
        let read = read.map_err(|_| Problem::new(413, "too_large"))?;
        let typed = Typed::read(&read.to_bytes());
        visitor.typed(typed.clone());
        if is_token(typed.raw(TOKEN), &visitor.form_secret()) {
            Ok(Self(typed))
        } else {
            Err(Problem::new(403, "form_expired").into())
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}

/// Whether the browser says that a page of somebody else sent the form.
fn is_foreign(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !["same-origin", "none"].contains(&site);
    }
    let Some(origin) = text(ORIGIN.as_str()) else {
        return false; // An old browser: the token alone decides.
    };
    let host = text(HOST.as_str()).or_else(|| uri.authority().map(Authority::as_str));
    let of_origin = origin.split_once("://").map(|(_, host)| host);
    of_origin != host
}

/// A token for one form, made of the browser's `secret`: another one each time, so that nobody who sees how well pages
/// compress learns anything of it.
pub(crate) fn token(secret: &[u8; 32]) -> String {
    let mask: [u8; 32] = rand::random();
    let masked: Vec<u8> = mask
        .iter()
        .zip(secret)
        .map(|(one, two)| one ^ two)
        .collect();
    URL_SAFE_NO_PAD.encode([&mask[..], &masked].concat())
}

fn is_token(text: &str, secret: &[u8; 32]) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(text) else {
        return false;
    };
    let Some((mask, masked)) = bytes.split_at_checked(32) else {
        return false;
    };
    let opened: Vec<u8> = mask
        .iter()
        .zip(masked)
        .map(|(one, two)| one ^ two)
        .collect();
    auth::same(&opened, secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_is_good_for_its_own_browser_only(secret: [u8; 32], other: [u8; 32]) {
            prop_assert!(is_token(&token(&secret), &secret));
            prop_assert_eq!(is_token(&token(&secret), &other), secret == other);
        }

        #[test]
        fn any_text_is_a_token_or_refused(text: String, secret: [u8; 32]) {
            let _ = is_token(&text, &secret);
        }
    }

    fn foreign(headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
        is_foreign(&headers.collect(), &Uri::from_static("/cart"))
    }

    #[test]
    fn a_form_of_another_site_is_told_by_what_the_browser_says() {
        assert!(foreign(&[("sec-fetch-site", "cross-site")]));
        assert!(foreign(&[("sec-fetch-site", "same-site")]));
        assert!(!foreign(&[("sec-fetch-site", "same-origin")]));
        assert!(foreign(&[
            ("origin", "https://evil.example"),
            ("host", "shop.example")
        ]));
        assert!(foreign(&[("origin", "null"), ("host", "shop.example")]));
        assert!(!foreign(&[
            ("origin", "https://shop.example"),
            ("host", "shop.example")
        ]));
        assert!(!foreign(&[("host", "shop.example")]));
    }
}
