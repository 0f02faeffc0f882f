//! What rides along with every call: deadline, consistency token, trace, and the proof that one of ours is calling.

use std::time::Duration;

use api::token::{Given, Token};
use http::{HeaderMap, HeaderName, HeaderValue};
use retry::{Deadline, timeout};

const TIMEOUT: HeaderName = HeaderName::from_static(timeout::HEADER);
const TOKEN: HeaderName = HeaderName::from_static(api::token::HEADER);
const SERVICE_TOKEN: HeaderName = HeaderName::from_static("service-token");

/// The deadline of a call: the request's own, or what the caller wrote, whichever is nearer.
pub(crate) fn deadline(headers: &HeaderMap) -> Deadline {
    let written = headers.get(&TIMEOUT).and_then(|text| text.to_str().ok());
    let current = Deadline::current();
    match written.and_then(timeout::read) {
        Some(left) => current.min(Deadline::after(left)),
        None => current,
    }
}

/// Writes what rides along, with `left` for the deadline.
pub(crate) fn write(headers: &mut HeaderMap, left: Duration, service_token: Option<&HeaderValue>) {
    put(headers, TIMEOUT, &timeout::write(left));
    match api::token::given() {
        Given::Nothing => {}
        // Sent on as it is: whoever reads for it then asks the primary too.
        Given::Malformed => put(headers, TOKEN, "malformed"),
        Given::Token(token) => put(headers, TOKEN, &token.to_string()),
    }
    if let Some(token) = service_token {
        headers.insert(SERVICE_TOKEN, token.clone());
    }
    telemetry::inject(headers);
}

/// Raises the caller's token by what an answer says.
pub(crate) fn read(headers: &HeaderMap) {
    let token = headers.get(&TOKEN).and_then(|text| text.to_str().ok());
    if let Some(token) = token.and_then(|text| text.parse::<Token>().ok()) {
        api::token::saw(token);
    }
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
