//! A field of a form: its label, what was typed, its rule, and what is wrong with it.

use askama::Template;

use super::Frame;
use crate::api::Problem;
use crate::form::Typed;

/// One field, ready to be drawn.
#[derive(Template)]
#[template(path = "look/field.html")]
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    /// As `type` of an input has it.
    pub(crate) kind: &'a str,
    /// As `autocomplete` has it.
    pub(crate) complete: &'a str,
    pub(crate) value: &'a str,
    /// The rule for what is typed here.
    pub(crate) hint: Option<&'a str>,
    /// What is wrong with what was typed.
    pub(crate) fault: Option<&'a str>,
    pub(crate) required: bool,
    pub(crate) longest: usize,
    /// What there is to choose from: a value and its word each. With none it is typed.
    pub(crate) choices: Vec<(&'a str, &'a str)>,
}

/// A form being filled in: what was typed so far, and what the API said of it.
#[derive(Default)]
pub(crate) struct Filling {
    pub(crate) typed: Typed,
    pub(crate) problem: Option<Problem>,
}

impl Filling {
    /// A form that begins with these values.
    pub(crate) fn of(typed: Typed) -> Self {
        Self {
            typed,
            problem: None,
        }
    }

    /// A form that was sent and refused.
    pub(crate) fn refused(typed: Typed, problem: Problem) -> Self {
        Self {
            typed,
            problem: Some(problem),
        }
    }

    /// What was typed into `name`.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.typed.raw(name)
    }

    /// Draws a field that has to be filled.
    pub(crate) fn field(
        &self,
        frame: &Frame,
        name: &str,
        kind: &str,
        complete: &str,
        longest: usize,
    ) -> String {
        self.draw(frame, name, Asked::of(kind, complete, longest))
    }

    /// Draws a field that may stay empty.
    pub(crate) fn optional(
        &self,
        frame: &Frame,
        name: &str,
        kind: &str,
        complete: &str,
        longest: usize,
    ) -> String {
        let asked = Asked {
            required: false,
            ..Asked::of(kind, complete, longest)
        };
        self.draw(frame, name, asked)
    }

    /// Draws a field that has to be filled, without its rule: what was right once is right now.
    pub(crate) fn plain(
        &self,
        frame: &Frame,
        name: &str,
        kind: &str,
        complete: &str,
        longest: usize,
    ) -> String {
        let asked = Asked {
            ruled: false,
            ..Asked::of(kind, complete, longest)
        };
        self.draw(frame, name, asked)
    }

    /// Draws a field with something to choose from.
    pub(crate) fn choice(&self, frame: &Frame, name: &str, choices: &[(&str, &str)]) -> String {
        self.draw_of(frame, name, Asked::of("choice", "off", 0), choices)
    }

    fn draw(&self, frame: &Frame, name: &str, asked: Asked<'_>) -> String {
        self.draw_of(frame, name, asked, &[])
    }

    fn draw_of(
        &self,
        frame: &Frame,
        name: &str,
        asked: Asked<'_>,
        choices: &[(&str, &str)],
    ) -> String {
        let hint = frame.t.rule(name).filter(|_| asked.ruled);
        let wrong = self
            .problem
            .as_ref()
            .and_then(|problem| problem.fault(name));
        let fault = wrong.map(|fault| match &*fault.message {
            _ if hint.is_some() => hint.unwrap_or_default(),
            "" => frame.t.please_check,
            said => said,
        });
        let field = Field {
            name,
            label: frame.t.field(name).unwrap_or(name),
            kind: asked.kind,
            complete: asked.complete,
            // A password is never sent back.
            value: if asked.kind == "password" {
                ""
            } else {
                self.value(name)
            },
            hint,
            fault,
            required: asked.required,
            longest: asked.longest,
            choices: choices.to_vec(),
        };
        field.render().unwrap_or_default()
    }
}

/// How a field is to be drawn.
#[derive(Clone, Copy)]
struct Asked<'a> {
    kind: &'a str,
    complete: &'a str,
    longest: usize,
    required: bool,
    ruled: bool,
}

impl<'a> Asked<'a> {
    /// As most are: it has to be filled, and its rule stands below.
    fn of(kind: &'a str, complete: &'a str, longest: usize) -> Self {
        Self {
            kind,
            complete,
            longest,
            required: true,
            ruled: true,
        }
    }
}
