//! The walk of an order in ARCHITECTURE.md is as long as it says, and short enough to be read in one go.

use std::fs;

use super::tree::root;

/// How many files and lines lead from HTTP to SQL, over two services.
const FILES: usize = 6;
const LINES: usize = 700;

/// One stop: a file, and how many lines the table says that it has.
#[derive(Debug, PartialEq)]
struct Stop {
    path: String,
    lines: usize,
}

/// The table of the walk, and how long the sentence below it says that it is.
fn told(text: &str) -> (Vec<Stop>, String) {
    let (_, section) = text.split_once("\n## The walk of one order\n").unwrap();
    let section = section.split("\n## ").next().unwrap_or_default();
    let stops = section.lines().filter_map(stop).collect();
    let sum = section.lines().find(|line| line.contains(" files, "));
    (stops, sum.unwrap_or_default().to_owned())
}

/// Reads `| 1 | ``path`` (94 lines) | ... |`.
fn stop(row: &str) -> Option<Stop> {
    let cell = row.strip_prefix('|')?.split('|').nth(1)?;
    let (_, rest) = cell.split_once('`')?;
    let (path, rest) = rest.split_once('`')?;
    let lines = rest.trim().strip_prefix('(')?.trim_end_matches([')', ' ']);
    let lines = lines.trim_end_matches("lines").trim().parse().ok()?;
    let path = path.to_owned();
    Some(Stop { path, lines })
}

#[test]
fn the_walk_of_an_order_is_told_as_long_as_it_is_and_no_longer_than_one_reads() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (told, sum) = told(&text);

    let there = told.iter().map(|stop| {
        let text = fs::read_to_string(root().join(&stop.path));
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", stop.path));
        let (path, lines) = (stop.path.clone(), text.lines().count());
        Stop { path, lines }
    });
    let there: Vec<Stop> = there.collect();

    assert_eq!(
        told, there,
        "ARCHITECTURE.md (left) has other numbers than the files (right)"
    );
    let lines: usize = there.iter().map(|stop| stop.lines).sum();
    assert!(
        sum.contains(&format!(" files, {lines} lines")),
        "it is {lines} lines together, and ARCHITECTURE.md says: {sum}"
    );
    assert!(
        (1..=FILES).contains(&there.len()) && lines <= LINES,
        "{} files, {lines} lines lead from HTTP to SQL: {FILES} and {LINES} at most, so that one follows an order in one go. \
         Look for what tells another story and give it a file of its own.",
        there.len()
    );
}

#[test]
fn a_stop_of_the_walk_is_read_with_its_lines() {
    let text = "\n## The walk of one order\n\n| stop | file | what |\n|---|---|---|\n| 1 | `a/b.rs` (94 lines) | JSON |\n\
        | 2 | `c.rs` (7) | over `d.rs` |\n\nTwo files, 101 lines; more.\n\n## More\n| 3 | `e.rs` (1) | |\n";

    let (stops, sum) = told(text);

    let stop = |path: &str, lines| Stop {
        path: path.to_owned(),
        lines,
    };
    assert_eq!(stops, [stop("a/b.rs", 94), stop("c.rs", 7)]);
    assert_eq!(sum, "Two files, 101 lines; more.");
}
