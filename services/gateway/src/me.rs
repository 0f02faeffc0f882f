//! `/v1/me`: the caller's own account.

mod addresses;
mod export;
mod leave;
mod notifications;
mod wallet;

use api::user::{self as wire, ChangePasswordRequest, GetAccountRequest, UpdateAccountRequest};
use auth::Caller;
use axum::extract::State;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::Json;
use crate::id::account;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::sessions::TokensBody;
use crate::state::{Edge, UsersClient};
use crate::version::{IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Tagged};

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Customer.on(routes!(find, change, leave::leave)))
        .routes(Rule::Customer.on(routes!(export::export)))
        .routes(Rule::Customer.on(routes!(change_password)))
        .merge(addresses::routes())
        .merge(notifications::routes())
        .merge(wallet::routes())
}

/// Tells who the caller is.
#[utoipa::path(get, path = "/v1/me", tag = "me", params(IfNoneMatchHeader),
    responses((status = 200, body = AccountBody), (status = 304)))]
async fn find(
    State(users): State<UsersClient>,
    caller: Caller,
    known: IfNoneMatch,
) -> Result<Tagged<AccountBody>, Problem> {
    let wanted = GetAccountRequest {
        id: account(caller),
    };
    let found = ask::read(&users, wanted, UsersClient::get_account).await?;
    Ok(tagged(found).unless(known))
}

/// Changes name or email.
#[utoipa::path(patch, path = "/v1/me", tag = "me", params(IfMatchHeader),
    responses((status = 200, body = AccountBody)))]
async fn change(
    State(users): State<UsersClient>,
    caller: Caller,
    IfMatch(version): IfMatch,
    Json(body): Json<ChangeBody>,
) -> Result<Tagged<AccountBody>, Problem> {
    let wanted = UpdateAccountRequest {
        id: account(caller),
        version,
        name: body.name,
        email: body.email,
    };
    let changed = ask::write(&users, wanted, UsersClient::update_account).await?;
    Ok(tagged(changed))
}

/// Changes the password and ends every other session.
#[utoipa::path(post, path = "/v1/me/password", tag = "me", responses((status = 200, body = TokensBody)))]
async fn change_password(
    State(users): State<UsersClient>,
    caller: Caller,
    Json(body): Json<PasswordBody>,
) -> Result<axum::Json<TokensBody>, Problem> {
    let wanted = ChangePasswordRequest {
        id: account(caller),
        current_password: body.current_password,
        new_password: body.new_password,
    };
    let tokens = ask::write(&users, wanted, UsersClient::change_password).await?;
    Ok(axum::Json(tokens.into()))
}

/// What is to be changed of an account; what is left out stays.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct ChangeBody {
    #[garde(length(chars, min = 1, max = 100))]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    #[garde(email, length(max = 254))]
    #[schema(format = "email", max_length = 254)]
    email: Option<String>,
}

/// The old password and the new.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct PasswordBody {
    #[garde(length(min = 1, max = 1024))]
    #[schema(format = "password")]
    current_password: String,
    #[garde(length(chars, min = 8, max = 128))]
    #[schema(format = "password", min_length = 8, max_length = 128)]
    new_password: String,
}

/// An account.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccountBody {
    #[schema(example = "usr_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `account`.
    #[schema(example = "account")]
    object: &'static str,
    /// Nine digits in three groups and a check digit; good for signing in.
    #[schema(example = "204-518-73-6")]
    registration_number: String,
    email: String,
    name: String,
    /// `customer`, `support` or `admin`.
    #[schema(example = "customer")]
    role: String,
    disabled: bool,
    /// Counts the changes, from 1.
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<wire::Account> for AccountBody {
    fn from(account: wire::Account) -> Self {
        Self {
            id: account.id,
            object: "account",
            registration_number: account.registration_number,
            email: account.email,
            name: account.name,
            role: account.role,
            disabled: account.disabled,
            version: account.version,
            created_at: account.created_at,
            updated_at: account.updated_at,
        }
    }
}

fn tagged(account: wire::Account) -> Tagged<AccountBody> {
    Tagged::new(account.version, account.into())
}
