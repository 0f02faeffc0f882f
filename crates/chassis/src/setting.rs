//! One setting: its name, what it is when nobody sets it, and what it does.

/// What a setting is when nobody sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// The start is refused.
    Refused,
    /// There is no value, and that is fine.
    Nothing,
    /// This value.
    Value(&'static str),
}

/// A line in a service's table of settings.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub(crate) name: &'static str,
    pub(crate) absent: Absent,
    pub(crate) doc: &'static str,
    pub(crate) secret: bool,
}

impl Setting {
    /// A setting that is `default` when nobody sets it. `doc` says in a sentence what it does, and why that default.
    pub const fn new(name: &'static str, default: &'static str, doc: &'static str) -> Self {
        Self::of(name, Absent::Value(default), doc)
    }

    /// A setting without which the service does not start.
    pub const fn required(name: &'static str, doc: &'static str) -> Self {
        Self::of(name, Absent::Refused, doc)
    }

    /// A setting that may be missing.
    pub const fn optional(name: &'static str, doc: &'static str) -> Self {
        Self::of(name, Absent::Nothing, doc)
    }

    /// The same setting as a secret: its value is never shown.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// What it is called.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the start is refused without it.
    pub const fn is_required(&self) -> bool {
        matches!(self.absent, Absent::Refused)
    }

    /// What it is when nobody sets it.
    pub const fn default(&self) -> Option<&'static str> {
        match self.absent {
            Absent::Value(value) => Some(value),
            Absent::Nothing | Absent::Refused => None,
        }
    }

    const fn of(name: &'static str, absent: Absent, doc: &'static str) -> Self {
        Self {
            name,
            absent,
            doc,
            secret: false,
        }
    }
}
