//! Why somebody is not let through.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// Why somebody is not let through.
///
/// As a response it carries no body, only itself among the extensions: whoever writes the problems finds it there.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refusal {
    /// No token came along.
    #[error("sign in first: no bearer token was sent")]
    NoToken,
    /// It is not a token of ours.
    #[error("the access token is not valid")]
    BadToken,
    /// It was one.
    #[error("the access token has expired")]
    Expired,
    /// The account has signed out everywhere, changed its password or role, or was disabled.
    #[error("the access token has been revoked")]
    Revoked,
    /// The account's role does not reach here.
    #[error("this account may not do that")]
    NotAllowed,
    /// The role may have been taken away, and we would not know.
    #[error("roles cannot be confirmed for the moment")]
    RoleUnsure,
    /// No public keys have arrived yet.
    #[error("tokens cannot be checked for the moment")]
    NoKeys,
}

impl Refusal {
    /// The status it is answered with.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::NoToken | Self::BadToken | Self::Expired | Self::Revoked => {
                StatusCode::UNAUTHORIZED
            }
            Self::NotAllowed => StatusCode::FORBIDDEN,
            Self::RoleUnsure | Self::NoKeys => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The stable word for it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoToken => "unauthenticated",
            Self::BadToken => "invalid_token",
            Self::Expired => "token_expired",
            Self::Revoked => "token_revoked",
            Self::NotAllowed => "forbidden",
            Self::RoleUnsure => "role_unsure",
            Self::NoKeys => "keys_missing",
        }
    }

    /// What `WWW-Authenticate` says (RFC 6750), where a token would help.
    pub const fn challenge(self) -> Option<HeaderValue> {
        match self {
            Self::NoToken => Some(HeaderValue::from_static("Bearer")),
            Self::BadToken | Self::Expired | Self::Revoked => {
                Some(HeaderValue::from_static("Bearer error=\"invalid_token\""))
            }
            Self::NotAllowed | Self::RoleUnsure | Self::NoKeys => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(challenge) = self.challenge() {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}
