//! What people see: the storefront and the back office, drawn by the server out of answers of our own API.
//!
//! The pages are a client of the API like any other: they ask its routes in process, with the visitor's token, and hold no
//! rule of their own. A request's way: [`visit`] makes out who comes, a handler in [`shop`] or [`office`] asks the [`api`] and
//! draws what it heard with the parts in [`look`]; whatever it refuses is drawn by [`trouble`].

mod api;
mod assets;
mod cookie;
mod form;
mod look;
mod office;
mod session;
mod shop;
mod trouble;
mod visit;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Extensions;
use axum::http::header::ACCEPT;
use axum::middleware;
use axum::response::Response;

use api::Api;
use session::Sessions;

/// How a request came to the door, as whoever serves the pages says it. It has to be among the request's extensions.
#[derive(Clone, Debug, Default)]
pub struct Door {
    /// Whether it came over HTTPS.
    pub secure: bool,
    /// What is handed on with every question to the API, such as the peer's address.
    pub carried: Extensions,
}

/// What all pages share.
#[derive(Clone)]
struct House {
    api: Api,
    sessions: Arc<Sessions>,
}

/// The pages, in front of `api`: the routes below `/v1`, with all that surrounds them.
#[derive(Clone)]
pub struct Pages(House);

impl Pages {
    /// Pages that ask `api`.
    pub fn new(api: Router) -> Self {
        Self(House {
            api: Api::new(api),
            sessions: Arc::default(),
        })
    }

    /// The routes of all pages, and of what they are drawn with.
    pub fn routes(&self) -> Router {
        let pages = Router::new().merge(shop::routes()).merge(office::routes());
        let visited = middleware::from_fn_with_state(self.0.clone(), visit::layer);
        pages
            .layer(visited)
            .merge(assets::routes())
            .merge(look::picture::routes())
    }

    /// Whether `request` is of somebody who would rather see a page than a problem.
    pub fn is_wanted(request: &Request) -> bool {
        let accepted = request.headers().get(ACCEPT);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        accepted.is_some_and(|kinds| kinds.contains("text/html"))
    }

    /// Says that there is no such page.
    pub async fn missing(&self, request: Request) -> Response {
        visit::run(self.0.clone(), request, |_| async { trouble::missing() }).await
    }
}
