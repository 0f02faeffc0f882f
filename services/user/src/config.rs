//! What the environment may set of this service.

use std::time::Duration;

use auth::MasterKey;
use cache::Redis;
use chassis::{Env, Setting, Wrong};
use secrecy::{ExposeSecret as _, SecretString};

/// The settings of this service, beside those that all share.
pub const SETTINGS: &[Setting] = &[
    Setting::required(
        "DATABASE_URLS",
        "Where the primary of the user database answers: `postgres://` URLs with commas between, tried in turn.",
    )
    .secret(),
    Setting::optional(
        "DATABASE_REPLICA_URLS",
        "Where replicas of it answer; without any, all reads go to the primary.",
    )
    .secret(),
    Setting::new(
        "DATABASE_CONNECTIONS",
        "16",
        "How many connections at most, to each address of the database.",
    ),
    Setting::new(
        "REDIS_URL",
        "redis://127.0.0.1:6379",
        "Where Redis answers, or where Sentinels do: `redis+sentinel://host:port,host:port/name`; with `rediss` [over TLS](decisions/tls-to-redis.md). While it is away, reads are slower and nothing else.",
    )
    .secret(),
    Setting::required(
        "MASTER_KEY",
        "What everything secret or personal is sealed with: 32 bytes, as 64 hexadecimal digits or in base 64. Lost, all of it is lost.",
    )
    .secret(),
    Setting::new("CURRENCY", "USD", "The shop's one currency, ISO 4217."),
    Setting::optional(
        "PASSWORD_CHECKS",
        "How many passwords are hashed at once, 19 MiB and one core each; half of the cores when not set.",
    ),
    Setting::new(
        "PASSWORD_QUEUE",
        "64",
        "How many more passwords wait for that; the next one is told to try again.",
    ),
    Setting::new(
        "SESSION_LIFE",
        "30d",
        "How long a session lasts after its refresh token was last traded.",
    ),
    Setting::new(
        "SIGNING_KEY_LIFE",
        "30d",
        "How long access tokens are signed with one key before the next takes over; an hour or more.",
    ),
    Setting::optional(
        "ADMIN_EMAIL",
        "Whose account is made an administrator's while there is none; with ADMIN_PASSWORD.",
    ),
    Setting::optional("ADMIN_PASSWORD", "The password that account begins with.").secret(),
];

/// What this service needs to know before it starts.
pub struct Config {
    /// Where its database lives.
    pub database: db::Settings,
    /// Where Redis lives.
    pub redis: String,
    /// What everything secret or personal at rest is sealed with.
    pub master_key: MasterKey,
    /// The shop's one currency, ISO 4217.
    pub currency: String,
    /// How many passwords are hashed at once.
    pub password_checks: usize,
    /// How many more wait.
    pub password_queue: usize,
    /// How long a session lasts without being renewed.
    pub session_life: Duration,
    /// How long a key signs.
    pub signing_key_life: Duration,
    /// Email and password of the first administrator.
    pub first_admin: Option<(String, SecretString)>,
}

impl Config {
    /// Reads it.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn read(env: &Env) -> Result<Self, Wrong> {
        Ok(Self {
            database: database(env)?,
            redis: redis(env)?,
            master_key: master_key(env)?,
            currency: currency(env)?,
            password_checks: env
                .optional("PASSWORD_CHECKS")?
                .unwrap_or_else(half_of_the_cores)
                .max(1),
            password_queue: env.get("PASSWORD_QUEUE")?,
            session_life: env.get("SESSION_LIFE")?,
            signing_key_life: signing_key_life(env)?,
            first_admin: first_admin(env)?,
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
    let redis: String = env.get("REDIS_URL")?;
    Redis::check(&redis).map_err(|error| Wrong::new(format!("REDIS_URL: {error}")))?;
    Ok(redis)
}

fn master_key(env: &Env) -> Result<MasterKey, Wrong> {
    let text: SecretString = env.get("MASTER_KEY")?;
    MasterKey::read(text.expose_secret()).map_err(|bad| Wrong::new(format!("MASTER_KEY: {bad}")))
}

fn currency(env: &Env) -> Result<String, Wrong> {
    let currency: String = env.get("CURRENCY")?;
    if currency.len() == 3 && currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Ok(currency);
    }
    let rule = "CURRENCY must be three capital letters, such as USD";
    Err(Wrong::new(rule))
}

/// Below an hour keys would be dropped while tokens signed with them still hold.
fn signing_key_life(env: &Env) -> Result<Duration, Wrong> {
    let life: Duration = env.get("SIGNING_KEY_LIFE")?;
    if life < Duration::from_hours(1) {
        return Err(Wrong::new("SIGNING_KEY_LIFE must be an hour or more"));
    }
    Ok(life)
}

fn first_admin(env: &Env) -> Result<Option<(String, SecretString)>, Wrong> {
    match (
        env.optional("ADMIN_EMAIL")?,
        env.optional("ADMIN_PASSWORD")?,
    ) {
        (Some(email), Some(password)) => Ok(Some((email, password))),
        (None, None) => Ok(None),
        _ => Err(Wrong::new(
            "ADMIN_EMAIL and ADMIN_PASSWORD are set together or not at all",
        )),
    }
}

fn half_of_the_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get() / 2)
}
