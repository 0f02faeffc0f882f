//! The ledger of faults, looked into from outside.

use sqlx::{FromRow, PgPool};
use time::OffsetDateTime;

use super::Shop;

/// A fault as the ledger has it.
#[derive(Debug, Clone, PartialEq, FromRow)]
pub struct Row {
    /// Counts all faults.
    pub number: i64,
    /// What kind of fault it is.
    pub kind: String,
    /// Who has it.
    pub component: String,
    /// When somebody was sure.
    pub detected_at: OffsetDateTime,
    /// How many seconds that took.
    pub took: f64,
    /// The number of the fault that it follows from.
    pub cause: Option<i64>,
    /// How it ended; nothing while it lasts.
    pub resolution: Option<String>,
}

impl Shop {
    /// The faults behind number `last`; none, while nobody leads who could tell.
    pub async fn faults(&self, last: i64) -> Vec<Row> {
        match self.store("control").await {
            Ok(ledger) => behind(&ledger, last).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }
}

/// The faults of `ledger` behind number `last`.
///
/// # Errors
/// When it does not answer.
pub(super) async fn behind(ledger: &PgPool, last: i64) -> sqlx::Result<Vec<Row>> {
    let rows = sqlx::query_as(
        "select number, type as kind, component, detected_at,
            extract(epoch from detected_at - occurred_at)::float8 as took, cause, resolution
        from faults where number > $1 order by number",
    );
    rows.bind(last).fetch_all(ledger).await
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ended = self.resolution.as_deref().unwrap_or("open");
        write!(
            f,
            "{} of {}, after {:.1} s, {ended}",
            self.kind, self.component, self.took
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::postgres::PgPoolOptions;

    use super::*;

    #[tokio::test]
    async fn a_ledger_that_does_not_answer_is_not_taken_for_an_empty_one() {
        let options = PgPoolOptions::new().acquire_timeout(Duration::from_millis(100));
        let nowhere = options.connect_lazy("postgres://nobody@127.0.0.1:1/control");

        let rows = behind(&nowhere.unwrap(), 0).await;

        assert!(rows.is_err(), "{rows:?}");
    }
}
