//! One question to the API, being put together.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, IF_MATCH};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::response::Response;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Problem, Reply};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// A question of a visitor.
pub(crate) struct Ask<'a> {
    visitor: &'a Visitor,
    method: Method,
    path: String,
    headers: Vec<(HeaderName, String)>,
    body: Option<Vec<u8>>,
}

impl<'a> Ask<'a> {
    /// Asks for `path`, with its query.
    pub(crate) fn new(visitor: &'a Visitor, method: Method, path: String) -> Self {
        Self {
            visitor,
            method,
            path,
            headers: Vec::new(),
            body: None,
        }
    }

    /// Sends `body` along.
    pub(crate) fn json(mut self, body: &impl Serialize) -> Self {
        self.body = serde_json::to_vec(body).ok();
        self.header(CONTENT_TYPE, "application/json".to_owned())
    }

    /// Lets it count once, however often it is sent.
    pub(crate) fn key(self, key: &str) -> Self {
        self.header(HeaderName::from_static("idempotency-key"), key.to_owned())
    }

    /// Says which version is changed.
    pub(crate) fn version(self, version: i64) -> Self {
        self.header(IF_MATCH, format!("\"{version}\""))
    }

    /// Adds a header; one that is no text of HTTP stays away, and is missed by the API.
    pub(crate) fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sends it; answers what the API says.
    ///
    /// # Errors
    /// The problem that it answers.
    pub(crate) async fn hear<T: DeserializeOwned>(self) -> Result<T, Trouble> {
        self.reply().await?.read()
    }

    /// Sends it; all that counts is that it was done.
    ///
    /// # Errors
    /// The problem that it answers.
    pub(crate) async fn done(self) -> Result<(), Trouble> {
        self.reply().await?.good()
    }

    /// Sends it; answers all that came back.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(crate) async fn reply(self) -> Result<Reply, Problem> {
        let visitor = self.visitor;
        let reply = visitor.api().send(self.request().await?).await;
        visitor.heard(&reply);
        Ok(reply)
    }

    /// Sends it; answers what comes back as it comes.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub(crate) async fn stream(self) -> Result<Response, Trouble> {
        let api = self.visitor.api().clone();
        Ok(api.stream(self.request().await?).await)
    }

    async fn request(self) -> Result<Request, Problem> {
        let mut request = Request::new(self.body.map_or_else(Body::empty, Body::from));
        *request.method_mut() = self.method;
        let uri = self.path.parse();
        *request.uri_mut() = uri.map_err(|_| Problem::new(404, "not_found"))?;
        self.visitor.introduce(&mut request);
        if let Some(token) = self.visitor.token().await? {
            let bearer = HeaderValue::try_from(format!("Bearer {token}"));
            let bearer = bearer.map_err(|_| Problem::new(401, "invalid_token"))?;
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                request.headers_mut().insert(name, value);
            }
        }
        Ok(request)
    }
}
