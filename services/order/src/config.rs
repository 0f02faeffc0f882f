//! What the environment may set of this service.

use std::time::Duration;

use chassis::{Env, Setting, Wrong};

/// The settings of this service, beside those that all share.
pub const SETTINGS: &[Setting] = &[
    Setting::required(
        "DATABASE_URLS",
        "Where the primary of the order database answers: `postgres://` URLs, tried in turn.",
    )
    .secret(),
    Setting::optional(
        "DATABASE_REPLICA_URLS",
        "Where its replicas answer: `postgres://` URLs.",
    )
    .secret(),
    Setting::new(
        "DATABASE_CONNECTIONS",
        "16",
        "How many connections to each of them at most.",
    ),
    Setting::new(
        "REDIS_URL",
        "redis://127.0.0.1:6379",
        "Where Redis answers, or where Sentinels do: `redis+sentinel://host:port,host:port/name`; with `rediss` [over TLS](decisions/tls-to-redis.md). While it is away, reads are slower and nothing else.",
    )
    .secret(),
    Setting::required(
        "USER_ADDRS",
        "Where the user service is: `host:port`, commas between several, or a [directory](directories.md).",
    ),
    Setting::new("CURRENCY", "USD", "The shop's one currency, ISO 4217."),
    Setting::new(
        "SAGA_LEASE",
        "10s",
        "How long one process works on an order before another may take it up.",
    ),
    Setting::new(
        "SAGA_ATTEMPT",
        "4s",
        "How long one attempt at a step may take; below the lease.",
    ),
    Setting::new(
        "SETTLE_BY",
        "15m",
        "How long the payment of an order is tried before the order is given up.",
    ),
    Setting::optional(
        "CRASH_AT",
        "Only in debug builds: the step at which the process kills itself, such as `place-order:TakeMoney:after`.",
    ),
];

/// What this service needs to know before it starts.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where its database lives.
    pub database: db::Settings,
    /// Where Redis is.
    pub redis: String,
    /// How it works on sagas.
    pub sagas: saga::Settings,
    /// Where it kills itself, in debug builds.
    pub crash: Option<saga::Crash>,
    /// The shop's one currency, ISO 4217.
    pub currency: String,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn read(env: &Env) -> Result<Self, Wrong> {
        let database = database(env)?;
        let sagas = saga::Settings {
            lease: env.get("SAGA_LEASE")?,
            attempt: env.get("SAGA_ATTEMPT")?,
            settle_by: env.get("SETTLE_BY")?,
            ..saga::Settings::default()
        };
        if sagas.lease < Duration::from_millis(100) || sagas.attempt >= sagas.lease {
            return Err(Wrong::new("SAGA_ATTEMPT must be below SAGA_LEASE"));
        }
        Ok(Self {
            database,
            redis: redis(env)?,
            sagas,
            crash: crash(env)?,
            currency: currency(env)?,
        })
    }
}

/// Where its database lives.
pub(crate) fn database(env: &Env) -> Result<db::Settings, Wrong> {
    let database = db::Settings {
        primaries: env.get("DATABASE_URLS")?,
        replicas: env.optional("DATABASE_REPLICA_URLS")?.unwrap_or_default(),
        connections: env.get("DATABASE_CONNECTIONS")?,
        ..db::Settings::default()
    };
    let bad = database.check();
    bad.map_err(|bad| Wrong::new(format!("DATABASE_URLS: {bad}")))?;
    Ok(database)
}

fn redis(env: &Env) -> Result<String, Wrong> {
    let url: String = env.get("REDIS_URL")?;
    cache::Redis::check(&url).map_err(|error| Wrong::new(format!("REDIS_URL: {error}")))?;
    Ok(url)
}

fn currency(env: &Env) -> Result<String, Wrong> {
    let currency: String = env.get("CURRENCY")?;
    if currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(currency);
    }
    Err(Wrong::new(
        "CURRENCY must be three capital letters, such as USD",
    ))
}

fn crash(env: &Env) -> Result<Option<saga::Crash>, Wrong> {
    let text: Option<String> = env.optional("CRASH_AT")?;
    let Some(text) = text.filter(|_| cfg!(debug_assertions)) else {
        return Ok(None);
    };
    let crash = saga::Crash::read(&text);
    let wrong = || Wrong::new("CRASH_AT must be like place-order:TakeMoney:after");
    crash.map(Some).ok_or_else(wrong)
}
