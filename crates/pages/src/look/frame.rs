//! What surrounds every page: its head, the way through the shop, what was just done.

use std::borrow::Borrow;
use std::fmt::Display;

use super::words::{Office, Words};
use super::{Locale, Money, when};
use crate::api::Problem;
use crate::assets;
use crate::session::Standing;

/// The frame of one page, for `templates/base.html`.
pub(crate) struct Frame {
    pub(crate) title: String,
    pub(crate) locale: Locale,
    pub(crate) t: &'static Words,
    /// What the back office says.
    pub(crate) o: &'static Office,
    /// Where the visitor is, with its query.
    pub(crate) path: String,
    pub(crate) signed_in: bool,
    /// How far the visitor is shown the way.
    pub(crate) standing: Standing,
    /// How many units are in the cart.
    pub(crate) cart: u32,
    /// Good for every form of this page.
    pub(crate) form_token: String,
    /// What was just done, in a sentence.
    pub(crate) done: Option<&'static str>,
    /// To what it was done, where the back office did it.
    pub(crate) what: Option<String>,
    /// Whether something here was read before, and is shown while a service is away.
    pub(crate) remembered: bool,
    /// After how many seconds the page is worth loading again.
    pub(crate) again_after: Option<u32>,
}

impl Frame {
    /// The same, loaded again by itself after so many seconds.
    #[must_use]
    pub(crate) fn again_after(mut self, seconds: Option<u32>) -> Self {
        self.again_after = seconds;
        self
    }

    /// Whether the visitor is shown the way to the back office.
    pub(crate) fn is_staff(&self) -> bool {
        self.standing >= Standing::Support
    }

    /// Whether to all of it, as administrators are.
    pub(crate) fn is_admin(&self) -> bool {
        self.standing == Standing::Admin
    }

    /// Where the asset of this name is.
    #[allow(clippy::unused_self, reason = "templates know nothing but the frame")]
    pub(crate) fn asset(&self, name: &str) -> &'static str {
        assets::path(name)
    }

    /// The language that is not spoken here: its tag and its name.
    pub(crate) fn other_language(&self) -> (&'static str, &'static str) {
        match self.locale {
            Locale::English => ("zh", "中文"),
            Locale::Chinese => ("en", "English"),
        }
    }

    /// The path as a value in the query of another one.
    pub(crate) fn here(&self) -> String {
        url::form_urlencoded::byte_serialize(self.path.as_bytes()).collect()
    }

    /// Whether the visitor is at `path` or below it.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        let rest = self.path.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }

    /// Whether the visitor is at `path` itself.
    pub(crate) fn is_page(&self, path: &str) -> bool {
        self.path.split('?').next() == Some(path)
    }

    /// `text` with `value` in its gap.
    #[allow(clippy::unused_self, reason = "templates know nothing but the frame")]
    pub(crate) fn fill(&self, text: &str, value: impl Display) -> String {
        text.replacen("{}", &value.to_string(), 1)
    }

    /// An amount, as it is read here.
    pub(crate) fn money(&self, money: impl Borrow<Money>) -> String {
        money.borrow().shown(self.locale)
    }

    /// The day of a moment, as it is read here.
    pub(crate) fn day(&self, moment: &str) -> String {
        when::day(moment, self.locale)
    }

    /// The minute of a moment, as it is read here.
    pub(crate) fn minute(&self, moment: &str) -> String {
        when::minute(moment, self.locale)
    }

    /// The second of a moment, as it is read here.
    pub(crate) fn second(&self, moment: &str) -> String {
        when::second(moment, self.locale)
    }

    /// A category's name, as it is read here.
    pub(crate) fn category(&self, name: &str) -> String {
        let known = self.t.category(name);
        known.map_or_else(|| capital(name), str::to_owned)
    }

    /// A problem in a sentence, and what to do about it.
    pub(crate) fn explained(&self, problem: &Problem) -> String {
        self.t.problem(&problem.code).map_or_else(
            || {
                problem
                    .detail
                    .clone()
                    .unwrap_or_else(|| problem.title.clone())
            },
            str::to_owned,
        )
    }
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
