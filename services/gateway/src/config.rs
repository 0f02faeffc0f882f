//! What the environment may set of the gateway.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use chassis::room::Bounds;
use chassis::{Env, Setting, Value, Wrong};

use crate::client::Proxies;
use crate::limits::{Quota, Quotas};

/// The gateway's settings, beside those that all services share.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting::required(
        "USER_ADDRS",
        "Where the user service is: `host:port`, commas between several, or a [directory](directories.md).",
    ),
    Setting::required("ORDER_ADDRS", "Where the order service is, likewise."),
    Setting::required("NEWS_ADDRS", "Where the news service is, likewise."),
    Setting::optional(
        "REDIS_URL",
        "Where gateways count callers together, at a Redis or by Sentinels (`redis+sentinel://host:port,host:port/name`), with `rediss` [over TLS](decisions/tls-to-redis.md); without it each counts by itself.",
    )
    .secret(),
    Setting::new(
        "REQUEST_TIMEOUT",
        "5s",
        "How long a request may take in all; services are told what is left of it.",
    ),
    Setting::new("BODY_LIMIT", "65536", "How many bytes a body may have."),
    Setting::new(
        "BODY_TIMEOUT",
        "4s",
        "How long a body may take to arrive; shorter than the request itself.",
    ),
    Setting::new(
        "HEADER_LIMIT",
        "16384",
        "How many bytes the headers of a request may have in all.",
    ),
    Setting::new(
        "HEADER_TIMEOUT",
        "10s",
        "How long the headers may take to arrive, from the first byte or the last answer on.",
    ),
    Setting::new(
        "IDLE_TIMEOUT",
        "75s",
        "How long a connection may carry nothing either way; longer than proxies keep theirs.",
    ),
    Setting::new(
        "STREAMS",
        "1024",
        "How many streams of events may be open at once.",
    ),
    Setting::new(
        "HEARTBEAT",
        "10s",
        "How often a silent stream of events says that it is still there; more often than proxies lose patience.",
    ),
    Setting::new(
        "RATE_ADDRESS",
        "6000/1m",
        "How many requests without an account one address may send.",
    ),
    Setting::new(
        "RATE_ACCOUNT",
        "3000/1m",
        "How many requests one account may send.",
    ),
    Setting::new(
        "RATE_SIGN_IN",
        "60/1m",
        "How many times one address may register or sign in.",
    ),
    Setting::optional(
        "TRUSTED_PROXIES",
        "Networks whose X-Forwarded-For is believed, such as `10.0.0.0/8,192.0.2.7`; nobody's without it.",
    ),
    Setting::new(
        "PROXY_PROTOCOL",
        "false",
        "Whether TRUSTED_PROXIES begin each connection with a PROXY header that names the client; one without is closed.",
    ),
    Setting::optional(
        "TLS_CERT",
        "A file with the certificate chain (PEM); with TLS_KEY it turns TLS on. Read again when it changes.",
    ),
    Setting::optional("TLS_KEY", "A file with the private key (PEM)."),
];

/// How long a handler may overrun the deadline it was given, to say what happened.
const GRACE: Duration = Duration::from_millis(500);
/// How long a path with its query may be.
const URI_BYTES: usize = 8_192;

/// What the settings say.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) deadline: Duration,
    pub(crate) grace: Duration,
    pub(crate) body_bytes: usize,
    pub(crate) body_timeout: Duration,
    pub(crate) header_bytes: usize,
    pub(crate) uri_bytes: usize,
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) room: Bounds,
    pub(crate) streams: usize,
    pub(crate) heartbeat: Duration,
    pub(crate) quotas: Quotas,
    pub(crate) redis: Option<String>,
    pub(crate) trusted_proxies: Proxies,
    pub(crate) proxy_protocol: bool,
    pub(crate) tls: Option<TlsFiles>,
}

