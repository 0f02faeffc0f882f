//! Taking what other services tell accounts.

use std::sync::Arc;

use futures::future::FutureExt as _;

use crate::domain::notification::Notice;
use crate::store::notifications;
use crate::{Error, Tools};

/// Keeps each of `notices` once, however often it is told. One for an account that there is not is dropped.
///
/// # Errors
/// [`Error::Database`].
pub async fn run(tools: &Tools, notices: Vec<Notice>) -> Result<(), Error> {
    let notices: Arc<[Notice]> = notices.into();
    // The event's id is the key: told again after an unknown commit, it changes nothing.
    let kept = tools.db.keyed("notify", |tx| {
        let notices = Arc::clone(&notices);
        async move { Ok(notifications::insert(tx, &notices).await?) }.boxed()
    });
    kept.await
}
