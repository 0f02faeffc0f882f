//! Articles.

use db::Tx;
use sqlx::{query, query_as, query_scalar};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Article, Body, Edit, Place, State, Title};

/// Finds an article, public or not.
///
/// # Errors
/// When the statement failed.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Article>, db::Error> {
    let found = query_as!(
        Article,
        "select id, title, body, publish_at, version, created_at, updated_at from articles where id = $1",
        id
    );
    Ok(found.fetch_optional(&mut *tx).await?)
}

/// Lists what is public, latest first, from behind `after` on. `Article::is_public` says the same of one.
///
/// # Errors
/// When the statement failed.
pub async fn public(
    tx: &mut Tx,
    after: Option<Place>,
    rows: i64,
) -> Result<Vec<Article>, db::Error> {
    let found = query_as!(
        Article,
        "select id, title, body, publish_at, version, created_at, updated_at from articles
        where publish_at <= greatest(now(), updated_at)
            and (publish_at, id) < (coalesce($1::timestamptz, 'infinity'), coalesce($2, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
        order by publish_at desc, id desc
        limit $3",
        after.map(|place| place.from) as Option<OffsetDateTime>,
        after.map(|place| place.id),
        rows
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Tells when the next article becomes public, if one is waiting for its time.
///
/// # Errors
/// When the statement failed.
pub async fn next_due(tx: &mut Tx) -> Result<Option<OffsetDateTime>, db::Error> {
    let due = query_scalar!("select min(publish_at) from articles where publish_at > now()");
    Ok(due.fetch_one(&mut *tx).await?)
}

/// Lists all, drafts too, the last written first, from behind `after` on: in one state, where given.
///
/// # Errors
/// When the statement failed.
pub async fn all(
    tx: &mut Tx,
    state: Option<State>,
    after: Option<Uuid>,
    rows: i64,
) -> Result<Vec<Article>, db::Error> {
    let found = query_as!(
        Article,
        "select id, title, body, publish_at, version, created_at, updated_at from articles
        where id < coalesce($1, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
            and case $3::text
                when 'draft' then publish_at is null
                when 'planned' then publish_at > greatest(now(), updated_at)
                when 'public' then publish_at <= greatest(now(), updated_at)
                else true
            end
        order by id desc
        limit $2",
        after,
        rows,
        state.map(State::word)
    );
    Ok(found.fetch_all(&mut *tx).await?)
}

/// Writes a draft.
///
/// # Errors
/// When the statement failed.
pub async fn insert(
    tx: &mut Tx,
    id: Uuid,
    title: &Title,
    body: &Body,
) -> Result<Article, db::Error> {
    let written = query_as!(
        Article,
        "insert into articles (id, title, body) values ($1, $2, $3)
        returning id, title, body, publish_at, version, created_at, updated_at",
        id,
        title.as_str(),
        body.as_str()
    );
    Ok(written.fetch_one(&mut *tx).await?)
}

/// Changes an article if `version` is still current: check and change are one statement, so of two editors at once one
/// changes nothing and hears so.
///
/// # Errors
/// When the statement failed.
pub async fn edit(
    tx: &mut Tx,
    id: Uuid,
    version: i64,
    edit: &Edit,
) -> Result<Option<Article>, db::Error> {
    match edit {
        Edit::Rewrite { title, body } => {
            rewrite(tx, id, version, title.as_ref(), body.as_ref()).await
        }
        Edit::Publish(from) => publish(tx, id, version, *from).await,
        Edit::Unpublish => unpublish(tx, id, version).await,
    }
}

async fn rewrite(
    tx: &mut Tx,
    id: Uuid,
    version: i64,
    title: Option<&Title>,
    body: Option<&Body>,
) -> Result<Option<Article>, db::Error> {
    let changed = query_as!(
        Article,
        "update articles
        set title = coalesce($3, title), body = coalesce($4, body), version = version + 1, updated_at = now()
        where id = $1 and version = $2
        returning id, title, body, publish_at, version, created_at, updated_at",
        id,
        version,
        title.map(Title::as_str),
        body.map(Body::as_str)
    );
    Ok(changed.fetch_optional(&mut *tx).await?)
}

async fn publish(
    tx: &mut Tx,
    id: Uuid,
    version: i64,
    from: Option<OffsetDateTime>,
) -> Result<Option<Article>, db::Error> {
    let changed = query_as!(
        Article,
        "update articles
        set publish_at = coalesce($3, now()), version = version + 1, updated_at = now()
        where id = $1 and version = $2
        returning id, title, body, publish_at, version, created_at, updated_at",
        id,
        version,
        from
    );
    Ok(changed.fetch_optional(&mut *tx).await?)
}

async fn unpublish(tx: &mut Tx, id: Uuid, version: i64) -> Result<Option<Article>, db::Error> {
    let changed = query_as!(
        Article,
        "update articles
        set publish_at = null, version = version + 1, updated_at = now()
        where id = $1 and version = $2
        returning id, title, body, publish_at, version, created_at, updated_at",
        id,
        version
    );
    Ok(changed.fetch_optional(&mut *tx).await?)
}

/// Adds an article that may be there already. Only the seed does so.
///
/// # Errors
/// When the statement failed.
pub async fn plant(tx: &mut Tx, article: &Article) -> Result<(), db::Error> {
    let planted = query!(
        "insert into articles (id, title, body, publish_at, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)
        on conflict (id) do nothing",
        article.id,
        article.title,
        article.body,
        article.publish_at,
        article.created_at
    );
    planted.execute(&mut *tx).await?;
    Ok(())
}
