//! Which metrics an expression of Prometheus reads, and by which labels.

use std::collections::{BTreeMap, BTreeSet};

/// What comes before a list of labels in brackets.
const LISTING: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];
const WORDS: [&str; 8] = [
    "and", "or", "unless", "bool", "offset", "atan2", "inf", "nan",
];

/// What an expression reads.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Reads {
    /// Each metric, with the labels that it is chosen by.
    pub(crate) metrics: BTreeMap<String, BTreeSet<String>>,
    /// The labels that are grouped by, or matched on.
    pub(crate) grouped: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Sign(char),
}

/// Reads `expr`.
pub(crate) fn reads(expr: &str) -> Reads {
    let (tokens, mut reads) = (tokens(expr), Reads::default());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = tokens.get(at + 1);
        at += 1;
        let Token::Word(word) = token else {
            assert_ne!(token, &Token::Sign('{'), "who is meant by `{expr}`?");
            continue;
        };
        if LISTING.contains(&word.as_str()) {
            if next == Some(&Token::Sign('(')) {
                reads.grouped.extend(listed(&tokens, &mut at, ')'));
            }
        } else if !is_called(word, next) {
            let labels = reads.metrics.entry(word.clone()).or_default();
            if next == Some(&Token::Sign('{')) {
                labels.extend(listed(&tokens, &mut at, '}'));
            }
        }
    }
    reads
}

/// Whether `word` is a function, an aggregation, or a word of the language.
fn is_called(word: &str, next: Option<&Token>) -> bool {
    let aggregates =
        matches!(next, Some(Token::Word(next)) if LISTING[..2].contains(&next.as_str()));
    WORDS.contains(&word.to_lowercase().as_str()) || next == Some(&Token::Sign('(')) || aggregates
}

/// The words up to `end`, which is passed over.
fn listed(tokens: &[Token], at: &mut usize, end: char) -> Vec<String> {
    let rest = &tokens[*at..];
    let length = rest.iter().position(|token| *token == Token::Sign(end));
    let length = length.expect("promtool has read it");
    *at += length + 1;
    let words = rest[..length].iter().filter_map(|token| match token {
        Token::Word(word) => Some(word.clone()),
        Token::Sign(_) => None,
    });
    words.collect()
}

/// Words and signs; texts, numbers and spans of time say nothing here.
fn tokens(expr: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = expr;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '"' | '\'' | '`' => text(rest, letter),
            '[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            '0'..='9' => run(rest, |one| one.is_ascii_alphanumeric() || one == '.'),
            'a'..='z' | 'A'..='Z' | '_' | ':' => {
                let length = run(rest, |one| {
                    one.is_ascii_alphanumeric() || one == '_' || one == ':'
                });
                found.push(Token::Word(rest[..length].to_owned()));
                length
            }
            letter => {
                if !letter.is_whitespace() {
                    found.push(Token::Sign(letter));
                }
                letter.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    found
}

fn run(text: &str, goes_on: impl Fn(char) -> bool) -> usize {
    text.find(|one| !goes_on(one)).unwrap_or(text.len())
}

/// The length of the quoted text that `rest` begins with.
fn text(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            letter if letter == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[test]
fn metrics_are_told_from_labels_functions_and_texts() {
    let read = reads(
        r#"sum by (job_name) (rate(a_total{b_c="d_e{", f!~"\"g"}[5m])) / on (h_i) group_left (j) k > bool 0
            and topk(3, up) == 1e3 or m:n:sum unless avg(o) without (p) offset 5m"#,
    );

    let seen: Vec<&str> = read.metrics.keys().map(String::as_str).collect();
    assert_eq!(seen, ["a_total", "k", "m:n:sum", "o", "up"]);
    assert_eq!(
        read.metrics["a_total"],
        BTreeSet::from(["b_c", "f"].map(str::to_owned))
    );
    assert_eq!(
        read.grouped,
        BTreeSet::from(["job_name", "h_i", "j", "p"].map(str::to_owned))
    );
}
