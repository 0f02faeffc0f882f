//! What this service works with.

use cache::{Bounds, Cache, Redis};
use db::Db;

use crate::domain::Article;
use crate::reading::Front;

/// The database, and what is remembered of it. Cheap to clone.
#[derive(Clone)]
pub struct Tools {
    /// Where articles are kept.
    pub db: Db,
    /// Articles by id, drafts too: who may see one is decided when it is read.
    pub articles: Cache<Article>,
    /// Pages of public articles.
    pub fronts: Cache<Front>,
}

impl Tools {
    /// Stands ready to read and change what is in `db`.
    pub fn new(db: Db, redis: &Redis) -> Self {
        Self {
            db,
            articles: Cache::new(redis, "articles", Bounds::entries(1_000)),
            fronts: Cache::new(redis, "articles-fronts", Bounds::entries(200)),
        }
    }
}
