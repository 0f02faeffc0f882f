//! What is drawn when the API refuses: the reason, what to do, and everything that was typed.

use askama::Template;
use axum::http::header::{LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::api::Problem;
use crate::form::Typed;
use crate::look::Frame;
use crate::look::field::Filling;
use crate::visit::Visitor;

/// How soon a page is loaded again by itself, at least.
const SOONEST: u32 = 3;

/// Why a page could not be shown.
#[derive(Clone, Debug)]
pub(crate) struct Trouble(pub(crate) Box<Problem>);

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

/// Carries the trouble out to [`crate::visit`], which knows the visitor and draws it.
impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Says that there is no such page.
pub(crate) fn missing() -> Response {
    Trouble::from(Problem::new(404, "not_found")).into_response()
}

/// A page that could not be shown.
#[derive(Template)]
#[template(path = "look/trouble.html")]
struct TroublePage<'a> {
    frame: Frame,
    problem: &'a Problem,
    text: String,
}

/// A form that did not get through, with everything that was typed, to be sent again.
#[derive(Template)]
#[template(path = "look/again.html")]
pub(crate) struct AgainPage {
    pub(crate) frame: Frame,
    pub(crate) text: String,
    /// Where the form goes.
    pub(crate) to: String,
    pub(crate) typed: Typed,
    pub(crate) filling: Filling,
    /// Whether somebody has to sign in first.
    pub(crate) sign_in: bool,
    pub(crate) problem: Option<Problem>,
}

/// Fields that are never sent back.
pub(crate) const SECRETS: [&str; 3] = ["password", "current_password", "new_password"];

impl AgainPage {
    /// The fields that are typed anew or looked over, and those that go along unseen.
    fn shown(&self) -> Vec<String> {
        let seen = self.kept().filter(|(name, _)| self.is_seen(name));
        seen.map(|(name, value)| {
            let (frame, form) = (&self.frame, &self.filling);
            if SECRETS.contains(&name) {
                form.field(frame, name, "password", "off", 1024)
            } else if value.contains('\n') || value.len() > 200 {
                // A field of one line would lose all ends of lines.
                form.optional(frame, name, "area", "off", 20_000)
            } else {
                form.optional(frame, name, "text", "off", 1024)
            }
        })
        .collect()
    }

    fn unseen(&self) -> Vec<(&str, &str)> {
        self.kept()
            .filter(|(name, _)| !self.is_seen(name))
            .collect()
    }

    fn kept(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = self.typed.fields();
        fields.filter(|(name, _)| *name != crate::form::TOKEN)
    }

    fn is_seen(&self, name: &str) -> bool {
        self.frame.t.field(name).is_some()
    }

    /// What goes along with signing in: all but secrets.
    fn carried(&self) -> Vec<(&str, &str)> {
        self.kept()
            .filter(|(name, _)| !SECRETS.contains(name))
            .collect()
    }
}

/// Draws `trouble` for `visitor`.
pub(crate) fn drawn(visitor: &Visitor, trouble: &Trouble) -> Response {
    let problem = &*trouble.0;
    if visitor.method() == Method::GET && problem.wants_sign_in() {
        return to_sign_in(visitor);
    }
    let mut response = match visitor.what_was_typed() {
        Some(typed) if is_worth_sending_again(problem) => again(visitor, problem, typed),
        _ => trouble_page(visitor, problem),
    };
    if let Some(wait) = problem.retry_after {
        let headers = response.headers_mut();
        headers.insert(RETRY_AFTER, HeaderValue::from(wait));
    }
    response
}

fn status(problem: &Problem) -> StatusCode {
    StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A form of another site is not offered to be sent from ours.
fn is_worth_sending_again(problem: &Problem) -> bool {
    problem.code != "foreign_form" && problem.status != 404
}

fn trouble_page(visitor: &Visitor, problem: &Problem) -> Response {
    let frame = visitor.frame("");
    let missing = problem.status == 404;
    let (title, text) = if missing {
        (frame.t.missing, frame.t.missing_text.to_owned())
    } else {
        (frame.t.trouble, frame.explained(problem))
    };
    let safe = visitor.method() == Method::GET && problem.status >= 500;
    let again = problem.retry_after.map(|wait| wait.max(SOONEST));
    let mut frame = frame.again_after(again.filter(|_| safe));
    title.clone_into(&mut frame.title);
    let page = TroublePage {
        frame,
        problem,
        text,
    };
    visitor.show_as(status(problem), &page)
}

fn again(visitor: &Visitor, problem: &Problem, typed: Typed) -> Response {
    let frame = visitor.frame(visitor.locale().words().trouble);
    let page = AgainPage {
        text: frame.explained(problem),
        to: visitor.path().to_owned(),
        filling: Filling::refused(typed.clone(), problem.clone()),
        typed,
        sign_in: problem.wants_sign_in(),
        problem: Some(problem.clone()),
        frame,
    };
    visitor.show_as(status(problem), &page)
}

fn to_sign_in(visitor: &Visitor) -> Response {
    let next: String = url::form_urlencoded::byte_serialize(visitor.path().as_bytes()).collect();
    let location = HeaderValue::try_from(format!("/sign-in?next={next}"));
    let location = location.unwrap_or(HeaderValue::from_static("/sign-in"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}
