//! `/news`: what the shop tells everybody.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query};
use axum::response::Response;
use axum::routing::get;

use super::orders::Part;
use super::seen::{Article, List};
use super::{query, segment};
use crate::look::Frame;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// The routes of these pages.
pub(super) fn routes() -> Router {
    Router::new()
        .route("/news", get(list))
        .route("/news/{id}", get(show))
}

#[derive(Template)]
#[template(path = "shop/news.html")]
struct News {
    frame: Frame,
    list: List<Article>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "shop/article.html")]
struct ArticlePage {
    frame: Frame,
    article: Article,
}

async fn list(visitor: Visitor, Query(part): Query<Part>) -> Result<Response, Trouble> {
    let path = query(&[("limit", Some("12")), ("cursor", part.cursor.as_deref())]);
    let list: List<Article> = visitor.get(format!("/v1/news?{path}")).hear().await?;
    let page = News {
        frame: visitor.frame(visitor.locale().words().news),
        next: list.next_page("/news"),
        list,
    };
    Ok(visitor.show(&page))
}

async fn show(visitor: Visitor, Path(id): Path<String>) -> Result<Response, Trouble> {
    let article: Article = visitor
        .get(format!("/v1/news/{}", segment(&id)))
        .hear()
        .await?;
    let frame = visitor.frame(&article.title);
    Ok(visitor.show(&ArticlePage { frame, article }))
}
