//! Reads settings: from the process's environment, from a file named there, or from a test's own list.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use discovery::Opinions;

use crate::allowance::Heard;
use crate::config;
use crate::identity::Identity;
use crate::setting::{Absent, Setting};
use crate::spelling::is_a_slip;
use crate::value::Value;

/// Says in one sentence what is wrong with a setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(String);

/// Where settings come from.
#[derive(Clone)]
pub struct Env {
    given: Arc<BTreeMap<String, String>>,
    table: Vec<Setting>,
    identity: Option<Identity>,
    heard: Heard,
    opinions: Opinions,
}

impl Wrong {
    /// Says `sentence`.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl Env {
    /// The environment of this process.
    pub fn process() -> Self {
        let texts = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::of(texts)
    }

    /// These settings and no others.
    pub fn of(given: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        let given = given.into_iter();
        Self {
            given: Arc::new(
                given
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect(),
            ),
            table: config::SETTINGS.to_vec(),
            identity: None,
            heard: Heard::nothing(),
            opinions: Opinions::default(),
        }
    }

    /// These settings on free ports of this machine, with a token that every such service shares, and without the wait
    /// that a drain begins with: what tests want.
    pub fn local(given: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Self {
        let given = given.into_iter();
        let given = given.map(|(name, value)| (name.into(), value.into()));
        let local = config::LOCAL.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self::of(local.into_iter().chain(given))
    }

    /// The same, knowing the settings of `table` too.
    #[must_use]
    pub fn knowing(mut self, table: &[Setting]) -> Self {
        self.table.extend_from_slice(table);
        self
    }

    /// The same for the service called `service`, which proves itself to others where its settings say how.
    ///
    /// # Errors
    /// When it could not.
    pub fn proving(mut self, service: &'static str) -> Result<Self, Wrong> {
        self.identity = Identity::read(service, &self)?;
        Ok(self)
    }

    /// By what it proves itself.
    pub(crate) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// What operators say while the service runs.
    pub(crate) fn heard(&self) -> &Heard {
        &self.heard
    }

    /// What this service thinks of those that it calls.
    pub(crate) fn opinions(&self) -> &Opinions {
        &self.opinions
    }

    /// Reads a setting that has a default or is required.
    ///
    /// # Errors
    /// When it is missing, or is not what it must be.
    pub fn get<T: Value>(&self, name: &str) -> Result<T, Wrong> {
        let setting = self.known(name)?;
        let missing = || Wrong(format!("{name} is not set: {}", setting.doc));
        self.read(setting)?.ok_or_else(missing)
    }

    /// Reads a setting that may be missing.
    ///
    /// # Errors
    /// When it is not what it must be.
    pub fn optional<T: Value>(&self, name: &str) -> Result<Option<T>, Wrong> {
        self.read(self.known(name)?)
    }

    /// Reads a setting that has a default or is required, and must be within `range`.
    ///
    /// # Errors
    /// When it is missing, or is not what it must be.
    pub fn within<T>(&self, name: &str, range: RangeInclusive<T>) -> Result<T, Wrong>
    where
        T: Value + PartialOrd + fmt::Debug,
    {
        let value: T = self.get(name)?;
        if range.contains(&value) {
            return Ok(value);
        }
        let (least, most) = range.into_inner();
        Err(Wrong(format!(
            "{name} must be from {least:?} to {most:?}, and is {value:?}"
        )))
    }

    /// Looks for names that nobody reads and that are a slip away from one that is not set.
    pub(crate) fn check_spelling(&self) -> Result<(), Wrong> {
        let is_known = |name: &str| {
            let name = name.strip_suffix("_FILE").unwrap_or(name);
            self.table.iter().any(|setting| setting.name == name)
        };
        let strangers = self.given.keys().filter(|name| !is_known(name));
        for stranger in strangers {
            let meant = self.table.iter().find(|setting| {
                !self.given.contains_key(setting.name) && is_a_slip(stranger, setting.name)
            });
            if let Some(Setting { name, .. }) = meant {
                return Err(Wrong(format!(
                    "{stranger} is not a setting of this service; {name} is, and is not set"
                )));
            }
        }
        Ok(())
    }

    fn known(&self, name: &str) -> Result<&Setting, Wrong> {
        let setting = self.table.iter().find(|setting| setting.name == name);
        setting.ok_or_else(|| {
            Wrong(format!(
                "{name} is read, but stands in no table of settings"
            ))
        })
    }

    fn read<T: Value>(&self, setting: &Setting) -> Result<Option<T>, Wrong> {
        let Some(text) = self.text(setting)? else {
            return Ok(None);
        };
        let wrong = || {
            let name = setting.name;
            let shown = if setting.secret {
                "something else".to_owned()
            } else {
                format!("`{text}`")
            };
            Wrong(format!("{name} must be {}, and is {shown}", T::MUST_BE))
        };
        T::read(&text).ok_or_else(wrong).map(Some)
    }

    fn text(&self, setting: &Setting) -> Result<Option<String>, Wrong> {
        let name = setting.name;
        let file = format!("{name}_FILE");
        let default = match setting.absent {
            Absent::Value(text) => Some(text.to_owned()),
            Absent::Nothing | Absent::Refused => None,
        };
        match (self.given.get(name), self.given.get(&file)) {
            (None, None) => Ok(default),
            (Some(text), None) => Ok(Some(text.clone())),
            (None, Some(path)) => contents(&file, path).map(Some),
            (Some(_), Some(_)) => Err(Wrong(format!("{name} and {file} are both set; keep one"))),
        }
    }
}

fn contents(name: &str, path: &str) -> Result<String, Wrong> {
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| {
        Wrong(format!(
            "{name} names `{path}`, which cannot be read: {error}"
        ))
    })?;
    Ok(text.trim_end().to_owned())
}

impl fmt::Debug for Env {
    /// Names what is set and shows no value: some are secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.given.keys()).finish()
    }
}
