//! The wire: every RPC reads, carries out, writes. Nothing is decided here.

use api::cursor::Page;
use api::news as wire;
use api::{common, error, id, time};
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::domain::{Article, Body, Edit, Place, State, Title};
use crate::error::Error;
use crate::tools::Tools;
use crate::{editing, reading};

/// Answers `holdfast.news.v1.News`.
#[derive(Clone)]
pub struct News {
    tools: Tools,
}

impl News {
    /// Answers with what `tools` reach.
    pub fn new(tools: Tools) -> Self {
        Self { tools }
    }
}

#[tonic::async_trait]
impl wire::news_server::News for News {
    async fn list_articles(
        &self,
        request: Request<wire::ListArticlesRequest>,
    ) -> Result<Response<wire::ListArticlesResponse>, Status> {
        let request = request.into_inner();
        let (articles, next_cursor) = if request.include_drafts {
            let list = format!("articles with drafts {}", request.state);
            let page = Page::<Uuid>::read(list, request.page)?;
            let (state, after) = (read_state(&request.state)?, page.after().copied());
            let found = reading::all(&self.tools, state, after, page.rows()).await?;
            page.cut(found, |article| article.id)
        } else {
            let page = Page::<Place>::read("articles", request.page)?;
            let found = reading::public(&self.tools, page.after().copied(), page.rows()).await?;
            page.cut(found, Article::public_place)
        };
        let articles = articles.into_iter().map(write).collect();
        Ok(Response::new(wire::ListArticlesResponse {
            articles,
            next_cursor,
        }))
    }

    async fn get_article(
        &self,
        request: Request<wire::GetArticleRequest>,
    ) -> Result<Response<wire::Article>, Status> {
        let request = request.into_inner();
        let id = read_id(&request.id)?;
        let found = if request.include_drafts {
            reading::find(&self.tools, id).await?
        } else {
            reading::find_public(&self.tools, id).await?
        };
        Ok(Response::new(write(found)))
    }

    async fn create_article(
        &self,
        request: Request<wire::CreateArticleRequest>,
    ) -> Result<Response<wire::Article>, Status> {
        let request = request.into_inner();
        let actor = read_actor(&request.actor_id)?;
        let title = Title::new(&request.title).map_err(Error::from)?;
        let body = Body::new(request.body).map_err(Error::from)?;
        let written = editing::create(&self.tools, actor, title, body).await?;
        Ok(Response::new(write(written)))
    }

    async fn update_article(
        &self,
        request: Request<wire::UpdateArticleRequest>,
    ) -> Result<Response<wire::Article>, Status> {
        let request = request.into_inner();
        let edit = read_rewrite(request.title.as_deref(), request.body)?;
        let target = read_target(&request.actor_id, &request.id, request.version)?;
        let changed = editing::edit(&self.tools, target, edit).await?;
        Ok(Response::new(write(changed)))
    }

    async fn publish_article(
        &self,
        request: Request<wire::PublishArticleRequest>,
    ) -> Result<Response<wire::Article>, Status> {
        let request = request.into_inner();
        let edit = read_publish(&request.publish_at)?;
        let target = read_target(&request.actor_id, &request.id, request.version)?;
        let changed = editing::edit(&self.tools, target, edit).await?;
        Ok(Response::new(write(changed)))
    }

    async fn unpublish_article(
        &self,
        request: Request<wire::UnpublishArticleRequest>,
    ) -> Result<Response<wire::Article>, Status> {
        let request = request.into_inner();
        let target = read_target(&request.actor_id, &request.id, request.version)?;
        let changed = editing::edit(&self.tools, target, Edit::Unpublish).await?;
        Ok(Response::new(write(changed)))
    }

    async fn list_audit(
        &self,
        request: Request<common::ListAuditRequest>,
    ) -> Result<Response<common::ListAuditResponse>, Status> {
        let acts = db::audit::answer(&self.tools.db, request.into_inner()).await?;
        Ok(Response::new(acts))
    }
}

fn read_id(text: &str) -> Result<Uuid, Status> {
    id::ARTICLE
        .read(text)
        .map_err(|bad| error::invalid("id", bad.to_string()))
}

fn read_state(text: &str) -> Result<Option<State>, Status> {
    if text.is_empty() {
        return Ok(None);
    }
    let state = State::ALL.into_iter().find(|state| state.word() == text);
    let state = state.ok_or_else(|| error::invalid("state", "draft, planned or public"))?;
    Ok(Some(state))
}

fn read_actor(text: &str) -> Result<Uuid, Status> {
    id::ACCOUNT
        .read(text)
        .map_err(|bad| error::invalid("actor_id", bad.to_string()))
}

fn read_target(actor: &str, id: &str, version: i64) -> Result<editing::Target, Status> {
    Ok(editing::Target {
        actor: read_actor(actor)?,
        id: read_id(id)?,
        version,
    })
}

fn read_rewrite(title: Option<&str>, body: Option<String>) -> Result<Edit, Error> {
    Ok(Edit::Rewrite {
        title: title.map(Title::new).transpose()?,
        body: body.map(Body::new).transpose()?,
    })
}

fn read_publish(publish_at: &str) -> Result<Edit, Status> {
    if publish_at.is_empty() {
        return Ok(Edit::Publish(None));
    }
    let from = time::read(publish_at);
    let from = from.map_err(|bad| error::invalid("publish_at", bad.to_string()))?;
    Ok(Edit::Publish(Some(from)))
}

fn write(article: Article) -> wire::Article {
    wire::Article {
        id: id::ARTICLE.write(article.id),
        title: article.title,
        body: article.body,
        publish_at: time::write_or_empty(article.publish_at),
        version: article.version,
        created_at: time::write(article.created_at),
        updated_at: time::write(article.updated_at),
    }
}
