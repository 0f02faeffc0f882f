//! One visit: who comes, in which language, what they may see of themselves, and what their browser is to keep.

mod kept;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use askama::Template;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, SET_COOKIE, VARY,
};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::api::{Api, Ask, Problem, Reply};
use crate::cookie::Cookie;
use crate::form::{self, Typed};
use crate::look::{Frame, Locale};
use crate::session::{self, Given, Standing, Tokens};
use crate::trouble::{self, Trouble};
use crate::{Door, House};

/// What a page may load, send and be put into: only what is ours, and no script that stands in the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/// What is handed on to the API as it came.
const HANDED_ON: [&str; 4] = [
    "x-forwarded-for",
    "x-request-id",
    "traceparent",
    "tracestate",
];
/// How far the browser has seen.
const SEEN: HeaderName = HeaderName::from_static("consistency-token");

/// Who comes. Clones share everything.
#[derive(Clone)]
pub(crate) struct Visitor(Arc<Visit>);

struct Visit {
    house: House,
    door: Door,
    method: Method,
    /// With its query.
    path: String,
    headers: HeaderMap,
    locale: Locale,
    form_secret: [u8; 32],
    moving: Mutex<Moving>,
}

/// What changes in the course of a visit.
#[derive(Default)]
struct Moving {
    access: Option<String>,
    refresh: Option<String>,
    seen: Option<String>,
    cart: Option<String>,
    typed: Option<Typed>,
    /// Whether something was shown from memory while a service is away.
    remembered: bool,
    set: Vec<(Cookie, Option<String>)>,
}

/// Makes out who comes, and says at the end what their browser is to keep.
pub(crate) async fn layer(State(house): State<House>, request: Request, next: Next) -> Response {
    run(house, request, |request| next.run(request)).await
}

/// Runs `handler` for whoever sent `request`, and draws what it refuses.
pub(crate) async fn run<F: Future<Output = Response>>(
    house: House,
    mut request: Request,
    handler: impl FnOnce(Request) -> F,
) -> Response {
    let visitor = Visitor::new(house, &request);
    request.extensions_mut().insert(visitor.clone());
    let mut response = handler(request).await;
    if let Some(trouble) = response.extensions_mut().remove::<Trouble>() {
        response = trouble::drawn(&visitor, &trouble);
    }
    visitor.dress(&mut response);
    response
}

impl Visitor {
    fn new(house: House, request: &Request) -> Self {
        let door = request
            .extensions()
            .get::<Door>()
            .cloned()
            .unwrap_or_default();
        let headers = request.headers();
        let read = |cookie: Cookie| cookie.read(headers, door.secure);
        let kept = read(Cookie::Form).and_then(|text| secret(&text));
        let form_secret = kept.unwrap_or_else(rand::random);
        let mut moving = Moving {
            access: read(Cookie::Access),
            refresh: read(Cookie::Refresh),
            seen: read(Cookie::Seen),
            cart: read(Cookie::Cart),
            ..Moving::default()
        };
        if kept.is_none() {
            moving
                .set
                .push((Cookie::Form, Some(URL_SAFE_NO_PAD.encode(form_secret))));
        }
        let path = request.uri().path_and_query();
        Self(Arc::new(Visit {
            locale: Locale::of(read(Cookie::Language).as_deref(), headers),
            house,
            method: request.method().clone(),
            path: path.map_or("/", |path| path.as_str()).to_owned(),
            headers: headers.clone(),
            form_secret,
            moving: Mutex::new(moving),
            door,
        }))
    }

