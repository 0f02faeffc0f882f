//! `/products/{id}`: one product, its stock, and the way into the cart.

use askama::Template;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;

use super::seen::{List, Product};
use super::{query, segment, status};
use crate::api::Problem;
use crate::look::Frame;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// How many of its kind are shown below.
const SIMILAR: usize = 4;

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new().route("/products/{id}", get(show))
}

#[derive(Template)]
#[template(path = "shop/product.html")]
struct ProductPage {
    frame: Frame,
    product: Product,
    similar: Vec<Product>,
    /// How many are wanted.
    quantity: String,
    /// Why they did not get into the cart.
    problem: Option<Problem>,
}

async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Trouble> {
    draw(&visitor, &id, "1", None).await
}

/// Draws the product, with why `quantity` of it could not be had.
pub(super) async fn draw(
    visitor: &Visitor,
    id: &str,
    quantity: &str,
    problem: Option<Problem>,
) -> Result<Response, Trouble> {
    let product: Product = visitor
        .get(format!("/v1/products/{}", segment(id)))
        .hear()
        .await?;
    let status = status(problem.as_ref());
    let page = ProductPage {
        similar: similar(visitor, &product).await,
        frame: visitor.frame(&product.name),
        quantity: quantity.to_owned(),
        product,
        problem,
    };
    Ok(visitor.show_as(status, &page))
}

async fn similar(visitor: &Visitor, product: &Product) -> Vec<Product> {
    let wanted = query(&[("limit", Some("5")), ("category", Some(&product.category))]);
    let found = visitor.get(format!("/v1/products?{wanted}"));
    let found: List<Product> = found.hear().await.unwrap_or_default();
    let others = found
        .data
        .into_iter()
        .filter(|other| other.id != product.id);
    others.take(SIMILAR).collect()
}
