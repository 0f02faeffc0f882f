//! `/v1/admin/news`: writing and publishing articles.

use api::news::{
    CreateArticleRequest, GetArticleRequest, ListArticlesRequest, PublishArticleRequest,
    UnpublishArticleRequest, UpdateArticleRequest,
};
use auth::Admin;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::{IntoResponse, Response};
use garde::Validate;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ask;
use crate::body::{Json, Path, Query};
use crate::id::{ArticleId, account};
use crate::news::{ArticleBody, tagged};
use crate::page::{List, page_of};
use crate::problem::Problem;
use crate::rule::Rule;
use crate::state::{Edge, NewsClient};
use crate::version::{IfMatch, IfMatchHeader, IfNoneMatch, IfNoneMatchHeader, Tagged};

/// The routes of this module.
pub(super) fn routes() -> OpenApiRouter<Edge> {
    OpenApiRouter::new()
        .routes(Rule::Admin.on(routes!(list, create)))
        .routes(Rule::Admin.on(routes!(find, change)))
        .routes(Rule::Admin.on(routes!(publish)))
        .routes(Rule::Admin.on(routes!(unpublish)))
}

/// Lists articles, drafts too, newest first.
#[utoipa::path(get, path = "/v1/admin/news", tag = "admin", operation_id = "list_all_news", params(NewsQuery),
    responses((status = 200, body = List<ArticleBody>)))]
async fn list(
    State(news): State<NewsClient>,
    Query(query): Query<NewsQuery>,
) -> Result<List<ArticleBody>, Problem> {
    let wanted = ListArticlesRequest {
        page: Some(page_of(query.limit, query.cursor)),
        include_drafts: true,
        state: query.state.map_or("", ArticleState::word).to_owned(),
    };
    let found = ask::read(&news, wanted, NewsClient::list_articles).await?;
    Ok(List::of(found.articles, found.next_cursor))
}

/// Writes a draft.
#[utoipa::path(post, path = "/v1/admin/news", tag = "admin", operation_id = "create_article",
    responses((status = 201, body = ArticleBody)))]
async fn create(
    State(news): State<NewsClient>,
    Admin(caller): Admin,
    Json(body): Json<NewArticle>,
) -> Result<Response, Problem> {
    let wanted = CreateArticleRequest {
        actor_id: account(caller),
        title: body.title,
        body: body.body,
    };
    let made = ask::write(&news, wanted, NewsClient::create_article).await?;
    let location = [(LOCATION, format!("/v1/admin/news/{}", made.id))];
    Ok((StatusCode::CREATED, location, tagged(made)).into_response())
}

/// Finds an article, also a draft.
#[utoipa::path(get, path = "/v1/admin/news/{id}", tag = "admin", operation_id = "find_any_article",
    params(("id" = inline(ArticleId), Path), IfNoneMatchHeader),
    responses((status = 200, body = ArticleBody), (status = 304)))]
async fn find(
    State(news): State<NewsClient>,
    Path(id): Path<ArticleId>,
    known: IfNoneMatch,
) -> Result<Tagged<ArticleBody>, Problem> {
    let wanted = GetArticleRequest {
        id: id.into_wire(),
        include_drafts: true,
    };
    let found = ask::read(&news, wanted, NewsClient::get_article).await?;
    Ok(tagged(found).unless(known))
}

/// Changes an article.
#[utoipa::path(patch, path = "/v1/admin/news/{id}", tag = "admin", operation_id = "change_article",
    params(("id" = inline(ArticleId), Path), IfMatchHeader), responses((status = 200, body = ArticleBody)))]
async fn change(
    State(news): State<NewsClient>,
    Admin(caller): Admin,
    Path(id): Path<ArticleId>,
    IfMatch(version): IfMatch,
    Json(body): Json<ArticleChange>,
) -> Result<Tagged<ArticleBody>, Problem> {
    let wanted = UpdateArticleRequest {
        actor_id: account(caller),
        id: id.into_wire(),
        version,
        title: body.title,
        body: body.body,
    };
    let changed = ask::write(&news, wanted, NewsClient::update_article).await?;
    Ok(tagged(changed))
}

/// Publishes an article, now or at a time.
#[utoipa::path(post, path = "/v1/admin/news/{id}/publish", tag = "admin", operation_id = "publish_article",
    params(("id" = inline(ArticleId), Path), IfMatchHeader), responses((status = 200, body = ArticleBody)))]
async fn publish(
    State(news): State<NewsClient>,
    Admin(caller): Admin,
    Path(id): Path<ArticleId>,
    IfMatch(version): IfMatch,
    Json(body): Json<Publishing>,
) -> Result<Tagged<ArticleBody>, Problem> {
    let wanted = PublishArticleRequest {
        actor_id: account(caller),
        id: id.into_wire(),
        version,
        publish_at: body.publish_at.unwrap_or_default(),
    };
    let published = ask::write(&news, wanted, NewsClient::publish_article).await?;
    Ok(tagged(published))
}

/// Makes an article a draft again.
#[utoipa::path(post, path = "/v1/admin/news/{id}/unpublish", tag = "admin", operation_id = "unpublish_article",
    params(("id" = inline(ArticleId), Path), IfMatchHeader), responses((status = 200, body = ArticleBody)))]
async fn unpublish(
    State(news): State<NewsClient>,
    Admin(caller): Admin,
    Path(id): Path<ArticleId>,
    IfMatch(version): IfMatch,
) -> Result<Tagged<ArticleBody>, Problem> {
    let wanted = UnpublishArticleRequest {
        actor_id: account(caller),
        id: id.into_wire(),
        version,
    };
    let hidden = ask::write(&news, wanted, NewsClient::unpublish_article).await?;
    Ok(tagged(hidden))
}

/// Which articles are wanted.
#[derive(Clone, Debug, Deserialize, IntoParams, Validate)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct NewsQuery {
    /// How many rows; 20 when it is left out.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// `next_cursor` of the page before; left out for the first page.
    #[garde(length(max = 2048))]
    cursor: Option<String>,
    /// Only those in this state.
    #[garde(skip)]
    #[param(inline)]
    state: Option<ArticleState>,
}

/// Who may read an article by now.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ArticleState {
    Draft,
    Planned,
    Public,
}

impl ArticleState {
    fn word(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Planned => "planned",
            Self::Public => "public",
        }
    }
}

/// An article to be written.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct NewArticle {
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// Plain text.
    #[garde(length(chars, max = 20_000))]
    #[schema(max_length = 20_000)]
    body: String,
}

/// What is to be changed of an article; what is left out stays.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct ArticleChange {
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    #[garde(length(chars, max = 20_000))]
    #[schema(max_length = 20_000)]
    body: Option<String>,
}

/// When an article becomes public.
#[derive(Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
struct Publishing {
    /// RFC 3339; left out for now.
    #[garde(custom(moment))]
    #[schema(format = "date-time")]
    publish_at: Option<String>,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    clippy::ref_option,
    reason = "garde hands fields and its context by reference"
)]
fn moment(text: &Option<String>, _: &()) -> garde::Result {
    let Some(text) = text else { return Ok(()) };
    let read = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339);
    match read {
        Ok(_) => Ok(()),
        Err(_) => Err(garde::Error::new("a time such as 2026-11-20T12:00:00Z")),
    }
}
