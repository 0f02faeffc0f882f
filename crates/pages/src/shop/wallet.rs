//! `/wallet`: what is in it, what came and went, and more of it.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::cart::onward;
use super::seen::{Entry, List, Wallet};
use super::{go, key_for, new_key, query, status};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::field::Filling;
use crate::look::{Frame, Money};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/wallet", get(show))
        .route("/wallet/topups", post(top_up))
}

#[derive(Template)]
#[template(path = "shop/wallet.html")]
struct WalletPage {
    frame: Frame,
    balance: Money,
    list: List<Entry>,
    further: Option<String>,
    filling: Filling,
    /// Lives with the form: sent again, it is the same money.
    key: String,
}

#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    next: String,
}

async fn show(visitor: Visitor, Query(asked): Query<Asked>) -> Result<Response, Trouble> {
    let filling = Filling::of(Typed::of([("next", &*asked.next)]));
    draw(&visitor, filling, asked.cursor.as_deref()).await
}

async fn draw(
    visitor: &Visitor,
    filling: Filling,
    cursor: Option<&str>,
) -> Result<Response, Trouble> {
    let entries = query(&[("limit", Some("20")), ("cursor", cursor)]);
    let (wallet, list) = futures::join!(
        visitor.get("/v1/me/wallet").hear::<Wallet>(),
        visitor
            .get(format!("/v1/me/wallet/entries?{entries}"))
            .hear::<List<Entry>>(),
    );
    let list = list?;
    let status = status(filling.problem.as_ref());
    let page = WalletPage {
        frame: visitor.frame(visitor.locale().words().wallet),
        balance: wallet?.balance,
        further: list.next_page("/wallet"),
        list,
        key: key_for(&filling.typed, filling.problem.as_ref()),
        filling,
    };
    Ok(visitor.show_as(status, &page))
}

async fn top_up(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let Some(amount) = Money::read(typed.get("amount"), typed.get("currency")) else {
        let wrong = Problem::new(400, "invalid").at("amount");
        return draw(&visitor, Filling::refused(typed, wrong), None).await;
    };
    let key = typed.some("key").map_or_else(new_key, str::to_owned);
    let asked = visitor.ask(Method::POST, "/v1/me/wallet/topups").key(&key);
    match asked
        .json(&json!({ "amount": amount }))
        .hear::<Value>()
        .await
    {
        Ok(_) => Ok(go(onward(typed.get("next"), "/wallet?done=topup"))),
        Err(Trouble(problem)) if problem.wants_sign_in() => Err(Trouble(problem)),
        Err(Trouble(problem)) => {
            let filling = Filling::refused(typed, *problem.clone());
            let drawn = draw(&visitor, filling, None).await;
            drawn.map_err(|_| Trouble(problem))
        }
    }
}
