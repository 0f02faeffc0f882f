//! The API as the pages ask it: its own routes in process, so that every rule, limit and deadline holds here too.

mod ask;
mod problem;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

pub(crate) use ask::Ask;
pub(crate) use problem::Problem;

use crate::trouble::Trouble;

/// The largest answer that is read: an export of everything an account has.
const LARGEST: usize = 16 * 1024 * 1024;

/// The routes below `/v1`.
#[derive(Clone)]
pub(crate) struct Api(Router);

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Bytes,
}

impl Api {
    /// An API answered by `routes`.
    pub(crate) fn new(routes: Router) -> Self {
        Self(routes)
    }

    /// Sends `request`, and hands over what comes back as it comes.
    pub(crate) async fn stream(&self, request: Request) -> Response {
        match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    /// Sends `request` and reads the whole answer.
    pub(crate) async fn send(&self, request: Request) -> Reply {
        let (parts, body) = self.stream(request).await.into_parts();
        Reply {
            status: parts.status,
            headers: parts.headers,
            body: whole(body).await,
        }
    }
}

/// All of `body`; nothing of one that broke off, which no JSON is.
async fn whole(body: Body) -> Bytes {
    let read = Limited::new(body, LARGEST).collect().await;
    read.map(http_body_util::Collected::to_bytes)
        .unwrap_or_default()
}

impl Reply {
    /// What it says, or why it says nothing.
    ///
    /// # Errors
    /// The problem that was answered.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Trouble> {
        self.good()?;
        serde_json::from_slice(&self.body).map_err(|why| {
            tracing::error!(%why, "an answer of the API is not what the pages take it for");
            Problem::unreadable().into()
        })
    }

    /// Its body as it is, where it is no problem.
    ///
    /// # Errors
    /// The problem that was answered.
    pub(crate) fn bytes(self) -> Result<Bytes, Trouble> {
        self.good()?;
        Ok(self.body)
    }

    /// Nothing, where it is no problem.
    ///
    /// # Errors
    /// The problem that was answered.
    pub(crate) fn good(&self) -> Result<(), Trouble> {
        if self.status.is_success() {
            return Ok(());
        }
        let read = serde_json::from_slice(&self.body);
        let mut problem: Problem = read.unwrap_or_else(|_| Problem::unreadable());
        problem.retry_after = self.header(RETRY_AFTER).and_then(|text| text.parse().ok());
        Err(problem.into())
    }

    /// Whether it was given before, and is shown while a service is away.
    pub(crate) fn is_remembered(&self) -> bool {
        self.header("cache-status")
            .is_some_and(|text| text.contains("hit"))
    }

    /// One of its headers, where it is plain text.
    pub(crate) fn header(&self, name: impl axum::http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
