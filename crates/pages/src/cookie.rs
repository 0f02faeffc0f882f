//! The cookies of the pages: what each holds, how long, and how it is guarded.

use std::time::Duration;

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

const HOUR: Duration = Duration::from_hours(1);
const MONTH: Duration = Duration::from_hours(24 * 30);
const YEAR: Duration = Duration::from_hours(24 * 365);

/// What the browser keeps for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The access token.
    Access,
    /// The refresh token.
    Refresh,
    /// The secret that the tokens of forms are made of.
    Form,
    /// The consistency token: how far this browser has seen.
    Seen,
    /// The cart, and how many units are in it.
    Cart,
    /// The language that was chosen.
    Language,
}

impl Cookie {
    fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
            Self::Form => "form",
            Self::Seen => "seen",
            Self::Cart => "cart",
            Self::Language => "language",
        }
    }

    fn life(self) -> Duration {
        match self {
            // Once all replicas have what was seen, it asks for nothing.
            Self::Seen => HOUR,
            Self::Access | Self::Refresh | Self::Form | Self::Cart => MONTH,
            Self::Language => YEAR,
        }
    }

    /// Over HTTPS with a prefix, by which browsers take it from this very host over HTTPS only.
    fn full_name(self, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        format!("{prefix}{}", self.name())
    }

    /// What the browser sent back, if it sent it once.
    pub(crate) fn read(self, headers: &HeaderMap, secure: bool) -> Option<String> {
        let name = self.full_name(secure);
        let lines = headers.get_all(COOKIE).iter();
        let pairs = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'));
        let mut values = pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name);
        let value = values.next()?.1;
        // Two of one name: one of them is not ours.
        values.next().is_none().then(|| value.to_owned())
    }

    /// What tells the browser to keep `value`, or to forget it.
    pub(crate) fn write(self, value: Option<&str>, secure: bool) -> Option<HeaderValue> {
        let name = self.full_name(secure);
        let life = value.map_or(Duration::ZERO, |_| self.life()).as_secs();
        let guard = if secure { "; Secure" } else { "" };
        let value = value.unwrap_or_default();
        let text = format!("{name}={value}; Path=/; Max-Age={life}; HttpOnly; SameSite=Lax{guard}");
        HeaderValue::try_from(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(line: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, HeaderValue::try_from(line).unwrap())])
    }

    #[test]
    fn over_https_only_a_cookie_of_this_very_host_counts() {
        let headers = sent("cart=planted; __Host-cart=ours");

        assert_eq!(Cookie::Cart.read(&headers, true).unwrap(), "ours");
        assert_eq!(Cookie::Cart.read(&headers, false).unwrap(), "planted");
        assert_eq!(Cookie::Cart.read(&sent("cart=planted"), true), None);
    }

    #[test]
    fn a_cookie_that_came_twice_is_nobodys() {
        assert_eq!(Cookie::Cart.read(&sent("cart=a; cart=b"), false), None);
    }

    #[test]
    fn every_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        for cookie in [Cookie::Access, Cookie::Refresh, Cookie::Form, Cookie::Seen] {
            let plain = cookie.write(Some("x"), false).unwrap();
            let plain = plain.to_str().unwrap();
            let secure = cookie.write(Some("x"), true).unwrap();
            let secure = secure.to_str().unwrap();

            assert!(plain.contains("HttpOnly; SameSite=Lax") && !plain.contains("Secure"));
            assert!(secure.starts_with("__Host-") && secure.ends_with("; Secure"));
            assert!(secure.contains("Path=/") && !secure.contains("Domain"));
        }
    }
}
