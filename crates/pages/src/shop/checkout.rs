//! `/checkout`: address, wallet, total; then the order, placed once however often the form is sent.

use askama::Template;
use axum::Router;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, Method};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Map, Value, json};

use super::cart;
use super::seen::{Address, Cart, List, Order, Wallet};
use super::{go, key_for, new_key, status};
use crate::api::Problem;
use crate::form::{Sent, Typed};
use crate::look::field::Filling;
use crate::look::{Frame, Money};
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new().route("/checkout", get(show).post(place))
}

#[derive(Template)]
#[template(path = "shop/checkout.html")]
struct Checkout {
    frame: Frame,
    cart: Cart,
    addresses: Vec<Address>,
    balance: Money,
    /// Where it is to go.
    chosen: String,
    /// Lives with the form: sent again, it is the same order.
    key: String,
    problem: Option<Problem>,
    /// A new address, where there is none yet.
    filling: Filling,
}

impl Checkout {
    /// Says how much is missing in the wallet, if anything is.
    fn short(&self) -> Option<String> {
        let missing = Money {
            amount: self.cart.total.amount - self.balance.amount,
            currency: self.balance.currency.clone(),
        };
        let frame = &self.frame;
        (missing.amount > 0).then(|| frame.fill(frame.t.short, frame.money(&missing)))
    }
}

async fn show(visitor: Visitor) -> Result<Response, Trouble> {
    Box::pin(draw(&visitor, &Typed::default(), None)).await
}

async fn draw(
    visitor: &Visitor,
    typed: &Typed,
    problem: Option<Problem>,
) -> Result<Response, Trouble> {
    let (cart, addresses, wallet) = futures::join!(
        cart::open(visitor),
        visitor.get("/v1/me/addresses").hear::<List<Address>>(),
        visitor.get("/v1/me/wallet").hear::<Wallet>(),
    );
    let (addresses, wallet) = (addresses?.data, wallet?);
    let Some(cart) = cart?.filter(|cart| !cart.items.is_empty()) else {
        return Ok(go("/cart"));
    };
    let first = addresses.first().map_or("", |address| &*address.id);
    let status = status(problem.as_ref());
    let wait = problem.as_ref().and_then(|problem| problem.retry_after);
    let page = Checkout {
        chosen: typed.some("address").unwrap_or(first).to_owned(),
        key: key_for(typed, problem.as_ref()),
        frame: visitor.frame(visitor.locale().words().checkout),
        filling: Filling::default(),
        balance: wallet.balance,
        addresses,
        cart,
        problem,
    };
    let mut response = visitor.show_as(status, &page);
    if let Some(wait) = wait {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(wait));
    }
    Ok(response)
}

async fn place(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let key = typed.some("key").map_or_else(new_key, str::to_owned);
    let asked = visitor.ask(Method::POST, "/v1/orders").key(&key);
    match asked.json(&body(&typed)).hear::<Order>().await {
        Ok(order) => {
            visitor.keep_cart(None);
            Ok(go(&format!("/orders/{}", order.id)))
        }
        Err(Trouble(problem)) if problem.wants_sign_in() => Err(Trouble(problem)),
        Err(Trouble(problem)) => {
            let drawn = Box::pin(draw(&visitor, &typed, Some(*problem.clone()))).await;
            // Where nothing can be read either, the form itself is kept, with its key.
            drawn.map_err(|_| Trouble(problem))
        }
    }
}

/// What is ordered: the cart, at the total that was shown.
fn body(typed: &Typed) -> Value {
    let mut body = Map::new();
    body.insert("cart_id".into(), typed.get("cart").into());
    if let Some(address) = typed.some("address") {
        body.insert("address_id".into(), address.into());
    }
    if let (Some(amount), Some(currency)) = (typed.number("expected"), typed.some("currency")) {
        let expected = json!({ "amount": amount, "currency": currency });
        body.insert("expected_total".into(), expected);
    }
    Value::Object(body)
}
