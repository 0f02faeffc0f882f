//! What is remembered of the catalogue, so that looking around costs the database little.

use std::time::Duration;

use api::token;
use cache::{Bounds, Cache, Redis};
use uuid::Uuid;

use crate::domain::listing::Listed;
use crate::domain::product::{Category, Product};

/// What is remembered of the catalogue. Cheap to clone.
#[derive(Clone)]
pub struct Remembered {
    /// Products by id.
    pub products: Cache<Product>,
    /// Pages of lists, by what was wanted.
    pub lists: Cache<Vec<Listed>>,
    /// The categories, all under one key.
    pub categories: Cache<Vec<Category>>,
    redis: Redis,
}

impl Remembered {
    /// Remembers nothing yet.
    pub fn new(redis: &Redis) -> Self {
        Self {
            products: Cache::new(redis, "products", Bounds::entries(10_000)),
            lists: Cache::new(redis, "product-lists", Bounds::entries(2_000)),
            categories: Cache::new(redis, "categories", Bounds::entries(1)),
            redis: redis.clone(),
        }
    }

    /// Serves nothing of it for longer than `longest` from now on; by `None` as long as its own bounds say.
    pub fn allow(&self, longest: Option<Duration>) {
        self.redis.allow(longest);
    }

    /// Lets go of a product and of all it may be part of, after the commit that changed it. Nobody knows which lists it
    /// is on, so all of them go.
    pub async fn forget(&self, product: Uuid) {
        let written = token::given();
        self.products
            .invalidate(&product.to_string(), written)
            .await;
        self.lists.invalidate_all(written).await;
        self.categories.invalidate_all(written).await;
    }
}
