//! A news service of a test's own.

use std::future::Future;

use api::id::ACCOUNT;
use api::news::news_client::NewsClient;
use api::news::{
    Article, CreateArticleRequest, GetArticleRequest, ListArticlesRequest, PublishArticleRequest,
    UnpublishArticleRequest, UpdateArticleRequest,
};
use api::token::{Given, scope};
use chassis::{Env, Running, Setting};
use discovery::Channel;
use testkit::{Database, Redis};
use tonic::{Code, Status};
use uuid::Uuid;

const NEIGHBOURS: &[Setting] = &[Setting::required("NEWS_ADDRS", "Where the service is.")];

/// A news service with its database and its Redis.
pub(crate) struct Shop {
    pub(crate) news: NewsClient<Channel>,
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    _running: Running,
}

/// Who writes in these tests.
pub(crate) fn editor() -> String {
    ACCOUNT.write(Uuid::from_u128(1))
}

/// Runs `work` as one client that hands on its consistency token.
pub(crate) async fn as_one<F: Future>(work: F) -> F::Output {
    scope(Given::Nothing, work).await.0
}

async fn start(database: &Database, redis: &Redis) -> (Running, NewsClient<Channel>) {
    let env = Env::local([
        ("DATABASE_URLS", database.primary_url()),
        ("DATABASE_REPLICA_URLS", database.replica_url()),
        ("REDIS_URL", redis.url()),
        ("LOG", "error".to_owned()),
    ]);
    let running = chassis::start("news", env, news::Service::connect).await;
    let running = running.unwrap();
    let env = Env::local([("NEWS_ADDRS", running.addr.to_string())]).knowing(NEIGHBOURS);
    let client = NewsClient::new(env.channel("news").unwrap());
    (running, client)
}

impl Shop {
    pub(crate) async fn open() -> Self {
        let (database, redis) = tokio::join!(testkit::database("news"), testkit::redis());
        let (running, news) = start(&database, &redis).await;
        Self {
            news,
            database,
            redis,
            _running: running,
        }
    }

    /// A second instance on the same database and Redis.
    pub(crate) async fn another(&self) -> (Running, NewsClient<Channel>) {
        start(&self.database, &self.redis).await
    }

    pub(crate) async fn write(&self, title: &str) -> Article {
        let request = CreateArticleRequest {
            actor_id: editor(),
            title: title.to_owned(),
            body: format!("All about {title}."),
        };
        let mut news = self.news.clone();
        news.create_article(request).await.unwrap().into_inner()
    }

    pub(crate) async fn rename(&self, article: &Article, title: &str) -> Result<Article, Status> {
        let request = UpdateArticleRequest {
            actor_id: editor(),
            id: article.id.clone(),
            version: article.version,
            title: Some(title.to_owned()),
            body: None,
        };
        let mut news = self.news.clone();
        Ok(news.update_article(request).await?.into_inner())
    }

    /// Publishes at a time, or now where that is empty.
    pub(crate) async fn publish(&self, article: &Article, at: &str) -> Result<Article, Status> {
        let request = PublishArticleRequest {
            actor_id: editor(),
            id: article.id.clone(),
            version: article.version,
            publish_at: at.to_owned(),
        };
        let mut news = self.news.clone();
        Ok(news.publish_article(request).await?.into_inner())
    }

    pub(crate) async fn unpublish(&self, article: &Article) -> Result<Article, Status> {
        let request = UnpublishArticleRequest {
            actor_id: editor(),
            id: article.id.clone(),
            version: article.version,
        };
        let mut news = self.news.clone();
        Ok(news.unpublish_article(request).await?.into_inner())
    }

    pub(crate) async fn published(&self, title: &str) -> Article {
        let draft = self.write(title).await;
        self.publish(&draft, "").await.unwrap()
    }

    /// Finds an article as the public does.
    pub(crate) async fn find(&self, id: &str) -> Result<Article, Status> {
        find(&self.news, id).await
    }

    /// The titles on the first public page.
    pub(crate) async fn front(&self) -> Vec<String> {
        let mut news = self.news.clone();
        let page = news.list_articles(ListArticlesRequest::default()).await;
        let articles = page.unwrap().into_inner().articles;
        articles.into_iter().map(|article| article.title).collect()
    }
}

/// Finds an article as the public does, at an instance of one's choice.
pub(crate) async fn find(news: &NewsClient<Channel>, id: &str) -> Result<Article, Status> {
    let request = GetArticleRequest {
        id: id.to_owned(),
        include_drafts: false,
    };
    Ok(news.clone().get_article(request).await?.into_inner())
}

/// Why a request was refused.
pub(crate) fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    let reason = api::error::reason(&status).unwrap_or_default();
    (status.code(), reason)
}
