//! `/v1/auth`: registering, signing in, and staying signed in.

use api::user::{self as wire, LoginRequest, LogoutRequest, RefreshRequest, RegisterRequest};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::Json;
use crate::code::Code;
use crate::me::AccountBody;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{AuthClient, Edge};
use crate::version::Tagged;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::SignIn.on(routes!(register)))
        .routes(Rule::SignIn.on(routes!(login)))
        .routes(Rule::Public.on(routes!(refresh)))
        .routes(Rule::Public.on(routes!(logout)))
        .routes(Rule::Public.on(routes!(keys)))
}

/// Makes an account, with a registration number that is never given twice.
#[utoipa::path(post, path = "/v1/auth/register", tag = "auth", responses((status = 201, body = AccountBody)))]
async fn register(
    State(auth): State<AuthClient>,
    Json(body): Json<RegisterBody>,
) -> Result<Response, Problem> {
    let account = ask::write(&auth, body.from(), AuthClient::register).await?;
    let made = Tagged::new(account.version, AccountBody::from(account));
    Ok((StatusCode::CREATED, [(LOCATION, "/v1/me")], made).into_response())
}

/// Signs in by email or by registration number.
#[utoipa::path(post, path = "/v1/auth/login", tag = "auth", responses((status = 200, body = TokensBody)))]
async fn login(
    State(auth): State<AuthClient>,
    Json(body): Json<LoginBody>,
) -> Result<axum::Json<TokensBody>, Problem> {
    let tokens = ask::write(&auth, body.from()?, AuthClient::login).await?;
    Ok(axum::Json(tokens.into()))
}

/// Trades a refresh token for new tokens. One that was traded before ends its session; within 10 s, before the next trade,
/// it is answered with the same refresh token.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "auth", responses((status = 200, body = TokensBody)))]
async fn refresh(
    State(auth): State<AuthClient>,
    Json(body): Json<RefreshBody>,
) -> Result<axum::Json<TokensBody>, Problem> {
    let wanted = RefreshRequest {
        refresh_token: body.refresh_token,
    };
    let tokens = ask::write(&auth, wanted, AuthClient::refresh).await?;
    Ok(axum::Json(tokens.into()))
}

/// Ends the session of a refresh token, or every session of its account.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "auth", responses((status = 204)))]
async fn logout(
    State(auth): State<AuthClient>,
    Json(body): Json<LogoutBody>,
) -> Result<StatusCode, Problem> {
    let wanted = LogoutRequest {
        refresh_token: body.refresh_token,
        everywhere: body.everywhere,
    };
    // Ending what has ended is harmless, so it may be asked again.
    ask::keyed(&auth, wanted, AuthClient::logout).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The public keys that access tokens are signed with, RFC 7517.
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "auth", responses((status = 200, body = Object)))]
async fn keys(State(edge): State<Edge>) -> Result<Response, Problem> {
    let jwks = edge.published().jwks().ok_or(Code::KeysMissing)?;
    Ok(([(CONTENT_TYPE, "application/jwk-set+json")], jwks).into_response())
}

/// A new account.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct RegisterBody {
    #[garde(email, length(max = 254))]
    #[schema(format = "email", max_length = 254)]
    email: String,
    #[garde(length(chars, min = 8, max = 128))]
    #[schema(format = "password", min_length = 8, max_length = 128)]
    password: String,
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// Who signs in: by either `email` or `registration_number`.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct LoginBody {
    #[garde(length(min = 1, max = 254))]
    email: Option<String>,
    #[garde(length(min = 1, max = 32))]
    #[schema(example = "204-518-73-6")]
    registration_number: Option<String>,
    #[garde(length(min = 1, max = 1024))]
    #[schema(format = "password")]
    password: String,
}

/// A session to go on with.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct RefreshBody {
    #[garde(length(min = 1, max = 1024))]
    refresh_token: String,
}

/// A session to end.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct LogoutBody {
    #[garde(length(min = 1, max = 1024))]
    refresh_token: String,
    /// Every session of the account.
    #[serde(default)]
    #[garde(skip)]
    everywhere: bool,
}

/// What a session is carried on with.
#[derive(Serialize, ToSchema)]
pub(crate) struct TokensBody {
    /// For `Authorization: Bearer ...`.
    access_token: String,
    /// Good for one trade at `/v1/auth/refresh`.
    refresh_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 900)]
    expires_in: u32,
    #[schema(example = "usr_01h455vb4pex5vsknk084sn02q")]
    account_id: String,
}

impl LoginBody {
    fn from(self) -> Result<LoginRequest, Problem> {
        if self.email.is_some() == self.registration_number.is_some() {
            return Err(Problem::invalid(
                "/email",
                "one_of",
                "send either email or registration_number",
            ));
        }
        Ok(LoginRequest {
            email: self.email.unwrap_or_default(),
            registration_number: self.registration_number.unwrap_or_default(),
            password: self.password,
        })
    }
}

impl RegisterBody {
    fn from(self) -> RegisterRequest {
        RegisterRequest {
            email: self.email,
            password: self.password,
            name: self.name,
        }
    }
}

impl From<wire::Tokens> for TokensBody {
    fn from(tokens: wire::Tokens) -> Self {
        Self {
            access_token: tokens.access_token,
            refresh_token: tokens.refresh_token,
            token_type: "Bearer",
            expires_in: tokens.expires_in,
            account_id: tokens.account_id,
        }
    }
}
