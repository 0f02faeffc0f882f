//! `.ci/run` passes over the containers where they cannot be built, and only there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::tree::root;

/// A `docker` that has no image, and whose engine says `$SAID` when it is to get one.
const DOCKER: &str = r#"#!/bin/sh
case "$1 $2" in
"version ") [ "$SAID" != gone ] ;;
"compose version") ;;
"compose config") printf 'services:\n  redis:\n    image: redis:8\n  order:\n    image: holdfast/order:0.1.0\n' ;;
"image inspect") [ "$SAID" = here ] ;;
"pull redis:8") echo "$SAID" >&2; [ "$SAID" = pulled ] ;;
*) echo "what is $*?" >&2; exit 9 ;;
esac
"#;

/// What `.ci/images` says, and its exit code, where the engine says `said`.
fn asked(said: &str) -> (String, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let docker = folder.path().join("docker");
    fs::write(&docker, DOCKER).unwrap();
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let output = Command::new(root().join(".ci/images"))
        .env("PATH", path)
        .env("SAID", said)
        .output()
        .unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    (words.trim().to_owned(), output.status.code())
}

#[test]
fn what_cannot_be_had_is_said_and_passed_over() {
    let engine = "for want of a Docker engine that answers";
    let image = "for want of redis:8, whose registry cannot be reached";
    for (said, words) in [
        ("gone", engine),
        ("lookup registry on 10.0.0.1:53: no such host", image),
        ("dial tcp 10.0.0.2:443: connect: connection refused", image),
        ("toomanyrequests: slow down", image),
    ] {
        assert_eq!(asked(said), (words.to_owned(), Some(75)), "{said}");
    }
}

#[test]
fn whatever_else_is_wrong_is_a_fault() {
    for said in [
        "manifest for redis:8 not found: manifest unknown",
        "no space left on device",
        "x509: certificate signed by unknown authority",
    ] {
        assert_eq!(asked(said), (String::new(), Some(1)), "{said}");
    }
}

#[test]
fn where_every_image_is_here_or_comes_nothing_is_said() {
    for said in ["here", "pulled"] {
        assert_eq!(asked(said), (String::new(), Some(0)), "{said}");
    }
}
