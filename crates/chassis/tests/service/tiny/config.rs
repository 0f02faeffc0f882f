//! What the environment may set of this service.

use chassis::{Env, Setting, Wrong};
use secrecy::SecretString;

/// The settings of this service, beside those that all services share.
pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new("GREETING", "hello", "What it greets with."),
    Setting::optional("TINY_ADDRS", "Where the next one of its kind is."),
    Setting::optional("PASSWORD", "Something to keep.").secret(),
];

/// What the settings say.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) greeting: String,
    pub(crate) password: Option<SecretString>,
    pub(crate) next: Option<discovery::Channel>,
}

impl Config {
    pub(crate) fn read(env: &Env) -> Result<Self, Wrong> {
        let addrs: Option<String> = env.optional("TINY_ADDRS")?;
        Ok(Self {
            greeting: env.get("GREETING")?,
            password: env.optional("PASSWORD")?,
            next: addrs.map(|_| env.channel("tiny")).transpose()?,
        })
    }
}
