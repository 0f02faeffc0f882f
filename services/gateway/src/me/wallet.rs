//! `/v1/me/wallet`: the caller's money.

use api::user::{self as wire, BalanceRequest, ListEntriesRequest, TopUpRequest};
use auth::Caller;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Query};
use crate::id::account;
use crate::key::{IdempotencyKey, KeyHeader, Once};
use crate::money::{Change, Money, above_zero};
use crate::page::{List, Page};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, WalletClient};

/// The most that is put in at once, in minor units.
const MOST: i64 = 1_000_000;

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Customer.on(routes!(balance)))
        .routes(Rule::Customer.on(routes!(entries)))
        .routes(Rule::Customer.on(routes!(top_up)))
}

/// Tells the caller's balance.
#[utoipa::path(get, path = "/v1/me/wallet", tag = "me", responses((status = 200, body = WalletBody)))]
async fn balance(
    State(wallet): State<WalletClient>,
    caller: Caller,
) -> Result<axum::Json<WalletBody>, Problem> {
    let wanted = BalanceRequest {
        account_id: account(caller),
    };
    let found = ask::read(&wallet, wanted, WalletClient::balance).await?;
    Ok(axum::Json(WalletBody {
        object: "wallet",
        balance: found.balance.into(),
    }))
}

/// Lists what the caller gained and paid, newest first.
#[utoipa::path(get, path = "/v1/me/wallet/entries", tag = "me", params(Page),
    responses((status = 200, body = List<EntryBody>)))]
async fn entries(
    State(wallet): State<WalletClient>,
    caller: Caller,
    Query(page): Query<Page>,
) -> Result<List<EntryBody>, Problem> {
    let wanted = ListEntriesRequest {
        account_id: account(caller),
        page: Some(page.into()),
    };
    let found = ask::read(&wallet, wanted, WalletClient::list_entries).await?;
    Ok(List::of(found.entries, found.next_cursor))
}

/// Puts money into the caller's wallet.
#[utoipa::path(post, path = "/v1/me/wallet/topups", tag = "me", params(KeyHeader),
    responses((status = 201, body = TopUpBody)))]
async fn top_up(
    State(wallet): State<WalletClient>,
    caller: Caller,
    key: IdempotencyKey,
    Json(body): Json<NewTopUp>,
) -> Result<ToppedUp, Problem> {
    let wanted = TopUpRequest {
        account_id: account(caller),
        amount: Some(body.amount.clone().into()),
        idempotency: Some(key.bind(account(caller), &((), (), body))),
    };
    let answer = ask::keyed(&wallet, wanted, WalletClient::top_up).await?;
    Ok(ToppedUp(answer))
}

/// Money to be put in.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NewTopUp {
    /// 1 to 1,000,000 minor units.
    #[garde(dive, custom(above_zero), custom(not_too_much))]
    amount: Money,
}

/// A wallet.
#[derive(Serialize, ToSchema)]
struct WalletBody {
    /// Always `wallet`.
    #[schema(example = "wallet")]
    object: &'static str,
    balance: Money,
}

/// One transfer, as its account sees it.
#[derive(Serialize, ToSchema)]
struct EntryBody {
    #[schema(example = "trf_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `entry`.
    #[schema(example = "entry")]
    object: &'static str,
    /// `topup`, `charge` or `refund`.
    #[schema(example = "topup")]
    kind: String,
    amount: Change,
    /// The order it was for.
    order_id: Option<String>,
    created_at: String,
}

/// Money that was put in.
#[derive(Serialize, ToSchema)]
struct TopUpBody {
    /// Always `topup`.
    #[schema(example = "topup")]
    object: &'static str,
    entry: EntryBody,
    /// The balance right after it.
    balance: Money,
}

struct ToppedUp(wire::TopUpResponse);

impl IntoResponse for ToppedUp {
    fn into_response(self) -> Response {
        let replayed = self.0.replayed;
        let body = TopUpBody {
            object: "topup",
            entry: self.0.entry.unwrap_or_default().into(),
            balance: self.0.balance.into(),
        };
        let answer = (StatusCode::CREATED, axum::Json(body));
        Once { answer, replayed }.into_response()
    }
}

impl From<wire::Entry> for EntryBody {
    fn from(entry: wire::Entry) -> Self {
        Self {
            id: entry.id,
            object: "entry",
            kind: entry.kind,
            amount: entry.amount.into(),
            order_id: Some(entry.order_id).filter(|id| !id.is_empty()),
            created_at: entry.created_at,
        }
    }
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "garde hands its context by reference"
)]
fn not_too_much(money: &Money, _: &()) -> garde::Result {
    if money.amount <= MOST {
        Ok(())
    } else {
        Err(garde::Error::new(format!("must be at most {MOST}")))
    }
}
