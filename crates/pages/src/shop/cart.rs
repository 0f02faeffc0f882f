//! `/cart`: what is going to be bought.

use askama::Template;
use axum::Router;
use axum::http::Method;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::json;

use super::seen::Cart;
use super::{go, ours, product, segment, status};
use crate::api::Problem;
use crate::form::Sent;
use crate::look::Frame;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/cart", get(show))
        .route("/cart/items", post(add))
        .route("/cart/lines", post(change))
}

#[derive(Template)]
#[template(path = "shop/cart.html")]
struct CartPage {
    frame: Frame,
    cart: Option<Cart>,
    problem: Option<Problem>,
}

async fn show(visitor: Visitor) -> Result<Response, Trouble> {
    draw(&visitor, None).await
}

async fn draw(visitor: &Visitor, problem: Option<Problem>) -> Result<Response, Trouble> {
    let cart = open(visitor).await?;
    let status = status(problem.as_ref());
    let page = CartPage {
        frame: visitor.frame(visitor.locale().words().cart),
        cart: cart.filter(|cart| !cart.items.is_empty()),
        problem,
    };
    Ok(visitor.show_as(status, &page))
}

/// The cart of this browser, while it can be changed and ordered.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn open(visitor: &Visitor) -> Result<Option<Cart>, Trouble> {
    let Some((id, _)) = visitor.cart() else {
        return Ok(None);
    };
    if !visitor.is_signed_in() {
        return Ok(None);
    }
    match visitor.get(format!("/v1/carts/{id}")).hear::<Cart>().await {
        Ok(cart) if cart.status == "open" => {
            keep(visitor, &cart);
            Ok(Some(cart))
        }
        // Ordered, pruned, or of somebody else who used this browser.
        Ok(_) => {
            visitor.keep_cart(None);
            Ok(None)
        }
        Err(Trouble(problem)) if problem.status == 404 => {
            visitor.keep_cart(None);
            Ok(None)
        }
        Err(trouble) => Err(trouble),
    }
}

fn keep(visitor: &Visitor, cart: &Cart) {
    let units: i64 = cart.items.iter().map(|line| line.quantity).sum();
    visitor.keep_cart(Some((&cart.id, u32::try_from(units).unwrap_or(0))));
}

async fn add(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let (id, quantity) = (typed.get("product"), typed.get("quantity"));
    let Some(wanted) = typed.number("quantity") else {
        let wrong = Problem::new(400, "invalid").at("quantity");
        return product::draw(&visitor, id, quantity, Some(wrong)).await;
    };
    match put_in(&visitor, id, wanted).await {
        Ok(cart) => {
            keep(&visitor, &cart);
            Ok(go("/cart?done=added"))
        }
        Err(Trouble(problem)) if problem.wants_sign_in() => Err(Trouble(problem)),
        Err(Trouble(problem)) => {
            let drawn = product::draw(&visitor, id, quantity, Some(*problem.clone())).await;
            // Where not even the product can be shown, what was asked for is kept all the same.
            drawn.map_err(|_| Trouble(problem))
        }
    }
}

/// Puts units into the cart of this browser, or into a new one where that is no longer to be had.
async fn put_in(visitor: &Visitor, product: &str, quantity: i64) -> Result<Cart, Trouble> {
    let body = json!({ "product_id": product, "quantity": quantity });
    let put = async |id: &str| {
        let items = format!("/v1/carts/{id}/items");
        visitor
            .ask(Method::POST, items)
            .json(&body)
            .hear::<Cart>()
            .await
    };
    if let Some((id, _)) = visitor.cart() {
        match put(&id).await {
            Err(Trouble(problem)) if is_gone(&problem) => {}
            answered => return answered,
        }
    }
    let new: Cart = visitor.ask(Method::POST, "/v1/carts").hear().await?;
    keep(visitor, &new);
    put(&new.id).await
}

fn is_gone(problem: &Problem) -> bool {
    ["not_found", "cart_not_found", "cart_ordered"].contains(&&*problem.code)
}

async fn change(visitor: Visitor, Sent(typed): Sent) -> Result<Response, Trouble> {
    let Some((cart, _)) = visitor.cart() else {
        return Ok(go("/cart"));
    };
    let (product, version) = (segment(typed.get("product")), typed.number("version"));
    let path = format!("/v1/carts/{cart}/items/{product}");
    let removed = typed.get("remove") == "yes" || typed.get("quantity") == "0";
    let asked = if removed {
        visitor.ask(Method::DELETE, path)
    } else {
        let quantity = typed.number("quantity").unwrap_or(-1);
        let body = json!({ "quantity": quantity });
        visitor.ask(Method::PATCH, path).json(&body)
    };
    match asked.version(version.unwrap_or(0)).hear::<Cart>().await {
        Ok(cart) => {
            keep(&visitor, &cart);
            let done = if removed { "removed" } else { "cart" };
            Ok(go(&format!("/cart?done={done}")))
        }
        Err(Trouble(problem)) if problem.wants_sign_in() => Err(Trouble(problem)),
        Err(Trouble(problem)) => {
            let drawn = draw(&visitor, Some(*problem.clone())).await;
            drawn.map_err(|_| Trouble(problem))
        }
    }
}

/// Where to go on after something that was needed on the way to somewhere else.
pub(super) fn onward<'a>(next: &'a str, usual: &'a str) -> &'a str {
    ours(next).unwrap_or(usual)
}
