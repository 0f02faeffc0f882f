//! Each room speaks one language.

use super::tree::{File, sources};

/// Words that belong into some rooms and into no others.
struct Rule {
    /// Where the rule holds.
    holds: fn(&str) -> bool,
    /// The words that may not be said there.
    words: &'static [&'static str],
    /// What to do about it.
    advice: &'static str,
}

/// Where a service speaks the wire to another one: the same language as `grpc.rs`, the other way round.
const ASKS_NEIGHBOURS: [&str; 2] = [
    "services/order/src/wallet.rs",
    "services/order/src/relay.rs",
];

const RULES: [Rule; 6] = [
    Rule {
        holds: |path| {
            in_service(path)
                && !in_room(path, "grpc")
                && !put_together(path)
                && !ASKS_NEIGHBOURS.contains(&path)
                && !path.starts_with("services/gateway/")
        },
        words: &[
            "api::common",
            "api::user",
            "api::order",
            "api::news",
            "api::control",
            "wire::",
        ],
        advice: "wire types are spoken in `grpc.rs` only, or where a neighbour is asked (ASKS_NEIGHBOURS): turn them into the domain's own types there",
    },
    Rule {
        holds: |path| in_service(path) && !in_room(path, "store"),
        words: &[
            "query!(",
            "query_as!(",
            "query_scalar!(",
            "sqlx::query",
            "QueryBuilder",
            "PgRow",
        ],
        advice: "SQL is spoken in `store/` only: give the statement a function there, named for what it does",
    },
    Rule {
        holds: |path| in_service(path) && !in_room(path, "config"),
        words: &[
            "std::env",
            "env::var",
            "env.get(",
            "env.get::<",
            "env.optional(",
        ],
        advice: "the environment is spoken of in `config.rs` only: make it a field of `Config`",
    },
    Rule {
        holds: |path| in_service(path) && in_room(path, "domain"),
        words: &[
            "tonic::",
            "prost::",
            "sqlx::",
            "db::",
            "chassis::",
            "tokio::",
            "async fn",
            ".await",
            "SystemTime",
            "Instant::now",
            "now_utc",
            "now_v7",
            "rand::",
        ],
        advice: "the domain knows no I/O, no clock, no chance: take it as an argument, or do it where the work is done",
    },
    Rule {
        // Tests have no settings.
        holds: |path| {
            path.contains("/src/")
                && !path.starts_with("crates/testkit/")
                && path != "crates/chassis/src/env.rs"
        },
        words: &["env::var(", "env::vars"],
        advice: "the environment is read by `chassis::Env` only, so that a test can set it",
    },
    Rule {
        // What stands up servers and databases for tests does not acknowledge anything to anybody.
        holds: |path| {
            !["crates/testkit/", "crates/stack/", "crates/holdfast/tests/"]
                .iter()
                .any(|free| path.starts_with(free))
        },
        words: &[
            "synchronous_commit = off",
            "synchronous_commit = local",
            "synchronous_commit=",
            "synchronous_commit\"",
        ],
        advice: "`synchronous_commit` is never lowered: what was acknowledged is on the standby",
    },
];

impl Rule {
    /// Says each place of `file` at which this rule is broken. Comments and unit tests are free.
    fn broken_by(&self, file: &File) -> Vec<String> {
        if file.path.ends_with("/tests.rs") || !(self.holds)(&file.path) {
            return Vec::new();
        }
        let code = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        let lines = code
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"));
        lines
            .filter_map(|(at, line)| Some((at, self.words.iter().find(|word| said(line, word))?)))
            .map(|(at, word)| {
                format!(
                    "{}:{}: `{word}` does not belong here: {}",
                    file.path,
                    at + 1,
                    self.advice
                )
            })
            .collect()
    }
}

/// Whether `line` holds `word`, and not only as the end of a longer one.
fn said(line: &str, word: &str) -> bool {
    let longer = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word)
        .any(|(at, _)| word.starts_with('.') || !longer(&line[..at]))
}

fn in_service(path: &str) -> bool {
    path.starts_with("services/") && path.contains("/src/")
}

