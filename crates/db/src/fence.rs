//! Fences: a resource's row that keeps the highest token it has seen, so that who has lost a lock cannot write there any more.
//!
//! Whoever gets a lock first shows its token to the resource ([`Fences::show`], in a transaction of its own, committed), and
//! only then reads what it will decide on. Each write then passes the fence in its own transaction ([`Fences::pass`]), which
//! holds the fence's row until it has ended: nobody else is let through between the check and the write. The resource keeps a
//! table of fences:
//!
//! ```sql
//! create table fences (name text primary key, token bigint not null);
//! ```
//!
//! A resource of one row can do without: `update ... set fence = $token, ... where id = $id and fence <= $token`.

use sqlx::{AssertSqlSafe, query};

use crate::{Error, Tx};

/// Where a resource keeps its fences: a table with the columns `name` (unique) and `token`.
#[derive(Clone, Copy, Debug)]
pub struct Fences {
    /// The table.
    pub table: &'static str,
}

/// What a fence says to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "who is behind must not write"]
pub enum Passed {
    /// Nobody has come with a later one.
    Yes,
    /// Somebody has: the lock that this token stood for is lost.
    Behind,
}

impl Fences {
    /// Shows `token` to the fence called `name`, in a transaction of its own and before anything is read there: from its commit
    /// on, nobody with an earlier token writes.
    ///
    /// # Errors
    /// When the statement failed.
    pub async fn show(self, tx: &mut Tx, name: &str, token: i64) -> Result<Passed, Error> {
        self.pass(tx, name, token).await
    }

    /// Passes the fence called `name` before a write in the same transaction. Keeps its row locked until that has ended.
    ///
    /// # Errors
    /// When the statement failed.
    pub async fn pass(self, tx: &mut Tx, name: &str, token: i64) -> Result<Passed, Error> {
        let table = self.table;
        let seen = format!(
            "insert into {table} as f (name, token) values ($1, $2)
            on conflict (name) do update set token = excluded.token where f.token <= excluded.token"
        );
        // The table is a word of the program, never of a caller.
        let seen = query(AssertSqlSafe(seen)).bind(name).bind(token);
        let rows = seen.execute(&mut *tx).await?.rows_affected();
        Ok(if rows == 1 {
            Passed::Yes
        } else {
            Passed::Behind
        })
    }
}
