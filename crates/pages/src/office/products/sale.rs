//! Taking a product out of the shop, and putting it back.

use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use serde_json::json;

use super::{PATH, changed, found, state};
use crate::form::{Sent, Typed};
use crate::look::field::Filling;
use crate::office::deed::{Deed, Stale, path_of, refusal};
use crate::office::{Admin, done};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/admin/products/{id}/sell", get(ask_sell).post(sell))
        .route(
            "/admin/products/{id}/withdraw",
            get(ask_withdraw).post(withdraw),
        )
}

async fn ask_sell(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_sale(&visitor, &id, true, &Filling::default()).await
}

async fn ask_withdraw(Admin(visitor): Admin, Path(id): Path<String>) -> Result<Response, Trouble> {
    asked_sale(&visitor, &id, false, &Filling::default()).await
}

async fn asked_sale(
    visitor: &Visitor,
    id: &str,
    active: bool,
    filling: &Filling,
) -> Result<Response, Trouble> {
    let one = found(visitor, id).await?;
    let o = visitor.locale().office();
    let now = vec![(o.state.to_owned(), o.word(state(&one)).to_owned())];
    let stale = Stale::of(visitor, filling, "order", &one.id, now).await;
    let (title, says, button) = if active {
        (o.sell_this, o.sell_says, o.sell)
    } else {
        (o.withdraw_this, o.withdraw_says, o.withdraw)
    };
    let frame = visitor.frame(title.replace("{}", &one.name));
    Ok(Deed::of(frame, path_of(PATH, id), button)
        .says(says)
        .with("version", one.version)
        .refused(filling, stale)
        .shown(visitor))
}

async fn sell(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    put(&visitor, &id, typed, true).await
}

async fn withdraw(
    visitor: Visitor,
    Path(id): Path<String>,
    Sent(typed): Sent,
) -> Result<Response, Trouble> {
    put(&visitor, &id, typed, false).await
}

async fn put(visitor: &Visitor, id: &str, typed: Typed, active: bool) -> Result<Response, Trouble> {
    let version = typed.number("version").unwrap_or(0);
    match changed(visitor, id, version, &json!({ "active": active })).await {
        Ok(()) if active => Ok(done(&path_of(PATH, id), "sold", id)),
        Ok(()) => Ok(done(&path_of(PATH, id), "withdrawn", id)),
        Err(trouble) => {
            let filling = Filling::refused(typed, refusal(trouble)?);
            asked_sale(visitor, id, active, &filling).await
        }
    }
}
