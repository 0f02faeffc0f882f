//! Reading articles: the public ones through the cache, all of them for those who write them.

use api::token::Seen;
use db::{Db, Tx};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Article, Place, State};
use crate::error::Error;
use crate::store;
use crate::tools::Tools;

/// Part of the list of public articles, as it stays until another article becomes due.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Front {
    articles: Vec<Article>,
    #[serde(with = "time::serde::rfc3339::option")]
    until: Option<OffsetDateTime>,
}

/// Lists `rows` public articles, the latest first, from behind `after` on.
///
/// # Errors
/// When the database did not answer.
pub async fn public(tools: &Tools, after: Option<Place>, rows: i64) -> Result<Vec<Article>, Error> {
    let key = format!("{rows} {after:?}");
    let load = || load_front(&tools.db, after, rows);
    let front = tools.fronts.get(&key, load).await?.value;
    // Nobody invalidates anything when a time comes. So the page knows how long it holds, and the query says the rest.
    let over = front.until.is_some_and(|due| due <= now());
    let front = if over { load().await?.value } else { front };
    Ok(front.articles)
}

/// Finds an article that is public.
///
/// # Errors
/// [`Error::NotFound`] for a draft, too.
pub async fn find_public(tools: &Tools, id: Uuid) -> Result<Article, Error> {
    let load = || load(&tools.db, id);
    let article = tools.articles.get(&id.to_string(), load).await?.value;
    article
        .is_public(now())
        .then_some(article)
        .ok_or(Error::NotFound)
}

/// Lists all articles, drafts too, the last written first: in one state, where given.
///
/// # Errors
/// When the database did not answer.
pub async fn all(
    tools: &Tools,
    state: Option<State>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Article>, Error> {
    let found = tools.db.read("articles: all", move |tx| {
        Box::pin(store::articles::all(tx, state, after, rows))
    });
    Ok(found.await?.value)
}

/// Finds an article, public or not.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn find(tools: &Tools, id: Uuid) -> Result<Article, Error> {
    Ok(load(&tools.db, id).await?.value)
}

async fn load(db: &Db, id: Uuid) -> Result<Seen<Article>, Error> {
    let found = db.read("articles: find", |tx| {
        Box::pin(store::articles::find(tx, id))
    });
    let Seen {
        value,
        cluster,
        position,
        primary,
    } = found.await?;
    let value = value.ok_or(Error::NotFound)?;
    Ok(Seen {
        value,
        cluster,
        position,
        primary,
    })
}

async fn load_front(db: &Db, after: Option<Place>, rows: i64) -> Result<Seen<Front>, Error> {
    let found = db.read("articles: public", |tx| Box::pin(front(tx, after, rows)));
    Ok(found.await?)
}

async fn front(tx: &mut Tx, after: Option<Place>, rows: i64) -> Result<Front, db::Error> {
    // The due time first: what becomes due between the two is on the page, and the page is merely read once more.
    let until = store::articles::next_due(tx).await?;
    let articles = store::articles::public(tx, after, rows).await?;
    Ok(Front { articles, until })
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
