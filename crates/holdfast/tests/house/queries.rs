//! `.sqlx` says what the queries and the migrations of today say: `make sqlx` was run.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;
use sqlx::{AssertSqlSafe, Column as _, Either, Executor as _, SqlSafeStr as _, TypeInfo as _};
use testkit::Database;

use super::tree::{File, root, sources};

const ADVICE: &str = "`make sqlx` writes .sqlx anew";
const MACROS: [&str; 3] = ["query!(", "query_as!(", "query_scalar!("];

/// A query that is checked while it is compiled.
struct Query {
    /// As the compiler understands it; of one that is put together, how it begins.
    text: String,
    /// The file that it stands in, where the other parts stand too.
    file: File,
    /// Whether more follows.
    begins: bool,
}

impl Query {
    fn is(&self, recorded: &str) -> bool {
        match recorded.strip_prefix(&self.text) {
            Some(rest) if self.begins => self.file.text.contains(rest),
            Some(rest) => rest.is_empty(),
            None => false,
        }
    }
}

fn written() -> Vec<Query> {
    let mut written = Vec::new();
    for file in sources()
        .into_iter()
        .filter(|file| !file.path.contains("/tests/"))
    {
        let places = MACROS.iter().flat_map(|name| {
            file.text
                .match_indices(name)
                .map(|(at, name)| at + name.len())
        });
        // Spoken of in a comment or a rule, it has no text.
        for (text, begins) in places.filter_map(|at| literal(&file.text[at..])) {
            let file = File {
                path: file.path.clone(),
                text: file.text.clone(),
            };
            written.push(Query { text, file, begins });
        }
    }
    assert!(
        written.len() > 100,
        "the queries are not where this test looks for them"
    );
    written
}

/// The first string of a macro's arguments, and whether another is added to it.
fn literal(arguments: &str) -> Option<(String, bool)> {
    let (before, inside) = arguments.split_once('"')?;
    // Only a type may stand before it.
    if !before
        .chars()
        .all(|c| c.is_alphanumeric() || "_:,<># \n".contains(c))
    {
        return None;
    }
    let (text, after) = if before.ends_with("r#") {
        let (text, after) = inside.split_once("\"#")?;
        (text.to_owned(), after)
    } else {
        quoted(inside)?
    };
    Some((text, after.trim_start().starts_with('+')))
}

/// The text up to the closing quote, and what follows that.
fn quoted(inside: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut rest = inside.chars();
    loop {
        match rest.next()? {
            '"' => return Some((text, rest.as_str())),
            '\\' => match rest.next()? {
                'n' => text.push('\n'),
                '\n' => rest = rest.as_str().trim_start().chars(),
                plain => text.push(plain),
            },
            plain => text.push(plain),
        }
    }
}

/// What `.sqlx` holds, by the text of its query.
fn recorded() -> BTreeMap<String, Value> {
    let folder = fs::read_dir(root().join(".sqlx")).unwrap();
    let read = folder.map(|entry| {
        let record = fs::read_to_string(entry.unwrap().path()).unwrap();
        let record: Value = serde_json::from_str(&record).unwrap();
        (record["query"].as_str().unwrap().to_owned(), record)
    });
    read.collect()
}

#[test]
fn every_query_is_recorded_and_every_record_is_of_a_query() {
    let (written, recorded) = (written(), recorded());
    let missing = written
        .iter()
        .filter(|query| !recorded.keys().any(|text| query.is(text)));
    let missing = missing.map(|query| format!("{}: not recorded: {}", query.file.path, query.text));
    let stale = recorded
        .keys()
        .filter(|text| !written.iter().any(|query| query.is(text)));
    let stale = stale.map(|query| format!(".sqlx: of no query any more: {query}"));

    let faults: Vec<String> = missing.chain(stale).collect();

    assert!(faults.is_empty(), "\n{}\n{ADVICE}\n", faults.join("\n"));
}

#[tokio::test]
async fn every_record_is_what_the_migrated_databases_say_of_its_query() {
    let mut databases = Vec::new();
    for name in holdfast::house::Ground::KEEPERS {
        databases.push(testkit::database(name).await);
    }
    let mut faults = Vec::new();
    for (query, record) in recorded() {
        let record = shape_of(&record["describe"]);
        let mut now = Vec::new();
        for database in &databases {
            now.extend(described(database, &query).await);
        }
        if !now.contains(&record) {
            faults.push(format!("{query}\n  recorded {record}\n  now {now:?}"));
        }
    }
    assert!(faults.is_empty(), "\n{}\n{ADVICE}\n", faults.join("\n"));
}

/// A record in the words of [`described`].
fn shape_of(describe: &Value) -> String {
    let word = |value: &Value| {
        value
            .as_str()
            .unwrap_or("custom")
            .to_lowercase()
            .replace("array", "[]")
    };
    let columns = describe["columns"].as_array().unwrap().iter();
    let columns = columns.zip(describe["nullable"].as_array().unwrap());
    let columns = columns.map(|(column, null)| {
        let name = column["name"].as_str().unwrap();
        format!("{name} {} {null}", word(&column["type_info"]))
    });
    let parameters = describe["parameters"]["Left"].as_array().unwrap();
    shape(
        &columns.collect::<Vec<_>>(),
        &parameters.iter().map(word).collect::<Vec<_>>(),
    )
}

/// What `database` says of `query`, if it knows the tables.
async fn described(database: &Database, query: &str) -> Option<String> {
    let query = AssertSqlSafe(query.to_owned()).into_sql_str();
    let describe = database.pool().describe(query).await.ok()?;
    let word = |name: &str| name.to_lowercase();
    let columns = describe.columns().iter().enumerate().map(|(at, column)| {
        let null = describe
            .nullable(at)
            .map_or("null".to_owned(), |null| null.to_string());
        format!(
            "{} {} {null}",
            column.name(),
            word(column.type_info().name())
        )
    });
    let parameters = match describe.parameters() {
        Some(Either::Left(types)) => types.iter().map(|one| word(one.name())).collect(),
        _ => Vec::new(),
    };
    Some(shape(&columns.collect::<Vec<_>>(), &parameters))
}

fn shape(columns: &[String], parameters: &[String]) -> String {
    format!("({}) -> ({})", parameters.join(", "), columns.join(", "))
}
