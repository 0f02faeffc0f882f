//! Locks as they are shown.

use db::{Error, Tx};
use sqlx::query_scalar;

/// Lists the names of locks that are claimed and begin with `prefix`, from behind `after` on.
///
/// # Errors
/// When the statement failed.
pub async fn names(
    tx: &mut Tx,
    prefix: &str,
    after: Option<&str>,
    rows: i64,
) -> Result<Vec<String>, Error> {
    let names = query_scalar!(
        "select distinct name from lock_claims
        where starts_with(name, $1) and name > coalesce($2, '')
        order by name limit $3",
        prefix,
        after,
        rows
    );
    Ok(names.fetch_all(&mut *tx).await?)
}