/// Whether `path` is where a service's parts are put together, which names them all.
fn put_together(path: &str) -> bool {
    path.ends_with("/src/lib.rs")
}

/// Whether `path` is `room.rs` of a crate or lies in its folder.
fn in_room(path: &str, room: &str) -> bool {
    path.ends_with(&format!("/src/{room}.rs")) || path.contains(&format!("/src/{room}/"))
}

/// Says what is wrong with the opening of `file`.
fn badly_opened(file: &File) -> Option<String> {
    let first = file.text.lines().next().unwrap_or_default();
    let sentence = first.strip_prefix("//! ").unwrap_or_default();
    (sentence.len() < 5).then(|| {
        format!("{}: opens with `{first}`. The first line of a file says what the file is for: `//! ...`", file.path)
    })
}

#[test]
fn each_room_speaks_its_own_language() {
    let files = sources();

    let broken: Vec<String> = RULES
        .iter()
        .flat_map(|rule| files.iter().flat_map(|file| rule.broken_by(file)))
        .collect();

    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let files = sources();

    let broken: Vec<String> = files.iter().filter_map(badly_opened).collect();

    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn a_file_stays_on_a_few_screens() {
    let files = sources();

    let long: Vec<String> = files
        .iter()
        .map(|file| (file.text.lines().count(), file))
        .filter(|(lines, _)| *lines > 400)
        .map(|(lines, file)| {
            format!(
                "{}: {lines} lines. Look for the seam that gives both halves a name.",
                file.path
            )
        })
        .collect();

    assert!(long.is_empty(), "\n{}\n", long.join("\n"));
}

#[test]
fn a_word_in_the_wrong_room_is_told_with_its_line() {
    let cases = [
        (
            "services/order/src/place_order.rs",
            "use api::order::PlaceRequest;",
            "grpc.rs",
        ),
        (
            "services/order/src/grpc.rs",
            "let n = sqlx::query!(\"select 1\");",
            "store/",
        ),
        (
            "services/news/src/reading.rs",
            "let url = env.get(\"DATABASE_URLS\")?;",
            "config.rs",
        ),
        (
            "services/order/src/domain/order.rs",
            "let id = Uuid::now_v7();",
            "no chance",
        ),
        (
            "crates/cache/src/lib.rs",
            "let url = std::env::var(\"REDIS_URL\");",
            "chassis::Env",
        ),
    ];

    for (path, line, advice) in cases {
        let file = File {
            path: path.to_owned(),
            text: format!("//! A file.\n\n{line}\n"),
        };

        let told: Vec<String> = RULES
            .iter()
            .flat_map(|rule| rule.broken_by(&file))
            .collect();

        assert!(
            told.iter()
                .any(|told| told.starts_with(&format!("{path}:3: ")) && told.contains(advice)),
            "{told:?}"
        );
    }
}

#[test]
fn a_word_in_its_own_room_a_comment_or_a_test_is_free() {
    let cases = [
        (
            "services/order/src/grpc/orders.rs",
            "use api::order::PlaceRequest;",
        ),
        (
            "services/order/src/store/orders.rs",
            "sqlx::query!(\"select 1\");",
        ),
        ("services/order/src/place_order.rs", "// as in api::order"),
        (
            "services/order/src/place_order.rs",
            "#[cfg(test)]\nmod tests { use api::order; }",
        ),
        (
            "services/order/src/place_order.rs",
            "let order = borrowed_api::order();",
        ),
    ];

    for (path, line) in cases {
        let file = File {
            path: path.to_owned(),
            text: format!("//! A file.\n\n{line}\n"),
        };

        let told: Vec<String> = RULES
            .iter()
            .flat_map(|rule| rule.broken_by(&file))
            .collect();

        assert!(told.is_empty(), "{told:?}");
    }
}

#[test]
fn a_file_without_its_first_sentence_is_told() {
    let file = File {
        path: "crates/db/src/lib.rs".to_owned(),
        text: "use std::fmt;\n".to_owned(),
    };

    let told = badly_opened(&file);

    assert!(told.unwrap().contains("opens with `use std::fmt;`"));
}
