//! `/v1/me/addresses`: where the caller's orders go.

use api::user::{
    self as wire, CreateAddressRequest, DeleteAddressRequest, ListAddressesRequest,
    UpdateAddressRequest,
};
use auth::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path};
use crate::code::Code;
use crate::id::{AddressId, account};
use crate::page::List;
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, UsersClient};
use crate::version::{IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Tagged};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Customer.on(routes!(list, create)))
        .routes(Rule::Customer.on(routes!(find, change, remove)))
}

/// Lists the caller's addresses; there are 20 at most.
#[utoipa::path(get, path = "/v1/me/addresses", tag = "me", responses((status = 200, body = List<AddressBody>)))]
async fn list(
    State(users): State<UsersClient>,
    caller: Caller,
) -> Result<List<AddressBody>, Problem> {
    let found = addresses(&users, caller).await?;
    Ok(List::whole(found))
}

/// Adds an address.
#[utoipa::path(post, path = "/v1/me/addresses", tag = "me", responses((status = 201, body = AddressBody)))]
async fn create(
    State(users): State<UsersClient>,
    caller: Caller,
    Json(body): Json<NewAddress>,
) -> Result<Response, Problem> {
    let wanted = CreateAddressRequest {
        account_id: account(caller),
        address: Some(body.at(String::new(), 0)),
    };
    let made = ask::write(&users, wanted, UsersClient::create_address).await?;
    let location = [(LOCATION, format!("/v1/me/addresses/{}", made.id))];
    Ok((StatusCode::CREATED, location, tagged(made)).into_response())
}

/// Finds an address of the caller.
#[utoipa::path(get, path = "/v1/me/addresses/{id}", tag = "me", params(("id" = inline(AddressId), Path), IfNoneMatchHeader),
    responses((status = 200, body = AddressBody), (status = 304)), extensions(("x-owner" = json!("address"))))]
async fn find(
    State(users): State<UsersClient>,
    caller: Caller,
    Path(id): Path<AddressId>,
    known: IfNoneMatch,
) -> Result<Tagged<AddressBody>, Problem> {
    let (id, all) = (id.into_wire(), addresses(&users, caller).await?);
    let found = all.into_iter().find(|address| address.id == id);
    Ok(tagged(found.ok_or(Code::NotFound)?).unless(known))
}

/// Changes an address; all of it is sent.
#[utoipa::path(put, path = "/v1/me/addresses/{id}", tag = "me", params(("id" = inline(AddressId), Path), IfMatchHeader),
    responses((status = 200, body = AddressBody)), extensions(("x-owner" = json!("address"))))]
async fn change(
    State(users): State<UsersClient>,
    caller: Caller,
    Path(id): Path<AddressId>,
    IfMatch(version): IfMatch,
    Json(body): Json<NewAddress>,
) -> Result<Tagged<AddressBody>, Problem> {
    let wanted = UpdateAddressRequest {
        account_id: account(caller),
        address: Some(body.at(id.into_wire(), version)),
    };
    let changed = ask::write(&users, wanted, UsersClient::update_address).await?;
    Ok(tagged(changed))
}

/// Removes an address.
#[utoipa::path(delete, path = "/v1/me/addresses/{id}", tag = "me", params(("id" = inline(AddressId), Path), IfMatchHeader),
    responses((status = 204)), extensions(("x-owner" = json!("address"))))]
async fn remove(
    State(users): State<UsersClient>,
    caller: Caller,
    Path(id): Path<AddressId>,
    IfMatch(version): IfMatch,
) -> Result<StatusCode, Problem> {
    let wanted = DeleteAddressRequest {
        account_id: account(caller),
        id: id.into_wire(),
        version,
    };
    ask::write(&users, wanted, UsersClient::delete_address).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An address to be kept.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NewAddress {
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    recipient: String,
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    line1: String,
    #[garde(length(chars, max = 200))]
    #[schema(max_length = 200)]
    line2: Option<String>,
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    city: String,
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    postal_code: String,
    /// ISO 3166-1 alpha-2.
    #[garde(custom(two_capitals))]
    #[schema(pattern = "^[A-Z]{2}$", example = "NL")]
    country: String,
}

/// An address.
#[derive(Serialize, ToSchema)]
struct AddressBody {
    #[schema(example = "adr_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `address`.
    #[schema(example = "address")]
    object: &'static str,
    recipient: String,
    line1: String,
    line2: Option<String>,
    city: String,
    postal_code: String,
    country: String,
    /// Counts the changes, from 1.
    version: i64,
}

impl NewAddress {
    fn at(self, id: String, version: i64) -> wire::Address {
        wire::Address {
            id,
            recipient: self.recipient,
            line1: self.line1,
            line2: self.line2.unwrap_or_default(),
            city: self.city,
            postal_code: self.postal_code,
            country: self.country,
            version,
        }
    }
}

impl From<wire::Address> for AddressBody {
    fn from(address: wire::Address) -> Self {
        Self {
            id: address.id,
            object: "address",
            recipient: address.recipient,
            line1: address.line1,
            line2: Some(address.line2).filter(|line| !line.is_empty()),
            city: address.city,
            postal_code: address.postal_code,
            country: address.country,
            version: address.version,
        }
    }
}

async fn addresses(users: &UsersClient, caller: Caller) -> Result<Vec<wire::Address>, Problem> {
    let wanted = ListAddressesRequest {
        account_id: account(caller),
    };
    let found = ask::read(users, wanted, UsersClient::list_addresses).await?;
    Ok(found.addresses)
}

fn tagged(address: wire::Address) -> Tagged<AddressBody> {
    Tagged::new(address.version, address.into())
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its context by reference"
)]
fn two_capitals(text: &str, _: &()) -> garde::Result {
    let right = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if right {
        Ok(())
    } else {
        Err(garde::Error::new(
            "two capital letters, as ISO 3166 has them",
        ))
    }
}