    /// The visitor of a request that went through [`layer`].
    ///
    /// # Errors
    /// When it did not.
    pub(crate) fn of(extensions: &Extensions) -> Result<Self, Trouble> {
        let visitor = extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| Problem::new(500, "internal").into())
    }

    fn moving(&self) -> MutexGuard<'_, Moving> {
        self.0.moving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn api(&self) -> &Api {
        &self.0.house.api
    }

    pub(crate) fn locale(&self) -> Locale {
        self.0.locale
    }

    pub(crate) fn method(&self) -> &Method {
        &self.0.method
    }

    /// The path that is visited, with its query.
    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }

    /// One header of the request, where it is plain text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.0
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
    }

    /// Whether a part of a page is wanted in place of the whole.
    pub(crate) fn wants_part(&self) -> bool {
        self.header("hx-request").is_some() && self.header("hx-boosted").is_none()
    }

    /// Asks the API for `path` with its query.
    pub(crate) fn get(&self, path: impl Into<String>) -> Ask<'_> {
        self.ask(Method::GET, path)
    }

    /// Asks the API.
    pub(crate) fn ask(&self, method: Method, path: impl Into<String>) -> Ask<'_> {
        Ask::new(self, method, path.into())
    }

    /// Says to the API who asks, all but the token.
    pub(crate) fn introduce(&self, request: &mut Request) {
        *request.extensions_mut() = self.0.door.carried.clone();
        for name in HANDED_ON {
            for value in self.0.headers.get_all(name) {
                request
                    .headers_mut()
                    .append(HeaderName::from_static(name), value.clone());
            }
        }
        let seen = self.moving().seen.clone();
        if let Some(seen) = seen.and_then(|seen| HeaderValue::try_from(seen).ok()) {
            request.headers_mut().insert(SEEN, seen);
        }
    }

    /// Takes over what every answer of the API says beside itself.
    pub(crate) fn heard(&self, reply: &Reply) {
        let mut moving = self.moving();
        moving.remembered |= reply.is_remembered();
        if let Some(seen) = reply.header(SEEN).map(str::to_owned)
            && moving.seen.as_ref() != Some(&seen)
        {
            moving.set.retain(|(cookie, _)| *cookie != Cookie::Seen);
            moving.set.push((Cookie::Seen, Some(seen.clone())));
            moving.seen = Some(seen);
        }
    }

    /// Whether the browser holds a session.
    pub(crate) fn is_signed_in(&self) -> bool {
        self.moving().refresh.is_some()
    }

    /// How far the token says that its account may go. Nothing rests on it.
    pub(crate) fn standing(&self) -> Standing {
        session::standing(self.moving().access.as_deref())
    }

    /// The access token, a new one in time; nothing of somebody who is not signed in.
    ///
    /// # Errors
    /// When no new one is to be had for the moment.
    pub(crate) async fn token(&self) -> Result<Option<String>, Problem> {
        let (access, refresh) = {
            let moving = self.moving();
            (moving.access.clone(), moving.refresh.clone())
        };
        let Some(refresh) = refresh else {
            return Ok(None);
        };
        if let Some(access) = access.filter(|access| session::holds(access)) {
            return Ok(Some(access));
        }
        match self
            .0
            .house
            .sessions
            .trade(&refresh, self.traded(&refresh))
            .await
        {
            Ok(tokens) => {
                self.sign_in(&tokens);
                Ok(Some(tokens.access_token))
            }
            // The session has ended: whoever needs one hears it from the API.
            Err(problem) if problem.status == 401 => {
                self.sign_out();
                Ok(None)
            }
            Err(problem) => Err(Problem::clone(&problem)),
        }
    }

    async fn traded(&self, refresh: &str) -> Result<Tokens, Problem> {
        let given = serde_json::to_vec(&Given {
            refresh_token: refresh,
        })
        .unwrap_or_default();
        let mut request = Request::new(Body::from(given));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = axum::http::Uri::from_static("/v1/auth/refresh");
        self.introduce(&mut request);
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let reply = self.api().send(request).await;
        self.heard(&reply);
        reply.read().map_err(|Trouble(problem)| *problem)
    }

    /// What surrounds a page with this title.
    pub(crate) fn frame(&self, title: impl Into<String>) -> Frame {
        let cart = self.cart().map_or(0, |(_, count)| count);
        let moving = self.moving();
        Frame {
            title: title.into(),
            locale: self.0.locale,
            t: self.0.locale.words(),
            path: self.0.path.clone(),
            signed_in: moving.refresh.is_some(),
            o: self.0.locale.office(),
            standing: session::standing(moving.access.as_deref()),
            cart,
            form_token: form::token(&self.0.form_secret),
            done: self.0.locale.done(&self.0.path),
            what: crate::look::done_to(&self.0.path),
            remembered: moving.remembered,
            again_after: None,
        }
    }

    /// Draws `page`.
    pub(crate) fn show(&self, page: &impl Template) -> Response {
        self.show_as(StatusCode::OK, page)
    }

    /// Draws `page` under another status than 200.
    #[allow(clippy::unused_self, reason = "pages are shown to somebody")]
    pub(crate) fn show_as(&self, status: StatusCode, page: &impl Template) -> Response {
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        match page.render() {
            Ok(text) => (status, [(CONTENT_TYPE, kind)], text).into_response(),
            Err(why) => {
                tracing::error!(%why, "a page could not be drawn");
                Trouble::from(Problem::new(500, "internal")).into_response()
            }
        }
    }

    /// Puts on what every page wears.
    fn dress(&self, response: &mut Response) {
        let headers = response.headers_mut();
        for (cookie, value) in self.moving().set.drain(..) {
            if let Some(line) = cookie.write(value.as_deref(), self.0.door.secure) {
                headers.append(SET_COOKIE, line);
            }
        }
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        // What is drawn for one visitor is for nobody else, and not for whoever uses this browser next.
        let private = HeaderValue::from_static("private, no-cache");
        headers.entry(CACHE_CONTROL).or_insert(private);
        headers.insert(
            VARY,
            HeaderValue::from_static("cookie, accept-language, hx-request"),
        );
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Trouble;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Trouble> {
        Self::of(&parts.extensions)
    }
}

fn secret(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
