//! How the database finds rows: the statements of the committed query cache, and what the server makes of them.

use sqlx::{AssertSqlSafe, PgConnection};

/// A statement, as it stands in the query cache.
#[derive(Debug)]
pub struct Statement {
    /// Its words.
    pub text: String,
    arguments: usize,
}

/// Those statements that are `wanted`.
pub fn statements(wanted: impl Fn(&str) -> bool) -> Vec<Statement> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.sqlx");
    let files = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let all = files.map(|file| {
        let text = file.and_then(|file| std::fs::read_to_string(file.path()));
        let text = text.unwrap_or_else(|error| panic!("the query cache: {error}"));
        let query: serde_json::Value = serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("the query cache: {error}: {text}"));
        let arguments = query["describe"]["parameters"]["Left"].as_array();
        Statement {
            text: query["query"].as_str().unwrap_or_default().to_owned(),
            arguments: arguments.map_or(0, Vec::len),
        }
    });
    all.filter(|statement| wanted(&statement.text)).collect()
}

/// Whether `statement` reads or changes one of `tables`.
pub fn is_about(statement: &str, tables: &[&str]) -> bool {
    let words: Vec<_> = statement.split_whitespace().collect();
    let mut pairs = words.windows(2);
    pairs.any(|pair| ["from", "update", "join"].contains(&pair[0]) && tables.contains(&pair[1]))
}

impl Statement {
    /// Its plan by who knows nothing of its arguments.
    pub async fn plan(&self, connection: &mut PgConnection) -> String {
        run(
            &mut *connection,
            &format!(
                "set plan_cache_mode = force_generic_plan; prepare planned as {}",
                self.text
            ),
        )
        .await;
        let arguments = match self.arguments {
            0 => String::new(),
            many => format!("({})", vec!["null"; many].join(", ")),
        };
        let explain = AssertSqlSafe(format!("explain execute planned{arguments}"));
        let lines = sqlx::query_scalar::<_, String>(explain).fetch_all(&mut *connection);
        let lines = lines
            .await
            .unwrap_or_else(|error| panic!("{error}: {}", self.text));
        run(connection, "deallocate planned").await;
        lines.join("\n")
    }
}

/// Runs `script`, one statement or several.
pub async fn run(connection: &mut PgConnection, script: &str) {
    let ran = sqlx::raw_sql(AssertSqlSafe(script.to_owned()))
        .execute(connection)
        .await;
    ran.unwrap_or_else(|error| panic!("{error}: {script}"));
}
