//! The articles that a new shop begins with.

use db::{Db, Tx};
use serde::Deserialize;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::{Builder, Uuid};

use crate::domain::Article;
use crate::store::articles;

/// Written by hand; read when asked for.
const ARTICLES: &str = include_str!("../seed/articles.json");
/// When the drafts were written.
const BEGINNING: OffsetDateTime = datetime!(2025-01-01 0:00 UTC);

#[derive(Deserialize)]
struct Line {
    title: String,
    #[serde(with = "time::serde::rfc3339::option")]
    published: Option<OffsetDateTime>,
    body: String,
}

/// Plants the articles that are not there yet. Run again, it changes nothing.
///
/// # Errors
/// When the database did not answer.
pub async fn run(db: &Db) -> Result<(), db::Error> {
    let articles = articles();
    let planted = db.keyed("articles: seed", |tx| Box::pin(plant(tx, &articles)));
    planted.await
}

async fn plant(tx: &mut Tx, articles: &[Article]) -> Result<(), db::Error> {
    for article in articles {
        articles::plant(tx, article).await?;
    }
    Ok(())
}

fn articles() -> Vec<Article> {
    let lines: Vec<Line> = serde_json::from_str(ARTICLES).expect("a test reads this file");
    lines.into_iter().map(Article::from).collect()
}

impl From<Line> for Article {
    fn from(line: Line) -> Self {
        let written = line.published.unwrap_or(BEGINNING);
        Self {
            id: id(written, &line.title),
            title: line.title,
            body: line.body,
            publish_at: line.published,
            version: 1,
            created_at: written,
            updated_at: written,
        }
    }
}

/// The same id for the same article on every machine, sorted by time as all ids are.
fn id(written: OffsetDateTime, title: &str) -> Uuid {
    let millis = u64::try_from(written.unix_timestamp() * 1_000).unwrap_or_default();
    let mut chance = [0; 10];
    let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, title.as_bytes());
    chance.copy_from_slice(&name.as_bytes()[..10]);
    Builder::from_unix_timestamp_millis(millis, &chance).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Body, Title};

    #[test]
    fn every_seeded_article_keeps_the_rules_of_articles() {
        for article in articles() {
            assert!(Title::new(&article.title).is_ok(), "{}", article.title);
            assert!(Body::new(article.body).is_ok(), "{}", article.title);
        }
    }

    #[test]
    fn seeded_articles_have_ids_of_their_own_and_always_the_same() {
        let ids = || articles().into_iter().map(|article| article.id);
        let distinct: std::collections::BTreeSet<_> = ids().collect();

        assert_eq!(distinct.len(), 6);
        assert!(ids().eq(ids()));
    }
}
