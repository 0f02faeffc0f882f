//! Nothing stays behind of a test, however it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};

use holdfast::compose::{Project, engine, listed};

const NAME: &str = "holdfast-test-left";
/// An image that holds nothing: to be created from, not run.
const EMPTY: &str = "holdfast-test-empty:latest";

/// What is there of the project: kinds of things.
fn there() -> Vec<&'static str> {
    let mine = format!("label=com.docker.compose.project={NAME}");
    let kinds: [(&str, &[&str]); 3] = [
        ("container", &["ps", "--all"]),
        ("network", &["network", "ls"]),
        ("volume", &["volume", "ls"]),
    ];
    let left = kinds
        .into_iter()
        .filter(|(_, words)| !listed(words, &mine).is_empty());
    left.map(|(kind, _)| kind).collect()
}

/// Makes what Compose would: a network, a volume, a container on both; and one that only looks into the volume.
fn make() {
    let label = format!("--label=com.docker.compose.project={NAME}");
    import_nothing();
    engine(&["network", "create", "--internal", &label, NAME]);
    engine(&["volume", "create", &label, NAME]);
    let (on, with) = (
        format!("--network={NAME}"),
        format!("--volume={NAME}:/kept"),
    );
    engine(&["create", &label, &on, &with, EMPTY, "/nothing"]);
    engine(&["create", "--network=none", &with, EMPTY, "/nothing"]);
}

/// Makes an image of an archive without a file in it.
fn import_nothing() {
    let mut tar = Command::new("tar");
    tar.args(["--create", "--files-from=/dev/null"]);
    let mut tar = tar.stdout(Stdio::piped()).spawn().unwrap();
    let mut import = Command::new("docker");
    import.args(["import", "-", EMPTY]);
    import.stdin(tar.stdout.take().unwrap());
    assert!(import.output().unwrap().status.success());
    assert!(tar.wait().unwrap().success());
}

#[test]
#[ignore = "needs a Docker engine: make test-compose"]
fn nothing_stays_of_a_test_that_panics() {
    let test = || {
        let _project = Project::new(NAME);
        make();
        assert_eq!(there(), ["container", "network", "volume"]);
        panic!("planted");
    };

    let ended = catch_unwind(AssertUnwindSafe(test));

    let words = ended.unwrap_err();
    assert_eq!(words.downcast_ref(), Some(&"planted"));
    let left = there();
    engine(&["image", "rm", EMPTY]);
    assert_eq!(left, [""; 0]);
}
