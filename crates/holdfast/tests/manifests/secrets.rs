//! `k8s/secrets.sh` makes secrets that nobody can guess, makes none anew, and git knows of none.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::overlay::{OVERLAYS, Tree, k8s, run};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// What lies there, sorted by its path.
fn read(tree: &Tree, overlay: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    files(&tree.secrets(overlay), &mut found);
    found.sort();
    let text = |path: PathBuf| (path.clone(), fs::read_to_string(path).unwrap());
    found.into_iter().map(text).collect()
}

#[test]
fn secrets_are_of_each_run_alone_and_stay_when_it_is_run_again() {
    for overlay in OVERLAYS {
        let (one, other) = (Tree::copy(), Tree::copy());
        one.make_secrets(overlay);
        other.make_secrets(overlay);
        let made = read(&one, overlay);
        one.make_secrets(overlay);

        assert_eq!(read(&one, overlay), made, "made anew");
        let texts: BTreeSet<&String> = made.iter().map(|(_, text)| text).collect();
        let same = read(&other, overlay)
            .into_iter()
            .filter(|(_, text)| texts.contains(text));
        // Where backups go is for people to fill in.
        let same: Vec<_> = same.filter(|(_, text)| text != "change-me").collect();
        assert!(same.is_empty(), "{same:?}");
        for (path, text) in &made {
            let bits = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(bits, 0o600, "{}", path.display());
            assert!(
                !text.is_empty() && !text.ends_with('\n'),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn git_takes_no_secret() {
    let root = k8s().join("..");
    let git = || {
        let mut git = Command::new("git");
        git.arg("-C").arg(&root);
        git
    };
    for overlay in OVERLAYS {
        let secrets = format!("k8s/overlays/{overlay}/secrets");

        let ignored = run(git().args(["check-ignore", &secrets]), "git");
        let tracked = run(git().args(["ls-files", &secrets]), "git");

        assert_eq!((ignored.trim(), tracked.as_str()), (secrets.as_str(), ""));
    }
    let mut manifests = Vec::new();
    files(&k8s().join("base"), &mut manifests);
    files(&k8s().join("components"), &mut manifests);
    let open = manifests.iter().filter(|path| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().any(|line| line.trim() == "kind: Secret")
    });
    assert_eq!(
        open.count(),
        0,
        "secrets are made by the overlays, from files"
    );
}
