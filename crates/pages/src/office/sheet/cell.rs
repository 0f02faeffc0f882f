//! One cell of a table, or one fact.

use std::fmt::Display;

use askama::Template;

use crate::look::Frame;

/// What stands where there is nothing.
const DASH: &str = "–";

/// What stands in it, by the way it is drawn.
#[derive(Template)]
#[template(path = "office/cell.html")]
pub(in crate::office) enum Cell {
    /// Words.
    Plain(String),
    /// A number or an amount, to be compared with those above and below.
    Number(String),
    /// What programs call something.
    Code(String),
    /// The way to something.
    Link { to: String, text: String },
    /// How something is: a class of the style, and its word.
    State { class: String, word: String },
    /// How much of something is used.
    Meter { value: f64, most: f64, text: String },
    /// A moment: as programs write it, and as people do.
    Moment { at: String, text: String },
}

impl Cell {
    /// Words, or a dash.
    pub(in crate::office) fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::Plain(if text.is_empty() { DASH.into() } else { text })
    }

    /// A number.
    pub(in crate::office) fn number(number: impl Display) -> Self {
        Self::Number(number.to_string())
    }

    /// A name or an id.
    pub(in crate::office) fn code(text: impl Into<String>) -> Self {
        Self::Code(text.into())
    }

    /// The way to `to`.
    pub(in crate::office) fn link(to: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Link {
            to: to.into(),
            text: text.into(),
        }
    }

    /// The state of this name, in the words of the back office.
    pub(in crate::office) fn state(frame: &Frame, name: &str) -> Self {
        Self::State {
            class: name.to_owned(),
            word: frame.o.word(name).to_owned(),
        }
    }

    /// A moment; a dash, where there is none.
    pub(in crate::office) fn moment(frame: &Frame, at: &str) -> Self {
        if at.is_empty() {
            return Self::plain("");
        }
        Self::Moment {
            at: at.to_owned(),
            text: frame.second(at),
        }
    }

    /// Whether there is nothing in it.
    pub(super) fn is_dash(&self) -> bool {
        matches!(self, Self::Plain(text) if text == DASH)
    }

    /// Whether it stands at the right, under the others of its kind.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }
}
