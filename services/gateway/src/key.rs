//! `Idempotency-Key`: whose request this is, so that it counts once however often it is sent.

use api::common::Idempotency;
use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;

use crate::code::Code;
use crate::problem::Problem;

/// The header's name.
pub(crate) const HEADER: &str = "idempotency-key";
/// Says that the answer was given before, for the same key.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// How long a key may be.
const LONGEST: usize = 255;

/// The key a request came with, and the route it came to.
#[derive(Clone, Debug)]
pub(crate) struct IdempotencyKey {
    route: String,
    key: String,
}

/// An answer that is given once for each key, however often it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Once<T> {
    pub(crate) answer: T,
    /// Whether it was given before.
    pub(crate) replayed: bool,
}

/// How `Idempotency-Key` is described.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "it is read by the description only")]
pub(crate) struct KeyHeader {
    /// Chosen by the caller, once per act: sent again, the same request is answered and not carried out again. 400
    /// without it, 422 with another request.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        example = "8e03978e-40d5-43e8-bc93-6894a57f9324"
    )]
    idempotency_key: String,
}

impl IdempotencyKey {
    /// Binds the key to `account` and to what was asked: path parameters, query and body as they were understood.
    pub(crate) fn bind(self, account: String, asked: &impl Serialize) -> Idempotency {
        Idempotency {
            account_id: account,
            route: self.route,
            key: self.key,
            request_hash: hash(asked),
        }
    }
}

impl<T> Once<T> {
    /// The same with another answer in it.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Once<U> {
        Once {
            answer: change(self.answer),
            replayed: self.replayed,
        }
    }
}

impl<T: IntoResponse> IntoResponse for Once<T> {
    fn into_response(self) -> Response {
        let mut response = self.answer.into_response();
        if self.replayed {
            let yes = HeaderValue::from_static("true");
            response.headers_mut().insert(REPLAYED, yes);
        }
        response
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut lines = parts.headers.get_all(HEADER).iter();
        let line = lines.next().ok_or(Code::KeyMissing)?;
        if lines.next().is_some() {
            return Err(Problem::new(Code::KeyInvalid).detail("Send one Idempotency-Key."));
        }
        let text = line.to_str().map_err(|_| Code::KeyInvalid)?;
        let template = parts.extensions.get::<MatchedPath>();
        let template = template.map_or("", MatchedPath::as_str);
        Ok(Self {
            route: format!("{} {template}", parts.method),
            key: read(text)?,
        })
    }
}

/// The key in `text`: as it stands, or within the quotes that the draft standard asks for.
fn read(text: &str) -> Result<String, Problem> {
    let key = match text.strip_prefix('"') {
        Some(quoted) => unquoted(quoted).ok_or(Code::KeyInvalid)?,
        None => text.to_owned(),
    };
    let printable = key.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !printable || key.is_empty() || key.len() > LONGEST {
        let rule = "An Idempotency-Key has 1 to 255 printable ASCII characters.";
        return Err(Problem::new(Code::KeyInvalid).detail(rule));
    }
    Ok(key)
}

/// The inside of a structured field's string, of which the first quote is gone already.
fn unquoted(text: &str) -> Option<String> {
    let mut inside = String::with_capacity(text.len());
    let mut rest = text.strip_suffix('"')?.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' => inside.push(rest.next().filter(|c| matches!(c, '"' | '\\'))?),
            '"' => return None,
            plain => inside.push(plain),
        }
    }
    Some(inside)
}

/// SHA-256 of `asked` written in a fixed form: fields in the order of their type, no white space, so that two requests
/// of one meaning have one hash.
fn hash(asked: &impl Serialize) -> Vec<u8> {
    let fixed = serde_json::to_vec(asked).expect("what was read from JSON can be written as JSON");
    Sha256::digest(&fixed).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::PlaceBody;
    use proptest::prelude::*;

    #[test]
    fn a_key_may_stand_in_quotes_and_is_the_same_key() {
        assert_eq!(read("abc").unwrap(), "abc");
        assert_eq!(read("\"abc\"").unwrap(), "abc");
        assert_eq!(read(r#""a\"b\\c""#).unwrap(), r#"a"b\c"#);
    }

    #[test]
    fn a_key_that_breaks_the_rules_is_refused() {
        let long = "k".repeat(256);
        for bad in [
            "", "\"", "\"\"", "\"a", "\"a\"b\"", "\"a\\", "tab\tbed", "é", &long,
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn another_order_in_the_path_is_another_request() {
        assert_ne!(hash(&("ord_1", ())), hash(&("ord_2", ())));
    }

    /// The text of one order, written with the given white space and with its fields in either order.
    fn text(lines: &[(u128, i32)], space: &str, turned: bool, null: bool) -> String {
        let lines: Vec<String> = lines
            .iter()
            .map(|(product, quantity)| {
                let id = api::id::PRODUCT.write(uuid::Uuid::from_u128(*product));
                let (a, b) = (
                    format!("\"product_id\":{space}\"{id}\""),
                    format!("\"quantity\"{space}:{quantity}"),
                );
                let (a, b) = if turned { (b, a) } else { (a, b) };
                format!("{{{space}{a}{space},{b}}}")
            })
            .collect();
        let items = format!("\"items\":{space}[{}{space}]", lines.join(","));
        if null {
            format!("{{\"cart_id\":null,{items}}}{space}")
        } else {
            format!("{space}{{{items}}}")
        }
    }

    proptest! {
        #[test]
        fn one_meaning_has_one_hash_however_it_is_written(
            lines in prop::collection::vec((any::<u128>(), 1..1000_i32), 1..6),
            space in "[ \t\n]{0,3}", turned: bool, null: bool,
        ) {
            let plain: PlaceBody = serde_json::from_str(&text(&lines, "", false, false)).unwrap();
            let other: PlaceBody = serde_json::from_str(&text(&lines, &space, turned, null)).unwrap();

            prop_assert_eq!(hash(&((), (), plain)), hash(&((), (), other)));
        }

        #[test]
        fn another_quantity_is_another_hash(product: u128, one in 1..1000_i32, two in 1..1000_i32) {
            prop_assume!(one != two);
            let first: PlaceBody = serde_json::from_str(&text(&[(product, one)], "", false, false)).unwrap();
            let second: PlaceBody = serde_json::from_str(&text(&[(product, two)], "", false, false)).unwrap();

            prop_assert_ne!(hash(&first), hash(&second));
        }
    }
}
