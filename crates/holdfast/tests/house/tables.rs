//! Every table says what it may grow to and what prunes it.

use std::fs;

use sqlx::query_as;
use testkit::database;

use super::tree::root;

/// The services that keep data.
const KEEPERS: [&str; 4] = ["user", "order", "news", "control"];

/// Every table of the migrated database, with its comment.
const TABLES: &str = "
    select c.relname::text, coalesce(obj_description(c.oid, 'pg_class'), '')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> '_sqlx_migrations'
    order by 1";

/// Says what the comment of a table lacks.
fn unbounded(service: &str, table: &str, comment: &str) -> Option<String> {
    let part = |name: &str| {
        let rest = comment.split_once(name).map(|(_, rest)| rest)?;
        rest.split(';')
            .next()
            .map(str::trim)
            .filter(|said| !said.is_empty())
    };
    (part("bound:").is_none() || part("pruned:").is_none()).then(|| {
        format!(
            "the table `{table}` of {service} does not say what it may grow to and what prunes it. Add to its migration: \
             comment on table {table} is 'bound: ...; pruned: ...' (its comment is `{comment}`)"
        )
    })
}

#[tokio::test]
async fn every_table_has_a_bound_and_something_that_prunes_it() {
    let mut found = Vec::new();
    for service in KEEPERS {
        let database = database(service).await;

        let tables: Vec<(String, String)> =
            query_as(TABLES).fetch_all(database.pool()).await.unwrap();

        assert!(
            !tables.is_empty(),
            "the database of {service} has no tables"
        );
        found.extend(
            tables
                .iter()
                .filter_map(|(table, comment)| unbounded(service, table, comment)),
        );
    }
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_migration_opens_with_what_it_is_for() {
    for service in KEEPERS {
        for entry in fs::read_dir(root().join("migrations").join(service)).unwrap() {
            let path = entry.unwrap().path();

            let text = fs::read_to_string(&path).unwrap();

            assert!(
                text.starts_with("-- "),
                "{} does not open with a comment that says what it is for",
                path.display()
            );
        }
    }
}

#[test]
fn programs_carry_the_migrations_that_there_are() {
    let carried = [
        ("user", &user::store::MIGRATIONS),
        ("order", &order::store::MIGRATIONS),
        ("news", &news::store::MIGRATIONS),
        ("control", &control::store::MIGRATIONS),
    ];
    assert_eq!(carried.map(|(service, _)| service).len(), KEEPERS.len());
    for (service, carried) in carried {
        let folder = fs::read_dir(root().join("migrations").join(service)).unwrap();
        let mut there: Vec<i64> = folder
            .map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.split('_').next().unwrap().parse().unwrap()
            })
            .collect();
        there.sort_unstable();

        let carried: Vec<i64> = carried.iter().map(|one| one.version).collect();

        assert_eq!(
            carried, there,
            "{service} was built before a migration was added: `make sqlx`"
        );
    }
}

#[test]
fn a_table_that_does_not_say_it_is_told() {
    assert!(
        unbounded("order", "carts", "")
            .unwrap()
            .contains("the table `carts` of order")
    );
    assert!(unbounded("order", "carts", "bound: 1 for each customer; pruned: ").is_some());
    assert_eq!(
        unbounded(
            "order",
            "carts",
            "bound: 1 for each customer; pruned: after 30 days"
        ),
        None
    );
}
