//! What a database holds, in a form that two copies of it can be compared by.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, query_as, query_scalar};
use stack::Restored;

use crate::house::Ground;

/// How many rows a table has, and a sum over all that stands in them.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Facts {
    /// The rows.
    pub rows: i64,
    /// The sum of a hash of each.
    pub sum: String,
}

/// Each table of each database.
pub type Tables = BTreeMap<String, Facts>;

/// The tables of a database that are there after a restart.
const NAMES: &str = "select format('%I.%I', n.nspname, c.relname)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and c.relpersistence = 'p' and n.nspname not in ('pg_catalog', 'information_schema')
    order by 1";

/// The names of its tables.
pub(super) async fn names(wire: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    query_scalar(NAMES).fetch_all(wire).await
}

/// Reads all tables of the database called `database`.
pub(super) async fn read(database: &str, wire: &mut PgConnection) -> sqlx::Result<Tables> {
    let mut tables = Tables::new();
    for name in names(wire).await? {
        let ask = format!(
            "select count(*) as rows, coalesce(sum(hashtextextended(the_row::text, 0)::numeric), 0)::text as sum
             from {name} as the_row"
        );
        let facts = query_as(AssertSqlSafe(ask)).fetch_one(&mut *wire).await?;
        tables.insert(format!("{database}: {name}"), facts);
    }
    Ok(tables)
}

/// Reads all tables of a restored server.
///
/// # Errors
/// When it cannot be read.
pub async fn of_restored(restored: &Restored) -> anyhow::Result<Tables> {
    let mut tables = Tables::new();
    for database in Ground::KEEPERS {
        let mut wire = PgConnection::connect(&restored.login(database)).await?;
        tables.extend(read(database, &mut wire).await?);
        wire.close().await?;
    }
    Ok(tables)
}

/// Says where `copy` differs from `source`.
pub fn differences(source: &Tables, copy: &Tables) -> Vec<String> {
    let names: BTreeSet<&String> = source.keys().chain(copy.keys()).collect();
    let one = |name: &String| match (source.get(name), copy.get(name)) {
        (Some(here), Some(there)) if here == there => None,
        (Some(here), Some(there)) if here.rows == there.rows => Some(format!(
            "{name}: {} rows in both, and they are not the same",
            here.rows
        )),
        (Some(here), Some(there)) => Some(format!(
            "{name}: {} rows, and {} in the restored copy",
            here.rows, there.rows
        )),
        (Some(_), None) => Some(format!("{name}: not in the restored copy")),
        (None, _) => Some(format!("{name}: in the restored copy only")),
    };
    names.into_iter().filter_map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(rows: i64, sum: &str) -> Facts {
        let sum = sum.to_owned();
        Facts { rows, sum }
    }

    #[test]
    fn each_way_to_differ_is_told_in_words() {
        let table = |name: &str, facts: Facts| (name.to_owned(), facts);
        let source = Tables::from([
            table("a", facts(1, "7")),
            table("b", facts(1, "7")),
            table("c", facts(2, "7")),
            table("d", facts(0, "0")),
        ]);
        let copy = Tables::from([
            table("a", facts(1, "7")),
            table("b", facts(1, "8")),
            table("c", facts(1, "7")),
            table("e", facts(0, "0")),
        ]);

        assert_eq!(
            differences(&source, &copy),
            [
                "b: 1 rows in both, and they are not the same",
                "c: 2 rows, and 1 in the restored copy",
                "d: not in the restored copy",
                "e: in the restored copy only",
            ]
        );
        assert_eq!(differences(&source, &source), Vec::<String>::new());
    }
}
