//! The settings that all services share.

use std::net::SocketAddr;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::capacity::Capacity;
use crate::register::Registry;
use crate::room::Bounds;
use crate::{Env, Setting, Wrong};

/// The settings that all services share.
pub const SETTINGS: &[Setting] = &[
    Setting::new(
        "LISTEN",
        "0.0.0.0:50051",
        "Where requests are taken; port 0 takes a free one.",
    ),
    Setting::new(
        "ADMIN_LISTEN",
        "0.0.0.0:9090",
        "Where `/livez`, `/readyz` and `/metrics` are; not for the public.",
    ),
    Setting::required(
        "SERVICE_TOKEN",
        "What the services of one house prove themselves to each other with: any random text of 16 characters or more.",
    )
    .secret(),
    Setting::optional(
        "PEER_TLS_CERT",
        "A file with the certificate chain (PEM) by which this service proves to the others of its house which one it is; with PEER_TLS_KEY and PEER_TLS_CA services speak mutual TLS. All three are read again when they change.",
    ),
    Setting::optional("PEER_TLS_KEY", "A file with its private key (PEM)."),
    Setting::optional(
        "PEER_TLS_CA",
        "A file with the authority that certifies the services of the house (PEM); with two while one replaces the other.",
    ),
    Setting::new(
        "LOG",
        "info",
        "What is logged, as a filter such as `info,order=debug`.",
    ),
    Setting::new("LOG_FORMAT", "pretty", "How it is logged: `pretty` or `json`."),
    Setting::optional(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "The URL of an OpenTelemetry collector, gRPC. Without one, traces have ids and go nowhere.",
    ),
    Setting::new(
        "MIN_IN_FLIGHT",
        "64",
        "How many requests are worked on at once however slow they are. Above it the limit follows what the instance can do.",
    ),
    Setting::new(
        "MAX_IN_FLIGHT",
        "1024",
        "How many requests are in this instance at most. More are refused at once: waiting in a long queue helps nobody.",
    ),
    Setting::optional(
        "CAPACITY",
        "Only in debug builds: how much this instance can do, as `8x100ms`: 8 requests at once, each for 100 ms before it begins.",
    ),
    Setting::new(
        "CALLS_PER_NEIGHBOUR",
        "512",
        "How many calls to one other service may be under way at once, half of MAX_IN_FLIGHT: one that hangs leaves room for the others.",
    ),
    Setting::new(
        "CONNECTIONS_PER_INSTANCE",
        "4",
        "How many connections to one instance at most, 1 to 8; each carries 64 calls before the next is opened.",
    ),
    Setting::new(
        "BALANCE",
        "least-busy",
        "Which instance is called: `round-robin` gives each its turn by weight, `least-busy` moves on from one that is clearly slower.",
    ),
    Setting::optional(
        "ZONE",
        "Where this instance stands. Instances of the same zone are called first, others when none of them can be.",
    ),
    Setting::optional(
        "OVERLAY_PATH",
        "A JSON file with weights and drains by instance id, looked at twice a second: `{\"a:1\": {\"weight\": 50}, \"b:1\": {\"drained\": true}}`.",
    ),
    Setting::optional(
        "CONTROL_ADDRS",
        "Where the control service is: `host:port`, commas between several, or a [directory](directories.md). Without it, and until it has answered, what is set here applies.",
    ),
    Setting::optional(
        "REGISTRY",
        "Where this instance registers itself once it is ready, for others to find it: `etcd://host:2379`, several members with commas between. See [directories](directories.md).",
    ),
    Setting::new(
        "REGISTRY_LEASE",
        "5s",
        "How long this instance stays registered after it has died, 2 to 15 s; one that ends in order deregisters at once.",
    ),
    Setting::optional(
        "ADVERTISE",
        "Where others reach this instance, `host:port`; needed in a registry when LISTEN is on every address.",
    ),
    Setting::optional(
        "INSTANCE",
        "What this instance is called in a registry, and so by operators: `order-1`. When not set, its address; the name of its machine, where it listens on every address.",
    ),
    Setting::new(
        "KUBERNETES_API",
        "https://kubernetes.default.svc",
        "Where the API server answers that is asked for neighbours given as `kubernetes://`.",
    ),
    Setting::new(
        "KUBERNETES_ACCOUNT",
        "/var/run/secrets/kubernetes.io/serviceaccount",
        "The folder with the account's `token`, `ca.crt` and `namespace`, by which it is asked. The account may list and watch EndpointSlices.",
    ),
    Setting::new(
        "DRAIN_GRACE",
        "2s",
        "How long requests are still taken after readiness was withdrawn: longer than it takes others to notice.",
    ),
    Setting::new(
        "DRAIN_LIMIT",
        "25s",
        "How long requests in flight may take to end, once no new ones are taken.",
    ),
];

/// What [`Env::local`] sets.
pub(crate) const LOCAL: [(&str, &str); 5] = [
    ("LISTEN", "127.0.0.1:0"),
    ("ADMIN_LISTEN", "127.0.0.1:0"),
    ("SERVICE_TOKEN", "a token for tests only"),
    ("DRAIN_GRACE", "0s"),
    ("LOG", "warn"),
];

/// A shorter token could be guessed.
const SHORTEST_TOKEN: usize = 16;

/// What the shared settings say.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) service_token: SecretString,
    pub(crate) telemetry: telemetry::Settings,
    pub(crate) room: Bounds,
    pub(crate) capacity: Option<Capacity>,
    pub(crate) registry: Option<Registry>,
    pub(crate) drain_grace: Duration,
    pub(crate) drain_limit: Duration,
}

impl Config {
    pub(crate) fn read(name: &str, env: &Env) -> Result<Self, Wrong> {
        env.check_spelling()?;
        let listen = env.get("LISTEN")?;
        Ok(Self {
            listen,
            registry: Registry::read(env, listen)?,
            admin: env.get("ADMIN_LISTEN")?,
            service_token: service_token(env)?,
            telemetry: telemetry::Settings {
                service: name.to_owned(),
                log: filter(env)?,
                format: env.get("LOG_FORMAT")?,
                otlp: collector(env)?,
            },
            room: Bounds::read(env)?,
            capacity: Capacity::read(env)?,
            drain_grace: env.get("DRAIN_GRACE")?,
            drain_limit: env.get("DRAIN_LIMIT")?,
        })
    }
}

fn service_token(env: &Env) -> Result<SecretString, Wrong> {
    let token: SecretString = env.get("SERVICE_TOKEN")?;
    let text = token.expose_secret();
    // It travels in a header.
    let fits = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if fits && text.len() >= SHORTEST_TOKEN {
        return Ok(token);
    }
    Err(Wrong::new(format!(
        "SERVICE_TOKEN must be {SHORTEST_TOKEN} or more printable characters, and is something else"
    )))
}

fn filter(env: &Env) -> Result<String, Wrong> {
    let filter: String = env.get("LOG")?;
    if telemetry::is_filter(&filter) {
        return Ok(filter);
    }
    Err(Wrong::new(format!(
        "LOG must be a filter such as `info,order=debug`, and is `{filter}`"
    )))
}

fn collector(env: &Env) -> Result<Option<String>, Wrong> {
    let Some(url) = env.optional::<String>("OTEL_EXPORTER_OTLP_ENDPOINT")? else {
        return Ok(None);
    };
    let is_url = url.parse::<http::Uri>();
    if is_url.is_ok_and(|url| url.scheme_str() == Some("http")) {
        return Ok(Some(url));
    }
    Err(Wrong::new(format!(
        "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as `http://127.0.0.1:4317`, and is `{url}`"
    )))
}
