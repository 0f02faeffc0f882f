//! A change, asked about before it is made: what it will do, in words, and what somebody else did in the meantime.

use std::fmt::Display;

use askama::Template;
use axum::response::Response;

use crate::api::Problem;
use crate::form::{TOKEN, Typed};
use crate::look::Frame;
use crate::look::field::Filling;
use crate::shop::{segment, status};
use crate::trouble::Trouble;
use crate::visit::Visitor;

use super::audit::{self, Act};

/// One change. It goes to the page that it is asked on.
#[derive(Template)]
#[template(path = "office/deed.html")]
pub(super) struct Deed {
    frame: Frame,
    /// Where to go on when nothing is to be done.
    back: String,
    /// What it will do.
    says: Vec<String>,
    /// What is typed, ready to be drawn.
    fields: Vec<String>,
    /// What goes along unseen.
    unseen: Vec<(String, String)>,
    /// What changes: its name, how it is, how it will be.
    changes: Vec<(String, String, String)>,
    button: &'static str,
    /// Whether it is hard to undo.
    risky: bool,
    /// Whether there is a way back to what was typed.
    typed_before: bool,
    problem: Option<Problem>,
    /// How it is now, where somebody else was first.
    now: Vec<(String, String)>,
    /// What they did.
    other: Option<Act>,
}

impl Deed {
    /// A change that is made by pressing `button`; without, everything stays as it is at `back`.
    pub(super) fn of(frame: Frame, back: impl Into<String>, button: &'static str) -> Self {
        Self {
            frame,
            back: back.into(),
            says: Vec::new(),
            fields: Vec::new(),
            unseen: Vec::new(),
            changes: Vec::new(),
            button,
            risky: false,
            typed_before: false,
            problem: None,
            now: Vec::new(),
            other: None,
        }
    }

    /// Says one more thing that it will do.
    pub(super) fn says(mut self, sentence: impl Into<String>) -> Self {
        self.says.push(sentence.into());
        self
    }

    /// Says it where it is so.
    pub(super) fn says_if(self, so: bool, sentence: impl Into<String>) -> Self {
        if so { self.says(sentence) } else { self }
    }

    /// Asks for these fields, drawn by a [`Filling`].
    pub(super) fn fields(mut self, fields: Vec<String>) -> Self {
        self.fields = fields;
        self
    }

    /// Sends `value` along.
    pub(super) fn with(mut self, name: &str, value: impl Display) -> Self {
        self.unseen.push((name.to_owned(), value.to_string()));
        self
    }

    /// Shows what was `typed` once more, as what it `changes`: a name, how it is, how it will be. Confirmed, it is sent again
    /// with `do` as its step.
    pub(super) fn looked_over(
        mut self,
        typed: &Typed,
        changes: Vec<(String, String, String)>,
    ) -> Self {
        let fields = typed
            .fields()
            .filter(|(name, _)| ![TOKEN, "step"].contains(name));
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.unseen.extend(fields);
        self.changes = changes;
        self.typed_before = true;
        self
    }

    /// Says that it is hard to undo.
    pub(super) fn risky(mut self) -> Self {
        self.risky = true;
        self
    }

    /// Says why it was refused, and what is to be known about that.
    pub(super) fn refused(mut self, filling: &Filling, stale: Option<Stale>) -> Self {
        self.problem.clone_from(&filling.problem);
        if let Some(stale) = stale {
            (self.now, self.other) = (stale.now, stale.other);
        }
        self
    }

    /// Draws it for `visitor`.
    pub(super) fn shown(self, visitor: &Visitor) -> Response {
        let status = status(self.problem.as_ref());
        visitor.show_as(status, &self)
    }
}

/// What somebody else made of what was going to be changed.
pub(super) struct Stale {
    now: Vec<(String, String)>,
    other: Option<Act>,
}

impl Stale {
    /// Looks who was first, where `filling` was refused because of that.
    pub(super) async fn of(
        visitor: &Visitor,
        filling: &Filling,
        service: &str,
        subject: &str,
        now: Vec<(String, String)>,
    ) -> Option<Self> {
        let problem = filling.problem.as_ref()?;
        if problem.status != 412 {
            return None;
        }
        let other = audit::last(visitor, service, subject).await;
        Some(Self { now, other })
    }
}

/// Whether a refusal belongs on the page that asked, with what was typed, and not on a page of its own.
///
/// # Errors
/// The refusal, where it does not.
pub(super) fn refusal(trouble: Trouble) -> Result<Problem, Trouble> {
    let Trouble(problem) = trouble;
    if problem.wants_sign_in() || problem.status == 404 || problem.status == 403 {
        return Err(Trouble(problem));
    }
    Ok(*problem)
}

/// The path of one thing below `list`.
pub(super) fn path_of(list: &str, id: &str) -> String {
    format!("{list}/{}", segment(id))
}
