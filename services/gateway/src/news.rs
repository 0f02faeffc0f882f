//! `/v1/news`: what the shop has to tell.

use api::news::{self as wire, GetArticleRequest, ListArticlesRequest};
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Path, Query};
use crate::fallback::{Fallback, Shown};
use crate::id::ArticleId;
use crate::page::{List, Page};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, NewsClient};
use crate::version::{IfNoneMatch, IfNoneMatchHeader, Tagged, Written};

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Public.on(routes!(list)))
        .routes(Rule::Public.on(routes!(find)))
}

/// Lists the articles that are published, newest first.
#[utoipa::path(get, path = "/v1/news", tag = "news", params(Page),
    responses((status = 200, body = List<ArticleBody>,
    headers(("Cache-Status" = Option<String>, description = "Only while the service behind is away and this was read before: `holdfast; hit`, with the seconds that it may still be shown as `ttl` (RFC 9211).")))))]
async fn list(
    State(news): State<NewsClient>,
    State(fallback): State<Fallback>,
    Query(page): Query<Page>,
) -> Result<Shown<Written>, Problem> {
    let wanted = ListArticlesRequest {
        page: Some(page.into()),
        include_drafts: false,
        state: String::new(),
    };
    let call = NewsClient::list_articles;
    let write = |page: wire::ListArticlesResponse| {
        Written::plain(&List::<ArticleBody>::of(page.articles, page.next_cursor))
    };
    let asked = fallback.read("articles", &news, wanted, call, write);
    asked.await
}

/// Finds an article that is published.
#[utoipa::path(get, path = "/v1/news/{id}", tag = "news", params(("id" = inline(ArticleId), Path), IfNoneMatchHeader),
    responses((status = 200, body = ArticleBody,
    headers(("Cache-Status" = Option<String>, description = "Only while the service behind is away and this was read before: `holdfast; hit`, with the seconds that it may still be shown as `ttl` (RFC 9211)."))), (status = 304)))]
async fn find(
    State(news): State<NewsClient>,
    State(fallback): State<Fallback>,
    Path(id): Path<ArticleId>,
    known: IfNoneMatch,
) -> Result<Shown<Response>, Problem> {
    let wanted = GetArticleRequest {
        id: id.into_wire(),
        include_drafts: false,
    };
    let call = NewsClient::get_article;
    let write = |article| tagged(article).into();
    let asked = fallback.read("article", &news, wanted, call, write);
    Ok(asked.await?.map(|article| article.unless(&known)))
}

/// An article.
#[derive(Serialize, ToSchema)]
pub(crate) struct ArticleBody {
    #[schema(example = "art_01h455vb4pex5vsknk084sn02q")]
    id: String,
    /// Always `article`.
    #[schema(example = "article")]
    object: &'static str,
    title: String,
    /// Plain text.
    body: String,
    /// From when on it is public; null for a draft.
    publish_at: Option<String>,
    /// Counts the changes, from 1.
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<wire::Article> for ArticleBody {
    fn from(article: wire::Article) -> Self {
        Self {
            id: article.id,
            object: "article",
            title: article.title,
            body: article.body,
            publish_at: Some(article.publish_at).filter(|text| !text.is_empty()),
            version: article.version,
            created_at: article.created_at,
            updated_at: article.updated_at,
        }
    }
}

pub(crate) fn tagged(article: wire::Article) -> Tagged<ArticleBody> {
    Tagged::new(article.version, article.into())
}
