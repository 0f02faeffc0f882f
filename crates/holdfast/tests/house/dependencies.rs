//! What we build on has a licence we can live with, comes from crates.io, and is nothing we have ruled out.
//!
//! The lists stand in `deny.toml`, as cargo-deny reads it; this test needs nothing installed.

use std::process::Command;

use super::tree::root;

/// What `deny.toml` says.
#[derive(serde::Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(serde::Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(serde::Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

/// One crate that we build on.
struct Dependency {
    name: String,
    licence: String,
    source: String,
}

fn deny() -> Deny {
    toml::from_str(&std::fs::read_to_string(root().join("deny.toml")).unwrap()).unwrap()
}

/// Asks cargo for what is really built, on this machine's platform.
fn dependencies() -> Vec<Dependency> {
    let args = [
        "tree",
        "--workspace",
        "--locked",
        "--prefix=none",
        "--format={p}|{l}",
    ];
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut lines: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines.dedup();
    lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| read(line))
        .collect()
}

/// Reads `name v1.2.3 (source)|licence (*)`.
fn read(line: &str) -> Dependency {
    // Marks what was shown before.
    let line = line.trim_end_matches(" (*)");
    let (package, licence) = line.split_once('|').unwrap();
    let source = package
        .split('(')
        .nth(1)
        .unwrap_or_default()
        .trim_end_matches([' ', ')']);
    let name = package.split(' ').next().unwrap_or_default();
    Dependency {
        name: name.to_owned(),
        licence: licence.to_owned(),
        source: source.to_owned(),
    }
}

/// Whether all of an SPDX expression may be had under licences that we allow.
fn allowed(expression: &str, allow: &[String]) -> bool {
    let expression = expression.replace('/', " OR ");
    let words = expression.replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = words.split_whitespace().collect();
    either(&mut words.iter().copied().peekable(), allow)
}

type Words<'a> = std::iter::Peekable<std::iter::Copied<std::slice::Iter<'a, &'a str>>>;

fn either(words: &mut Words<'_>, allow: &[String]) -> bool {
    let mut any = both(words, allow);
    while words.next_if_eq(&"OR").is_some() {
        any |= both(words, allow);
    }
    any
}

fn both(words: &mut Words<'_>, allow: &[String]) -> bool {
    let mut all = one(words, allow);
    while words.next_if_eq(&"AND").is_some() {
        all &= one(words, allow);
    }
    all
}

fn one(words: &mut Words<'_>, allow: &[String]) -> bool {
    if words.next_if_eq(&"(").is_some() {
        let inside = either(words, allow);
        words.next_if_eq(&")");
        return inside;
    }
    let mut licence = words.next().unwrap_or_default().to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        licence = format!("{licence} WITH {}", words.next().unwrap_or_default());
    }
    allow.contains(&licence)
}

#[test]
fn every_dependency_has_a_licence_that_we_allow() {
    let allow = deny().licenses.allow;

    let found: Vec<String> = dependencies()
        .iter()
        .filter(|found| !allowed(&found.licence, &allow))
        .map(|found| format!("`{}` is licensed `{}`", found.name, found.licence))
        .collect();

    assert!(
        found.is_empty(),
        "\n{}\nUse something else, or allow the licence in deny.toml if its terms suit a product that is sold.\n",
        found.join("\n")
    );
}

#[test]
fn nothing_that_is_ruled_out_is_built() {
    let (bans, all) = (deny().bans.deny, dependencies());

    let found: Vec<String> = bans
        .iter()
        .filter(|ban| all.iter().any(|found| found.name == ban.name))
        .map(|ban| {
            format!(
                "`{}` is built: {}. `cargo tree -i {}` says for whom.",
                ban.name, ban.reason, ban.name
            )
        })
        .collect();

    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn everything_comes_from_here_or_from_crates_io() {
    let here = root().to_string_lossy().into_owned();

    let strange: Vec<String> = dependencies()
        .iter()
        .filter(|found| {
            !["", "*", "proc-macro"].contains(&found.source.as_str())
                && !found.source.starts_with(&here)
        })
        .map(|found| format!("`{}` comes from {}", found.name, found.source))
        .collect();

    assert!(
        strange.is_empty(),
        "\n{}\nPublished crates stay where they are; others vanish.\n",
        strange.join("\n")
    );
}

#[test]
fn a_licence_is_judged_by_its_parts() {
    let allow = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);

    let judged = |expression| allowed(expression, &allow);

    assert!(judged("MIT OR GPL-3.0"));
    assert!(judged("GPL-3.0/MIT"));
    assert!(judged("(MIT OR GPL-3.0) AND Apache-2.0"));
    assert!(judged("Apache-2.0 WITH LLVM-exception"));
    assert!(!judged("MIT AND GPL-3.0"));
    assert!(!judged("GPL-3.0"));
    assert!(!judged(""));
}
