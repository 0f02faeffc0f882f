//! `/v1/admin/users`: accounts and their roles.

use api::user::{AdministerAccountRequest, GetAccountRequest, ListAccountsRequest};
use auth::Admin;
use axum::extract::State;
use garde::Validate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path, Query};
use crate::id::{AccountId, account};
use crate::me::AccountBody;
use crate::page::{List, page_of};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, UsersClient};
use crate::version::{IfMatch, IfMatchHeader, Tagged};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Support.on(routes!(list)))
        .routes(Rule::Support.on(routes!(find)))
        .routes(Rule::Admin.on(routes!(change)))
}

/// Lists accounts, newest first.
#[utoipa::path(get, path = "/v1/admin/users", tag = "admin", operation_id = "list_users", params(UsersQuery),
    responses((status = 200, body = List<AccountBody>)))]
async fn list(
    State(users): State<UsersClient>,
    Query(query): Query<UsersQuery>,
) -> Result<List<AccountBody>, Problem> {
    let found = ask::read(&users, query.from(), UsersClient::list_accounts).await?;
    Ok(List::of(found.accounts, found.next_cursor))
}

/// Finds an account.
#[utoipa::path(get, path = "/v1/admin/users/{id}", tag = "admin", operation_id = "find_user",
    params(("id" = inline(AccountId), Path)), responses((status = 200, body = AccountBody)))]
async fn find(
    State(users): State<UsersClient>,
    Path(id): Path<AccountId>,
) -> Result<Tagged<AccountBody>, Problem> {
    let wanted = GetAccountRequest { id: id.into_wire() };
    let found = ask::read(&users, wanted, UsersClient::get_account).await?;
    Ok(Tagged::new(found.version, found.into()))
}

/// Gives a role, disables or enables. Every session of the account ends.
#[utoipa::path(patch, path = "/v1/admin/users/{id}", tag = "admin", operation_id = "change_user",
    params(("id" = inline(AccountId), Path), IfMatchHeader), responses((status = 200, body = AccountBody)))]
async fn change(
    State(users): State<UsersClient>,
    Admin(caller): Admin,
    Path(id): Path<AccountId>,
    IfMatch(version): IfMatch,
    Json(body): Json<UserChange>,
) -> Result<Tagged<AccountBody>, Problem> {
    let wanted = AdministerAccountRequest {
        actor_id: account(caller),
        id: id.into_wire(),
        version,
        role: body.role.map(Role::into_wire),
        disabled: body.disabled,
    };
    let changed = ask::write(&users, wanted, UsersClient::administer_account).await?;
    Ok(Tagged::new(changed.version, changed.into()))
}

/// Which accounts are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UsersQuery {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Only with this role.
    #[garde(skip)]
    #[param(inline)]
    role: Option<Role>,
    /// Only the account with this email, the whole of it.
    #[garde(length(min = 1, max = 254))]
    #[param(min_length = 1, max_length = 254)]
    email: Option<String>,
    /// Only the account with this registration number.
    #[garde(length(min = 1, max = 32))]
    #[param(min_length = 1, max_length = 32, example = "204-518-73-6")]
    registration_number: Option<String>,
}

/// What is to be changed of an account; what is left out stays.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct UserChange {
    #[garde(skip)]
    role: Option<Role>,
    #[garde(skip)]
    disabled: Option<bool>,
}

/// A role that an account may have.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Role {
    Customer,
    Support,
    Admin,
}

impl Role {
    fn into_wire(self) -> String {
        let word = match self {
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Admin => "admin",
        };
        word.to_owned()
    }
}

impl UsersQuery {
    fn from(self) -> ListAccountsRequest {
        ListAccountsRequest {
            page: Some(page_of(self.limit, self.cursor)),
            role: self.role.map(Role::into_wire).unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            registration_number: self.registration_number.unwrap_or_default(),
        }
    }
}