/// Where the certificate and its key are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Settings {
    /// Reads what the environment says.
    ///
    /// # Errors
    /// When something is not what it must be.
    pub(crate) fn read(env: &Env) -> Result<Self, Wrong> {
        let quotas = Quotas {
            address: env.get("RATE_ADDRESS")?,
            account: env.get("RATE_ACCOUNT")?,
            sign_in: env.get("RATE_SIGN_IN")?,
        };
        Ok(Self {
            deadline: env.get("REQUEST_TIMEOUT")?,
            grace: GRACE,
            body_bytes: env.get("BODY_LIMIT")?,
            body_timeout: env.get("BODY_TIMEOUT")?,
            header_bytes: env.get("HEADER_LIMIT")?,
            uri_bytes: URI_BYTES,
            header_timeout: env.get("HEADER_TIMEOUT")?,
            idle_timeout: env.get("IDLE_TIMEOUT")?,
            room: Bounds::read(env)?,
            streams: env.get("STREAMS")?,
            heartbeat: env.get("HEARTBEAT")?,
            quotas,
            redis: redis(env)?,
            trusted_proxies: env.optional("TRUSTED_PROXIES")?.unwrap_or_default(),
            proxy_protocol: proxy_protocol(env)?,
            tls: tls(env)?,
        })
    }
}

fn redis(env: &Env) -> Result<Option<String>, Wrong> {
    let url: Option<String> = env.optional("REDIS_URL")?;
    match url.as_deref().map(cache::Redis::check) {
        Some(Err(error)) => Err(Wrong::new(format!(
            "REDIS_URL must be an address such as `redis://127.0.0.1:6379` or `redis+sentinel://127.0.0.1:26379/mymaster`: {error}"
        ))),
        _ => Ok(url),
    }
}

fn proxy_protocol(env: &Env) -> Result<bool, Wrong> {
    let spoken = env.get("PROXY_PROTOCOL")?;
    if spoken && env.optional::<Proxies>("TRUSTED_PROXIES")?.is_none() {
        return Err(Wrong::new(
            "PROXY_PROTOCOL needs TRUSTED_PROXIES: a header of anybody else is not believed",
        ));
    }
    Ok(spoken)
}

fn tls(env: &Env) -> Result<Option<TlsFiles>, Wrong> {
    match (env.optional("TLS_CERT")?, env.optional("TLS_KEY")?) {
        (Some(cert), Some(key)) => Ok(Some(TlsFiles { cert, key })),
        (None, None) => Ok(None),
        _ => Err(Wrong::new(
            "TLS_CERT and TLS_KEY go together: set both or neither",
        )),
    }
}

impl Value for Quota {
    const MUST_BE: &'static str = "a number of requests and a time, such as `100/1s` or `600/1m`";

    fn read(text: &str) -> Option<Self> {
        let (requests, per) = text.split_once('/')?;
        let requests: NonZeroU32 = requests.parse().ok()?;
        let per = Duration::read(per).filter(|per| !per.is_zero())?;
        Some(Self { requests, per })
    }
}

impl Value for Proxies {
    const MUST_BE: &'static str = "addresses or networks such as `10.0.0.0/8`, with commas between";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(given: &[(&str, &str)]) -> Result<Settings, Wrong> {
        let neighbours =
            ["USER_ADDRS", "ORDER_ADDRS", "NEWS_ADDRS"].map(|name| (name, "127.0.0.1:1"));
        let all = neighbours.iter().chain(given).copied();
        Settings::read(&Env::local(all).knowing(SETTINGS))
    }

    #[test]
    fn every_default_is_a_value_of_its_setting() {
        assert!(with(&[]).is_ok());
    }

    #[test]
    fn a_body_must_arrive_before_the_request_is_over() {
        let settings = with(&[]).unwrap();

        assert!(settings.body_timeout < settings.deadline);
    }

    #[test]
    fn a_wrong_value_is_told_in_a_sentence_that_names_its_setting() {
        for (name, value) in [
            ("RATE_ADDRESS", "0/1m"),
            ("RATE_ACCOUNT", "many"),
            ("TRUSTED_PROXIES", "10.0.0.0/99"),
            ("PROXY_PROTOCOL", "true"),
            ("REDIS_URL", "http://nowhere"),
            ("TLS_CERT", "/cert.pem"),
        ] {
            let wrong = with(&[(name, value)]).unwrap_err().to_string();

            assert!(wrong.contains(name), "{wrong}");
        }
    }
}
