//! `/products`: everything, by category, by words, in any order, page after page.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::response::Response;
use axum::routing::get;
use serde::{Deserialize, Deserializer};

use super::query;
use super::seen::{Category, List, Product};
use crate::look::Frame;
use crate::trouble::Trouble;
use crate::visit::Visitor;

/// How many products a page has.
const ROWS: &str = "24";

/// The routes of this page.
pub(super) fn routes() -> Router {
    Router::new().route("/products", get(show))
}

/// What somebody looks for. What is empty is not asked for.
#[derive(Debug, Default, Deserialize)]
struct Wanted {
    #[serde(default, deserialize_with = "filled")]
    q: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    category: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    sort: Option<String>,
    #[serde(default, deserialize_with = "filled")]
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "shop/catalogue.html")]
struct Catalogue {
    frame: Frame,
    wanted: Wanted,
    heading: String,
    categories: Vec<Category>,
    list: List<Product>,
    /// The next page.
    next: Option<String>,
}

/// What is added below a list.
#[derive(Template)]
#[template(path = "shop/catalogue_rows.html")]
struct Rows {
    frame: Frame,
    list: List<Product>,
    next: Option<String>,
}

async fn show(visitor: Visitor, Query(wanted): Query<Wanted>) -> Result<Response, Trouble> {
    let path = format!(
        "/v1/products?{}",
        wanted.query(Some(ROWS), wanted.cursor.as_deref())
    );
    if visitor.wants_part() {
        let list: List<Product> = visitor.get(path).hear().await?;
        let next = wanted.next(&list);
        let frame = visitor.frame("");
        return Ok(visitor.show(&Rows { frame, list, next }));
    }
    let (list, categories) = futures::join!(
        visitor.get(path).hear::<List<Product>>(),
        visitor.get("/v1/categories").hear::<List<Category>>(),
    );
    let list = list?;
    let next = wanted.next(&list);
    let mut frame = visitor.frame("");
    let heading = wanted.heading(&frame);
    frame.title.clone_from(&heading);
    let categories = categories.unwrap_or_default().data;
    let page = Catalogue {
        frame,
        wanted,
        heading,
        categories,
        list,
        next,
    };
    Ok(visitor.show(&page))
}

impl Wanted {
    fn query(&self, limit: Option<&str>, cursor: Option<&str>) -> String {
        query(&[
            ("limit", limit),
            ("q", self.q.as_deref()),
            ("category", self.category.as_deref()),
            ("sort", self.sort.as_deref()),
            ("cursor", cursor),
        ])
    }

    fn next(&self, list: &List<Product>) -> Option<String> {
        let cursor = list.next_cursor.as_deref()?;
        Some(format!("/products?{}", self.query(None, Some(cursor))))
    }

    fn heading(&self, frame: &Frame) -> String {
        match (&self.q, &self.category) {
            (Some(q), _) => frame.fill(frame.t.found, q),
            (None, Some(category)) => frame.category(category),
            (None, None) => frame.t.all.to_owned(),
        }
    }

    fn is_in(&self, category: &str) -> bool {
        self.category.as_deref() == Some(category)
    }

    fn is_sorted(&self, sort: &str) -> bool {
        self.sort.as_deref().unwrap_or_default() == sort
    }
}

impl Catalogue {
    /// The orders to choose from.
    fn sorts(&self) -> [(&'static str, &'static str); 4] {
        let t = self.frame.t;
        // Without a word of ours the API takes its own first choice.
        let first = if self.wanted.q.is_some() {
            t.relevance
        } else {
            t.newest
        };
        [
            ("", first),
            ("name", t.by_name),
            ("price_asc", t.price_asc),
            ("price_desc", t.price_desc),
        ]
    }
}

fn filled<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty()))
}
