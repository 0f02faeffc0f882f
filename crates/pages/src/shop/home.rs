//! `/`: what is new, what there is, what is told.

use askama::Template;
use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::seen::{Article, Category, List, Product};
use crate::look::Frame;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "shop/home.html")]
struct Home {
    frame: Frame,
    /// By name, so that all kinds stand side by side.
    products: Vec<Product>,
    categories: Vec<Category>,
    news: Vec<Article>,
}

impl Home {
    /// The categories whose pictures stand beside the first words.
    fn chosen(&self) -> impl Iterator<Item = &Category> {
        self.categories.iter().skip(5).step_by(2).take(3)
    }
}

async fn show(visitor: Visitor) -> Result<Response, Trouble> {
    let (products, categories, news) = futures::join!(
        visitor
            .get("/v1/products?sort=name&limit=10")
            .hear::<List<Product>>(),
        visitor.get("/v1/categories").hear::<List<Category>>(),
        visitor.get("/v1/news?limit=3").hear::<List<Article>>(),
    );
    // A shop without its news is a shop all the same.
    let page = Home {
        products: products?.data,
        categories: categories.unwrap_or_default().data,
        news: news.unwrap_or_default().data,
        frame: visitor.frame(""),
    };
    Ok(visitor.show(&page))
}
