//! Writing articles: each change together with its entry in the audit, or neither.

use api::{id, time, token};
use db::{Tx, audit};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::{Article, Body, Edit, Title};
use crate::error::Error;
use crate::store::articles;
use crate::tools::Tools;

/// Which article somebody means to change.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Who acts.
    pub actor: Uuid,
    /// The article.
    pub id: Uuid,
    /// The version that the change was made from.
    pub version: i64,
}

/// Writes a draft.
///
/// # Errors
/// When the database did not answer, or its answer is not known.
pub async fn create(
    tools: &Tools,
    actor: Uuid,
    title: Title,
    body: Body,
) -> Result<Article, Error> {
    let id = Uuid::now_v7();
    let written = tools.db.write("articles: create", |tx| {
        Box::pin(create_once(tx, actor, id, &title, &body))
    });
    written.await
}

/// Changes an article.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Stale`] when its version is another one by now.
pub async fn edit(tools: &Tools, target: Target, edit: Edit) -> Result<Article, Error> {
    let changed = tools.db.write("articles: edit", |tx| {
        Box::pin(edit_once(tx, target, &edit))
    });
    let changed = changed.await?;
    forget(tools, changed.id).await;
    Ok(changed)
}

async fn create_once(
    tx: &mut Tx,
    actor: Uuid,
    id: Uuid,
    title: &Title,
    body: &Body,
) -> Result<Article, Error> {
    let written = articles::insert(tx, id, title, body).await?;
    keep_act(tx, actor, "article.create", None, &written).await?;
    Ok(written)
}

async fn edit_once(tx: &mut Tx, target: Target, edit: &Edit) -> Result<Article, Error> {
    let Target { actor, id, version } = target;
    let before = articles::find(tx, id).await?.ok_or(Error::NotFound)?;
    if before.version != version {
        return Err(Error::Stale);
    }
    // Whoever came between changed the version too, so if this finds a row, `before` is what it was.
    let after = articles::edit(tx, id, version, edit).await?;
    let after = after.ok_or(Error::Stale)?;
    keep_act(tx, actor, edit.name(), Some(&before), &after).await?;
    Ok(after)
}

async fn keep_act(
    tx: &mut Tx,
    actor: Uuid,
    action: &'static str,
    before: Option<&Article>,
    after: &Article,
) -> Result<(), Error> {
    let act = audit::New {
        id: Uuid::now_v7(),
        actor,
        action,
        subject: id::ARTICLE.write(after.id),
        before: before.map(snapshot),
        after: Some(snapshot(after)),
    };
    Ok(audit::insert(tx, &[act]).await?)
}

/// An article as the audit shows it.
fn snapshot(article: &Article) -> Value {
    json!({
        "title": article.title,
        "body": article.body,
        "publish_at": article.publish_at.map(time::write),
        "version": article.version,
    })
}

/// Lets go of what is remembered, after the commit. Nobody knows which pages the article is on, so all of them go.
async fn forget(tools: &Tools, id: Uuid) {
    let written = token::given();
    tools.articles.invalidate(&id.to_string(), written).await;
    tools.fronts.invalidate_all(written).await;
}
